/*
 * wait.c - waiting for a descriptor, and for the other side of a connection, with an end to it.
 *
 * Whoever cancels sets a flag in a signal handler. A signal that comes between our look at the flag and the poll
 * interrupts nothing, and to hold it back until then we would have to know which signals cancel: that is the program's
 * affair, and the handler may run in another thread. So a wait sleeps in slices and looks at the flag between them: a
 * signal that comes while it sleeps ends it at once, one that came just before after a slice.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>

#include "channel.h"
#include "wait.h"

int wait_ready(int fd, short events, uint64_t until_ns)
{
    struct pollfd ready = { .fd = fd, .events = events };
    for (;;) {
        uint64_t now = gw_now(&gw_clock_real);
        uint64_t left = until_ns > now ? until_ns - now : 0;
        uint64_t slice = gw_cancelled() ? 0 : gw_min(left, WAIT_SLICE_NS);
        struct timespec span = { .tv_nsec = (long)slice };
        int rc = ppoll(&ready, 1, &span, NULL);
        if (rc > 0)
            return 1;
        if (gw_cancelled())
            return errno = EINTR, -1;
        if (rc < 0 && errno != EINTR)
            return -1;
        if (rc == 0 && slice == left)
            return 0;
    }
}

int wait_blocking(int fd, bool blocking)
{
    int flags = fcntl(fd, F_GETFL);
    int want = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    if (flags < 0)
        return -1;
    if (flags == want)
        return 0;
    return fcntl(fd, F_SETFL, want) < 0 ? -1 : 1;
}

/* --- connections ------------------------------------------------------------------------------------------------- */

/* A connection that is on its way goes on without us; what became of it stands in the socket's error. */
static int finish_connect(int fd, uint64_t until_ns)
{
    int sys = 0, rc = wait_ready(fd, POLLOUT, until_ns);
    socklen_t len = sizeof sys;
    if (rc < 0)
        return -1;
    if (rc == 0)
        return errno = ETIMEDOUT, -1;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &len) < 0)
        return -1;
    return sys == 0 ? 0 : (errno = sys, -1);
}

static int connect_on_its_way(int fd, const struct sockaddr *addr, socklen_t len, uint64_t until_ns)
{
    if (wait_blocking(fd, false) < 0)
        return -1;
    if (connect(fd, addr, len) < 0 && errno != EINPROGRESS && errno != EINTR)
        return -1;
    if (finish_connect(fd, until_ns) < 0)
        return -1;
    return wait_blocking(fd, true) < 0 ? -1 : 0;
}

/*
 * A unix socket is never on its way: it is connected, refused, or the listener's queue is full, which no poll tells the
 * end of. Only a blocking connect waits for room there; for how long is the socket's time-out for sending.
 */
static int connect_in_slices(int fd, const struct sockaddr *addr, socklen_t len, uint64_t until_ns)
{
    struct timeval slice = { .tv_usec = WAIT_SLICE_NS / 1000 }, none = { 0 };
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof slice) < 0)
        return -1;
    while (connect(fd, addr, len) < 0) {
        if (errno != EAGAIN && errno != EINTR)
            return -1;
        if (gw_cancelled())
            return errno = EINTR, -1;
        if (gw_now(&gw_clock_real) >= until_ns)
            return errno = ETIMEDOUT, -1;
    }
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
}

int wait_connect(int fd, const struct sockaddr *addr, socklen_t len, uint64_t until_ns)
{
    if (addr->sa_family == AF_UNIX)
        return connect_in_slices(fd, addr, len, until_ns);
    return connect_on_its_way(fd, addr, len, until_ns);
}
