/*
 * output.c - octets on their way into the exported file: gathered, hashed, written in order; zeros left out as holes
 * where a new file can have some. The hash is that of the file as it reads, holes as zeros.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "exporter.h"

#define ROOM ((size_t)256 << 10)

static const uint8_t zeros[(size_t)64 << 10];

int output_init(struct output *output, const struct gw_export_opts *opts, struct gw_err *err)
{
    *output = (struct output){ .to = opts->to, .holes = opts->holes };
    output->hash = gw_hash_new(err);
    output->room = output->hash != NULL ? gw_alloc(ROOM, 1, err) : NULL;
    return output->room != NULL ? 0 : -1;
}

static int flush(struct output *output, struct gw_err *err)
{
    size_t len = output->len;
    output->len = 0;
    if (gw_cancelled())
        return gw_fail(err, GW_E_REFUSED, "it was cancelled");
    if (gw_hash_more(output->hash, output->room, len, err) < 0)
        return -1;
    return len > 0 ? gw_chan_write(output->to, output->room, len, err) : 0;
}

int output_put(struct output *output, const void *mem, size_t len, struct gw_err *err)
{
    const uint8_t *p = mem;
    while (len > 0) {
        size_t part = (size_t)gw_min(len, ROOM - output->len);
        memcpy(output->room + output->len, p, part);
        output->len += part;
        output->at += part;
        p += part;
        len -= part;
        if (output->len == ROOM && flush(output, err) < 0)
            return -1;
    }
    return 0;
}

static int hash_zeros(struct output *output, uint64_t len, struct gw_err *err)
{
    for (; len > 0; len -= gw_min(len, sizeof zeros)) {
        if (gw_cancelled())
            return gw_fail(err, GW_E_REFUSED, "it was cancelled");
        if (gw_hash_more(output->hash, zeros, (size_t)gw_min(len, sizeof zeros), err) < 0)
            return -1;
    }
    return 0;
}

static int hole(struct output *output, uint64_t len, struct gw_err *err)
{
    if (flush(output, err) < 0 || hash_zeros(output, len, err) < 0)
        return -1;
    output->at += len;
    if (len > INT64_MAX || lseek(output->holes, (off_t)len, SEEK_CUR) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot leave a hole of %llu octets", (unsigned long long)len);
    return 0;
}

int output_zeros(struct output *output, uint64_t len, struct gw_err *err)
{
    if (output->holes >= 0 && len >= GW_PAGE_LEN)
        return hole(output, len, err);
    for (; len > 0; len -= gw_min(len, sizeof zeros))
        if (output_put(output, zeros, (size_t)gw_min(len, sizeof zeros), err) < 0)
            return -1;
    return 0;
}

int output_pages(struct output *output, struct gw_image *image, struct span span, struct gw_err *err)
{
    for (uint64_t pfn = span.first; pfn < span.first + span.num; pfn++) {
        const uint8_t *page = gw_image_page(image, pfn, err);
        if (page == NULL && err->code != GW_E_OK)
            return gw_because(err, "the page of pfn 0x%llx cannot be read", (unsigned long long)pfn);
        bool is_zero = page == NULL || gw_is_zero(page, GW_PAGE_LEN);
        if ((is_zero ? output_zeros(output, GW_PAGE_LEN, err) : output_put(output, page, GW_PAGE_LEN, err)) < 0)
            return -1;
    }
    return 0;
}

int output_end(struct output *output, uint8_t sha256[GW_SHA256_LEN], struct gw_err *err)
{
    if (flush(output, err) < 0 || gw_hash_end(output->hash, sha256, err) < 0)
        return -1;
    if (output->holes >= 0 && ftruncate(output->holes, (off_t)output->at) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot make the file %llu octets long", (unsigned long long)output->at);
    return 0;
}

void output_free(struct output *output)
{
    gw_hash_free(output->hash);
    gw_free(output->room);
}
