/*
 * octets.c - a damaged input by offset, through a window.
 */
#include <assert.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "damaged.h"

#define OCTETS_ROOM (4 * OCTETS_MOST)

int octets_init(struct octets *o, int fd, struct gw_err *err)
{
    struct stat st;
    *o = (struct octets){ .fd = fd };
    if (fstat(fd, &st) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot ask how long the input is");
    o->size = (uint64_t)st.st_size;
    o->mem = gw_alloc(OCTETS_ROOM, 1, err);
    return o->mem != NULL ? 0 : -1;
}

void octets_free(struct octets *o)
{
    gw_free(o->mem);
    o->mem = NULL;
}

/* As many of len octets as there are; a file that became shorter meanwhile ends there. */
static int read_at(const struct octets *o, uint64_t at, uint8_t *mem, size_t len, size_t *got, struct gw_err *err)
{
    ssize_t n = gw_read_at(o->fd, mem, len, at);
    *got = n > 0 ? (size_t)n : 0;
    return n < 0 ? gw_fail(err, GW_E_SYSTEM, "cannot read") : 0;
}

const uint8_t *octets_at(struct octets *o, uint64_t at, size_t len, struct gw_err *err)
{
    assert(len > 0 && len <= OCTETS_MOST);
    if (at > o->size || len > o->size - at)
        return NULL;
    if (at < o->at || at + len > o->at + o->len) {
        o->at = at;
        if (read_at(o, at, o->mem, OCTETS_ROOM, &o->len, err) < 0)
            return o->len = 0, NULL;
    }
    return o->len >= at - o->at + len ? o->mem + (at - o->at) : NULL;
}

int octets_copy(struct octets *o, uint64_t at, void *mem, size_t len, size_t *got, struct gw_err *err)
{
    *got = 0;
    if (at >= o->at && at + len <= o->at + o->len) {
        memcpy(mem, o->mem + (at - o->at), len);
        *got = len;
        return 0;
    }
    return at < o->size ? read_at(o, at, mem, len, got, err) : 0;
}
