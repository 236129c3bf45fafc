/*
 * wrap.c - any octets as a file: recognised, unpacked, unwrapped, or refused by name.
 *
 * Compressed layers are allowed. The bound on pfns is small, as --max-guest would make it.
 */
#include "channel.h"
#include "report.h"
#include "wrap.h"
#include "xenf.h"

#include "invariant.h"

#define MAX_PFN 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct gw_wrap *wrap, struct gw_summary *summary)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_sink *summarizer = gw_summarizer(summary, &err);
    MUST(summarizer != NULL);
    int rc = gw_wrap_run(wrap, summarizer, &err);
    must_be_told(rc, &err);
    must_be_plain(err.msg);
    must_be_plain(gw_wrap_layers(wrap));
    MUST(rc < 0 || gw_wrap_layers(wrap)[0] != '\0');
    gw_sink_close(summarizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_summary summary = { 0 };
    struct gw_chan *chan = gw_chan_memory(data, size, NULL, &err);
    MUST(chan != NULL);
    struct gw_wrap *wrap = gw_wrap_new(chan, MAX_PFN, &err);
    MUST(wrap != NULL);
    run(wrap, &summary);
    uint64_t taken, all;
    gw_wrap_progress(wrap, &taken, &all);
    MUST(taken <= size && all == 0);
    gw_wrap_close(wrap);
    return 0;
}
