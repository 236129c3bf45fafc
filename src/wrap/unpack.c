/*
 * unpack.c - compressed layers, through libarchive: the one filter that won the bidding and the raw format, nothing
 * else.
 *
 * The filter is appended, not bid for: libarchive then looks for no second one, and never for those that start
 * programs. What decompression takes (a window of up to 128 MiB for zstd, a dictionary of up to 1 GiB for xz) comes
 * on top of godwit's own bounds; libarchive has no setting for it. Nor does it tell what stands behind a gzip or lz4
 * stream.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "layers.h"

#define PIECE 65536

struct unpack_chan {
    struct gw_chan chan;
    struct archive *archive;
    struct gw_err inner; /* of the channel below, whose failure libarchive cannot carry */
    uint8_t piece[PIECE];
    const uint8_t *block; /* unpacked and not handed out yet; libarchive's */
    size_t left;
    bool opened, ended;
    bool fed_all; /* the input below has ended */
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
    u->fed_all = got == 0;
    *mem = u->piece;
    return (la_ssize_t)got;
}

/* What libarchive could not do: the input's failure, memory, a cut, or damage. */
static int fail(struct unpack_chan *u, struct gw_err *err)
{
    const char *why = archive_error_string(u->archive), *name = u->layer->name;
    why = why != NULL ? why : "libarchive does not say why";
    if (u->inner.code != GW_E_OK) {
        *err = u->inner;
        return -1;
    }
    if (archive_errno(u->archive) == ENOMEM)
        return errno = ENOMEM, gw_fail(err, GW_E_SYSTEM, "cannot unpack %s", name);
    if (u->fed_all)
        return gw_ends(err, "unpack-damaged", "the %s file ends before its packed data do", name);
    return gw_refuse(err, "unpack-damaged", "the %s file is damaged and cannot be unpacked any further: %s", name, why);
}

static int open_archive(struct unpack_chan *u, struct gw_err *err)
{
    struct archive_entry *entry;
    u->opened = true;
    if (archive_read_open(u->archive, u, NULL, feed, NULL) != ARCHIVE_OK)
        return fail(u, err);
    int rc = archive_read_next_header(u->archive, &entry);
    return rc == ARCHIVE_OK ? 0 : fail(u, err); /* nothing packed, or nothing that can be unpacked: no format at all */
}

/* The next block as libarchive lends it: copying through archive_read_data would lose the octets before a fault. */
static int next_block(struct unpack_chan *u, struct gw_err *err)
{
    const void *mem;
    la_int64_t at;
    int rc = archive_read_data_block(u->archive, &mem, &u->left, &at);
    if (rc != ARCHIVE_OK && rc != ARCHIVE_EOF)
        return fail(u, err);
    u->block = mem;
    u->ended = rc == ARCHIVE_EOF;
    return 0;
}

static int unpack_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct unpack_chan *u = (struct unpack_chan *)chan;
    (void)num;
    if (!u->opened && open_archive(u, err) < 0)
        return -1;
    while (u->left == 0 && !u->ended)
        if (next_block(u, err) < 0)
            return -1;
    *got = u->ended ? 0 : (size_t)gw_min(part[0].iov_len, u->left);
    if (*got == 0)
        return 0;
    memcpy(part[0].iov_base, u->block, *got);
    u->block += *got;
    u->left -= *got;
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
    if (u->archive == NULL || archive_read_append_filter(u->archive, layer->filter) != ARCHIVE_OK ||
        archive_read_support_format_raw(u->archive) != ARCHIVE_OK) {
        errno = u->archive != NULL ? archive_errno(u->archive) : ENOMEM;
        gw_fail(err, GW_E_SYSTEM, "cannot prepare to unpack %s", layer->name);
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

const struct layer layer_gzip = {
    .name = "gzip", .sentence = "packed with gzip", .bid = bid_gzip, .unpack = unpack, .filter = ARCHIVE_FILTER_GZIP
};
const struct layer layer_xz = {
    .name = "xz", .sentence = "packed with xz", .bid = bid_xz, .unpack = unpack, .filter = ARCHIVE_FILTER_XZ
};
const struct layer layer_zstd = {
    .name = "zstd", .sentence = "packed with zstd", .bid = bid_zstd, .unpack = unpack, .filter = ARCHIVE_FILTER_ZSTD
};
const struct layer layer_lz4 = {
    .name = "lz4", .sentence = "packed with lz4", .bid = bid_lz4, .unpack = unpack, .filter = ARCHIVE_FILTER_LZ4
};

const char *gw_wrap_library(void)
{
    return archive_version_string();
}
