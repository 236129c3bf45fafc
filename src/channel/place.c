/*
 * place.c - octets of a file at a place of their own, whatever the descriptor's own place is; and a channel over a
 * stretch of them, so that one reader looks ahead while another stays where it is; and the file for what is put aside.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"

ssize_t gw_read_at(int fd, void *mem, size_t len, uint64_t at)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, (uint8_t *)mem + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int gw_write_at(int fd, const void *mem, size_t len, uint64_t at)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(fd, (const uint8_t *)mem + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ENOSPC;
        if (n <= 0)
            return -1;
        done += (size_t)n;
    }
    return 0;
}

bool gw_file_is_as_before(int fd, const struct stat *before)
{
    struct stat now;
    return fstat(fd, &now) == 0 && now.st_size == before->st_size && now.st_ino == before->st_ino &&
           now.st_dev == before->st_dev && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

int gw_new_spool(void)
{
    const char *folder = getenv("TMPDIR");
    return open(folder != NULL && folder[0] != '\0' ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

struct place_chan {
    struct gw_chan chan;
    int fd; /* borrowed */
    uint64_t at, end;
};

static int place_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct place_chan *p = (struct place_chan *)chan;
    size_t len = (size_t)gw_min(part[0].iov_len, p->end - p->at);
    ssize_t n = len > 0 ? pread(p->fd, part[0].iov_base, len, (off_t)p->at) : 0;
    (void)num;
    if (n < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot read");
    p->at += (size_t)n;
    *got = (size_t)n;
    return 0;
}

static int place_skip(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    struct place_chan *p = (struct place_chan *)chan;
    struct stat st;
    if (fstat(p->fd, &st) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot find the place in the file");
    uint64_t end = gw_min((uint64_t)st.st_size, p->end);
    *gone = p->at < end ? gw_min(len, end - p->at) : 0;
    p->at += *gone;
    return 0;
}

static void place_close(struct gw_chan *chan)
{
    gw_free(chan);
}

static const struct gw_chan_ops place_ops = {
    .name = "place",
    .read = place_read,
    .skip = place_skip,
    .close = place_close,
};

struct gw_chan *gw_chan_at(int fd, uint64_t at, uint64_t len, struct gw_err *err)
{
    struct place_chan *p = gw_alloc(1, sizeof *p, err);
    if (p == NULL)
        return NULL;
    p->chan.ops = &place_ops;
    p->fd = fd;
    p->at = at;
    if (!gw_add(at, len, &p->end))
        p->end = UINT64_MAX;
    return &p->chan;
}
