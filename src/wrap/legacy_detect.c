/*
 * legacy_detect.c - how a legacy image is to be read: the width of its words and the kind of its guest, from itself;
 * what a person says instead is held against it (section 2).
 */
#include <stdio.h>
#include <string.h>

#include "legacy.h"

#define FIRST_LOOK 512

static int find_width(struct legacy_image *image, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    const struct legacy_hint *hint = image->hint;
    if (gw_chan_peek(image->walk.chan, FIRST_LOOK, &mem, &len, err) < 0)
        return -1;
    image->head.form = legacy_proposal_of(mem, len);
    if (image->head.form != LEGACY_PLAIN)
        return legacy_proposal_read(&image->walk, &image->head, err);
    struct gw_cur cur = gw_cur(mem, len);
    gw_take(&cur, 4);
    image->head.width = gw_u32(&cur) == 0 ? 8 : 4;
    if (cur.bad)
        return gw_ends(err, "legacy-truncated", "the input ends inside the legacy image's head");
    if (!hint->is_override || hint->width == 0 || hint->width == image->head.width)
        return 0;
    unsigned seen = image->head.width;
    image->head.width = hint->width;
    return legacy_odd(image->sink, GW_LEGACY_HINT, legacy_offset(&image->walk), err,
                      "it begins as a %u-bit toolstack writes it; it is read as one of %u bits, as you said", 8 * seen,
                      8 * hint->width);
}

static int find_guest(struct legacy_image *image, enum legacy_guest *guest, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    bool is_sure;
    if (gw_chan_peek(image->walk.chan, FIRST_LOOK, &mem, &len, err) < 0)
        return -1;
    if (legacy_has_info(mem, len, image->head.width, &is_sure)) {
        *guest = LEGACY_PV;
        return 0;
    }
    if (legacy_probe(&image->walk, guest, err) < 0)
        return -1;
    if (*guest != LEGACY_UNDECIDED || image->hint->guest != NULL)
        return 0;
    return legacy_image_put_aside(image, err) < 0 ? -1 : legacy_probe(&image->walk, guest, err);
}

static int say_none(struct legacy_image *image, struct gw_err *err)
{
    const uint8_t *mem;
    size_t len;
    if (gw_chan_peek(image->walk.chan, FIRST_LOOK, &mem, &len, err) < 0)
        return -1;
    struct gw_cur cur = gw_cur(mem, len);
    gw_take(&cur, 8);
    uint64_t version = gw_u64(&cur);
    if (!cur.bad && version >= 1 && version <= 3)
        return gw_refuse(err, "ihdr-legacy", "this looks like an image of a guest on ia64, which no Xen runs any more");
    return gw_refuse(err, "ihdr-legacy",
                     "this begins like a legacy image (Xen 4.5 or older) of a %u-bit toolstack, but what follows is "
                     "neither a PV guest's nor an HVM guest's",
                     8 * image->head.width);
}

static int settle(struct legacy_image *image, enum legacy_guest seen, struct gw_err *err)
{
    const char *said = image->hint->guest;
    enum legacy_guest hinted = said == NULL ? LEGACY_NO_GUEST : strcmp(said, "hvm") == 0 ? LEGACY_HVM : LEGACY_PV;
    bool is_open = seen == LEGACY_UNDECIDED || seen == LEGACY_TOO_SHORT; /* UNDECIDED: a hint decides */
    bool decides = hinted != LEGACY_NO_GUEST && (image->hint->is_override || is_open);
    image->head.is_hvm = (decides ? hinted : seen) == LEGACY_HVM;
    if (!decides && seen == LEGACY_NO_GUEST)
        return say_none(image, err);
    if (!decides && seen == LEGACY_TOO_SHORT)
        return gw_ends(err, "legacy-truncated",
                       "the input ends before it shows whether a PV guest or an HVM guest is in it");
    if (!decides || seen == hinted || is_open)
        return 0;
    return legacy_odd(image->sink, GW_LEGACY_HINT, legacy_offset(&image->walk), err,
                      "what is there %s; it is read as %s guest's, as you said",
                      seen == LEGACY_NO_GUEST ? "is no guest's image"
                      : seen == LEGACY_PV     ? "is a PV guest's image"
                                              : "is an HVM guest's image",
                      hinted == LEGACY_PV ? "a PV" : "an HVM");
}

int legacy_detect(struct legacy_image *image, struct gw_err *err)
{
    enum legacy_guest guest = LEGACY_NO_GUEST;
    image->walk.head = &image->head;
    if (find_width(image, err) < 0 || find_guest(image, &guest, err) < 0)
        return -1;
    return settle(image, guest, err);
}
