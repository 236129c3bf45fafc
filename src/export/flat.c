/*
 * flat.c - memory without registers: raw, where an octet's place is its address; LiME, range by range.
 */
#include "exporter.h"

#define LIME_MAGIC 0x4c694d45u
#define LIME_VERSION 1u
#define LIME_HEADER_LEN 32

int export_raw(struct output *output, const struct memory *memory, struct gw_err *err)
{
    struct span span = { 0 };
    uint64_t gaps = (memory->above - memory->pages) * GW_PAGE_LEN, most = gw_limit(RAW_GAPS);
    if (gaps > most)
        return gw_fail(err, GW_E_REFUSED,
                       "raw would have %llu octets of gaps, more than %llu: lime and elf leave them out",
                       (unsigned long long)gaps, (unsigned long long)most);
    for (uint64_t pfn = 0; memory_next(memory, pfn, &span); pfn = span.first + span.num)
        if (output_zeros(output, (span.first - pfn) * GW_PAGE_LEN, err) < 0 ||
            output_pages(output, memory->image, span, err) < 0)
            return -1;
    return 0;
}

static int lime_header(struct output *output, struct span span, struct gw_err *err)
{
    struct gw_buf buf = { 0 };
    gw_put_u32(&buf, LIME_MAGIC);
    gw_put_u32(&buf, LIME_VERSION);
    gw_put_u64(&buf, span.first * GW_PAGE_LEN);
    gw_put_u64(&buf, (span.first + span.num) * GW_PAGE_LEN - 1); /* the last octet, not the one behind it */
    gw_put_zeros(&buf, 8);
    int rc = gw_buf_ok(&buf, err) < 0 ? -1 : output_put(output, buf.mem, LIME_HEADER_LEN, err);
    gw_buf_free(&buf);
    return rc;
}

int export_lime(struct output *output, const struct memory *memory, struct gw_err *err)
{
    struct span span = { 0 };
    for (uint64_t pfn = 0; memory_next(memory, pfn, &span); pfn = span.first + span.num)
        if (lime_header(output, span, err) < 0 || output_pages(output, memory->image, span, err) < 0)
            return -1;
    return 0;
}
