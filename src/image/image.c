/*
 * image.c - opening an image for random access, and reading its pages through a window.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index.h"

#define WINDOW_LEN (UINT64_C(256) << 10) /* stays in the processor's cache until it is looked at */

#define FIRST_LOOK (4 * GW_PAGE_LEN) /* where nothing says that the next pages are wanted too */

struct gw_image {
    struct index index;
    int fd;             /* the file, opened once; -1: it came as a channel */
    struct stat before; /* of it, when it was opened */
    int spool;
    uint8_t *window; /* WINDOW_LEN octets of room; window_len from window_at, a place as the index has it, are in it */
    uint64_t window_at;
    size_t window_len;
    char layers[64];
};

/* What ended the reading does not matter where a whole checkpoint is there. */
static int run(struct gw_image *image, struct gw_wrap *wrap, struct gw_sink *beside, struct gw_err *err)
{
    struct gw_err failure = GW_ERR_NONE;
    struct gw_sink *sinks[] = { &image->index.sink, beside };
    gw_auto(gw_sink_closep) struct gw_sink *tee = gw_tee(sinks, beside != NULL ? 2 : 1, err);
    if (tee == NULL)
        return -1;
    if (gw_wrap_run(wrap, tee, &failure) < 0 && (failure.code != GW_E_SHORT || image->index.commits == 0))
        return gw_err_pass(err, &failure);
    if (image->index.commits == 0)
        return gw_fail(err, GW_E_INVALID, "the image is not complete");
    index_settle(&image->index);
    return 0;
}

static struct gw_wrap *open_wrap(struct gw_image *image, const char *name, const struct gw_image_opts *opts,
                                 struct gw_err *err)
{
    if (opts->from != NULL)
        return gw_wrap_new(opts->from, opts->max_pfn, err);
    if (strcmp(name, "-") == 0)
        return gw_wrap_open(name, opts->max_pfn, err);
    image->fd = gw_wrap_file(name, err);
    if (image->fd < 0)
        return NULL;
    if (fstat(image->fd, &image->before) < 0)
        return gw_fail(err, GW_E_SYSTEM, "it cannot be looked at"), NULL;
    return gw_wrap_fd(image->fd, false, opts->max_pfn, err);
}

int gw_image_unchanged(const struct gw_image *image, struct gw_err *err)
{
    if (image->index.all_aside || gw_file_is_as_before(image->fd, &image->before))
        return 0;
    return gw_fail(err, GW_E_REFUSED, "the file was changed while it was read");
}

static int open_image(struct gw_image *image, const char *name, const struct gw_image_opts *opts, struct gw_err *err)
{
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = open_wrap(image, name, opts, err);
    if (wrap == NULL)
        return -1;
    if (opts->legacy != NULL)
        gw_wrap_legacy(wrap, opts->legacy);
    if (!gw_wrap_skips(wrap) && image->spool < 0)
        return gw_fail(err, GW_E_SYSTEM,
                       "its contents have to be put aside, and there is no temporary file: unpack it");
    index_init(&image->index, image->spool, !gw_wrap_skips(wrap));
    if (run(image, wrap, opts->beside, err) < 0)
        return -1;
    snprintf(image->layers, sizeof image->layers, "%s", gw_wrap_layers(wrap));
    return gw_image_unchanged(image, err);
}

struct gw_image *gw_image_open(const char *name, const struct gw_image_opts *opts, struct gw_err *err)
{
    struct gw_image *image = gw_alloc(1, sizeof *image, err);
    int spool = opts->spool;
    if (image == NULL) {
        gw_closep(&spool);
        return NULL;
    }
    image->fd = -1;
    image->spool = opts->spool;
    index_init(&image->index, -1, false);
    image->window = gw_alloc(WINDOW_LEN, 1, err);
    if (image->window == NULL || open_image(image, name, opts, err) < 0) {
        gw_image_close(image);
        return NULL;
    }
    return image;
}

uint64_t gw_image_num_pfns(const struct gw_image *image)
{
    return image->index.pfns.num;
}

uint64_t gw_image_next(const struct gw_image *image, uint64_t pfn)
{
    uint64_t leaf = pfn;
    if (gw_sparse_leaf(&image->index.pfns, &leaf) == NULL)
        return UINT64_MAX;
    return gw_max(leaf, pfn);
}

static uint64_t state_of(const struct gw_image *image, uint64_t pfn)
{
    const uint64_t *state = gw_sparse_find(&image->index.pfns, pfn);
    return state != NULL ? *state : 0;
}

int gw_image_type(const struct gw_image *image, uint64_t pfn)
{
    uint64_t state = state_of(image, pfn);
    return state == 0 ? -1 : (int)(state >> 60 ^ GW_PAGE_NO_TYPE);
}

/* As the index has it; false: it has none. */
static bool place_of(const struct gw_image *image, uint64_t pfn, uint64_t *place)
{
    *place = (state_of(image, pfn) & INDEX_PLACE) - 1;
    return *place != UINT64_MAX;
}

/* The file of a place, and the offset in it. */
static int file_of(const struct gw_image *image, uint64_t place, uint64_t *offset)
{
    *offset = place & ~INDEX_SPOOLED;
    return (place & INDEX_SPOOLED) != 0 ? image->spool : image->fd;
}

bool gw_image_place(const struct gw_image *image, uint64_t pfn, int *fd, uint64_t *offset)
{
    uint64_t place;
    if (!place_of(image, pfn, &place))
        return false;
    *fd = file_of(image, place, offset);
    return true;
}

/* Reads what is around the place: pages that follow one another cost one call for many. */
static int look_at(struct gw_image *image, uint64_t place, struct gw_err *err)
{
    bool follows = place == image->window_at + image->window_len;
    uint64_t offset, size = (place & INDEX_SPOOLED) != 0 ? image->index.spooled : (uint64_t)image->before.st_size;
    int fd = file_of(image, place, &offset);
    size_t want = offset < size ? (size_t)gw_min(follows ? WINDOW_LEN : FIRST_LOOK, size - offset) : 0;
    image->window_at = place;
    image->window_len = 0;
    ssize_t got = gw_read_at(fd, image->window, want, offset);
    if (got < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot read contents at offset 0x%llx", (unsigned long long)offset);
    image->window_len = (size_t)got;
    return 0;
}

const uint8_t *gw_image_page(struct gw_image *image, uint64_t pfn, struct gw_err *err)
{
    uint64_t place;
    if (!place_of(image, pfn, &place))
        return NULL;
    bool there = place >= image->window_at && place - image->window_at < image->window_len &&
                 image->window_len - (place - image->window_at) >= GW_PAGE_LEN;
    if (!there && look_at(image, place, err) < 0)
        return NULL;
    if (!there && image->window_len < GW_PAGE_LEN) {
        gw_fail(err, GW_E_INVALID, "the file became shorter while it was read");
        return NULL;
    }
    return image->window + (place - image->window_at);
}

const char *gw_image_layers(const struct gw_image *image)
{
    return image->layers;
}

void gw_image_close(struct gw_image *image)
{
    if (image == NULL)
        return;
    gw_free(image->window);
    gw_closep(&image->fd);
    gw_closep(&image->spool);
    index_free(&image->index);
    gw_free(image);
}

void gw_image_closep(struct gw_image **image)
{
    gw_image_close(*image);
}
