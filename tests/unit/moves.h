/*
 * moves.h - whole sessions inside one process: a source's side, and a destination's for each link that it dials.
 *
 * A row fills a struct move in, runs it, and looks at what became of the guest: not at what the two sides say of it,
 * but at whether it runs. The first link can be cut or spoiled at any octet.
 */
#ifndef UNIT_MOVES_H
#define UNIT_MOVES_H

#include <pthread.h>

#include "session.h"
#include "session_tools.h"

#define LINKS_MOST 16

struct move;

/* One link, served by a destination in a thread of its own. */
struct link {
    struct move *move;
    struct gw_chan *chan;
    pthread_t thread;
    struct gw_receive_report report;
    enum gw_destination_state state; /* the last one told */
    bool ended;
};

struct move {
    const char *guest; /* of the source */
    struct gw_migrate_opts opts;
    struct gw_receive_opts take;
    struct gw_fault fault;       /* of the first link, as the destination sees it */
    uint64_t silence_ns;         /* of all links; 0: the protocol's */
    bool cut_heard, cut_said;    /* there the first link ends for both sides, behind so many octets that the */
    uint64_t cut_at;             /* destination heard or said */
    struct gw_buf *heard, *said; /* what passed on the first link; NULL: nobody wants it */
    struct gw_source *source;    /* from here on: what came of it */
    struct gw_move_report report;
    struct gw_err err;
    int rc;
    char notes[1024], states[512]; /* what the source told: each behind a line's end or a blank */
    struct link links[LINKS_MOST];
    unsigned num_links;
    unsigned started; /* how often a destination's guest was started */
    bool same;        /* all its memory was the source's, when that happened */
    char state_dir[STATE_DIR_ROOM], run_dir[STATE_DIR_ROOM], address[STATE_DIR_ROOM + 16];
    struct gw_listener *listener;
    pthread_t server;
    int stop[2];
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

/* Zero state but for guest, which is a model or a process; then change what the row is about. */
void move_init(struct move *m, const char *guest);
/* Until both sides have come to their ends. */
void move_run(struct move *m);
/* The source and all directories. */
void move_close(struct move *m);

/* The guest runs here or there: exactly one of both, and the report says which. No file says otherwise. */
void move_has_one_owner(struct move *m);
/* The same, and it is there, whole, or here, as it was. */
void move_arrived(struct move *m);
void move_was_kept(struct move *m, const char *why);

#endif
