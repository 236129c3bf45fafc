/*
 * stored.c - the slots of a stored image as a guest's source: a squash of the image (src/change) says what it holds, an
 * intake (src/engine) whether it is right; contents leave from where they stand.
 *
 * Owns: the open file and the hold on it. Never: changes the file, believes that it stays as it was judged.
 * Tests: tests/unit/stored.c, tests/moves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parts.h"

#define AGAIN "image:file="
#define NAME_ROOM 4096 /* PATH_MAX of Linux, which is what realpath fills at most */

struct options {
    uint64_t accept_loss, lossy, max_guest, width, guest;
    const char *path; /* in the name */
};

struct stored {
    struct gw_source source;
    struct options options;
    char name[NAME_ROOM]; /* absolute */
    int fd;
    struct gw_squash *squash;
    struct parts parts;
    char remains[NAME_ROOM + 160];
};

static struct stored *stored_of(struct gw_source *source)
{
    return (struct stored *)source;
}

/* --- judged ------------------------------------------------------------------------------------------------------- */

static int stop_if_cancelled(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    (void)sink;
    (void)pages;
    return gw_cancelled() ? gw_fail(err, GW_E_REFUSED, "it was cancelled") : 0;
}

static const struct gw_sink_ops patience_ops = { .name = "patience",
                                                 .takes = GW_TAKES_WATCH,
                                                 .pages = stop_if_cancelled };

/* The file that is held, whatever has its name by now. */
static struct gw_squash *read_held(struct stored *s, struct gw_sink *judge, struct gw_err *err)
{
    static const unsigned widths[] = { 0, 4, 8 };
    static const char *const guests[] = { NULL, "pv", "hvm" };
    char held[48];
    gw_auto(gw_closep) int aside = gw_new_spool();
    struct gw_legacy_opts legacy = { .spool = aside, .width = widths[s->options.width] };
    struct gw_image_opts opts = { .max_pfn = s->options.max_guest / GW_PAGE_LEN, .beside = judge, .legacy = &legacy };
    legacy.guest = guests[s->options.guest];
    opts.spool = gw_new_spool();
    snprintf(held, sizeof held, "/proc/self/fd/%d", s->fd);
    return gw_squash_open(held, &opts, err);
}

static int read_image(struct stored *s, struct gw_err *err)
{
    struct gw_sink patience = { .ops = &patience_ops };
    struct gw_intake_opts opts = {
        .contents = true, .tables = true, .beside = &patience, .accepts = "image:accept-loss=1,..."
    };
    opts.max_pfn = s->options.max_guest / GW_PAGE_LEN;
    opts.accept_loss = s->options.accept_loss != 0;
    struct gw_intake *intake = gw_intake_new(&opts, err);
    if (intake == NULL)
        return -1;
    s->squash = read_held(s, gw_intake_sink(intake), err);
    int rc = s->squash != NULL ? gw_intake_finish(intake, err) : -1;
    gw_intake_free(intake);
    return rc;
}

/* An image of version 2 leaves as one of version 3: only that says where the static data end. */
static int sort_records(struct stored *s, struct gw_err *err)
{
    const struct gw_fit_opts opts = { .version = 3 };
    gw_auto(gw_sink_closep) struct gw_sink *fit = gw_fit(&opts, &s->parts.sink, err);
    if (fit == NULL || gw_squash_records(s->squash, fit, err) < 0)
        return -1;
    if (s->parts.lost[0] != '\0' && s->options.lossy == 0)
        return gw_fail(err, GW_E_REFUSED,
                       "beside it stands what does not go with it: %s; image:lossy=1,... leaves it behind",
                       s->parts.lost);
    return 0;
}

/* --- facts -------------------------------------------------------------------------------------------------------- */

static void name_guest(const struct stored *s, struct gw_guest_facts *out)
{
    const char *slash = strrchr(s->name, '/'), *base = slash != NULL ? slash + 1 : s->name;
    gw_escape(out->name, sizeof out->name, base, strlen(base));
    snprintf(out->again, sizeof out->again, AGAIN "%.*s", (int)(sizeof out->again - sizeof AGAIN), s->name);
}

static void say_what_it_lacks(const struct parts *p, struct gw_guest_facts *out)
{
    const char *glue = p->lost[0] != '\0' && p->stays[0] != '\0' ? ", " : "";
    if (p->lost[0] != '\0' || p->stays[0] != '\0')
        snprintf(out->lacks, sizeof out->lacks, "the image goes alone; left behind: %.100s%s%.100s", p->lost, glue,
                 p->stays);
}

static void count_pages(const struct gw_image *image, struct gw_guest_facts *out)
{
    uint64_t pfn = gw_image_next(image, 0);
    out->num_pfns = gw_image_num_pfns(image);
    for (; pfn < out->num_pfns; pfn = gw_image_next(image, pfn + 1)) {
        int type = gw_image_type(image, pfn);
        out->num_ram_pfns += type >= 0 && gw_type_populates((unsigned)type);
    }
}

