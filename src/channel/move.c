/*
 * move.c - octets from one channel into another, without touching them where the system can move them by itself.
 *
 * A descriptor that gives or takes octets as they stand is called bare. Between two bare ones the kernel moves: one
 * crossing of memory instead of two, or none where a file system shares blocks or a pipe takes pages. Whatever the
 * kernel cannot or will not move goes through a buffer, and so every error and every cut is that of a plain read or
 * write.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "fd.h"

#define MOVE_MOST (16u << 20) /* octets in one call: a cancelled move ends soon */

int chan_bare(const struct gw_chan *chan, bool write)
{
    return chan->ops->bare != NULL ? chan->ops->bare(chan, write) : -1;
}

enum kind { OTHER, FILE_KIND, PIPE_KIND };

static enum kind kind_of(int fd)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return OTHER;
    return S_ISREG(st.st_mode) ? FILE_KIND : S_ISFIFO(st.st_mode) ? PIPE_KIND : OTHER;
}

/* Every layer from chan down to the descriptor counts what passed. */
static void count(struct gw_chan *chan, uint64_t len, bool write)
{
    for (; chan != NULL; chan = chan->next)
        *(write ? &chan->write_pos : &chan->read_pos) += len;
}

/* As far as the kernel goes. It stops for good at whatever a read or write will say better. */
static uint64_t by_reference(struct gw_chan *from, struct gw_chan *to, uint64_t len)
{
    int in = chan_bare(from, false), out = chan_bare(to, true);
    enum kind in_kind = kind_of(in), out_kind = kind_of(out);
    bool files = in_kind == FILE_KIND && out_kind == FILE_KIND;
    uint64_t done = 0;
    if (in_kind == OTHER || out_kind == OTHER)
        return 0;
    while (done < len && !gw_cancelled()) {
        size_t most = (size_t)gw_min(len - done, MOVE_MOST);
        ssize_t n = files ? copy_file_range(in, NULL, out, NULL, most, 0)
                          : splice(in, NULL, out, NULL, most, SPLICE_F_MOVE | SPLICE_F_MORE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        count(from, (uint64_t)n, false);
        count(to, (uint64_t)n, true);
        done += (uint64_t)n;
    }
    return done;
}

int gw_chan_move(struct gw_chan *from, struct gw_chan *to, uint64_t len, uint8_t *buffer, size_t room,
                 struct gw_err *err)
{
    uint64_t done = by_reference(from, to, len);
    size_t got;
    assert(room > 0);
    while (done < len) { /* what a layer holds of the next octets, or what the kernel would not move */
        if (gw_chan_some(from, buffer, (size_t)gw_min(len - done, room), &got, err) < 0)
            return -1;
        if (got == 0)
            return gw_fail(err, GW_E_SHORT, "the input ends after %llu of %llu octets", (unsigned long long)done,
                           (unsigned long long)len);
        if (gw_chan_write(to, buffer, got, err) < 0)
            return -1;
        done += got;
        done += by_reference(from, to, len - done);
    }
    return 0;
}
