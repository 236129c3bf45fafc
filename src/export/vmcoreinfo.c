/*
 * vmcoreinfo.c - the note that a Linux keeps of itself for whoever reads its core: release, addresses, sizes.
 *
 * The kernel holds it ready as an ELF note at the begin of a page, its text reaching into the next one. What looks like
 * one is a stranger's octets all the same: it goes into the core as it stands, and is used for nothing here.
 */
#include <string.h>

#include "exporter.h"

#define NAME "VMCOREINFO"
#define MOST 4096
#define HEAD_LEN 24 /* u32 length of the name, of the text, type; the name, padded */
#define BEGIN "OSRELEASE="

/* The text's length, where the page begins like a note of that name; else 0. */
static uint32_t length_in(const uint8_t *page)
{
    struct gw_cur cur = gw_cur(page, GW_PAGE_LEN);
    uint32_t name_len = gw_u32(&cur), len = gw_u32(&cur), type = gw_u32(&cur);
    const uint8_t *name = gw_take(&cur, HEAD_LEN - 12), *text = gw_take(&cur, sizeof BEGIN - 1);
    bool is_one = name_len == sizeof NAME && type == 0 && memcmp(name, NAME, sizeof NAME) == 0 &&
                  memcmp(text, BEGIN, sizeof BEGIN - 1) == 0;
    return is_one && len >= sizeof BEGIN && len <= MOST ? len : 0;
}

/* The text, from this page and the next. */
static int take_text(struct gw_buf *text, struct gw_image *image, uint64_t pfn, uint32_t len, struct gw_err *err)
{
    const uint8_t *page = gw_image_page(image, pfn, err);
    size_t here = (size_t)gw_min(len, GW_PAGE_LEN - HEAD_LEN);
    if (page == NULL)
        return -1;
    gw_put(text, page + HEAD_LEN, here);
    page = len > here ? gw_image_page(image, pfn + 1, err) : NULL;
    if (page != NULL)
        gw_put(text, page, len - here);
    return err->code == GW_E_OK ? gw_buf_ok(text, err) : -1;
}

static uint32_t look_at(struct gw_image *image, uint64_t pfn, struct gw_err *err)
{
    const uint8_t *page = gw_image_page(image, pfn, err);
    return page != NULL ? length_in(page) : 0;
}

int vmcoreinfo_note(struct gw_buf *notes, struct gw_image *image, uint32_t *len, struct gw_err *err)
{
    struct gw_buf text = { 0 };
    uint64_t num = gw_image_num_pfns(image);
    *len = 0;
    for (uint64_t pfn = 0; text.len == 0 && (pfn = gw_image_next(image, pfn)) < num; pfn++) {
        uint32_t there = look_at(image, pfn, err);
        if (there > 0 && take_text(&text, image, pfn, there, err) == 0 && text.len == there)
            note_put(notes, NAME, 0, text.mem, text.len);
        if (err->code != GW_E_OK)
            break;
        *len = text.len == there ? there : 0;
        text.len = *len;
    }
    gw_buf_free(&text);
    return err->code == GW_E_OK ? 0 : -1;
}
