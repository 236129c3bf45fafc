/*
 * channel.h - where octets come from and go to: one ops table, layers of the same table, one file of wrappers.
 *
 * A channel is read or written in order. The wrappers (gw_chan_*) are the only callers of the slots: they keep the
 * position, retry what was interrupted, and turn a short read into an error that says how much was there. A layer
 * embeds struct gw_chan as its first member and speaks to `next` through the wrappers. One thread at a time per
 * channel.
 *
 * Nothing here knows what the octets mean.
 */
#ifndef GW_CHANNEL_H
#define GW_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base.h"

struct gw_chan;

struct gw_chan_ops {
    const char *name;
    /*
     * Up to the room of num parts, at least one octet; *got 0 says that the input ended. Failing with err->sys EINTR
     * means nothing was read and the wrapper asks again. Missing: the channel cannot be read.
     */
    int (*read)(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err);
    /* Some of the octets, at least one: *put. EINTR as above. Missing: the channel cannot be written. */
    int (*write)(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err);
    /* Passes over up to len octets of input without looking; *gone 0: ended. Missing: the wrapper reads and drops. */
    int (*skip)(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err);
    /*
     * Shows the next octets without taking them: at least want unless the input ends before, at *mem, borrowed until
     * the next call. Only layers that own all that follows have it (a file, a decompressor).
     */
    int (*peek)(struct gw_chan *chan, size_t want, const uint8_t **mem, size_t *len, struct gw_err *err);
    /* The descriptor that the next octets come from (write: go to) as they stand; -1: not now. Missing: never. */
    int (*bare)(const struct gw_chan *chan, bool write);
    /* Once; never fails; closes `next` too. Mandatory. */
    void (*close)(struct gw_chan *chan);
};

struct gw_chan {
    const struct gw_chan_ops *ops;
    struct gw_chan *next; /* the layer below, given; NULL at the bottom */
    uint64_t read_pos;    /* octets read or skipped so far */
    uint64_t write_pos;   /* octets written so far */
};

/* All of it, or GW_E_SHORT ("ends after 3 of 8 octets"). *got (may be NULL): how much came, also after a failure. */
int gw_chan_read(struct gw_chan *chan, void *mem, size_t len, size_t *got, struct gw_err *err);
/* The same into num parts; part[] is not changed. At most GW_CHAN_PARTS parts in one call. */
#define GW_CHAN_PARTS 1024
int gw_chan_readv(struct gw_chan *chan, const struct iovec *part, unsigned num, struct gw_err *err);
/*
 * len octets to the end of buf, in steps, so that memory follows what is really there; what came stays, also on
 * failure.
 */
int gw_chan_fill(struct gw_chan *chan, struct gw_buf *buf, uint64_t len, struct gw_err *err);
/* What comes next, at most len octets, at least one; *got 0: the input ended. */
int gw_chan_some(struct gw_chan *chan, void *mem, size_t len, size_t *got, struct gw_err *err);
/* The same into the first of num parts that it fills. */
int gw_chan_somev(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err);
/* Passes over len octets, or GW_E_SHORT. A regular file is not read but measured, so that a cut is found here. */
int gw_chan_skip(struct gw_chan *chan, uint64_t len, struct gw_err *err);
/* As the slot; a channel without it answers GW_E_USAGE. */
int gw_chan_peek(struct gw_chan *chan, size_t want, const uint8_t **mem, size_t *len, struct gw_err *err);
bool gw_chan_can_peek(const struct gw_chan *chan);
/* All of it, or an error. */
int gw_chan_write(struct gw_chan *chan, const void *mem, size_t len, struct gw_err *err);
int gw_chan_writev(struct gw_chan *chan, const struct iovec *part, unsigned num, struct gw_err *err);
/*
 * The next len octets of the one into the other, or GW_E_SHORT. Between files and pipes the kernel moves them, where it
 * can: into a pipe by reference, so that a file that changes before they are read changes them too. All else passes
 * through the buffer (room octets, not 0).
 */
