/*
 * export.c - any octets as an image whose memory becomes an ELF core, LiME, or raw.
 *
 * The first octet chooses the format; raw has a bound on pfns, for each gap costs its zeros. What comes out has as many
 * octets as it says, and its sum is the sum that is told.
 */
#include <string.h>
#include <sys/mman.h>

#include "export.h"
#include "verify.h"

#include "invariant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_whole(const struct gw_buf *out, const struct gw_exported *facts, enum gw_export_format format)
{
    struct gw_err err = GW_ERR_NONE;
    uint8_t sum[GW_SHA256_LEN];
    MUST(out->len == facts->octets && gw_sha256(out->mem, out->len, sum, &err) == 0);
    MUST(memcmp(sum, facts->sha256, sizeof sum) == 0);
    if (format == GW_EXPORT_RAW)
        MUST(out->len == (facts->pages + facts->gaps) * GW_PAGE_LEN);
    if (format == GW_EXPORT_LIME)
        MUST(out->len == facts->pages * GW_PAGE_LEN + facts->ranges * 32);
    if (format == GW_EXPORT_ELF)
        MUST(out->len > facts->pages * GW_PAGE_LEN && facts->mapped_ranges <= gw_limit(MAPPINGS));
}

static void export(struct gw_image *image, struct gw_sink *inspector, enum gw_export_format format)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    struct gw_exported facts;
    struct gw_chan *to = gw_chan_memory(NULL, 0, &out, &err);
    struct gw_export_opts opts = { .format = format, .to = to, .holes = -1 };
    MUST(to != NULL);
    int rc = gw_export(image, inspector, &opts, &facts, &err);
    MUST((rc < 0) == (err.code != GW_E_OK));
    must_be_plain(err.msg);
    if (rc == 0)
        must_be_whole(&out, &facts, format);
    gw_chan_close(to);
    gw_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_inspect_opts inspect = { 0 };
    if (size == 0)
        return 0;
    enum gw_export_format format = data[0] % GW_NUM_EXPORT_FORMATS;
    struct gw_sink *inspector = gw_inspector(&inspect, &err);
    struct gw_image_opts opts = { .max_pfn = format == GW_EXPORT_RAW ? 4096 : gw_limit(PFN),
                                  .spool = memfd_create("spool", MFD_CLOEXEC),
                                  .from = gw_chan_memory(data + 1, size - 1, NULL, &err),
                                  .beside = inspector };
    MUST(inspector != NULL && opts.from != NULL && opts.spool >= 0);
    struct gw_image *image = gw_image_open("-", &opts, &err);
    must_be_plain(err.msg);
    if (image != NULL) {
        gw_inspector_finish(inspector);
        export(image, inspector, format);
    }
    gw_image_close(image);
    gw_sink_close(inspector);
    return 0;
}
