/*
 * reader.c - any octets through reader and writer: what is accepted comes out in canonical form, and that form comes
 * out as it is.
 *
 * Neither a crash nor a leak, an error that names its rule and its place, and decode(encode(decode(x))) == decode(x).
 */
#include <string.h>

#include "channel.h"
#include "xenf.h"

#include "invariant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int convert(struct gw_chan *in, struct gw_chan *out, struct gw_err *err)
{
    enum gw_mark_kind stopped = GW_CHECKPOINT;
    struct gw_reader *reader = gw_reader_new(in, gw_limit(PFN), err);
    struct gw_sink *writer = gw_writer(out, err);
    MUST(reader != NULL && writer != NULL);
    int rc = 0;
    while (rc == 0 && stopped == GW_CHECKPOINT)
        rc = gw_reader_run(reader, writer, &stopped, err);
    gw_sink_close(writer);
    gw_reader_free(reader);
    return rc;
}

static int convert_octets(const uint8_t *data, size_t size, struct gw_buf *out, struct gw_err *err)
{
    struct gw_chan *in = gw_chan_memory(data, size, NULL, err);
    struct gw_chan *to = gw_chan_memory(NULL, 0, out, err);
    MUST(in != NULL && to != NULL);
    int rc = convert(in, to, err);
    MUST(in->read_pos <= size && to->write_pos == out->len);
    gw_chan_close(in);
    gw_chan_close(to);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_buf once = { 0 }, twice = { 0 };
    struct gw_err err = GW_ERR_NONE;
    int rc = convert_octets(data, size, &once, &err);
    must_be_told(rc, &err);
    if (rc == 0) {
        MUST(convert_octets(once.mem, once.len, &twice, &err) == 0);
        MUST(twice.len == once.len && memcmp(twice.mem, once.mem, once.len) == 0);
    }
    gw_buf_free(&once);
    gw_buf_free(&twice);
    return 0;
}
