/*
 * store.h - what both sides of a session keep on disk: journals, the decision, the holder's lock (chunks.md section 6,
 * and the head of talk.h).
 *
 * A directory per side, a few files per session:
 *   source/ID.journal       what a restart needs, then the words
 *   destination/ID.lock     locked by the holder; the same at the source
 *   destination/ID.journal  the guest that came to be, then the word `runs`
 *   destination/ID.decision `started` or `declined`, whole or not there
 *   destination/ID.hand     a fifo: COMM for the holder, from whoever was asked
 * Everything is durable (file and directory) before a function returns 0. What these files mean is talk.h's.
 *
 * Private to src/session.
 */
#ifndef STORE_H
#define STORE_H

#include "base.h"
#include "talk.h"
#include "words.h"

#define STORE_VALUE_MAX 1024

/* The first lines of a journal. */
struct store_head {
    char guest[STORE_VALUE_MAX]; /* KIND:SPEC by which another process finds it; "": none does */
    char name[STORE_VALUE_MAX];  /* for people */
    char peer[STORE_VALUE_MAX];  /* the address; "" at the destination */
    uint64_t epoch;
    bool same_boot; /* out: the machine has not been started again since */
};

enum store_side { STORE_SOURCE, STORE_DESTINATION };

/* One session's files. */
struct store {
    enum store_side side;
    char *dir; /* of the side */
    char id[SESSION_TEXT_ROOM];
    int lock;    /* held; -1: not */
    int journal; /* open for words; -1: none */
    int hand;    /* the fifo, for reading; -1: none */
};

/* Not open: closing it does nothing. */
#define STORE_NONE ((struct store){ .lock = -1, .journal = -1, .hand = -1 })

/* Makes the directories if need be. The store holds nothing yet. */
int store_open(struct store *store, const char *state_dir, enum store_side side, const uint8_t id[GW_CHUNK_ID_LEN],
               struct gw_err *err);
/* Lets go of what is held; the files stay. */
void store_close(struct store *store);

/* Whoever gets it is the session's holder. *held: another process is; then -1. */
int store_lock(struct store *store, bool *held, struct gw_err *err);

/* The session has left a file here, whichever. -1: it has not. */
int store_must_be(const struct store *store, struct gw_err *err);

/* Takes a session known by its text, after its holder's death. -1: none, or it is held; close it all the same. */
int store_open_again(struct store *store, const char *state_dir, enum store_side side, const char *session,
                     uint8_t id[GW_CHUNK_ID_LEN], struct gw_err *err);

/* A living process holds the session. Nothing is taken. */
bool store_is_held(const struct store *store);

/* A journal comes to be, whole. */
int store_journal_new(struct store *store, const struct store_head *head, struct gw_err *err);
/* One that is there, for more words. */
int store_journal_open(struct store *store, struct store_head *head, unsigned *words, struct gw_err *err);
/* Is there one? *words: bits of enum gw_source_word, or STORE_RUNS. */
#define STORE_RUNS 1u
bool store_journal_read(const struct store *store, struct store_head *head, unsigned *words);
/* A file of that name is there, whatever it holds. */
bool store_has_journal(const struct store *store);
int store_journal_add(struct store *store, unsigned word, struct gw_err *err);

/* The decision, made durable if there is one. -1: it cannot be read. */
int store_decision(const struct store *store, enum gw_decision *out, struct gw_err *err);
/* The first one wins: 0 it is ours; 1 another stands there; -1 it may stand, or not. */
int store_decide(const struct store *store, enum gw_decision decision, struct gw_err *err);
/* Over what stands there. */
int store_decide_again(const struct store *store, enum gw_decision decision, struct gw_err *err);

/*
 * The holder's ear, and a word into it: start; the source wants it back; the source knows the end. -1: nobody listens.
 */
#define STORE_COMM 'c'
#define STORE_STOP 's'
#define STORE_FORGET 'f'
int store_listen(struct store *store, struct gw_err *err);
int store_hand(const struct store *store, char word, struct gw_err *err);
/* What was handed over; 0: nothing. */
char store_handed(struct store *store);

/* Nothing of the session stays. Only for its holder. -1: something may stay. */
int store_forget(struct store *store);
/* The decision stays, and the journal if it is wanted, for whoever is asked; the holder lets go. */
void store_keep(struct store *store, bool journal);

/*
 * Another session of the same guest that has words of `has`, and no end: its id. False: there is none. Asked of the
 * source's journals.
 */
bool store_unfinished(const char *state_dir, const char *guest, unsigned has, const char *but,
                      char id[SESSION_TEXT_ROOM]);

/* All sessions of a side that left a file: ids, ascending; the caller frees. */
int store_list(const char *state_dir, enum store_side side, char (**ids)[SESSION_TEXT_ROOM], unsigned *num,
               struct gw_err *err);

#endif
