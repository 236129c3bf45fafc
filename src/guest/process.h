/*
 * process.h - guests that are processes: threads that write memory, in a child of its own that outlives godwit.
 *
 * A source, process:KEY=VALUE,...
 *     mem=SIZE        its memory, 64M unless said; K, M and G are 2^10, 2^20 and 2^30
 *     threads=N       1 to 64, one vCPU each; 1
 *     rate=SIZE       octets a second that all threads touch together: pages times 4096. 0: none; not said: as many
 *                     as they can
 *     pattern=WORD    seq, random, or hot (nine of ten writes go to one page of ten); hot
 *     seed=N          1
 *     pid=N           instead of all these: the guest that runs as process N
 *     born=T          with pid: only if process N was born at T, in clock ticks since the system started (field 22 of
 *                     /proc/N/stat). Another process that has the number by now is not taken for the guest: ESRCH
 *     wait=N          milliseconds in which it has to stop when it is suspended; 10000
 *     life=N          seconds after which the process ends by itself, so that a test leaves nothing; 0: never
 * A destination, process:KEY=VALUE,...
 *     check=1         all memory is recomputed and compared before the guest may start; 0
 *     wait=N, life=N  as above
 *
 * A guest is found again, and told from all others, by process:pid=N,born=T: on the host where it was made, until that
 * is started anew, by who sees the same processes. Attaching waits for a holder that is just dying, a fifth of a
 * second.
 *
 * A guest has its memory in a memfd. Every page but the last two (xenstore's and the console's, zero) holds its pfn,
 * how often it was written, and a pattern that follows from both and the seed. So memory is a function of the
 * generator's state: the seed and the ticks of each thread, a tick being one page written. That state travels as
 * registers: of each vCPU rax holds the thread's ticks; rbx the seed; rcx the pattern; rdx the rate; rsi the pages of
 * the guest; rdi the number of threads; rbp the word 'GWPROC01'. The guest's clock shows a microsecond per tick.
 */
#ifndef GW_PROCESS_H
#define GW_PROCESS_H

#include "guest.h"

enum gw_pattern { GW_PATTERN_SEQ, GW_PATTERN_RANDOM, GW_PATTERN_HOT };

#define GW_PROCESS_THREADS_MAX 64
#define GW_PROCESS_SPECIAL_PAGES 2u              /* the last ones, which nobody writes */
#define GW_PROCESS_SHARE_LEAST 16u               /* pages of each thread */
#define GW_PROCESS_AT_WILL UINT64_MAX            /* the rate when none was said */
#define GW_PROCESS_PAGES_MAX (UINT64_C(1) << 24) /* 64 GiB */

/* Where the generator stands: all that memory depends on, and how it goes on. */
struct gw_process_state {
    uint64_t num_pages; /* the special ones included */
    uint64_t seed, rate;
    enum gw_pattern pattern;
    uint32_t num_threads;
    uint32_t incarnation; /* how often it has moved */
    uint64_t ticks[GW_PROCESS_THREADS_MAX];
};

struct gw_source *gw_process_source(const char *name, struct gw_err *err);
struct gw_destination *gw_process_destination(const char *name, struct gw_err *err);
/* What gw_guest_look and gw_guest_discard do for this kind. */
enum gw_life gw_process_look(const char *again, struct gw_err *err);
int gw_process_discard(const char *again, struct gw_err *err);

/* The state out of a record of type X86_TSC_INFO, HVM_CONTEXT or HVM_PARAMS; each adds what it has to *state. */
int gw_process_state_take(struct gw_process_state *state, uint32_t type, const void *body, uint32_t len,
                          struct gw_err *err);

/*
 * Recomputes all pages and compares them with the memory in that descriptor. GW_E_INVALID: *bad_pfn differs, the
 * message says how. Checks what is there: the caller sees to it that the guest is suspended.
 */
int gw_process_check(const struct gw_process_state *state, int memory, uint64_t *bad_pfn, struct gw_err *err);

/* Of a guest of this kind: the process; its memory (borrowed until close); ticks of all threads; where it stands. */
int gw_process_pid(const struct gw_source *source);
int gw_process_memory(const struct gw_source *source);
uint64_t gw_process_ticks(const struct gw_source *source);
/* Only while suspended. */
void gw_process_state(const struct gw_source *source, struct gw_process_state *out);
/* The process of a destination, from create on. */
int gw_process_destination_pid(const struct gw_destination *dest);

#endif
