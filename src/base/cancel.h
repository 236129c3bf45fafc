/*
 * cancel.h - somebody wants the work to end: one flag, set by a signal handler or a test, looked at by whoever waits.
 *
 * One of the two signal flags that the house allows as globals. Whoever can act on it takes it; most only look.
 */
#ifndef GW_CANCEL_H
#define GW_CANCEL_H

#include <stdbool.h>

/* Async-signal-safe. */
void gw_cancel_request(void);
bool gw_cancelled(void);
/* Was it requested? Then the next request counts anew. */
bool gw_cancel_take(void);
/* For tests, between runs. */
void gw_cancel_reset(void);

#endif
