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

/* The headers, once a run has read them; NULL before. Borrowed until the reader is freed. */
const struct gw_headers *gw_reader_headers(const struct gw_reader *reader);

void gw_reader_free(struct gw_reader *reader);
void gw_reader_freep(struct gw_reader **reader);

#endif
