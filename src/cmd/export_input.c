/*
 * export_input.c - the SHA-256 of an export's input as it is stored: of a file by reading it once more, of standard
 * input from the octets as they pass.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_input.h"

/* Hands on what comes, and sums it up; what nobody asked for until the end is read when it is closed. */
struct tap {
    struct gw_chan chan;
    struct gw_input_sum *sum;
};

static int sum_up(struct gw_input_sum *sum, const void *mem, size_t len, struct gw_err *err)
{
    sum->octets += len;
    return gw_hash_more(sum->hash, mem, len, err);
}

static int tap_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct gw_input_sum *sum = ((struct tap *)chan)->sum;
    if (gw_chan_somev(chan->next, part, num, got, err) < 0)
        return -1;
    size_t left = *got;
    for (unsigned i = 0; i < num && left > 0; i++) {
        size_t len = (size_t)gw_min(left, part[i].iov_len);
        if (sum_up(sum, part[i].iov_base, len, err) < 0)
            return -1;
        left -= len;
    }
    return 0;
}

static void tap_close(struct gw_chan *chan)
{
    struct tap *tap = (struct tap *)chan;
    uint8_t room[4096];
    size_t got = 1;
    while (got > 0 && tap->sum->err.code == GW_E_OK && !gw_cancelled())
        if (gw_chan_some(chan->next, room, sizeof room, &got, &tap->sum->err) == 0)
            sum_up(tap->sum, room, got, &tap->sum->err);
    gw_chan_close(chan->next);
    gw_free(tap);
}

static const struct gw_chan_ops tap_ops = { .name = "tap", .read = tap_read, .close = tap_close };

struct gw_chan *gw_input_tap(struct gw_input_sum *sum, struct gw_err *err)
{
    struct tap *tap = gw_alloc(1, sizeof *tap, err);
    if (tap == NULL)
        return NULL;
    tap->chan.ops = &tap_ops;
    tap->sum = sum;
    tap->chan.next = gw_chan_fd(STDIN_FILENO, false, err);
    if (tap->chan.next != NULL)
        return &tap->chan;
    gw_free(tap);
    return NULL;
}

int gw_input_sum_begin(struct gw_input_sum *sum, const char *name, struct gw_err *err)
{
    *sum = (struct gw_input_sum){ .name = name, .err = GW_ERR_NONE };
    sum->hash = gw_hash_new(err);
    if (sum->hash == NULL)
        return -1;
    if (strcmp(name, "-") != 0 && stat(name, &sum->before) < 0)
        return gw_fail(err, GW_E_SYSTEM, "it cannot be opened");
    if (strcmp(name, "-") != 0 && S_ISDIR(sum->before.st_mode)) {
        errno = EISDIR;
        return gw_fail(err, GW_E_SYSTEM, "it cannot be read");
    }
    if (strcmp(name, "-") != 0 && !S_ISREG(sum->before.st_mode) && !S_ISBLK(sum->before.st_mode))
        return gw_fail(err, GW_E_REFUSED,
                       "it can be read once only, and is summed up, too: give it as standard input, '-'");
    return 0;
}

static int read_all(struct gw_input_sum *sum, struct gw_chan *chan, struct gw_err *err)
{
    gw_auto(gw_freep) uint8_t *room = gw_alloc(gw_limit(BUFFER), 1, err);
    size_t got = room != NULL ? 1 : 0;
    while (got > 0) {
        if (gw_cancelled())
            return gw_fail(err, GW_E_REFUSED, "it was cancelled");
        if (gw_chan_some(chan, room, gw_limit(BUFFER), &got, err) < 0 || sum_up(sum, room, got, err) < 0)
            return -1;
    }
    return room != NULL ? 0 : -1;
}

static int read_file(struct gw_input_sum *sum, struct gw_err *err)
{
    int fd = open(sum->name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gw_fail(err, GW_E_SYSTEM, "it cannot be opened again");
    gw_auto(gw_chan_closep) struct gw_chan *chan = gw_chan_fd(fd, true, err);
    if (chan == NULL || read_all(sum, chan, err) < 0)
        return -1;
    if (!gw_file_is_as_before(fd, &sum->before))
        return gw_fail(err, GW_E_REFUSED, "the file was changed while it was read");
    return 0;
}

int gw_input_sum_end(struct gw_input_sum *sum, struct gw_err *err)
{
    if (sum->err.code != GW_E_OK)
        return gw_err_pass(err, &sum->err);
    if (strcmp(sum->name, "-") != 0 && read_file(sum, err) < 0)
        return -1;
    return gw_hash_end(sum->hash, sum->sha256, err);
}

void gw_input_sum_free(struct gw_input_sum *sum)
{
    gw_hash_free(sum->hash);
}
