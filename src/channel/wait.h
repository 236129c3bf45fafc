/*
 * wait.h - the room's inside: waiting for a descriptor, and for the other side of a connection, with an end to it.
 *
 * Each wait ends at its time, which is counted by gw_clock_real, and when the work is cancelled. Nothing here knows
 * what an address or a channel is.
 */
#ifndef GW_CHANNEL_WAIT_H
#define GW_CHANNEL_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define WAIT_SLICE_NS UINT64_C(100000000) /* a wait looks at least so often whether it was cancelled */

/* Until the descriptor is ready for events (as in poll): 1. 0: it was not by until_ns. -1: errno; EINTR: cancelled. */
int wait_ready(int fd, short events, uint64_t until_ns);

/*
 * Connects a blocking socket, which stays one: 0, or -1 with errno. ETIMEDOUT: nobody answered by until_ns; EINTR:
 * cancelled.
 */
int wait_connect(int fd, const struct sockaddr *addr, socklen_t len, uint64_t until_ns);

/* Makes the descriptor blocking or not: 1 when it was not so before, 0 when it was; -1 with errno. */
int wait_blocking(int fd, bool blocking);

#endif
