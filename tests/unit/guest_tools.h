/*
 * guest_tools.h - what tests of guests have in common; linked into each unit test program.
 *
 * Each ends the row when it does not work.
 */
#ifndef UNIT_GUEST_TOOLS_H
#define UNIT_GUEST_TOOLS_H

#include "guest.h"

/* Descriptors that are open now. */
unsigned guest_fds(void);
/* No child is left, and no descriptor beyond those that were open before. */
void guest_nothing_left(unsigned fds);

/* Opened, no more. */
struct gw_source *guest_source(const char *name);
struct gw_destination *guest_destination(const char *name);
/* Opened and described; guest_open_live: its writes can be seen, or the row is skipped. */
struct gw_source *guest_open(const char *name, struct gw_guest_facts *facts);
struct gw_source *guest_open_live(const char *name, struct gw_guest_facts *facts);
void guest_suspend(struct gw_source *source);
void guest_resume(struct gw_source *source);
/* Suspended, destroyed, closed. */
void guest_end(struct gw_source *source);

/* The names of the records that a source emitted, as text; guest_note: a gw_emit_fn whose arg is one. */
struct guest_emitted {
    char text[256];
    size_t at;
};
int guest_note(void *arg, uint32_t type, const void *body, uint32_t len, struct gw_err *err);

/* Contents of a segment, in memory or in its file. */
void guest_put(const struct gw_seg *seg, size_t at, const void *mem, size_t len);
uint8_t guest_octet(const struct gw_seg *seg, size_t at);
bool guest_reads_zero(const struct gw_seg *seg);

/* A gw_emit_fn whose arg is a destination that takes the record. */
int guest_give(void *arg, uint32_t type, const void *body, uint32_t len, struct gw_err *err);
/* A destination that exists, empty. */
struct gw_destination *guest_create(const char *name);
/* Gives it all pages of that guest. */
void guest_place_all(struct gw_source *source, struct gw_destination *dest, uint64_t num_pages);
/* Everything that a suspended source has; the destination is complete and could be started. */
struct gw_destination *guest_copy(struct gw_source *source, const struct gw_guest_facts *facts);

/* Until the guest has written that many pages more. */
void guest_let_run(const struct gw_source *source, uint64_t ticks);
/* The memory of a suspended guest is what its state says. */
void guest_check(const struct gw_source *source);
/* The guest's memory, which tests may spoil. */
uint8_t *guest_map(const struct gw_source *source, uint64_t num_pages);
void guest_wait_for_end(int process);

/*
 * As a live migration does it: everything once, then again and again what was written meanwhile, at last with the guest
 * suspended. The copy is the memory. ticks: of each of the 20 rounds.
 */
void guest_copy_live(struct gw_source *source, uint64_t num_pages, uint64_t ticks);

/*
 * Runs doomed in a process that is killed when it has told the pid of its guest; that pid, and a descriptor of the
 * guest.
 */
int guest_outlive(int (*doomed)(void), int *process);

#endif
