/*
 * cancel.c - the flag of cancel.h.
 */
#include <signal.h>

#include "base.h"

static volatile sig_atomic_t requested;

void gw_cancel_request(void)
{
    requested = 1;
}

bool gw_cancelled(void)
{
    return requested != 0;
}

bool gw_cancel_take(void)
{
    bool taken = requested != 0;
    requested = 0;
    return taken;
}

void gw_cancel_reset(void)
{
    requested = 0;
}
