/*
 * wire.h - the wire: a link between two godwits: chunks said and heard, and whether the other side is still there.
 *
 * Words never fail (talk.h): what cannot be said is dropped, and the link remembers why it is of no use any more. Flow
 * rules: formats/chunks.md section 3. The link must not know what follows from a chunk.
 *
 * Private to src/session.
 */
#ifndef WIRE_H
#define WIRE_H

#include <pthread.h>

#include "chunk.h"

#define WIRE_SILENCE_NS UINT64_C(10000000000) /* without an octet: the other side is taken for silent */
#define WIRE_ALIVE_NS UINT64_C(2000000000)    /* something is said at least that often */
#define WIRE_GOODBYE_NS UINT64_C(5000000000)  /* in which the other side may read our last word */

/* Why a link is of no use any more; the first reason stays. */
enum wire_fault { WIRE_WELL, WIRE_LOST, WIRE_SILENT, WIRE_BAD, WIRE_CANCELLED };

struct wire {
    struct gw_chan tap;    /* first: reads and writes pass here, so that their failures are noticed */
    struct gw_chan *chan;  /* NULL: no link */
    enum wire_fault fault; /* of reading, or of what was heard */
    bool mute;             /* a write failed, or our last word was said */
    bool said_last;        /* STOP or DENY */
    struct gw_err why;     /* what failed */
    uint64_t silence_ns,
        alive_ns; /* WIRE_SILENCE_NS and WIRE_ALIVE_NS; a test may want to wait less, before it opens */
    uint64_t heard_ns, said_ns;
    uint64_t deadline_ns; /* by which something that matters must come, ALIV or not; 0: none */
    bool in_chunk;        /* one is being read: octets come, or it will never be whole */
    uint64_t mark_ns, mark_pos;
    struct gw_buf out, in; /* the chunk that is said; the chunk that was heard */
    struct gw_str peer;    /* from here on: of HELO; in greeting */
    struct gw_buf greeting;
    bool far;                                     /* it crosses a network, or might: TCP */
    bool zero, checks;                            /* capabilities that both sides have */
    void (*skipped)(void *arg, const char *name); /* an ancillary chunk that we do not know; may be NULL */
    void *arg;
    pthread_t pulse;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool pulsing;
};

void wire_init(struct wire *wire);
/* chan: given, also on failure. HELO is exchanged; -1: why. checks: pages are to be checked. */
int wire_open(struct wire *wire, struct gw_chan *chan, bool checks, struct gw_err *err);
/* Says nothing more, lets the last word arrive, closes. A link that was never open is fine. */
void wire_close(struct wire *wire);
static inline bool wire_is_open(const struct wire *wire)
{
    return wire->chan != NULL;
}

/* A word, whole or not at all. */
void wire_say(struct wire *wire, const struct gw_message *message);
/* The last word. */
void wire_stop(struct wire *wire, uint32_t code, const char *sentence);
/* A chunk and what is attached to it; the one way to say something that may fail. */
int wire_attach_out(struct wire *wire, const struct gw_message *message, struct iovec *part, unsigned num,
                    struct gw_err *err);
/* ALIV, if nothing was said for long. */
void wire_alive(struct wire *wire);

/* What a look at the wire, and at one more descriptor (-1: none), brought. */
enum wire_look { WIRE_NOTHING, WIRE_READY, WIRE_OTHER };
/* At most ns; less when something comes. Judges silence and keeps alive. A link without descriptors is always ready. */
enum wire_look wire_wait(struct wire *wire, int other, uint64_t ns);

/* One whole chunk, decoded; views are borrowed until the next. false: none, and wire->fault and why say why. */
bool wire_hear(struct wire *wire, struct gw_message *out);
/* The octets that are attached to the chunk just heard: for payloads. */
struct gw_chan *wire_octets(struct wire *wire);

/* While the caller is busy and does not touch the wire, ALIV is said by a thread. */
void wire_pulse(struct wire *wire);
void wire_pulse_end(struct wire *wire);

#endif
