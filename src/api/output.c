/*
 * output.c - a channel whose octets a program's callbacks take.
 */
#include "api.h"

struct output {
    struct gw_chan chan;
    struct godwit_output to;
    struct godwit_error heard;
};

static int output_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    struct output *out = (struct output *)chan;
    unsigned i = 0;
    while (i + 1 < num && part[i].iov_len == 0)
        i++;
    int64_t answer = out->to.write(out->to.arg, part[i].iov_base, part[i].iov_len, &out->heard);
    if (api_answered(answer, part[i].iov_len, &out->heard, "write", err) < 0)
        return -1;
    if (answer == 0)
        return gw_fail(err, GW_E_USAGE, "the program's callback 'write' took nothing, and did not say why");
    *put = (size_t)answer;
    return 0;
}

static void output_close(struct gw_chan *chan)
{
    struct output *out = (struct output *)chan;
    if (out->to.close != NULL)
        out->to.close(out->to.arg);
    gw_free(out);
}

static const struct gw_chan_ops output_ops = {
    .name = "program",
    .write = output_write,
    .close = output_close,
};

static struct gw_chan *refuse(const struct godwit_output *to)
{
    if (to->close != NULL)
        to->close(to->arg);
    return NULL;
}

struct gw_chan *api_output(const struct godwit_output *output, struct gw_err *err)
{
    struct godwit_output to;
    if (api_order(&to, sizeof to, output, err) < 0)
        return NULL; /* nobody knows what is in it */
    if (to.write == NULL) {
        gw_fail(err, GW_E_USAGE, "an output without a callback to write it");
        return refuse(&to);
    }
    struct output *out = gw_alloc(1, sizeof *out, err);
    if (out == NULL)
        return refuse(&to);
    out->chan.ops = &output_ops;
    out->to = to;
    out->heard.err = GW_ERR_NONE;
    return &out->chan;
}
