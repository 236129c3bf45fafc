/*
 * cancel.h - somebody wants the work to end: one flag, set by a signal handler or a test, looked at by whoever waits.
 *
 * One of the two signal flags that the house allows as globals. It is never cleared by the library.
 */
#ifndef GW_CANCEL_H
#define GW_CANCEL_H

#include <stdbool.h>

/* Async-signal-safe. */
void gw_cancel_request(void);
bool gw_cancelled(void);
/* For tests, between runs. */
void gw_cancel_reset(void);

#endif
