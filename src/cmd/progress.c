/*
 * progress.c - a line on stderr while an image passes: four times a second at most, and only where somebody reads it.
 *
 * It is a sink like any other: it looks at the clock whenever memory passes. auto: a line that redraws itself, on a
 * terminal, after the first half second; plain: a line per second; json: the same facts as JSON lines.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

#define PATIENCE_NS UINT64_C(500000000)
#define REDRAW_NS UINT64_C(250000000)
#define PLAIN_NS UINT64_C(1000000000)

enum way { REDRAW, PLAIN, JSON };

struct progress {
    struct gw_sink sink;
    const struct gw_wrap *wrap; /* what is read; NULL: contents are counted as they pass */
    uint64_t passed, size;
    const char *name;
    enum way way;
    uint64_t start_ns, next_ns;
    bool drawn;
};

static void draw(struct progress *p, uint64_t now)
{
    uint64_t taken = p->passed, size = p->size;
    char rate[32], done[32];
    double seconds = (double)(now - p->start_ns) / 1e9;
    if (p->wrap != NULL)
        gw_wrap_progress(p->wrap, &taken, &size);
    uint64_t per_second = (uint64_t)((double)taken / seconds);
    gw_size_text(rate, sizeof rate, per_second);
    gw_size_text(done, sizeof done, taken);
    if (p->way == JSON) {
        struct gw_json json = { .out = stderr };
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "progress");
        gw_json_text(&json, "file", p->name);
        gw_json_number(&json, "octets", taken);
        gw_json_number(&json, "of", size);
        gw_json_number(&json, "octets_per_second", per_second);
        gw_json_end(&json, '}');
        return;
    }
    fprintf(stderr, "%s%.40s: ", p->way == REDRAW ? "\r" : "", p->name);
    if (size > 0)
        fprintf(stderr, "%" PRIu64 "%%, %s/s, %" PRIu64 " s left", taken * 100 / size, rate,
                per_second > 0 ? (size - gw_min(taken, size)) / per_second : 0);
    else
        fprintf(stderr, "%s, %s/s", done, rate);
    fputs(p->way == REDRAW ? "\033[K" : "\n", stderr);
    fflush(stderr);
    p->drawn = p->way == REDRAW;
}

static int progress_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct progress *p = (struct progress *)sink;
    uint64_t now = gw_now(&gw_clock_real);
    (void)err;
    p->passed += (uint64_t)pages->num_contents * GW_PAGE_LEN;
    if (now >= p->next_ns) {
        draw(p, now);
        p->next_ns = now + (p->way == REDRAW ? REDRAW_NS : PLAIN_NS);
    }
    return 0;
}

static void progress_close(struct gw_sink *sink)
{
    struct progress *p = (struct progress *)sink;
    if (p->drawn)
        fputs("\r\033[K", stderr);
    gw_free(p);
}

static const struct gw_sink_ops progress_ops = {
    .name = "progress",
    .takes = GW_TAKES_WATCH,
    .pages = progress_pages,
    .close = progress_close,
};

static bool in_foreground(void)
{
    return isatty(STDERR_FILENO) && tcgetpgrp(STDERR_FILENO) == getpgrp();
}

static struct gw_sink *new_progress(const struct gw_args *args, const char *name, struct progress **out,
                                    struct gw_err *err)
{
    const char *how = args->value[OPT_PROGRESS] != NULL ? args->value[OPT_PROGRESS] : "auto";
    bool automatic = strcmp(how, "auto") == 0;
    if (strcmp(how, "none") == 0 || (automatic && !in_foreground()))
        return NULL;
    struct progress *p = gw_alloc(1, sizeof *p, err);
    if (p == NULL)
        return NULL;
    p->sink.ops = &progress_ops;
    *out = p;
    p->name = name;
    p->way = strcmp(how, "json") == 0 ? JSON : automatic ? REDRAW : PLAIN;
    p->start_ns = gw_now(&gw_clock_real);
    p->next_ns = p->start_ns + PATIENCE_NS;
    return &p->sink;
}

struct gw_sink *gw_progress(const struct gw_args *args, const struct gw_wrap *wrap, const char *name,
                            struct gw_err *err)
{
    struct progress *p = NULL;
    struct gw_sink *sink = new_progress(args, name, &p, err);
    if (sink != NULL)
        p->wrap = wrap;
    return sink;
}

struct gw_sink *gw_progress_of(const struct gw_args *args, uint64_t contents, const char *name, struct gw_err *err)
{
    struct progress *p = NULL;
    struct gw_sink *sink = new_progress(args, name, &p, err);
    if (sink != NULL)
        p->size = contents;
    return sink;
}