static int describe(struct stored *s, struct gw_guest_facts *out, struct gw_err *err)
{
    if (read_image(s, err) < 0 || sort_records(s, err) < 0)
        return -1;
    count_pages(gw_squash_image(s->squash), out);
    if (out->num_pfns == 0)
        return gw_fail(err, GW_E_REFUSED, "it has no memory");
    out->image.version = s->parts.headers.image.version;
    out->domain = s->parts.headers.domain;
    snprintf(out->live_why_not, sizeof out->live_why_not, "it is an image in a file, and does not run");
    name_guest(s, out);
    say_what_it_lacks(&s->parts, out);
    return 0;
}

static int stored_describe(struct gw_source *source, struct gw_guest_facts *out, struct gw_err *err)
{
    struct stored *s = stored_of(source);
    if (describe(s, out, err) == 0)
        return 0;
    return gw_because(err, "the image '%s' is not taken for a guest", s->name);
}

/* --- records and memory ------------------------------------------------------------------------------------------- */

/* What was judged is what leaves: whoever writes into the file meanwhile ends that. */
static int check_unchanged(const struct stored *s, struct gw_err *err)
{
    if (gw_image_unchanged(gw_squash_image(s->squash), err) == 0)
        return 0;
    return gw_because(err, "cannot go on with '%s'", s->name);
}

static int stored_static_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    return parts_emit(&stored_of(source)->parts, PART_STATIC, emit, arg, err);
}

static int stored_first_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    return parts_emit(&stored_of(source)->parts, PART_FIRST, emit, arg, err);
}

static int stored_state_records(struct gw_source *source, gw_emit_fn *emit, void *arg, struct gw_err *err)
{
    const struct stored *s = stored_of(source);
    return check_unchanged(s, err) < 0 ? -1 : parts_emit(&s->parts, PART_STATE, emit, arg, err);
}

static int stored_named(struct gw_source *source, struct gw_bitmap *pfns, struct gw_err *err)
{
    const struct gw_image *image = gw_squash_image(stored_of(source)->squash);
    uint64_t pfn = gw_image_next(image, 0);
    (void)err;
    for (; pfn < pfns->num; pfn = gw_image_next(image, pfn + 1))
        if (gw_image_type(image, pfn) >= 0)
            gw_bitmap_set(pfns, pfn);
    return 0;
}

/* What was never named may be asked for again by the other side: it is a hole. */
static void hold_one(const struct gw_image *image, uint64_t pfn, struct gw_hold *out)
{
    struct gw_seg page = { .len = GW_PAGE_LEN };
    int type = gw_image_type(image, pfn);
    if (type < 0)
        gw_hold_hole(out, pfn);
    else
        gw_hold_entry(out, gw_entry(pfn, (unsigned)type),
                      gw_image_place(image, pfn, &page.fd, &page.off) ? &page : NULL);
}

