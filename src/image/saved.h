/*
 * saved.h - the index of an image kept in a file beside it: where each pfn's last contents stand, by runs.
 *
 * All numbers little-endian. Head, records, runs, and XXH3-64 over all of that:
 *
 *   0  u64  "GODWITIX"         24  u64  XXH3-64 of the image's sampled octets: see gw_image_print_take
 *   8  u32  version, 1         32  u32  records
 *  12  u32  0                  36  u32  runs
 *  16  u64  octets of the image    40  u64  when the image was last modified, in ns since 1970
 *
 *   record, 16 octets: u64 place in the image, u64 number. A PAGE_DATA in which contents or types of a run stand.
 *   run, 32 octets: u64 first pfn and type as PAGE_DATA has them; u64 place of the first contents, all ones for none;
 *                   u32 record, counted from 0; u32 how often each pfn was named; u32 pfns; u32 0. Ascending.
 *
 * Such a file is a stranger's. What it says is bounded by the image's length when it is read, and proven by the image
 * when it is used: the record that it names has to name the pfn, with that type and those contents. What nothing but a
 * reading of the whole can tell is whether that record is one, and the last: a forged index can hide pages, and show
 * what the guest has in its memory.
 */
#ifndef GW_SAVED_H
#define GW_SAVED_H

#include "base.h"
#include "xenf.h"

#define GW_SAVED_SUFFIX ".gwi"

/* What tells one state of a file from another without reading all of it. */
struct gw_image_print {
    uint64_t octets, modified_ns, check;
};
/* Of a regular file: its length, its time, and the check of its first and last 64 KiB and 64 pages between. */
int gw_image_print_take(int fd, struct gw_image_print *out, struct gw_err *err);

/* A sink that makes one of an image in a plain file; whether it is that is for the caller to see. */
struct gw_sink *gw_saved_maker(struct gw_err *err);
/* So much of the image is whole that it has a state. */
bool gw_saved_commits(const struct gw_sink *maker);
/* Once, when the producer is done: the file's octets. Refuses an image whose contents do not stand in PAGE_DATAs. */
int gw_saved_make(struct gw_sink *maker, const struct gw_image_print *print, struct gw_buf *out, struct gw_err *err);

struct gw_saved;
/* octets: given, also on failure. Every fault of form is refused. */
struct gw_saved *gw_saved_read(struct gw_buf *octets, struct gw_err *err);
void gw_saved_free(struct gw_saved *saved); /* NULL is fine */
/* It was made of the file that has this print. */
bool gw_saved_is_of(const struct gw_saved *saved, const struct gw_image_print *print);

struct gw_saved_page {
    unsigned type;
    uint64_t times, record, offset; /* offset: of the contents */
    bool has_contents;
    uint8_t page[GW_PAGE_LEN];
};
/*
 * A pfn, proven by the image itself and read from it. *named false: the index does not name it. An index that the image
 * contradicts is an error.
 */
int gw_saved_find(const struct gw_saved *saved, int fd, uint64_t pfn, bool *named, struct gw_saved_page *out,
                  struct gw_err *err);

#endif
