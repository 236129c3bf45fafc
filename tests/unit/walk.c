/*
 * walk.c - the talk's C functions, walked over every reachable state of two hosts.
 *
 * Breadth first over world.h. In every state: never two that run, nothing destroyed, started or resumed too early. A
 * state that nothing but a mishap leaves has exactly one owner, or the guest is held where chunks.md section 6 allows
 * it; and from every state such an end can be reached without any further mishap. Mistakes planted into single rows
 * are found, or shown to be harmless.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "world.h"

#define NONE UINT32_MAX

struct node {
    struct world world;
    uint32_t parent;
    const char *who, *what; /* the move from the parent */
    bool ends;              /* nothing but a mishap leads on, or only a person can */
    bool reaches;           /* an end can be reached */
};

struct walk {
    struct node *nodes;
    uint32_t num, cap;
    uint32_t *slots, num_slots; /* by hash: a node's number, or NONE */
    uint32_t (*edges)[2];       /* from, to: the moves that are no mishaps */
    size_t num_edges, cap_edges;
    uint32_t at;    /* the node whose moves are being made */
    bool moved;     /* one of them leads on, and is no mishap */
    uint32_t wrong; /* the first node in which something is wrong */
    uint32_t stuck; /* the first node that ends nowhere, or cannot reach an end */
    uint32_t ends[NUM_ENDS];
};

static void *grow(void *mem, size_t num, size_t size)
{
    void *more = reallocarray(mem, num, size);
    CHECK(more != NULL);
    return more;
}

/* --- the set of states -------------------------------------------------------------------------------------------- */

