/*
 * export.h - an image's memory as a file of other programs: an ELF core, LiME, raw.
 *
 * The memory is that of the opened image (src/image), the registers those of the inspector (src/report) that stood
 * beside when it was opened. Output is written in order, but for holes. Knows no options and prints nothing.
 */
#ifndef GW_EXPORT_H
#define GW_EXPORT_H

#include "base.h"
#include "channel.h"
#include "xenf.h"
#include "image.h"
#include "report.h"

/* X(NAME, "word", "what it is") */
#define GW_EXPORT_FORMATS(X)                                                                                           \
    X(ELF, "elf", "an ELF core: memory by guest-physical and kernel's virtual address, registers")                     \
    X(RAW, "raw", "memory by address, with holes where there is none")                                                 \
    X(LIME, "lime", "LiME: ranges of memory, each with its addresses")

enum gw_export_format {
#define X(name, ...) GW_EXPORT_##name,
    GW_EXPORT_FORMATS(X)
#undef X
        GW_NUM_EXPORT_FORMATS
};
const char *gw_export_format_name(enum gw_export_format format);

struct gw_export_opts {
    enum gw_export_format format;
    struct gw_chan *to; /* borrowed */
    int holes;          /* the descriptor below it, where that is a new regular file: zeros become holes; else -1 */
};

struct gw_exported {
    uint64_t octets;
    uint8_t sha256[GW_SHA256_LEN];
    uint64_t by_type[16];           /* pfns whose last type that is */
    uint64_t pages, ranges;         /* that are memory, and runs of them */
    uint64_t gaps;                  /* pfns below the highest page that are none */
    uint32_t num_vcpus;             /* whose registers were written */
    uint64_t mapped, mapped_ranges; /* pages that have a virtual address, and runs of them */
    uint64_t unmapped;              /* pages whose virtual address was left out: too many runs, or aliases */
    uint32_t vmcoreinfo;            /* its length; 0: none was found */
};

/* Of a pfn: what exists for the guest, with contents or allocated without (zero). */
bool gw_export_is_page(const struct gw_image *image, uint64_t pfn);

int gw_export(struct gw_image *image, struct gw_sink *inspector, const struct gw_export_opts *opts,
              struct gw_exported *out, struct gw_err *err);

#endif
