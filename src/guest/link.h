/*
 * link.h - godwit's hold on a guest that is a process: what both sides share, and how one reaches the other.
 *
 * The guest (process_child.c) owns two memfds, its memory and its control block, and listens on an abstract socket
 * named after its pid. One godwit at a time holds it: whoever made it, or whoever connected. The guest greets it with
 * descriptors: memory, control, its page map, and a userfaultfd of its own address space of which it keeps no copy,
 * so that tracking ends with godwit at the latest. After that the control block says everything but LOAD.
 *
 * The number of a process is given again once it is free; together with the time of its birth it means one process.
 *
 * `want` is a number that whoever holds the guest counts up: odd means stop, even means run, 1 that it never ran. A
 * thread that sees an odd number, always between two ticks, writes it to its `seen` and sleeps until `want` is
 * another. So a stop that follows a start closely is not taken for the one before. A guest that never ran ends when
 * godwit lets go of it, unless `stay` says otherwise.
 *
 * Private to src/guest.
 */
#ifndef LINK_H
#define LINK_H

#include <stdatomic.h>
#include <sys/types.h>

#include "guest.h"

#define LINK_MAGIC UINT32_C(0x32505747) /* 'GWP2': of the greeting and of the control block */
#define LINK_NEVER_RAN 1u
#define LINK_NAME "godwit-guest-%d" /* of the socket, in the abstract name space */

/* Shared by the guest and godwit. */
struct control {
    uint32_t magic;
    _Atomic uint32_t want;
    _Atomic uint32_t percent; /* of its pace */
    _Atomic uint32_t incarnation;
    _Atomic uint32_t stay;          /* not 0: a guest that never ran stays when its holder goes */
    uint64_t num_pages, seed, rate; /* these five: set before LOAD, then fixed */
    uint32_t pattern, num_threads;
    uint64_t address; /* of memory in the guest, since LOAD */
    struct {
        _Alignas(64) _Atomic uint64_t ticks;
        _Atomic uint32_t seen;
        _Atomic uint64_t filled; /* pages of a fresh guest, before it stands for the first time */
    } thread[GW_PROCESS_THREADS_MAX];
};

/* What the guest sends first, with up to four descriptors: memory, control, page map, userfaultfd. */
enum { LINK_MEMORY, LINK_CONTROL, LINK_PAGEMAP, LINK_UFFD, LINK_FDS };
struct greeting {
    uint32_t magic;
    int32_t pid;
    int32_t sys;       /* not 0: the guest cannot be had, `text` says what failed */
    int32_t track_sys; /* not 0: it cannot be tracked; the last two descriptors are missing */
    char text[96];
};

/* Sent to the guest: map memory and start the threads, which stand still. fresh: fill it first. */
struct load {
    uint32_t magic;
    uint32_t fresh;
};
struct loaded {
    uint32_t magic;
    int32_t sys; /* not 0: it did not work */
};

struct link {
    pid_t pid;
    uint64_t born; /* when, in clock ticks since the system started */
    int process;   /* pidfd */
    int socket;
    int fd[LINK_FDS]; /* -1: none */
    int track_sys;
    struct control *control;
    uint8_t *memory; /* godwit's own mapping */
    size_t memory_len;
    uint64_t wait_ms; /* in which a guest has to stop */
    uint64_t life_s;  /* after which it ends; 0: never */
};

void link_init(struct link *link);
/*
 * Makes a guest that has not loaded anything. It forks, and the child goes on with threads of its own: no other
 * thread of ours may run meanwhile, for it could hold a lock that the child then never gets. (A sanitizer has such
 * locks; those of the C library are made anew.) So a session makes its guest before it says ALIV from a thread.
 */
int link_spawn(struct link *link, struct gw_err *err);
/* attach.c: when link's process was born. Fails as system; with ESRCH only if it has ended. */
int link_read_born(struct link *link, struct gw_err *err);
/*
 * attach.c: holds the guest that runs as that process, if it was born then; born 0: whenever it was. Fails with ESRCH
 * if, and only if, that process is surely gone; with EBUSY when somebody else holds the guest, and goes on doing so.
 */
int link_attach(struct link *link, pid_t pid, uint64_t born, struct gw_err *err);
/* Takes the guest's greeting from the socket, within wait_ms. */
int link_greet(struct link *link, struct gw_err *err);
/* The process has ended, or does so within that time. */
bool link_has_ended(const struct link *link, int within_ms);
/* Says so, as ESRCH; always -1. */
int link_fail_ended(const struct link *link, struct gw_err *err);
/* KIND:SPEC that means this guest and no other. */
void link_again(const struct link *link, char *out, size_t room);
/* Maps len octets of memory. */
int link_map(struct link *link, size_t len, bool writable, struct gw_err *err);
/*
 * Gives the guest its state and its threads. Behind it the guest is stopped. It may take as long as filling a fresh
 * guest's memory does; ETIMEDOUT if it gets no further for wait_ms.
 */
int link_load(struct link *link, const struct gw_process_state *state, bool fresh, struct gw_err *err);
/* Every thread stands between two ticks; or, on failure, runs as before. */
int link_stop(struct link *link, struct gw_err *err);
/* Fails only, and surely, without effect: the guest has ended. */
int link_go(struct link *link, struct gw_err *err);
bool link_is_stopped(const struct link *link);
bool link_never_ran(const struct link *link);
/* Every thread of a guest that somebody stopped, and perhaps did not live to see it, stands. */
int link_stand(const struct link *link, struct gw_err *err);
/* From now on the guest stays when godwit goes, though it never ran. */
int link_stay(struct link *link, struct gw_err *err);
void link_state(const struct link *link, struct gw_process_state *out);
/* Kills the guest and waits until it is gone. */
int link_end(struct link *link, struct gw_err *err);
/* Lets go of what is held. A guest that ran goes on as it is. */
void link_close(struct link *link);

/* futex.c: sleeps while *word is value, at most ns; wakes all that sleep. */
void futex_wait(const _Atomic uint32_t *word, uint32_t value, uint64_t ns);
void futex_wake(const _Atomic uint32_t *word);

/* message.c: one message with up to LINK_FDS descriptors. 0, or -1 with errno. */
int message_send(int socket, const void *mem, size_t len, const int *fds, unsigned num_fds);
/* *got: its length, 0 when the other side is gone; fds beyond those that came are -1. */
int message_receive(int socket, void *mem, size_t len, int fds[LINK_FDS], size_t *got);

/* process_child.c: the life of the guest, in the child. */
__attribute__((noreturn)) void process_child(int socket, unsigned life_s);

/* tracker.c: which pages the guest writes. */
int tracker_probe(const struct link *link, char *why_not, size_t room);
int tracker_start(struct link *link, struct gw_err *err);
int tracker_collect(struct link *link, struct gw_bitmap *dirty, uint64_t *num, struct gw_err *err);
void tracker_stop(struct link *link);

#endif
