/*
 * roundtrip.c - decodes an image and encodes it again: roundtrip IN OUT. For the golden tests, which compare octets.
 *
 * Goes the way of every conversion: reader, sink, writer, through plain files.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "xenf.h"

static int copy(struct gw_chan *in, struct gw_chan *out, struct gw_err *err)
{
    gw_auto(gw_reader_freep) struct gw_reader *reader = gw_reader_new(in, gw_limit(PFN), err);
    gw_auto(gw_sink_closep) struct gw_sink *writer = gw_writer(out, err);
    enum gw_mark_kind stopped = GW_CHECKPOINT;
    while (reader != NULL && writer != NULL && stopped == GW_CHECKPOINT)
        if (gw_reader_run(reader, writer, &stopped, err) < 0)
            return -1;
    return err->code == GW_E_OK ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct gw_err err = GW_ERR_NONE;
    if (argc != 3)
        return fprintf(stderr, "usage: roundtrip IN OUT\n"), 2;
    int from = open(argv[1], O_RDONLY | O_CLOEXEC);
    int to = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (from < 0 || to < 0)
        return fprintf(stderr, "roundtrip: cannot open '%s' or '%s'\n", argv[1], argv[2]), 3;
    gw_auto(gw_chan_closep) struct gw_chan *in = gw_chan_fd(from, true, &err);
    gw_auto(gw_chan_closep) struct gw_chan *out = gw_chan_fd(to, true, &err);
    if (in == NULL || out == NULL || copy(in, out, &err) < 0)
        return fprintf(stderr, "roundtrip: %s\n", err.msg), gw_err_status(&err);
    return 0;
}
