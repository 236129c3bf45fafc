/*
 * filter.c - what all filters have: slots that pass on, and a list of what was told.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"

#define SENTENCE 240
#define MOST_NAMED 440 /* octets of the sentence that names losses */

static struct gw_sink *next_of(struct gw_sink *sink)
{
    return ((struct filter *)sink)->next;
}

int pass_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    return gw_sink_begin(next_of(sink), headers, err);
}

int pass_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    return gw_sink_pages(next_of(sink), pages, err);
}

int pass_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    return gw_sink_record(next_of(sink), record, err);
}

int pass_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    return gw_sink_mark(next_of(sink), mark, err);
}

int pass_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    return gw_sink_aside(next_of(sink), aside, err);
}

int pass_commit(struct gw_sink *sink, struct gw_err *err)
{
    return gw_sink_commit(next_of(sink), err);
}

#define TOLD_MOST 65536u /* octets of sentences that are told apart */

/* False: it was said before, or too much was. */
static bool is_new(struct filter *f, const char *sentence)
{
    if (f->told.len > TOLD_MOST) {
        if (!f->full && f->tell != NULL)
            f->tell(f->arg, "and more of that, which is not told one by one");
        f->full = true;
        return false;
    }
    for (size_t at = 0; at < f->told.len; at += strlen((const char *)f->told.mem + at) + 1)
        if (strcmp((const char *)f->told.mem + at, sentence) == 0)
            return false;
    gw_put(&f->told, sentence, strlen(sentence) + 1);
    return true;
}

void filter_tell(struct filter *f, const char *fmt, ...)
{
    char sentence[SENTENCE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    if (is_new(f, sentence) && f->tell != NULL)
        f->tell(f->arg, sentence);
}

void filter_lose(struct filter *f, const char *fmt, ...)
{
    char what[SENTENCE - 16];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (f->lossy) {
        filter_tell(f, "left out: %s", what);
    } else if (is_new(f, what) || f->num_losses == 0) {
        if (f->num_losses++ > 0)
            gw_put(&f->losses, "; ", 2);
        gw_put(&f->losses, what, strlen(what));
    }
}

int filter_settle(struct filter *f, struct gw_err *err)
{
    if (gw_buf_ok(&f->told, err) < 0 || gw_buf_ok(&f->losses, err) < 0)
        return -1;
    if (f->num_losses == 0)
        return 0;
    bool more = f->losses.len > MOST_NAMED;
    return gw_fail(err, GW_E_REFUSED, "this would be lost: %.*s%s; --lossy leaves it out",
                   more ? MOST_NAMED : (int)f->losses.len, (const char *)f->losses.mem, more ? " ..., and more" : "");
}

void filter_free(struct filter *f)
{
    gw_buf_free(&f->told);
    gw_buf_free(&f->losses);
}
