/*
 * raw.c - an image with nothing around it: a bare libxc stream.
 */
#include "pack.h"

static unsigned bid_raw(const uint8_t *mem, size_t len)
{
    static const uint8_t marker[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    unsigned bits = bid_octets(mem, len, marker, sizeof marker);
    /* A damaged marker before a right id is still ours: the reader says what is wrong with it. */
    if (len >= 12)
        bits += bid_octets(mem + 8, 4, "XENF", 4);
    return bits;
}

static int run_raw(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    enum gw_mark_kind stopped = GW_CHECKPOINT;
    if (say_layer(wrap, sink, "raw", err) < 0)
        return -1;
    gw_auto(gw_reader_freep) struct gw_reader *reader = gw_reader_new(wrap->chan, wrap->max_pfn, err);
    if (reader == NULL)
        return -1;
    while (stopped == GW_CHECKPOINT) {
        if (gw_reader_run(reader, sink, &stopped, err) < 0)
            return -1;
        if (stopped != GW_MARK_NONE && gw_sink_commit(sink, err) < 0)
            return -1;
    }
    return say_trailing(wrap, sink, err);
}

static const struct layer_writer writer = { .head = pack_no_options, .beside = pack_no_record };

const struct layer layer_raw = { .name = "raw",
                                 .sentence = "a bare image, as Xen's save helper writes it",
                                 .bid = bid_raw,
                                 .run = run_raw,
                                 .writer = &writer };
