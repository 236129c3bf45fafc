/*
 * xenopsd.c - a suspend image of xenopsd, XenServer's and XCP-ng's domain manager (xenopsd-framing sections 1 and 2).
 *
 * 15 octets of signature, then records without padding: 0 8 kind; 8 8 length of the body; body. Libxc announces 0: the
 * image stands there as it is, and its own END ends it. End_of_image ends the file; what stands behind it on a suspend
 * disk is whatever was there.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "legacy.h"
#include "pack.h"

#define HEADER_LEN 16

static const char signature[15] = "XenSavedDomv2-\n";

struct stream {
    struct gw_wrap *wrap;
    struct gw_sink *sink;
    struct gw_buf body;
    uint32_t num_records;
    enum gw_mark_kind stopped; /* where the image stands: GW_MARK_NONE before it began */
    bool done;
};

static unsigned bid_xenopsd(const uint8_t *mem, size_t len)
{
    return bid_octets(mem, len, signature, sizeof signature);
}

static const struct {
    uint64_t kind;
    bool has_body; /* its length field is its length */
} kinds[] = {
    { GW_XENOPSD_XENOPS, true }, { GW_XENOPSD_LIBXC, false }, { GW_XENOPSD_LIBXC_LEGACY, false },
    { GW_XENOPSD_QEMU, true },   { GW_XENOPSD_DEMU, false },  { GW_XENOPSD_VARSTORED, true },
    { GW_XENOPSD_SWTPM0, true }, { GW_XENOPSD_SWTPM, true },  { GW_XENOPSD_END, false },
};

/* The row of that kind, -1 if it is none that xenopsd reads. */
static int row_of(uint64_t kind)
{
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind)
            return (int)i;
    return -1;
}

static int read_signature(struct stream *s, struct gw_err *err)
{
    uint8_t octets[sizeof signature];
    size_t got;
    if (gw_chan_read(s->wrap->chan, octets, sizeof octets, &got, err) < 0)
        return say_short(err, "xenopsd-truncated", "the xenopsd signature", got, sizeof octets);
    assert(memcmp(octets, signature, sizeof signature) == 0); /* or it would not have won the bidding */
    return 0;
}

static int refuse_kind(uint64_t kind, struct gw_err *err)
{
    if (kind == GW_XENOPSD_LIBXL || kind == GW_XENOPSD_QEMU_XEN)
        return gw_refuse(err, "xenopsd-kind", "a record of kind 0x%llx, which xenopsd never wrote and refuses",
                         (unsigned long long)kind);
    return gw_refuse(err, "xenopsd-kind", "no record of xenopsd has the kind 0x%llx", (unsigned long long)kind);
}

static int read_body(struct stream *s, const char *name, uint64_t length, struct gw_err *err)
{
    char what[48];
    s->body.len = 0;
    if (length > gw_limit(XENOPSD_BODY))
        return gw_refuse(err, "xenopsd-length", "a %s record claims %llu octets; godwit reads up to %llu", name,
                         (unsigned long long)length, (unsigned long long)gw_limit(XENOPSD_BODY));
    if (gw_chan_fill(s->wrap->chan, &s->body, length, err) == 0)
        return 0;
    snprintf(what, sizeof what, "a %s record", name);
    return say_short(err, "xenopsd-truncated", what, s->body.len, (size_t)length);
}

static int say_record(struct stream *s, struct gw_aside *aside, struct gw_err *err)
{
    struct gw_guest_config config;
    struct gw_device_state state;
    if (aside->type == GW_XENOPSD_QEMU) {
        if (read_device_state(gw_buf_cur(&s->body), &state, err) < 0)
            return -1;
        aside->state = &state;
    }
    if (aside->type == GW_XENOPSD_XENOPS) {
        if (read_xenops_record(s->body.mem, s->body.len, &config, err) < 0)
            return -1;
        aside->config = &config;
    }
    aside->body = s->body.mem;
    aside->body_len = s->body.len;
    int rc = gw_sink_aside(s->sink, aside, err);
    aside->config = NULL;
    aside->state = NULL;
    return rc;
}

