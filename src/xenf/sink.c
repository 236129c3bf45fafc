/*
 * sink.c - the only callers of a sink's slots, and the tee.
 */
#include <assert.h>

#include "xenf.h"

/* A slot's result, remembered: after a failure nobody may call but close. */
static int answered(struct gw_sink *sink, int rc)
{
    if (rc < 0)
        sink->failed = true;
    return rc;
}

#define CALL(sink, slot, ...)                                                                                          \
    (assert(!(sink)->failed), (sink)->ops->slot == NULL ? 0 : answered(sink, (sink)->ops->slot(sink, __VA_ARGS__)))

const char *gw_xenopsd_name(uint64_t kind)
{
    static const struct {
        uint64_t kind;
        const char *name;
    } names[] = {
#define X(id, value, text) { (value), (text) },
        GW_XENOPSD_KINDS(X)
#undef X
    };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].kind == kind)
            return names[i].name;
    return NULL;
}

int gw_sink_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    return CALL(sink, begin, headers, err);
}

int gw_sink_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    return CALL(sink, pages, pages, err);
}

int gw_sink_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    return CALL(sink, record, record, err);
}

int gw_sink_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    return CALL(sink, mark, mark, err);
}

int gw_sink_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    return CALL(sink, aside, aside, err);
}

int gw_sink_commit(struct gw_sink *sink, struct gw_err *err)
{
    return CALL(sink, commit, err);
}

void gw_sink_close(struct gw_sink *sink)
{
    if (sink != NULL && sink->ops->close != NULL)
        sink->ops->close(sink);
}

void gw_sink_closep(struct gw_sink **sink)
{
    gw_sink_close(*sink);
}

struct tee {
    struct gw_sink sink;
    unsigned num;
    struct gw_sink *to[];
};

#define EACH(sink, call)                                                                                               \
    const struct tee *tee = (const struct tee *)(sink);                                                                \
    for (unsigned i = 0; i < tee->num; i++)                                                                            \
        if ((call) < 0)                                                                                                \
            return -1;                                                                                                 \
    return 0

static int tee_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    EACH(sink, gw_sink_begin(tee->to[i], headers, err));
}

static int tee_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    EACH(sink, gw_sink_pages(tee->to[i], pages, err));
}

static int tee_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    EACH(sink, gw_sink_record(tee->to[i], record, err));
}

static int tee_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    EACH(sink, gw_sink_mark(tee->to[i], mark, err));
}

static int tee_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    EACH(sink, gw_sink_aside(tee->to[i], aside, err));
}

static int tee_commit(struct gw_sink *sink, struct gw_err *err)
{
    EACH(sink, gw_sink_commit(tee->to[i], err));
}

static void tee_close(struct gw_sink *sink)
{
    gw_free(sink);
}

static const struct gw_sink_ops tee_ops = {
    .name = "tee",
    .begin = tee_begin,
    .pages = tee_pages,
    .record = tee_record,
    .mark = tee_mark,
    .aside = tee_aside,
    .commit = tee_commit,
    .close = tee_close,
};

struct gw_sink *gw_tee(struct gw_sink *const *sinks, unsigned num, struct gw_err *err)
{
    struct tee *tee = gw_alloc(1, sizeof *tee + num * sizeof tee->to[0], err);
    if (tee == NULL)
        return NULL;
    tee->sink.ops = &tee_ops;
    for (enum gw_takes takes = GW_TAKES_WATCH; takes <= GW_TAKES_MOVE; takes++)
        for (unsigned i = 0; i < num; i++)
            if (sinks[i]->ops->takes == takes)
                tee->to[tee->num++] = sinks[i];
    assert(tee->num == num);
    return &tee->sink;
}
