/*
 * packed.c - a compressed layer, written: a channel that packs what passes, through libarchive, as unpack.c unpacks.
 *
 * One filter and the raw format, with one entry; no time is written, so that equal images are packed equally. A filter
 * for which libarchive would start a program is refused: it was built without that one.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "layers.h"

struct packed_chan {
    struct gw_chan chan;
    struct archive *archive;
    struct gw_chan *to;   /* borrowed */
    struct gw_err *outer; /* of the call that is running: what the channel below says */
};

static const struct {
    const char *name;
    int (*add)(struct archive *);
} filters[] = {
    { "zstd", archive_write_add_filter_zstd },
    { "lz4", archive_write_add_filter_lz4 },
    { "xz", archive_write_add_filter_xz },
    { "gzip", archive_write_add_filter_gzip },
};
#define NUM_FILTERS (sizeof filters / sizeof filters[0])

static la_ssize_t take(struct archive *archive, void *arg, const void *mem, size_t len)
{
    struct packed_chan *p = arg;
    if (gw_chan_write(p->to, mem, len, p->outer) == 0)
        return (la_ssize_t)len;
    archive_set_error(archive, EIO, "the output cannot be written");
    return -1;
}

static int fail(struct packed_chan *p, struct gw_err *err)
{
    const char *why = archive_error_string(p->archive);
    if (err->code != GW_E_OK)
        return -1; /* the channel below has said why */
    errno = archive_errno(p->archive) > 0 ? archive_errno(p->archive) : EIO;
    return gw_fail(err, GW_E_SYSTEM, "cannot pack: %s", why != NULL ? why : "libarchive does not say why");
}

static int packed_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    struct packed_chan *p = (struct packed_chan *)chan;
    (void)num;
    p->outer = err;
    la_ssize_t got = archive_write_data(p->archive, part[0].iov_base, part[0].iov_len);
    if (got <= 0)
        return fail(p, err);
    *put = (size_t)got;
    return 0;
}

static void packed_close(struct gw_chan *chan)
{
    struct packed_chan *p = (struct packed_chan *)chan;
    struct gw_err err = GW_ERR_NONE;
    p->outer = &err;
    if (p->archive != NULL) {
        archive_write_fail(p->archive); /* else it would write an end that nobody asked for */
        archive_write_free(p->archive);
    }
    gw_free(p);
}

static const struct gw_chan_ops packed_ops = { .name = "packing", .write = packed_write, .close = packed_close };

static int prepare(struct packed_chan *p, const char *name, struct gw_err *err)
{
    struct archive_entry *entry = archive_entry_new();
    int rc = ARCHIVE_FATAL;
    p->outer = err;
    p->archive = archive_write_new();
    for (unsigned i = 0; i < NUM_FILTERS && p->archive != NULL; i++)
        if (strcmp(filters[i].name, name) == 0)
            rc = filters[i].add(p->archive);
    if (entry != NULL && rc == ARCHIVE_OK) {
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_pathname(entry, "image");
        rc = archive_write_set_format_raw(p->archive) == ARCHIVE_OK &&
                     archive_write_set_bytes_in_last_block(p->archive, 1) == ARCHIVE_OK &&
                     (strcmp(name, "gzip") != 0 ||
                      archive_write_set_filter_option(p->archive, "gzip", "timestamp", NULL) == ARCHIVE_OK) &&
                     archive_write_open(p->archive, p, NULL, take, NULL) == ARCHIVE_OK &&
                     archive_write_header(p->archive, entry) == ARCHIVE_OK
                 ? ARCHIVE_OK
                 : ARCHIVE_FATAL;
    }
    archive_entry_free(entry);
    if (rc == ARCHIVE_WARN)
        return gw_fail(err, GW_E_REFUSED,
                       "libarchive here packs '%s' only by starting a program, which godwit does not", name);
    return rc == ARCHIVE_OK ? 0 : gw_fail(err, GW_E_SYSTEM, "cannot prepare to pack '%s'", name);
}

struct gw_chan *gw_packed(const char *name, struct gw_chan *to, struct gw_err *err)
{
    struct packed_chan *p = gw_alloc(1, sizeof *p, err);
    if (p == NULL)
        return NULL;
    p->chan.ops = &packed_ops;
    p->to = to;
    if (prepare(p, name, err) == 0)
        return &p->chan;
    packed_close(&p->chan);
    return NULL;
}

int gw_packed_finish(struct gw_chan *chan, struct gw_err *err)
{
    struct packed_chan *p = (struct packed_chan *)chan;
    p->outer = err;
    return archive_write_close(p->archive) == ARCHIVE_OK ? 0 : fail(p, err);
}