static int read_record(struct stream *s, struct gw_aside *aside, struct gw_err *err)
{
    uint8_t octets[HEADER_LEN];
    size_t got;
    *aside = (struct gw_aside){ .kind = GW_ASIDE_XENOPSD_RECORD, .offset = s->wrap->chan->read_pos };
    if (gw_chan_read(s->wrap->chan, octets, sizeof octets, &got, err) < 0 && got == 0 && gw_err_is_cut(err)) {
        *err = GW_ERR_NONE;
        return gw_ends(err, "xenopsd-end-missing", "the input ends before End_of_image");
    }
    if (err->code != GW_E_OK)
        return say_short(err, "xenopsd-truncated", "a record header of xenopsd", got, sizeof octets);
    struct gw_cur cur = gw_cur(octets, sizeof octets);
    uint64_t kind = gw_u64(&cur);
    int row = row_of(kind);
    if (row < 0)
        return refuse_kind(kind, err);
    if (++s->num_records > gw_limit(XENOPSD_RECORDS))
        return gw_refuse(err, "xenopsd-records", "more than %llu records; xenopsd writes fewer than ten",
                         (unsigned long long)gw_limit(XENOPSD_RECORDS));
    if ((kind == GW_XENOPSD_LIBXC || kind == GW_XENOPSD_LIBXC_LEGACY) && s->stopped != GW_MARK_NONE)
        return gw_refuse(err, "xenopsd-libxc", "a second Libxc record");
    aside->type = (uint32_t)kind;
    aside->length = gw_u64(&cur);
    s->body.len = 0;
    if (kinds[row].has_body && read_body(s, gw_xenopsd_name(kinds[row].kind), aside->length, err) < 0)
        return -1;
    return say_record(s, aside, err);
}

/*
 * Behind a CHECKPOINT the image goes on, unless a record header of xenopsd's stands there: no record of an image has
 * such a type.
 */
static int image_goes_on(struct stream *s, bool *goes_on, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    *goes_on = false;
    if (s->stopped != GW_CHECKPOINT)
        return 0;
    if (gw_chan_peek(s->wrap->chan, 8, &mem, &len, err) < 0)
        return -1;
    struct gw_cur cur = gw_cur(mem, len);
    uint64_t kind = gw_u64(&cur);
    *goes_on = !cur.bad && row_of(kind) < 0;
    return 0;
}

static int run_image(struct stream *s, struct gw_err *err)
{
    bool goes_on = true;
    gw_buf_free(&s->body); /* the reader has buffers of its own */
    gw_auto(gw_reader_freep) struct gw_reader *reader = gw_reader_new(s->wrap->chan, s->wrap->max_pfn, err);
    if (reader == NULL)
        return -1;
    while (gw_reader_run(reader, s->sink, &s->stopped, err) == 0 && image_goes_on(s, &goes_on, err) == 0) {
        if (!goes_on)
            return 0;
        if (gw_sink_commit(s->sink, err) < 0)
            return -1;
    }
    return -1;
}

/* The device model's state is behind it as of old, or in a record of its own, or in both. */
static int run_legacy_record(struct stream *s, struct gw_err *err)
{
    static const struct legacy_hint hint = { .is_inside = true };
    gw_buf_free(&s->body);
    s->stopped = GW_END;
    return run_legacy(s->wrap, s->sink, &hint, err);
}

static int step(struct stream *s, struct gw_err *err)
{
    struct gw_aside aside;
    if (read_record(s, &aside, err) < 0)
        return gw_err_place(err, aside.offset, 0);
    if (aside.type == GW_XENOPSD_LIBXC)
        return run_image(s, err);
    if (aside.type == GW_XENOPSD_LIBXC_LEGACY)
        return run_legacy_record(s, err);
    /* Where a vGPU's state ends nothing says: what stands behind it is not looked at (section 11, 4). */
    s->done = aside.type == GW_XENOPSD_END || aside.type == GW_XENOPSD_DEMU;
    return s->done && s->stopped != GW_MARK_NONE ? gw_sink_commit(s->sink, err) : 0;
}