int gw_chan_move(struct gw_chan *from, struct gw_chan *to, uint64_t len, uint8_t *buffer, size_t room,
                 struct gw_err *err);
/* NULL is fine. */
void gw_chan_close(struct gw_chan *chan);
void gw_chan_closep(struct gw_chan **chan);

/*
 * A descriptor; given (closed with the channel, also on failure) when owned. Regular files skip by lseek, compared with
 * fstat.
 */
struct gw_chan *gw_chan_fd(int fd, bool owned, struct gw_err *err);
/* Reads from the one and writes to the other: standard input and output, two pipes. Both are owned or neither. */
struct gw_chan *gw_chan_fd_pair(int read_fd, int write_fd, bool owned, struct gw_err *err);

/*
 * The descriptors at the bottom of the layers, borrowed, for poll; -1 where there is none. What a window holds already
 * shows in no poll.
 */
void gw_chan_fds(const struct gw_chan *chan, int *read_fd, int *write_fd);

/*
 * How long a channel waits. Times are of gw_clock_real, in nanoseconds. silence_ns: a read or write that makes no
 * progress for so long fails with GW_E_SYSTEM, ETIMEDOUT; 0: it waits without end. idle (may be NULL): called about
 * every idle_ns (not 0) while a read waits. It may write to the same channel, say a keep-alive, but neither read nor
 * close it; what it writes is no progress of the read, and an error in it is its own to remember.
 */
struct gw_patience {
    uint64_t silence_ns, idle_ns;
    void (*idle)(void *arg);
    void *arg; /* borrowed until the channel is closed or gets other patience */
};
/*
 * For the descriptors at the bottom of the layers; they may become non-blocking, and lent ones get their mode back when
 * the channel is closed. From then on a wait ends with EINTR when the work is cancelled (gw_cancelled()), also when the
 * signal came just before it: at once, or within a tenth of a second. A read still gives what is there at once. Where
 * there is no descriptor nothing waits, and nothing changes. Fails with GW_E_SYSTEM.
 */
int gw_chan_patience(struct gw_chan *chan, const struct gw_patience *patience, struct gw_err *err);

/* Reads from mem (borrowed for the channel's life) and writes to the end of *out (borrowed; may be NULL). */
struct gw_chan *gw_chan_memory(const void *mem, size_t len, struct gw_buf *out, struct gw_err *err);

/*
 * Reads up to len octets of a regular file (borrowed) from `at` on, and leaves the descriptor where it stands. Skips as
 * a file does.
 */
struct gw_chan *gw_chan_at(int fd, uint64_t at, uint64_t len, struct gw_err *err);

/*
 * Octets of a file at a place, whatever interrupts. gw_read_at: how many there were, fewer than len only where the file
 * ends; -1 with errno. gw_write_at: 0 for all of them; -1 with errno.
 */
ssize_t gw_read_at(int fd, void *mem, size_t len, uint64_t at);
int gw_write_at(int fd, const void *mem, size_t len, uint64_t at);
/* It is the file that it was, and was not written to since, as far as its length and time tell. */
struct stat;
bool gw_file_is_as_before(int fd, const struct stat *before);

/*
 * An unlinked temporary file for what has to be put aside, in $TMPDIR or /tmp; a command that gives up rights makes it
 * before. -1: there is none, which whoever needs it says.
 */
int gw_new_spool(void);

/* Look-ahead over `next` (given, also on failure), for whoever owns all that follows. */
struct gw_chan *gw_chan_window(struct gw_chan *next, struct gw_err *err);

/*
 * Counts what passes through to `next` (borrowed: it stays open): read_pos and write_pos are the counts (a move that
 * failed half-way is not in them).
 */
struct gw_chan *gw_chan_count(struct gw_chan *next, struct gw_err *err);