static int stored_hold(struct gw_source *source, const uint64_t *pfns, uint32_t count, struct gw_hold *out,
                       struct gw_err *err)
{
    const struct stored *s = stored_of(source);
    if (check_unchanged(s, err) < 0 || gw_hold_new(out, count, err) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        hold_one(gw_squash_image(s->squash), pfns[i], out);
    return 0;
}

static void stored_drop(struct gw_source *source, struct gw_hold *hold)
{
    (void)source;
    gw_hold_free(hold);
}

/* --- its life ----------------------------------------------------------------------------------------------------- */

static int stored_track(struct gw_source *source, struct gw_err *err)
{
    (void)source;
    return gw_fail(err, GW_E_REFUSED, "an image in a file does not run");
}

static int stored_collect(struct gw_source *source, struct gw_bitmap *dirty, uint64_t *num, struct gw_err *err)
{
    (void)dirty;
    (void)num;
    return stored_track(source, err);
}

/* It stands all the time, and a file that has moved stays what it is: data. */
static int stored_nothing(struct gw_source *source, struct gw_err *err)
{
    (void)source;
    (void)err;
    return 0;
}

static void stored_untrack(struct gw_source *source)
{
    (void)source;
}

static const char *stored_remains(const struct gw_source *source)
{
    return ((const struct stored *)source)->remains;
}

static void stored_close(struct gw_source *source)
{
    struct stored *s = stored_of(source);
    gw_squash_close(s->squash);
    parts_free(&s->parts);
    gw_closep(&s->fd);
    gw_free(s);
}

static const struct gw_source_ops stored_ops = {
    .kind = "image",
    .describe = stored_describe,
    .static_records = stored_static_records,
    .first_records = stored_first_records,
    .named = stored_named,
    .track = stored_track,
    .collect = stored_collect,
    .hold = stored_hold,
    .drop = stored_drop,
    .suspend = stored_nothing,
    .state_records = stored_state_records,
    .resume = stored_nothing,
    .untrack = stored_untrack,
    .destroy = stored_nothing,
    .remains = stored_remains,
    .close = stored_close,
};

/* --- open --------------------------------------------------------------------------------------------------------- */

static bool take_path(void *options, const char *text)
{
    ((struct options *)options)->path = text;
    return text[0] != '\0';
}

static const char *const widths[] = { "", "32", "64", NULL }; /* as in read_held */
static const char *const guests[] = { "", "pv", "hvm", NULL };

#define NUMBER(key, member, says, from, to)                                                                            \
    {                                                                                                                  \
        .name = (key), .wants = (says), .offset = offsetof(struct options, member), .least = (from), .most = (to)      \
    }
#define WORD(key, member, says, list)                                                                                  \
    {                                                                                                                  \
        .name = (key), .wants = (says), .offset = offsetof(struct options, member), .words = (list)                    \
    }

static const struct gw_spec_key keys[] = {
    { .name = "file", .wants = "the name of a file, as the last key", .take = take_path, .rest = true },
    NUMBER("accept-loss", accept_loss, "0 or 1", 0, 1),
    NUMBER("lossy", lossy, "0 or 1", 0, 1),
    NUMBER("max-guest", max_guest, "a size from 4K to 524288G", GW_PAGE_LEN, UINT64_C(1) << 49),
    WORD("legacy-width", width, "32 or 64", widths),
    WORD("legacy-guest", guest, "pv or hvm", guests),
    { 0 },
};

static int read_options(const char *name, struct options *options, struct gw_err *err)
{
    uint32_t given;
    *options = (struct options){ .max_guest = gw_limit(PFN) * GW_PAGE_LEN };
    if (gw_spec_read(name, keys, options, &given, err) < 0)
        return -1;
    if (options->path == NULL)
        return gw_fail(err, GW_E_USAGE, "'%s' names no file: " AGAIN "PATH does", name);
    return 0;
}

static int check_kind(const char *path, const struct stat *st, struct gw_err *err)
{
    if (S_ISREG(st->st_mode) || S_ISBLK(st->st_mode))
        return 0;
    if (S_ISDIR(st->st_mode))
        return gw_fail(err, GW_E_REFUSED, "'%s' is a directory, and no image", path);
    return gw_fail(err, GW_E_REFUSED,
                   "'%s' is a pipe or a device: a guest has to be found again there, so its image is a file", path);
}

/* For this godwit alone: two that hand the same image over would have it run twice. */
static int hold_alone(const struct stored *s, struct gw_err *err)
{
    if (flock(s->fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return gw_fail(err, GW_E_SYSTEM, "'%s' cannot be held against another godwit; copy it to a local file system",
                       s->name);
    errno = EBUSY;
    return gw_fail(err, GW_E_SYSTEM, "another godwit is at '%s'", s->name);
}

static int open_file(struct stored *s, struct gw_err *err)
{
    const char *path = s->options.path;
    struct stat st;
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (s->fd < 0 || fstat(s->fd, &st) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot open '%s'", path);
    if (check_kind(path, &st, err) < 0)
        return -1;
    if (realpath(path, s->name) == NULL)
        return gw_fail(err, GW_E_SYSTEM, "cannot tell the absolute name of '%s'", path);
    if (strlen(AGAIN) + strlen(s->name) >= GW_AGAIN_ROOM)
        return gw_fail(err, GW_E_REFUSED, "the file's absolute name is longer than the %d octets of a journal's line",
                       GW_AGAIN_ROOM);
    return hold_alone(s, err);
}

static struct gw_source *stored_source(const char *name, struct gw_err *err)
{
    struct stored *s = gw_alloc(1, sizeof *s, err);
    if (s == NULL)
        return NULL;
    s->source = (struct gw_source){ .ops = &stored_ops, .suspended = true, .still = true };
    s->fd = -1;
    parts_init(&s->parts);
    if (read_options(name, &s->options, err) < 0 || open_file(s, err) < 0) {
        stored_close(&s->source);
        return NULL;
    }
    snprintf(s->remains, sizeof s->remains,
             "'%s' is left as it was: do not restore it while its guest runs elsewhere, for it would run twice",
             s->name);
    return &s->source;
}

/* A file that is there is the guest, standing; whether it is still the same is not known by its name. */
static enum gw_life stored_look(const char *again, struct gw_err *err)
{
    struct gw_err why = GW_ERR_NONE;
    struct gw_source *source = stored_source(again, &why);
    if (source != NULL) {
        stored_close(source);
        return GW_LIFE_RAN;
    }
    if (why.code == GW_E_SYSTEM && (why.sys == ENOENT || why.sys == ENOTDIR))
        return GW_LIFE_GONE;
    gw_err_pass(err, &why);
    return GW_LIFE_UNKNOWN;
}

const struct gw_guest_kind gw_stored_kind = {
    .name = "image",
    .source = stored_source,
    .look = stored_look,
    .lasts = true,
};
