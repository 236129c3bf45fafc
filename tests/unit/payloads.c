/*
 * payloads.c - contents, watchers that compare, and places to land.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "payloads.h"

uint8_t *contents;

int watch(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    struct watcher *w = arg;
    CHECK_EQ(at, w->seen.len); /* in order and without gaps */
    CHECK(len > 0 && len % 4096 == 0);
    CHECK(w->fail_at == 0 || w->pieces < w->fail_at);
    gw_put(&w->seen, mem, len);
    w->pieces++;
    return w->pieces == w->fail_at ? gw_fail(err, GW_E_REFUSED, "seen enough") : 0;
}

void open_bench(struct bench *b, size_t there, unsigned watchers)
{
    *b = (struct bench){ .err = GW_ERR_NONE };
    if (contents == NULL) {
        contents = malloc(LEN);
        CHECK(contents != NULL);
        for (size_t i = 0; i < LEN; i++)
            contents[i] = (uint8_t)(i * 13 + i / 4096);
    }
    b->from = gw_chan_memory(contents, there, NULL, &b->err);
    b->to = gw_chan_memory(NULL, 0, &b->out, &b->err);
    b->buffer = malloc(ROOM);
    CHECK(b->from != NULL && b->to != NULL && b->buffer != NULL);
    gw_payload_open(&b->payload, b->from, LEN, b->buffer, ROOM);
    for (unsigned i = 0; i < watchers; i++)
        CHECK_EQ(gw_payload_watch(&b->payload, watch, &b->watcher[i], &b->err), 0);
}

void close_bench(struct bench *b)
{
    gw_chan_close(b->from);
    gw_chan_close(b->to);
    gw_buf_free(&b->out);
    for (unsigned i = 0; i < 3; i++)
        gw_buf_free(&b->watcher[i].seen);
    free(b->buffer);
}

void check_seen(const struct bench *b, unsigned watchers)
{
    for (unsigned i = 0; i < watchers; i++) {
        CHECK_EQ(b->watcher[i].seen.len, LEN);
        CHECK_MEM(b->watcher[i].seen.mem, contents, LEN);
    }
}

void check_moved(const struct bench *b, unsigned times)
{
    CHECK_EQ(b->out.len, times * LEN);
    for (unsigned i = 0; i < times; i++)
        CHECK_MEM(b->out.mem + i * LEN, contents, LEN);
}

void open_landing(struct landing *l, unsigned kinds)
{
    static const unsigned pages[SEGS] = { 1, 2, 16, 17, 1, 0, 20, 3, 10 };
    l->mem = calloc(1, LEN);
    l->fd = memfd_create("landing", MFD_CLOEXEC);
    CHECK(l->mem != NULL && l->fd >= 0);
    size_t at = 0;
    for (unsigned i = 0; i < SEGS; i++) {
        bool file = kinds == 2 || (kinds == 3 && i % 2 == 0);
        l->seg[i] = (struct gw_seg){
            .mem = file ? NULL : l->mem + at, .fd = file ? l->fd : -1, .off = 5 + 2 * at, .len = (size_t)pages[i] * 4096
        };
        at += l->seg[i].len;
    }
    CHECK_EQ(at, LEN);
}

void check_landed(const struct landing *l)
{
    uint8_t *mem = malloc(LEN);
    size_t at = 0;
    CHECK(mem != NULL);
    for (unsigned i = 0; i < SEGS; at += l->seg[i++].len) {
        const struct gw_seg *seg = &l->seg[i];
        if (seg->mem == NULL)
            CHECK_EQ(pread(seg->fd, mem, seg->len, (off_t)seg->off), seg->len);
        else
            memcpy(mem, seg->mem, seg->len);
        CHECK_MEM(mem, contents + at, seg->len);
    }
    free(mem);
}

void close_landing(struct landing *l)
{
    free(l->mem);
    close(l->fd);
}

void fill_landing(const struct landing *l)
{
    size_t at = 0;
    for (unsigned i = 0; i < SEGS; at += l->seg[i++].len) {
        if (l->seg[i].mem != NULL)
            memcpy(l->seg[i].mem, contents + at, l->seg[i].len);
        else
            CHECK_EQ(pwrite(l->fd, contents + at, l->seg[i].len, (off_t)l->seg[i].off), l->seg[i].len);
    }
}