/*
 * At most so many octets a second pass to `next` (given, also on failure), reading and writing each. clock: borrowed; a
 * simulated one is moved instead of waited for.
 */
struct gw_chan *gw_chan_throttle(struct gw_chan *next, uint64_t octets_per_second, struct gw_clock *clock,
                                 struct gw_err *err);

/* What a fault layer does to the octets that pass. Zero state does nothing. */
struct gw_fault {
    bool cut_read, cut_write; /* after so many octets the input ends; the output fails as a broken pipe */
    uint64_t cut_read_at, cut_write_at;
    bool flip_read, flip_write; /* the bit of that number, counted from 0 as octet * 8 + bit, is turned over */
    uint64_t flip_read_bit, flip_write_bit;
    size_t most;     /* a read or write moves at most so many octets; 0: no bound */
    bool stall_read; /* before the octet of that number the input is silent for so long, once */
    uint64_t stall_read_at, stall_ns;
    struct gw_clock *clock;   /* of the stall; NULL: the real one */
    unsigned interrupt_every; /* every n-th slot call is interrupted once before it does anything; 0: never */
};

/*
 * A file that is whole or not there: written as NAME.partial (mode 0600), made durable and renamed by commit, removed
 * by close without one. An existing NAME is refused unless replace; a leftover NAME.partial is named, never touched.
 * What is there and no regular file (a device, a fifo) is written in place, and never replaced.
 */
struct gw_newfile;
struct gw_newfile *gw_newfile_open(const char *name, bool replace, struct gw_err *err);
struct gw_chan *gw_newfile_chan(struct gw_newfile *file); /* borrowed */
int gw_newfile_commit(struct gw_newfile *file, struct gw_err *err);
/* NULL is fine. */
void gw_newfile_close(struct gw_newfile *file);

/* What was named anew, a file or a directory, is durable when the directory that holds it is: makes that so. */
int gw_sync_parent(const char *name, struct gw_err *err);

/*
 * Two programs on a link. Addresses: "tcp://HOST:PORT" (PORT 0 lets the system choose, when listening), "unix:PATH",
 * and "exec:COMMAND" (only to connect: the other program is started). A listening unix socket's file is removed when
 * the listener is closed, or when it is a leftover that nobody listens on.
 */
struct gw_listener;
/* How the addresses of each kind begin, by number; NULL behind the last. listens: gw_listen takes it, too. */
const char *gw_address_prefix(unsigned number, bool *listens);
struct gw_listener *gw_listen(const char *address, struct gw_err *err);
/* The address with the port that was chosen. Borrowed. */
const char *gw_listener_address(const struct gw_listener *listener);
int gw_listener_fd(const struct gw_listener *listener); /* for poll; borrowed */
struct gw_chan *gw_accept(struct gw_listener *listener, struct gw_err *err);
void gw_listener_close(struct gw_listener *listener);
/* The same in the child of a fork: the socket's file stays with the parent. */
void gw_listener_leave(struct gw_listener *listener);
/*
 * A connection, whose descriptor is owned. Without an answer for 10 s it fails with GW_E_SYSTEM, ETIMEDOUT; each
 * address of a host gets its share of them. A cancelled wait for the answer ends with EINTR; looking up a host's name
 * can be neither cancelled nor hurried.
 *
 * exec:COMMAND runs under sh, in a process group of its own, with one end of a socket pair as its standard input and
 * output; standard error is ours, nothing else is. Signals are as the system has them by default. A command that does
 * not exist is a link that ends: the shell says why. Closing the channel closes our end and waits for the command:
 * after 5 s its group gets SIGTERM, after 1 s more SIGKILL. So no child is left; what a command that ended by itself
 * left running is its own affair.
 */
struct gw_chan *gw_connect(const char *address, struct gw_err *err);

/* The fault layer over `next` (given, also on failure). */
struct gw_chan *gw_chan_fault(struct gw_chan *next, const struct gw_fault *fault, struct gw_err *err);

#endif
