/*
 * payload.h - octets that belong to a record and have not been looked at: contents pass, they are not kept.
 *
 * A producer opens a payload, hands it to a sink, and settles it. In between sinks may
 *   watch  see all octets in order, wherever they pass or land: to be asked for before any take;
 *   into   take them to segments of memory or of a file, from where they may be taken again;
 *   to     move them on into another channel.
 * What nobody takes, watchers still see; what nobody watches either is skipped, in a file by lseek.
 */
#ifndef GW_PAYLOAD_H
#define GW_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"

/*
 * Contents: in memory (mem; fd is -1), or at off in fd (mem NULL), or both where the memory is that file's, mapped and
 * shared.
 */
#define GW_SEG_NOPIN 1u /* a foreign mapping: only writev and copying work on it */
struct gw_seg {
    uint8_t *mem;
    int fd;
    uint64_t off;
    size_t len;
    unsigned flags;
};

/*
 * Octets [at, at + len) of the payload, borrowed for the call. Pieces come in order and without gaps; of contents of
 * pages each piece is a whole number of pages. Failing stops the producer.
 */
typedef int gw_watch_fn(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err);

#define GW_WATCHERS 8

struct gw_payload {
    uint64_t len;
    struct gw_chan *from; /* borrowed; the octets are the next of it */
    uint8_t *buffer;      /* borrowed from the producer: room through which watched octets pass */
    size_t room;
    const struct gw_seg *landed; /* where they lie since gw_payload_into; borrowed from the sink until settled */
    unsigned num_landed;
    bool gone;  /* nothing is left in `from` */
    bool zeros; /* they are zero and lie nowhere */
    bool shown; /* the watchers have seen everything */
    struct {
        gw_watch_fn *fn;
        void *arg;
        const struct gw_bitmap *pages; /* NULL: all */
    } watch[GW_WATCHERS];
    unsigned num_watch;
};

/*
 * Contents that lie somewhere from the start: a guest's memory. The segments (borrowed until settled) hold len octets
 * together; memory that changes meanwhile is seen as it is at each touch. buffer and room: as below.
 */
void gw_payload_of(struct gw_payload *payload, const struct gw_seg *segs, unsigned num, uint8_t *buffer, size_t room);
/* The next len octets of `from`. room: octets of buffer, a multiple of 4096, not 0. */
void gw_payload_open(struct gw_payload *payload, struct gw_chan *from, uint64_t len, uint8_t *buffer, size_t room);
/*
 * len octets that are known to be zero: they come from nowhere. They land by making the segments zero: what lies in a
 * file is taken out of it (a hole), so that memory that nobody has touched stays so; else they are written. They may
 * land and move on any number of times. buffer and room: as below.
 */
void gw_payload_zeros(struct gw_payload *payload, uint64_t len, uint8_t *buffer, size_t room);
int gw_payload_watch(struct gw_payload *payload, gw_watch_fn *fn, void *arg, struct gw_err *err);
/*
 * The same, but of contents of pages only those whose bits are set: pages (borrowed until settled) has a bit for each
 * 4096 octets. What nobody else wants is not even read.
 */
int gw_payload_watch_pages(struct gw_payload *payload, const struct gw_bitmap *pages, gw_watch_fn *fn, void *arg,
                           struct gw_err *err);
/*
 * The segments hold exactly payload->len octets together and stay as they are until the payload is settled; of
 * contents of pages each holds whole pages, so that watchers see whole ones. Where segments overlap the last contents
 * win, and watchers may see them for the others too. Contents that landed once may land again elsewhere.
 */
int gw_payload_into(struct gw_payload *payload, const struct gw_seg *to, unsigned num, struct gw_err *err);
int gw_payload_to(struct gw_payload *payload, struct gw_chan *to, struct gw_err *err);
/* The producer's last word, after the sink. */
int gw_payload_settle(struct gw_payload *payload, struct gw_err *err);

#endif
