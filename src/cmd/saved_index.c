/*
 * saved_index.c - looks whether an image has an index beside it that was made of it as it is, and asks it.
 *
 * An index is an offer. One that is stale, damaged or contradicted by the image is named on stderr and not used: the
 * image is read instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "saved_index.h"

struct gw_saved_index {
    char *name;
    int fd; /* the image */
    struct gw_saved *saved;
};

char *gw_saved_index_name(const char *image, struct gw_err *err)
{
    size_t len = strlen(image) + sizeof GW_SAVED_SUFFIX;
    char *name = gw_alloc(len, 1, err);
    if (name != NULL)
        snprintf(name, len, "%s" GW_SAVED_SUFFIX, image);
    return name;
}

int gw_saved_index_octets(const char *name, bool *there, struct gw_buf *out, struct gw_err *err)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    *there = fd >= 0 || errno != ENOENT;
    if (fd < 0)
        return *there ? gw_fail(err, GW_E_SYSTEM, "it cannot be opened") : 0;
    gw_auto(gw_chan_closep) struct gw_chan *chan = gw_chan_fd(fd, true, err);
    if (chan == NULL)
        return -1;
    if (gw_chan_fill(chan, out, gw_limit(SAVED_INDEX) + 1, err) == 0)
        return gw_fail(err, GW_E_REFUSED, "it is longer than an index may be");
    if (!gw_err_is_cut(err)) /* it ends, as it should */
        return -1;
    *err = GW_ERR_NONE;
    return 0;
}

static void complain(const char *name, struct gw_err *err)
{
    gw_because(err, "the index '%s' is not used; godwit index --force makes it anew", name);
    gw_complain(err);
}

static int open_both(struct gw_saved_index *index, const char *image, bool *there, struct gw_err *err)
{
    struct gw_buf octets = { 0 };
    struct gw_image_print print;
    int rc = gw_saved_index_octets(index->name, there, &octets, err);
    if (rc == 0 && *there)
        index->saved = gw_saved_read(&octets, err);
    gw_buf_free(&octets);
    if (index->saved == NULL)
        return rc < 0 || *there ? -1 : 0;
    index->fd = open(image, O_RDONLY | O_CLOEXEC);
    if (index->fd < 0)
        return gw_fail(err, GW_E_SYSTEM, "the image cannot be opened");
    if (gw_image_print_take(index->fd, &print, err) < 0)
        return -1;
    if (!gw_saved_is_of(index->saved, &print))
        return gw_fail(err, GW_E_INVALID, "it was made of another image, or the image was changed since");
    return 0;
}

struct gw_saved_index *gw_saved_index_open(const char *image)
{
    struct gw_err err = GW_ERR_NONE;
    bool there = false;
    struct gw_saved_index *index = strcmp(image, "-") != 0 ? gw_alloc(1, sizeof *index, &err) : NULL;
    if (index == NULL)
        return NULL;
    index->fd = -1;
    index->name = gw_saved_index_name(image, &err);
    int rc = index->name != NULL ? open_both(index, image, &there, &err) : -1;
    if (rc == 0 && there)
        return index;
    if (rc < 0)
        complain(index->name != NULL ? index->name : image, &err);
    gw_saved_index_close(index);
    return NULL;
}

bool gw_saved_index_pick(struct gw_saved_index *index, struct gw_picked *out)
{
    struct gw_saved_page page;
    struct gw_err err = GW_ERR_NONE;
    bool named;
    if (index == NULL || index->saved == NULL)
        return false;
    if (gw_saved_find(index->saved, index->fd, out->pfn, &named, &page, &err) < 0) {
        complain(index->name, &err);
        gw_saved_free(index->saved);
        index->saved = NULL;
        return false;
    }
    if (!named)
        return true;
    out->times = page.times;
    out->record = page.record;
    out->offset = page.offset;
    out->type = page.type;
    out->has_contents = page.has_contents;
    memcpy(out->page, page.page, GW_PAGE_LEN);
    return true;
}

void gw_saved_index_close(struct gw_saved_index *index)
{
    if (index == NULL)
        return;
    gw_saved_free(index->saved);
    gw_closep(&index->fd);
    gw_free(index->name);
    gw_free(index);
}
