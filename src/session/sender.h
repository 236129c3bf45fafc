/*
 * sender.h - a sink through which an image leaves for another host: the static part becomes the offer, pages become
 * PAGE chunks with what is attached to them, other records become RECD (chunks.md sections 2 to 4).
 *
 * Private to src/session.
 */
#ifndef SENDER_H
#define SENDER_H

#include "wire.h"

struct sender;

/* link: borrowed. */
struct sender *sender_new(struct wire *wire, struct gw_err *err);
void sender_free(struct sender *sender);
struct gw_sink *sender_sink(struct sender *sender);

/* Headers and static records up to STATIC_DATA_END, as in an image, once that has passed. Borrowed. */
struct gw_cur sender_offer(const struct sender *sender);
/* The offer is taken: what was kept back since goes out, and from now on all goes out at once. */
int sender_go(struct sender *sender, struct gw_err *err);
/* What the PAGE chunks from now on say of their round. */
void sender_round(struct sender *sender, uint32_t round);
void sender_totals(const struct sender *sender, struct gw_chunk_totals *out);
/* Octets of contents that went out, and pages that needed none. */
uint64_t sender_octets(const struct sender *sender);
uint64_t sender_zero_pages(const struct sender *sender);

#endif
