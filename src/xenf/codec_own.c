/*
 * codec_own.c - godwit's optional records (chunks.md section 4): checks and digests that Xen's tools skip.
 *
 *  PAGE_CHECKS   0 4 algorithm; 4 4 count; 8 8*count checks, one for each of the contents of the PAGE_DATA before it
 *  IMAGE_DIGEST  0 4 algorithm; 4 4 zero; 8 16 pages digest; 24 16 records digest; 40 8 pages; 48 8 records
 */
#include <string.h>

#include "xenf.h"

int gw_page_checks_decode(struct gw_cur cur, struct gw_page_checks *out, struct gw_err *err)
{
    struct gw_page_checks v;
    size_t len = gw_left(&cur);
    v.algorithm = gw_u32(&cur);
    v.count = gw_u32(&cur);
    if (cur.bad || gw_left(&cur) != 8 * (uint64_t)v.count)
        return gw_refuse(err, "opt-page-checks", "PAGE_CHECKS of %u checks needs %llu octets, its body has %zu",
                         v.count, 8 + 8 * (unsigned long long)v.count, len);
    if (v.algorithm != GW_CHECKS_XXH3_64)
        return gw_refuse(err, "opt-page-checks", "PAGE_CHECKS names algorithm %u; 1 (XXH3-64) exists", v.algorithm);
    v.checks = cur;
    *out = v;
    return 0;
}

void gw_page_checks_encode(struct gw_buf *buf, const uint64_t *checks, uint32_t count)
{
    gw_put_u32(buf, GW_CHECKS_XXH3_64);
    gw_put_u32(buf, count);
    for (uint32_t i = 0; i < count; i++)
        gw_put_u64(buf, checks[i]);
}

int gw_image_digest_decode(struct gw_cur cur, struct gw_image_digest *out, struct gw_err *err)
{
    struct gw_image_digest v;
    size_t len = gw_left(&cur);
    v.algorithm = gw_u32(&cur);
    gw_u32(&cur);
    const uint8_t *pages = gw_take(&cur, sizeof v.pages_digest);
    const uint8_t *records = gw_take(&cur, sizeof v.records_digest);
    v.num_pages = gw_u64(&cur);
    v.num_records = gw_u64(&cur);
    if (!gw_done(&cur))
        return gw_refuse(err, "opt-image-digest", "IMAGE_DIGEST has %zu octets instead of 56", len);
    if (v.algorithm != GW_CHECKS_XXH3_64)
        return gw_refuse(err, "opt-image-digest", "IMAGE_DIGEST names algorithm %u; 1 (XXH3) exists", v.algorithm);
    memcpy(v.pages_digest, pages, sizeof v.pages_digest);
    memcpy(v.records_digest, records, sizeof v.records_digest);
    *out = v;
    return 0;
}

void gw_image_digest_encode(struct gw_buf *buf, const struct gw_image_digest *digest)
{
    gw_put_u32(buf, digest->algorithm);
    gw_put_u32(buf, 0);
    gw_put(buf, digest->pages_digest, sizeof digest->pages_digest);
    gw_put(buf, digest->records_digest, sizeof digest->records_digest);
    gw_put_u64(buf, digest->num_pages);
    gw_put_u64(buf, digest->num_records);
}

bool gw_is_cpu_text(const uint8_t *mem, size_t len)
{
    if (len < 1 || len > 64)
        return false;
    for (size_t i = 0; i < len; i++)
        if (mem[i] < 0x20 || mem[i] > 0x7e)
            return false;
    return true;
}
