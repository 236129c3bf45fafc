/*
 * reader.h - an image from a channel, record by record, into a sink.
 */
#ifndef GW_READER_H
#define GW_READER_H

#include "sink.h"

struct gw_reader;

/*
 * from: borrowed; the next octet is the first of the image header. Its read_pos is what offsets count from. max_pfn:
 * pfns at or above it are refused (gw_limit(PFN) unless the user said otherwise).
 */
struct gw_reader *gw_reader_new(struct gw_chan *from, uint64_t max_pfn, struct gw_err *err);

/*
 * Pushes what comes next into the sink and returns behind END or CHECKPOINT; run again to go on behind a CHECKPOINT
 * (without new headers). *stopped_at: GW_END, GW_CHECKPOINT, or GW_MARK_NONE when the input ended right behind a
 * CHECKPOINT, as Remus leaves it. Never takes an octet beyond END's record. Errors are placed and carry their rule; a
 * cut is GW_E_SHORT.
 */
int gw_reader_run(struct gw_reader *reader, struct gw_sink *sink, enum gw_mark_kind *stopped_at, struct gw_err *err);

/*
 * First, in place of a run: headers and records up to and including STATIC_DATA_END, which is all that the offer of a
 * migration holds. Takes no octet behind it; gw_reader_run may go on there. An input that ends before is GW_E_SHORT;
 * one that stops (END, CHECKPOINT) before is refused when the sink has seen it; version 2, which does not say where its
 * static data end, is refused before the sink is begun (GW_E_REFUSED). Whether a record may stand there is the sink's
 * to judge.
 */
int gw_reader_static(struct gw_reader *reader, struct gw_sink *sink, struct gw_err *err);

/* The headers, once a run has read them; NULL before. Borrowed until the reader is freed. */
const struct gw_headers *gw_reader_headers(const struct gw_reader *reader);

void gw_reader_free(struct gw_reader *reader);
void gw_reader_freep(struct gw_reader **reader);

#endif