static uint32_t hash(const struct world *w)
{
    uint64_t sum = 0, words[sizeof *w / 8];
    static_assert(sizeof words == sizeof *w, "a world is hashed by words");
    memcpy(words, w, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        sum = (sum ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 29);
    return (uint32_t)(sum >> 32);
}

static uint32_t *slot_of(const struct walk *walk, const struct world *w)
{
    uint32_t at = hash(w) & (walk->num_slots - 1);
    while (walk->slots[at] != NONE && memcmp(&walk->nodes[walk->slots[at]].world, w, sizeof *w) != 0)
        at = (at + 1) & (walk->num_slots - 1);
    return &walk->slots[at];
}

static void make_slots(struct walk *walk, uint32_t num)
{
    walk->slots = grow(walk->slots, num, sizeof *walk->slots);
    walk->num_slots = num;
    memset(walk->slots, 0xff, num * sizeof *walk->slots);
    for (uint32_t i = 0; i < walk->num; i++)
        *slot_of(walk, &walk->nodes[i].world) = i;
}

/* The node of that world, new if it was never seen. */
static uint32_t node_of(struct walk *walk, const struct world *w, const char *who, const char *what)
{
    uint32_t *slot = slot_of(walk, w);
    if (*slot != NONE)
        return *slot;
    if (walk->num == walk->cap) {
        walk->cap = walk->cap == 0 ? 1024 : 2 * walk->cap;
        walk->nodes = grow(walk->nodes, walk->cap, sizeof *walk->nodes);
    }
    uint32_t number = walk->num++;
    walk->nodes[number] = (struct node){ .world = *w, .parent = walk->at, .who = who, .what = what };
    *slot = number;
    if (walk->num > walk->num_slots / 2)
        make_slots(walk, 2 * walk->num_slots);
    return number;
}

static void add_edge(struct walk *walk, uint32_t from, uint32_t to)
{
    if (walk->num_edges == walk->cap_edges) {
        walk->cap_edges = walk->cap_edges == 0 ? 4096 : 2 * walk->cap_edges;
        walk->edges = grow(walk->edges, walk->cap_edges, sizeof *walk->edges);
    }
    walk->edges[walk->num_edges][0] = from;
    walk->edges[walk->num_edges++][1] = to;
}

static void take_move(const struct world *next, const char *who, const char *what, bool mishap, void *arg)
{
    struct walk *walk = arg;
    uint32_t to = node_of(walk, next, who, what);
    if (next->wrong != 0 && walk->wrong == NONE)
        walk->wrong = to;
    if (mishap)
        return;
    add_edge(walk, walk->at, to);
    walk->moved = true;
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

static void judge_end(struct walk *walk, struct node *node)
{
    enum ends ends = world_ends(&node->world);
    node->ends = !walk->moved || world_is_over(&node->world);
    node->reaches = node->ends && ends != ENDS_NOWHERE;
    walk->ends[ends] += node->ends;
    if (node->ends && ends == ENDS_NOWHERE && walk->stuck == NONE)
        walk->stuck = walk->at;
}

/* Which states an end can be reached from: over the edges backwards, sorted by where they lead. */
static void look_back(struct walk *walk)
{
    uint32_t *first = calloc(walk->num + 1u, sizeof *first), *froms = grow(NULL, walk->num_edges + 1, sizeof *froms);
    uint32_t *todo = grow(NULL, walk->num, sizeof *todo), num_todo = 0;
    CHECK(first != NULL);
    for (size_t i = 0; i < walk->num_edges; i++)
        first[walk->edges[i][1]]++;
    for (uint32_t i = 1; i <= walk->num; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < walk->num_edges; i++)
        froms[--first[walk->edges[i][1]]] = walk->edges[i][0];
    for (uint32_t i = 0; i < walk->num; i++)
        if (walk->nodes[i].reaches)
            todo[num_todo++] = i;
    while (num_todo > 0) {
        uint32_t at = todo[--num_todo];
        for (uint32_t i = first[at]; i < first[at + 1]; i++)
            if (!walk->nodes[froms[i]].reaches) {
                walk->nodes[froms[i]].reaches = true;
                todo[num_todo++] = froms[i];
            }
    }
    for (uint32_t i = 0; i < walk->num && walk->stuck == NONE; i++)
        if (!walk->nodes[i].reaches)
            walk->stuck = i;
    free(first);
    free(froms);
    free(todo);
}

/* All states; or up to the first in which something is wrong. */
static struct walk walk_all(const struct rules *rules)
{
    struct walk walk = { .at = NONE, .wrong = NONE, .stuck = NONE };
    struct world begin = world_begin();
    make_slots(&walk, 1 << 16);
    node_of(&walk, &begin, "", "");
    for (walk.at = 0; walk.at < walk.num && walk.wrong == NONE; walk.at++) {
        struct world w = walk.nodes[walk.at].world;
        walk.moved = false;
        world_moves(&w, rules, take_move, &walk);
        judge_end(&walk, &walk.nodes[walk.at]);
    }
    if (walk.wrong == NONE)
        look_back(&walk);
    return walk;
}

static void free_walk(struct walk *walk)
{
    free(walk->nodes);
    free(walk->slots);
    free(walk->edges);
}

static void print_story(const struct walk *walk, uint32_t at)
{
    if (walk->nodes[at].parent != NONE)
        print_story(walk, walk->nodes[at].parent);
    const struct world *w = &walk->nodes[at].world;
    printf("  %-24s %-24s %s%s | %s%s\n", walk->nodes[at].who, walk->nodes[at].what, w->s.alive ? "" : "dead ",
           gw_source_states[w->s.state].name, w->d.alive ? "" : "dead ", gw_destination_states[w->d.state].name);
}

static void print_walk(const struct walk *walk)
{
    printf("%" PRIu32 " states, %zu moves; ends: %" PRIu32 " here, %" PRIu32 " there, %" PRIu32 " held, %" PRIu32
           " nowhere\n",
           walk->num, walk->num_edges, walk->ends[ENDS_HERE], walk->ends[ENDS_THERE], walk->ends[ENDS_HELD],
           walk->ends[ENDS_NOWHERE]);
    if (walk->wrong != NONE)
        printf("%s:\n", wrongs[walk->nodes[walk->wrong].world.wrong]);
    if (walk->stuck != NONE)
        printf("ends nowhere:\n");
    if (walk->wrong != NONE || walk->stuck != NONE)
        print_story(walk, walk->wrong != NONE ? walk->wrong : walk->stuck);
}
/* --- the talk as it is -------------------------------------------------------------------------------------------- */

/* Exact numbers, so that whatever changes the talk shows here; those of ends are what matters. */
static void walk_and_count(const struct rules *rules, uint32_t num, const uint32_t ends[NUM_ENDS])
{
    struct walk walk = walk_all(rules);
    print_walk(&walk);
    CHECK_EQ(walk.wrong, NONE);
    CHECK_EQ(walk.stuck, NONE);
    for (unsigned i = 0; i < NUM_ENDS; i++)
        CHECK_EQ(walk.ends[i], ends[i]);
    CHECK_EQ(walk.num, num);
    free_walk(&walk);
}

static void one_owner_whatever_processes_links_and_files_do(void)
{
    walk_and_count(&(struct rules){ 0 }, 270886, (uint32_t[NUM_ENDS]){ [ENDS_HERE] = 9, [ENDS_THERE] = 1 });
}

static void held_only_if_the_destination_s_host_is_dead_for_ever(void)
{
    walk_and_count(&(struct rules){ .host_dies = true }, 272962,
                   (uint32_t[NUM_ENDS]){ [ENDS_HERE] = 21, [ENDS_THERE] = 7, [ENDS_HELD] = 7 });
}

static void held_only_if_the_destination_s_host_restarted_between_started_and_runs(void)
{
    walk_and_count(&(struct rules){ .host_restarts = true }, 336582,
                   (uint32_t[NUM_ENDS]){ [ENDS_HERE] = 18, [ENDS_THERE] = 11, [ENDS_HELD] = 20 });
}

/* --- planted mistakes --------------------------------------------------------------------------------------------- */

enum { HARMLESS = 100, STUCK = 101 };

#define AT_SOURCE(state, event, to, ...)                                                                               \
    {                                                                                                                  \
        PLANT_SOURCE, GW_SOURCE_##state, GW_SOURCE_ON_##event, GW_SOURCE_##to,                                         \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
#define AT_DESTINATION(state, event, to, ...)                                                                          \
    {                                                                                                                  \
        PLANT_DESTINATION, GW_DESTINATION_##state, GW_DESTINATION_ON_##event, GW_DESTINATION_##to,                     \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }

/* What is planted and what it leads to: harm of that kind, a guest that nobody has and nobody holds, or nothing. */
static const struct mistake {
    const char *name;
    unsigned leads_to;
    struct rules rules;
} mistakes[] = {
    /* The six of the model (models/handover.py): five do harm. */
    { "the source does not ask", STUCK, { .plants = { AT_SOURCE(ASKING, LINKED, ASKING, GW_DO_NONE) } } },
    { "the source resumes when the link is lost",
      WRONG_TWO,
      { .plants = { AT_SOURCE(LET_GO, LOST, KEPT, GW_DO_RESUME, GW_DO_WRITE_KEPT) } } },
    { "an undecided session is told as declined",
      WRONG_TWO,
      { .plants = { { PLANT_ANSWER, GW_DECISION_NONE, 0, 0, { GW_DO_TELL_DECLINED } } } } },
    { "the destination discards without a decision",
      HARMLESS,
      { .plants = { AT_DESTINATION(READY, STOP, GONE, GW_DO_SAY_STOP, GW_DO_DISCARD),
                    AT_DESTINATION(READY, TIMER, GONE, GW_DO_SAY_STOP, GW_DO_DISCARD),
                    AT_DESTINATION(READY, CANCEL, GONE, GW_DO_SAY_STOP, GW_DO_DISCARD),
                    AT_DESTINATION(READY, FAILED, GONE, GW_DO_SAY_STOP, GW_DO_DISCARD),
                    AT_DESTINATION(READY, BAD, GONE, GW_DO_SAY_STOP, GW_DO_DISCARD) } } },
    { "COMM is said before LETGO is written",
      WRONG_TWO,
      { .plants = { AT_SOURCE(PROVING, REDY, LETTING_GO, GW_DO_SAY_COMM, GW_DO_WRITE_LETGO),
                    AT_SOURCE(LETTING_GO, WRITTEN, LET_GO, GW_DO_NONE) } } },
    { "the source destroys when told that it starts",
      WRONG_DESTROYED,
      { .plants = { AT_SOURCE(ASKING, TELL_STARTING, MOVED, GW_DO_WRITE_MOVED, GW_DO_DESTROY) } } },
    /* The source's own. */
    { "a cancel is obeyed behind COMM",
      WRONG_TWO,
      { .plants = { AT_SOURCE(LET_GO, CANCEL, KEPT, GW_DO_SAY_STOP, GW_DO_RESUME, GW_DO_WRITE_KEPT) } } },
    { "a cancel is obeyed while asking",
      WRONG_TWO,
      { .plants = { AT_SOURCE(ASKING, CANCEL, KEPT, GW_DO_RESUME, GW_DO_WRITE_KEPT) } } },
    { "STOP behind COMM is taken for a refusal (who says it has discarded, or is about to)",
      HARMLESS,
      { .plants = { AT_SOURCE(LET_GO, STOP, KEPT, GW_DO_RESUME, GW_DO_WRITE_KEPT) } } },
    { "unsure is taken for a refusal",
      WRONG_TWO,
      { .plants = { AT_SOURCE(ASKING, TELL_UNSURE, KEPT, GW_DO_RESUME, GW_DO_WRITE_KEPT) } } },
    { "a restart lets the destination go on", WRONG_TWO, { .goes_on_after_restart = true } },
    { "a restart forgets that the guest moved",
      WRONG_TWO,
      { .plants = { { PLANT_SOURCE_AFTER,
                      GW_WORD_SUSPEND | GW_WORD_LETGO | GW_WORD_MOVED,
                      0,
                      GW_SOURCE_KEPT,
                      { GW_DO_RESUME, GW_DO_WRITE_KEPT } } } } },
    { "KEPT is written before the guest is resumed",
      STUCK,
      { .plants = { AT_SOURCE(LET_GO, TELL_DECLINED, KEPT, GW_DO_WRITE_KEPT, GW_DO_RESUME) } } },
    { "the journal does not know that the guest is suspended",
      STUCK,
      { .plants = { AT_SOURCE(COPYING, SWITCH, SUSPENDING, GW_DO_SUSPEND) } } },
    { "the end of a suspend that was given up is not awaited",
      STUCK,
      { .plants = { AT_SOURCE(SUSPENDING, CANCEL, KEPT, GW_DO_SAY_STOP, GW_DO_RESUME, GW_DO_WRITE_KEPT) } } },
    { "MOVED that could not be written keeps the remains (a restart asks and destroys)",
      HARMLESS,
      { .plants = { AT_SOURCE(MOVED, WRITE_FAILED, MOVED, GW_DO_NONE) } } },
    /* The destination's own. */
    { "it starts without a claim", WRONG_TWO, { .plants = { AT_DESTINATION(READY, COMM, STARTING, GW_DO_START) } } },
    { "it starts though it was declined",
      WRONG_TWO,
      { .plants = { AT_DESTINATION(CLAIMING, TAKEN, STARTING, GW_DO_START) } } },
    { "it starts when the claim failed",
      WRONG_TWO,
      { .plants = { AT_DESTINATION(CLAIMING, CLAIM_FAILED, STARTING, GW_DO_START) } } },
    { "it starts when it is left alone",
      WRONG_TWO,
      { .plants = { AT_DESTINATION(READY, TIMER, CLAIMING, GW_DO_CLAIM_STARTED) } } },
    { "it says RUNS before it starts",
      WRONG_DESTROYED,
      { .plants = { AT_DESTINATION(CLAIMING, WON, STARTING, GW_DO_SAY_RUNS, GW_DO_START) } } },
    { "a claim that failed is told as declined",
      STUCK,
      { .plants = { AT_DESTINATION(CLAIMING, CLAIM_FAILED, GONE, GW_DO_TELL_DECLINED, GW_DO_DISCARD) } } },
    { "an unsure start is told as declined",
      WRONG_KILLED,
      { .plants = { AT_DESTINATION(STARTING, UNSURE, GONE, GW_DO_TELL_DECLINED, GW_DO_DISCARD) } } },
    { "a start that failed is told as declined while `started` stands",
      STUCK,
      { .plants = { AT_DESTINATION(STARTING, NOT_STARTED, GONE, GW_DO_TELL_DECLINED, GW_DO_DISCARD) } } },
    { "the proof that it never ran is discarded while `started` stands",
      STUCK,
      { .plants = { AT_DESTINATION(UNDOING, WRITE_FAILED, GONE, GW_DO_TELL_UNSURE, GW_DO_DISCARD) } } },
};

static void judge_mistake(const struct mistake *mistake)
{
    struct rules rules = mistake->rules;
    rules.damage = true;
    struct walk walk = walk_all(&rules);
    unsigned found = walk.wrong != NONE ? walk.nodes[walk.wrong].world.wrong : walk.stuck != NONE ? STUCK : HARMLESS;
    if (found != mistake->leads_to) {
        printf("%s: leads to %u, not %u\n", mistake->name, found, mistake->leads_to);
        print_walk(&walk);
    }
    CHECK_EQ(found, mistake->leads_to);
    free_walk(&walk);
}

static void each_planted_mistake_is_found_or_harmless_as_said(void)
{
    for (unsigned i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
        judge_mistake(&mistakes[i]);
}

const struct test tests[] = {
    { "one-owner-whatever-processes-links-and-files-do", one_owner_whatever_processes_links_and_files_do },
    { "held-only-if-the-destination-s-host-is-dead-for-ever", held_only_if_the_destination_s_host_is_dead_for_ever },
    { "held-only-if-the-destination-s-host-restarted-between-started-and-runs",
      held_only_if_the_destination_s_host_restarted_between_started_and_runs },
    { "each-planted-mistake-is-found-or-harmless-as-said", each_planted_mistake_is_found_or_harmless_as_said },
    { NULL, NULL },
};
