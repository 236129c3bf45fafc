/*
 * taker.h - what arrives from another host becomes a guest: chunks into the intake, every page compared with its check.
 *
 * Private to src/session.
 */
#ifndef TAKER_H
#define TAKER_H

#include "wire.h"
#include "engine.h"
#include "move.h"

struct taker;

/* wire and dest: borrowed; of opts: max_pfn, accept_loss. */
struct taker *taker_new(struct wire *wire, struct gw_destination *dest, const struct gw_receive_opts *opts,
                        struct gw_err *err);
void taker_free(struct taker *taker);

/*
 * The static part of the guest, judged and given to the destination, which may refuse it. Reasons (DENY's list) are
 * appended when -1 comes.
 */
int taker_offer(struct taker *taker, const struct gw_chunk_offr *offr, struct gw_buf *reasons, uint32_t *num_reasons,
                struct gw_err *err);
/* Pages and what is attached to them; the pages that are not what their check says are remembered. */
int taker_page(struct taker *taker, const struct gw_chunk_page *page, struct gw_err *err);
/* Kept until all memory is there. */
int taker_record(struct taker *taker, const struct gw_chunk_recd *recd, struct gw_err *err);
/* Answers the round that ended, or DONE; its list is borrowed until the next answer. */
void taker_seen(struct taker *taker, uint32_t round, struct gw_chunk_seen *out);
/* Pages are still missing or damaged. */
bool taker_lacks(const struct taker *taker);
/*
 * All is there: the records are given to the destination, the image is judged as a whole, the totals are compared with
 * what DONE says. Once.
 */
int taker_finish(struct taker *taker, const struct gw_chunk_totals *theirs, struct gw_err *err);
void taker_totals(const struct taker *taker, struct gw_chunk_totals *out);
uint64_t taker_pages(const struct taker *taker);

#endif
