/*
 * unpack.c - compressed layers, through libarchive: the one filter that won the bidding and the raw format, nothing
 * else.
 *
 * Never archive_read_support_filter_all: some of those filters start programs. What decompression takes (a window of
 * up to 128 MiB for zstd, a dictionary of up to 1 GiB for xz) comes on top of godwit's own bounds; libarchive has no
 * setting for it.
 */
#include <assert.h>
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "layers.h"

#define PIECE 65536

struct unpack_chan {
    struct gw_chan chan;
    struct archive *archive;
    struct gw_err inner; /* of the channel below, whose failure libarchive cannot carry */
    uint8_t piece[PIECE];
    bool opened, ended;
    const struct layer *layer;
};

static la_ssize_t feed(struct archive *archive, void *arg, const void **mem)
{
    struct unpack_chan *u = arg;
    size_t got;
    if (gw_chan_some(u->chan.next, u->piece, sizeof u->piece, &got, &u->inner) < 0) {
        archive_set_error(archive, EIO, "the input cannot be read");
        return ARCHIVE_FATAL;
    }
    *mem = u->piece;
    return (la_ssize_t)got;
}

static int fail(struct unpack_chan *u, struct gw_err *err)
{
    if (u->inner.code != GW_E_OK) {
        *err = u->inner;
        return -1;
    }
    const char *why = archive_error_string(u->archive);
    return gw_refuse(err, "unpack-damaged", "the %s file is cut or damaged and cannot be unpacked any further: %s",
                     u->layer->name, why != NULL ? why : "libarchive does not say why");
}

static int open_archive(struct unpack_chan *u, struct gw_err *err)
{
    struct archive_entry *entry;
    u->opened = true;
    if (archive_read_open(u->archive, u, NULL, feed, NULL) != ARCHIVE_OK)
        return fail(u, err);
    int rc = archive_read_next_header(u->archive, &entry);
    /* libarchive wants more of a beginning than our bid, and would hand the packed octets through as they are. */
    if (rc >= ARCHIVE_OK && archive_filter_code(u->archive, 0) == ARCHIVE_FILTER_NONE)
        return gw_refuse(err, "unpack-damaged", "the %s file is cut or damaged in its first octets", u->layer->name);
    u->ended = rc == ARCHIVE_EOF;
    return rc == ARCHIVE_OK || rc == ARCHIVE_EOF ? 0 : fail(u, err);
}

static int unpack_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct unpack_chan *u = (struct unpack_chan *)chan;
    (void)num;
    *got = 0;
    if (!u->opened && open_archive(u, err) < 0)
        return -1;
    if (u->ended)
        return 0;
    assert(u->opened && part[0].iov_len > 0);
    la_ssize_t n = archive_read_data(u->archive, part[0].iov_base, part[0].iov_len);
    if (n < 0)
        return fail(u, err);
    u->ended = n == 0;
    *got = (size_t)n;
    return 0;
}

static void unpack_close(struct gw_chan *chan)
{
    struct unpack_chan *u = (struct unpack_chan *)chan;
    archive_read_free(u->archive);
    gw_chan_close(u->chan.next);
    gw_free(u);
}

static const struct gw_chan_ops unpack_ops = {
    .name = "unpacking",
    .read = unpack_read,
    .close = unpack_close,
};

static struct gw_chan *unpack(struct gw_chan *next, const struct layer *layer, struct gw_err *err)
{
    struct unpack_chan *u = gw_alloc(1, sizeof *u, err);
    if (u == NULL) {
        gw_chan_close(next);
        return NULL;
    }
    u->chan.ops = &unpack_ops;
    u->chan.next = next;
    u->layer = layer;
    u->archive = archive_read_new();
    if (u->archive == NULL || layer->filter(u->archive) != ARCHIVE_OK ||
        archive_read_support_format_raw(u->archive) != ARCHIVE_OK ||
        archive_read_support_format_empty(u->archive) != ARCHIVE_OK) {
        gw_fail(err, GW_E_USAGE, "this libarchive cannot unpack %s", layer->name);
        unpack_close(&u->chan);
        return NULL;
    }
    return &u->chan;
}

static unsigned bid_gzip(const uint8_t *mem, size_t len)
{
    return len >= 3 ? bid_octets(mem, len, "\x1f\x8b\x08", 3) : 0;
}

static unsigned bid_xz(const uint8_t *mem, size_t len)
{
    return len >= 6 ? bid_octets(mem, len,
                                 "\xfd"
                                 "7zXZ",
                                 6)
                    : 0;
}

static unsigned bid_zstd(const uint8_t *mem, size_t len)
{
    return len >= 4 ? bid_octets(mem, len, "\x28\xb5\x2f\xfd", 4) : 0;
}

static unsigned bid_lz4(const uint8_t *mem, size_t len)
{
    return len >= 4 ? bid_octets(mem, len, "\x04\x22\x4d\x18", 4) : 0;
}

const struct layer layer_gzip = { "gzip", bid_gzip, unpack, NULL, archive_read_support_filter_gzip };
const struct layer layer_xz = { "xz", bid_xz, unpack, NULL, archive_read_support_filter_xz };
const struct layer layer_zstd = { "zstd", bid_zstd, unpack, NULL, archive_read_support_filter_zstd };
const struct layer layer_lz4 = { "lz4", bid_lz4, unpack, NULL, archive_read_support_filter_lz4 };
