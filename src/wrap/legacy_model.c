/*
 * legacy_model.c - the device model's record behind a legacy image (legacy 7.3; qemu-savevm 1).
 *
 *   "QemuDeviceModelRecord"         state to the end of the input
 *   "QemuDeviceModelRecord" "\n"    u32 length, big-endian; state
 *   "DeviceModelRecord0002"         u32 length; state
 *   "RemusDeviceModelState"         u32 length; state
 *
 * It must not know what a state means, but for the lengths that its first two versions have.
 */
#include <string.h>

#include "legacy_model.h"

#define NAME_LEN 21
#define STATE_MOST (gw_limit(LIBXL_BODY) - 8) /* as much as libxl's record of it may have */
#define PIECE 65536

static const uint8_t qevm[4] = { 'Q', 'E', 'V', 'M' };

static const struct {
    const char *octets;
    enum legacy_model_form form;
} forms[] = {
    { "QemuDeviceModelRecord", LEGACY_MODEL_TO_END },
    { "DeviceModelRecord0002", LEGACY_MODEL_0002 },
    { "RemusDeviceModelState", LEGACY_MODEL_REMUS },
};

/* *cut: the input ends inside of a name. */
static enum legacy_model_form recognise(const uint8_t *mem, size_t len, bool *cut)
{
    for (unsigned i = 0; len > 0 && i < sizeof forms / sizeof forms[0]; i++) {
        if (memcmp(mem, forms[i].octets, (size_t)gw_min(len, NAME_LEN)) != 0)
            continue;
        *cut = len < NAME_LEN;
        bool is_xapi = forms[i].form == LEGACY_MODEL_TO_END && len > NAME_LEN && mem[NAME_LEN] == '\n';
        return *cut ? LEGACY_MODEL_NONE : is_xapi ? LEGACY_MODEL_XAPI : forms[i].form;
    }
    return LEGACY_MODEL_NONE;
}

static int fill(struct gw_chan *chan, struct gw_buf *state, uint64_t len, struct gw_err *err)
{
    if (state->len + len > STATE_MOST || len > STATE_MOST)
        return gw_fail(err, GW_E_INVALID, "a device model's state of %llu octets; godwit reads up to %llu",
                       (unsigned long long)len, (unsigned long long)STATE_MOST);
    return gw_chan_fill(chan, state, len, err);
}

static int fill_to_end(struct gw_chan *chan, struct gw_buf *state, struct gw_err *err)
{
    for (size_t got = 1; got > 0; state->len += got) {
        uint8_t *room = gw_buf_room(state, PIECE);
        if (room == NULL)
            return gw_buf_ok(state, err);
        if (gw_chan_some(chan, room, PIECE, &got, err) < 0)
            return -1;
        if (state->len + got > STATE_MOST)
            return gw_fail(err, GW_E_INVALID,
                           "a device model's state of more than %llu octets, which is all that "
                           "godwit reads",
                           (unsigned long long)STATE_MOST);
    }
    return 0;
}

/* Of version 1: 0 1 length of the name; name; 4 instance; 4 version; 4 length; octets. False: no entry comes. */
static int fill_entry(struct gw_chan *chan, struct gw_buf *state, bool *there, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    if (gw_chan_peek(chan, 1 + UINT8_MAX + 12, &mem, &len, err) < 0)
        return -1;
    struct gw_cur cur = gw_cur(mem, len);
    size_t name_len = gw_u8(&cur);
    const uint8_t *name = gw_take(&cur, name_len);
    gw_take(&cur, 8);
    uint64_t body = gw_be32(&cur);
    *there = !cur.bad && name_len > 0;
    for (size_t i = 0; *there && i < name_len; i++)
        *there = name[i] > ' ' && name[i] < 0x7f;
    return *there ? fill(chan, state, 1 + name_len + 12 + body, err) : 0;
}

/* A state without a length in front of it. */
static int fill_unmeasured(struct gw_chan *chan, struct gw_buf *state, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    bool there = true;
    if (gw_chan_peek(chan, 16, &mem, &len, err) < 0)
        return -1;
    struct gw_cur cur = gw_cur(mem, len);
    bool is_qemu = len >= 8 && memcmp(gw_take(&cur, 4), qevm, 4) == 0;
    uint32_t version = gw_be32(&cur);
    uint64_t total = gw_be64(&cur);
    if (is_qemu && version == 2 && !cur.bad)
        return total > STATE_MOST ? fill(chan, state, total, err) : fill(chan, state, 16 + total, err);
    if (!is_qemu || version != 1)
        return fill_to_end(chan, state, err);
    int rc = fill(chan, state, 8, err);
    while (rc == 0 && there)
        rc = fill_entry(chan, state, &there, err);
    return rc;
}

static int fill_measured(struct gw_chan *chan, enum legacy_model_form form, struct gw_buf *state, struct gw_err *err)
{
    uint8_t octets[4];
    if (gw_chan_read(chan, octets, sizeof octets, NULL, err) < 0)
        return -1;
    struct gw_cur cur = gw_cur(octets, sizeof octets);
    return fill(chan, state, form == LEGACY_MODEL_XAPI ? gw_be32(&cur) : gw_u32(&cur), err);
}

static int fill_state(struct gw_chan *chan, enum legacy_model_form form, struct gw_buf *state, struct gw_err *err)
{
    if (gw_chan_skip(chan, form == LEGACY_MODEL_XAPI ? NAME_LEN + 1 : NAME_LEN, err) < 0)
        return -1;
    return form == LEGACY_MODEL_TO_END ? fill_unmeasured(chan, state, err) : fill_measured(chan, form, state, err);
}

int legacy_model_read(struct gw_chan *chan, struct gw_buf *body, struct legacy_model *out, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    *out = (struct legacy_model){ .offset = chan->read_pos };
    if (gw_chan_peek(chan, NAME_LEN + 1, &mem, &len, err) < 0)
        return -1;
    bool cut = false;
    out->form = recognise(mem, len, &cut);
    if (cut)
        return gw_fail(err, GW_E_SHORT, "the input ends inside its name");
    if (out->form == LEGACY_MODEL_NONE)
        return 0;
    body->len = 0;
    if (fill_state(chan, out->form, body, err) < 0)
        return -1;
    out->body = body->mem;
    out->body_len = body->len;
    return 0;
}
