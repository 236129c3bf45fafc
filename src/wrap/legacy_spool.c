/*
 * legacy_spool.c - what comes through a pipe and has to be read twice is put aside: into the temporary file that a
 * command has made for that.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "legacy.h"

static int put_all(struct gw_chan *from, int fd, uint64_t at, uint64_t *len, struct gw_err *err)
{
    size_t room = (size_t)gw_limit(BUFFER), got;
    gw_auto(gw_freep) uint8_t *mem = gw_alloc(room, 1, err);
    if (mem == NULL)
        return -1;
    for (*len = 0;; *len += got) {
        if (gw_cancelled())
            return gw_fail(err, GW_E_REFUSED, "it was cancelled");
        if (gw_chan_some(from, mem, room, &got, err) < 0)
            return -1;
        if (gw_write_at(fd, mem, got, at + *len) < 0)
            return gw_fail(err, GW_E_SYSTEM, "cannot write to the temporary file");
        if (got == 0)
            return 0;
    }
}

int legacy_put_aside(struct legacy_walk *walk, int spool, struct gw_chan **own, struct gw_err *err)
{
    struct stat st;
    uint64_t offset = legacy_offset(walk), len;
    if (spool < 0)
        return gw_fail(err, GW_E_REFUSED,
                       "this legacy image has to be read twice, and here it can be read once only, with no temporary "
                       "file to put it aside: give it as an unpacked file");
    if (fstat(spool, &st) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot look at the temporary file");
    if (put_all(walk->chan, spool, (uint64_t)st.st_size, &len, err) < 0)
        return -1;
    struct gw_chan *file = gw_chan_at(spool, (uint64_t)st.st_size, len, err);
    *own = file != NULL ? gw_chan_window(file, err) : NULL;
    walk->chan = *own;
    walk->base = offset;
    walk->again = (struct legacy_place){ .fd = spool, .at = (uint64_t)st.st_size - offset };
    return *own != NULL ? 0 : -1;
}