static int run_xenopsd(struct gw_wrap *wrap, struct gw_sink *sink, struct gw_err *err)
{
    struct stream s = { .wrap = wrap, .sink = sink };
    uint64_t offset = wrap->chan->read_pos;
    int rc = say_layer(wrap, sink, "xenopsd", err);
    if (rc == 0 && (rc = read_signature(&s, err)) < 0)
        gw_err_place(err, offset, 0);
    while (rc == 0 && !s.done)
        rc = step(&s, err);
    gw_buf_free(&s.body);
    return rc < 0 ? -1 : say_trailing(wrap, sink, err);
}

static void put_record(struct packer *p, uint64_t kind, const void *body, size_t len)
{
    gw_put_u64(&p->out, kind);
    gw_put_u64(&p->out, len);
    gw_put(&p->out, body, len);
}

static int write_head(struct packer *p, struct gw_err *err)
{
    const struct paper *record = &p->papers[PAPER_XENOPS];
    if (record->text.len > gw_limit(XENOPSD_BODY))
        return gw_fail(err, GW_E_REFUSED, "a Xenops record of %zu octets is longer than godwit reads (%llu)",
                       record->text.len, (unsigned long long)gw_limit(XENOPSD_BODY));
    if (pack_no_options(p, err) < 0)
        return -1;
    gw_put(&p->out, signature, sizeof signature);
    put_record(p, GW_XENOPSD_XENOPS, record->text.mem, record->text.len);
    put_record(p, GW_XENOPSD_LIBXC, NULL, 0);
    return 0;
}

/* libxl's record of a device model without its sub-header, where that says nothing that is not known anyway. */
static int write_emulator(struct packer *p, const struct gw_aside *aside, struct gw_err *err)
{
    struct gw_cur cur = gw_cur(aside->body, aside->body_len);
    uint32_t id = gw_u32(&cur), index = gw_u32(&cur);
    if (cur.bad || gw_left(&cur) > gw_limit(XENOPSD_BODY))
        return pack_no_record(p, aside, err);
    if ((id != pack_emulator_id(p) || index != 0) && pack_lose(p, err, "the number of the emulator, %u", id) < 0)
        return -1;
    put_record(p, GW_XENOPSD_QEMU, cur.p, gw_left(&cur));
    return pack_flush(p, err);
}

static int write_record(struct packer *p, const struct gw_aside *aside, struct gw_err *err)
{
    if (p->num_checkpoints > 0)
        return pack_lose(p, err, "the device model's state at each checkpoint");
    if (aside->kind == GW_ASIDE_LIBXL_RECORD && aside->type == GW_LIBXL_EMULATOR)
        return write_emulator(p, aside, err);
    if (aside->kind == GW_ASIDE_LIBXL_RECORD)
        return pack_no_record(p, aside, err);
    put_record(p, aside->type, aside->body, aside->body_len);
    return pack_flush(p, err);
}

static int write_end(struct packer *p, struct gw_err *err)
{
    (void)err;
    if (p->num_checkpoints > 0)
        pack_tell(p, "xenopsd itself restores no checkpointed image");
    put_record(p, GW_XENOPSD_END, NULL, 0);
    return 0;
}

static const struct layer_writer writer = {
    .paper = PAPER_XENOPS, .head = write_head, .beside = write_record, .finish = write_end
};

const struct layer layer_xenopsd = { .name = "xenopsd",
                                     .magic = signature,
                                     .magic_len = sizeof signature,
                                     .sentence = "the suspend image of xenopsd (XenServer, XCP-ng): records around an "
                                                 "image, the device model's state among them",
                                     .bid = bid_xenopsd,
                                     .run = run_xenopsd,
                                     .writer = &writer };
