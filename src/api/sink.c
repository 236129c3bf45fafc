/*
 * sink.c - what all public sinks have in common: they take part in one run, and may be closed at any time.
 */
#include "api.h"

void *api_sink(size_t size, const struct api_kind *kind, struct gw_sink *inner, struct gw_err *err)
{
    struct godwit_sink *sink = gw_alloc(1, size, err);
    if (sink == NULL) {
        gw_sink_close(inner);
        return NULL;
    }
    sink->kind = kind;
    sink->inner = inner;
    sink->failure = GW_ERR_NONE;
    return sink;
}

int api_is(const struct godwit_sink *sink, const struct api_kind *kind, struct gw_err *err)
{
    if (sink == NULL || sink->kind != kind)
        return gw_fail(err, GW_E_USAGE, "the sink is %s, not a %s", sink != NULL ? sink->kind->name : "NULL",
                       kind->name);
    return 0;
}

bool api_closed(struct godwit_sink *sink)
{
    if (!sink->closing || sink->running)
        return false;
    gw_sink_close(sink->inner);
    if (sink->kind->close != NULL)
        sink->kind->close(sink);
    gw_free(sink);
    return true;
}

void godwit_sink_close(struct godwit_sink *sink)
{
    if (sink == NULL)
        return;
    sink->closing = true;
    api_closed(sink);
}
