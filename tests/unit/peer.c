/*
 * peer.c - see peer.h.
 */
#include "harness.h"
#include "peer.h"

void peer_open(struct peer *peer, struct gw_chan *chan)
{
    CHECK(chan != NULL);
    *peer = (struct peer){ .chan = chan };
}

void peer_close(struct peer *peer)
{
    gw_chan_close(peer->chan);
    gw_buf_free(&peer->in);
}

void peer_say_octets(struct peer *peer, const void *mem, size_t len)
{
    struct gw_err ignored = GW_ERR_NONE;
    (void)gw_chan_write(peer->chan, mem, len, &ignored);
}

void peer_say(struct peer *peer, const struct gw_message *message)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf buf = { 0 };
    gw_chunk_encode(&buf, message, &err);
    CHECK_STR(err.msg, "");
    peer_say_octets(peer, buf.mem, buf.len);
    gw_buf_free(&buf);
}

void peer_helo(struct peer *peer, const char *capabilities)
{
    struct gw_message helo = { .type = GW_CHUNK_HELO };
    helo.helo = (struct gw_chunk_helo){ .protocol = GW_CHUNK_PROTOCOL,
                                        .max_control = GW_CHUNK_CONTROL_MAX,
                                        .program = gw_str("peer"),
                                        .version = gw_str("1"),
                                        .capabilities = gw_str(capabilities) };
    peer_say(peer, &helo);
}

static bool hear_chunk(struct peer *peer, struct gw_message *out)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_chunk_head head;
    struct gw_chunk chunk;
    peer->in.len = 0;
    if (gw_chan_fill(peer->chan, &peer->in, GW_CHUNK_HEAD_LEN, &err) < 0 ||
        gw_chunk_head_decode(gw_buf_cur(&peer->in), &head, &err) < 0 ||
        gw_chan_fill(peer->chan, &peer->in, (uint64_t)head.length + GW_CHUNK_CRC_LEN, &err) < 0)
        return false;
    struct gw_cur cur = gw_buf_cur(&peer->in);
    CHECK_EQ(gw_chunk_take(&cur, &chunk, &err), 0);
    CHECK_EQ(gw_chunk_decode(&chunk, out, &err), 0);
    return out->type != GW_CHUNK_PAGE || gw_chan_skip(peer->chan, out->page.attached, &err) == 0;
}

bool peer_hear(struct peer *peer, struct gw_message *out)
{
    do
        if (!hear_chunk(peer, out))
            return false;
    while (out->type == GW_CHUNK_ALIV);
    return true;
}

bool peer_await(struct peer *peer, enum gw_chunk_type type, struct gw_message *out)
{
    do
        if (!peer_hear(peer, out))
            return false;
    while (out->type != type);
    return true;
}
