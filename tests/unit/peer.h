/*
 * peer.h - one side of a session as a test wants it: chunks said and heard over a bare descriptor, each as it is told.
 *
 * It takes no part in cancellation and judges no silence. Each function ends the row when it does not work, but hear.
 */
#ifndef UNIT_PEER_H
#define UNIT_PEER_H

#include "channel.h"
#include "chunk.h"

struct peer {
    struct gw_chan *chan;
    struct gw_buf in;
};

void peer_open(struct peer *peer, struct gw_chan *chan); /* given */
void peer_close(struct peer *peer);

/* Ignores that nobody listens any more. */
void peer_say(struct peer *peer, const struct gw_message *message);
void peer_say_octets(struct peer *peer, const void *mem, size_t len);
void peer_helo(struct peer *peer, const char *capabilities);
/* The next chunk but ALIV, decoded; what is attached is dropped. Borrowed until the next. false: the link ended. */
bool peer_hear(struct peer *peer, struct gw_message *out);
/* The next one of that type; those before it are dropped. false: none came. */
bool peer_await(struct peer *peer, enum gw_chunk_type type, struct gw_message *out);

#endif
