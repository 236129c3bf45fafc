/*
 * input.c - a channel whose octets a program's callbacks bring. What they answer is not believed before it was bounded.
 */
#include <assert.h>
#include <errno.h>

#include "api.h"

struct input {
    struct gw_chan chan;
    struct godwit_input from;
    struct godwit_error heard;
    bool ended; /* it said so, or failed: it is not asked again */
};

/* An answer of read or skip. A failure that is only an interruption is asked again by the channel's wrapper. */
static int take(struct input *in, int64_t answer, uint64_t most, const char *callback, struct gw_err *err)
{
    int rc = api_answered(answer, most, &in->heard, callback, err);
    bool again = rc < 0 && err->code == GW_E_SYSTEM && err->sys == EINTR;
    in->ended = answer <= 0 && !again;
    return rc;
}

static int input_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct input *in = (struct input *)chan;
    unsigned i = 0;
    *got = 0;
    while (i < num && part[i].iov_len == 0)
        i++;
    if (in->ended || i == num)
        return 0;
    int64_t answer = in->from.read(in->from.arg, part[i].iov_base, part[i].iov_len, &in->heard);
    if (take(in, answer, part[i].iov_len, "read", err) < 0)
        return -1;
    *got = (size_t)answer;
    return 0;
}

static int input_skip(struct gw_chan *chan, uint64_t len, uint64_t *gone, struct gw_err *err)
{
    struct input *in = (struct input *)chan;
    *gone = 0;
    if (in->ended)
        return 0;
    int64_t answer = in->from.skip(in->from.arg, len, &in->heard);
    if (take(in, answer, len, "skip", err) < 0)
        return -1;
    *gone = (uint64_t)answer;
    return 0;
}

static void input_close(struct gw_chan *chan)
{
    struct input *in = (struct input *)chan;
    if (in->from.close != NULL)
        in->from.close(in->from.arg);
    gw_free(in);
}

static const struct gw_chan_ops reading = {
    .name = "program",
    .read = input_read,
    .close = input_close,
};

static const struct gw_chan_ops skipping = {
    .name = "program",
    .read = input_read,
    .skip = input_skip,
    .close = input_close,
};

static struct gw_chan *refuse(const struct godwit_input *from)
{
    if (from->close != NULL)
        from->close(from->arg);
    return NULL;
}

struct gw_chan *api_input(const struct godwit_input *input, struct gw_err *err)
{
    struct godwit_input from;
    if (api_order(&from, sizeof from, input, err) < 0)
        return NULL; /* nobody knows what is in it */
    if (from.read == NULL) {
        gw_fail(err, GW_E_USAGE, "an input without a callback to read it");
        return refuse(&from);
    }
    struct input *in = gw_alloc(1, sizeof *in, err);
    if (in == NULL)
        return refuse(&from);
    in->chan.ops = from.skip != NULL ? &skipping : &reading;
    in->from = from;
    in->heard.err = GW_ERR_NONE;
    return &in->chan;
}
