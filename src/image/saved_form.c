/*
 * saved_form.c - the parts of a saved index into octets and back; and what tells a file from another.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "saved_form.h"

#define MAGIC "GODWITIX"
#define VERSION 1u
#define EDGE ((size_t)64 << 10)
#define SAMPLES 64

void saved_put_head(struct gw_buf *buf, const struct saved_head *head)
{
    gw_put(buf, MAGIC, 8);
    gw_put_u32(buf, VERSION);
    gw_put_u32(buf, 0);
    gw_put_u64(buf, head->print.octets);
    gw_put_u64(buf, head->print.check);
    gw_put_u32(buf, head->num_records);
    gw_put_u32(buf, head->num_runs);
    gw_put_u64(buf, head->print.modified_ns);
}

void saved_put_record(struct gw_buf *buf, const struct saved_record *record)
{
    gw_put_u64(buf, record->place);
    gw_put_u64(buf, record->number);
}

void saved_put_run(struct gw_buf *buf, const struct saved_run *run)
{
    gw_put_u64(buf, run->entry);
    gw_put_u64(buf, run->place);
    gw_put_u32(buf, run->record);
    gw_put_u32(buf, run->times);
    gw_put_u32(buf, run->num);
    gw_put_u32(buf, 0);
}

bool saved_take_head(struct gw_cur *cur, struct saved_head *out)
{
    const uint8_t *magic = gw_take(cur, 8);
    uint32_t version = gw_u32(cur), zero = gw_u32(cur);
    out->print.octets = gw_u64(cur);
    out->print.check = gw_u64(cur);
    out->num_records = gw_u32(cur);
    out->num_runs = gw_u32(cur);
    out->print.modified_ns = gw_u64(cur);
    return !cur->bad && memcmp(magic, MAGIC, 8) == 0 && version == VERSION && zero == 0;
}

struct saved_record saved_take_record(struct gw_cur *cur)
{
    uint64_t place = gw_u64(cur);
    return (struct saved_record){ place, gw_u64(cur) };
}

struct saved_run saved_take_run(struct gw_cur *cur, bool *zero)
{
    struct saved_run run = { .entry = gw_u64(cur) };
    run.place = gw_u64(cur);
    run.record = gw_u32(cur);
    run.times = gw_u32(cur);
    run.num = gw_u32(cur);
    *zero = gw_u32(cur) == 0;
    return run;
}

static int read_at(int fd, uint8_t *mem, size_t len, uint64_t at, struct gw_err *err)
{
    ssize_t got = gw_read_at(fd, mem, len, at);
    if (got < 0)
        return gw_fail(err, GW_E_SYSTEM, "the image cannot be read");
    return (size_t)got < len ? gw_fail(err, GW_E_INVALID, "the image became shorter while it was read") : 0;
}

/* The edges, and pages between them at equal distances. */
static int read_samples(int fd, uint64_t octets, struct gw_buf *buf, struct gw_err *err)
{
    uint64_t inside = octets > 2 * EDGE ? octets - 2 * EDGE : 0;
    size_t num = inside >= (uint64_t)SAMPLES * GW_PAGE_LEN ? SAMPLES : 0;
    size_t first = num > 0 ? EDGE : (size_t)gw_min(octets, 2 * EDGE + (uint64_t)SAMPLES * GW_PAGE_LEN);
    size_t len = first + (num > 0 ? EDGE + num * GW_PAGE_LEN : 0);
    uint8_t *mem = gw_buf_room(buf, len);
    if (mem == NULL)
        return gw_buf_ok(buf, err);
    buf->len = len;
    if (read_at(fd, mem, first, 0, err) < 0)
        return -1;
    for (size_t i = 0; i < num; i++)
        if (read_at(fd, mem + first + i * GW_PAGE_LEN, GW_PAGE_LEN, EDGE + inside / num * i, err) < 0)
            return -1;
    return num > 0 ? read_at(fd, mem + len - EDGE, EDGE, octets - EDGE, err) : 0;
}

int gw_image_print_take(int fd, struct gw_image_print *out, struct gw_err *err)
{
    struct gw_buf samples = { 0 };
    struct stat st;
    if (fstat(fd, &st) < 0)
        return gw_fail(err, GW_E_SYSTEM, "the image cannot be read");
    if (!S_ISREG(st.st_mode))
        return gw_fail(err, GW_E_REFUSED, "only an image in a plain file has an index beside it");
    *out = (struct gw_image_print){ .octets = (uint64_t)st.st_size,
                                    .modified_ns =
                                        (uint64_t)st.st_mtim.tv_sec * GW_NS_PER_S + (uint64_t)st.st_mtim.tv_nsec };
    int rc = read_samples(fd, out->octets, &samples, err);
    if (rc == 0)
        out->check = gw_check(samples.mem, samples.len);
    gw_buf_free(&samples);
    return rc;
}
