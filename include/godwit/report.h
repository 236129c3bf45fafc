/*
 * report.h - the facts of an image, and its state as hashes: two sinks.
 */
#ifndef GODWIT_REPORT_H
#define GODWIT_REPORT_H

#include <godwit/base.h>
#include <godwit/error.h>
#include <godwit/sink.h>

GODWIT_BEGIN_DECLS

/* --- summary ------------------------------------------------------------------------------------------------------ */

/* What was counted. A view (see base.h), borrowed until the summarizer is closed. Texts: "" for what is not said. */
struct godwit_summary {
    size_t size;
    int begun;                                           /* a flag: there were headers; without, the rest is zero */
    const char *guest;                                   /* "PV 32-bit", "PV 64-bit", "PV", "HVM", "PVH", "unknown" */
    uint32_t version, domain_type, xen_major, xen_minor; /* as in struct godwit_headers */
    uint64_t num_records;
    uint64_t num_entries;     /* pfns named by all PAGE_DATA, each as often as it is named */
    uint64_t num_contents;    /* pages of contents, counted the same way */
    const char *name, *uuid;  /* from xl's configuration: as stored, not fit for a terminal */
    uint64_t max_memkb;       /* from xl's configuration, KiB; 0: not said */
    uint32_t max_vcpus;       /* the same */
    uint64_t emulator_octets; /* of the device model's state */
    uint64_t trailing_octets; /* behind the end; with trailing_more at least so many */
    int trailing_more;        /* a flag */
    const char *cpu;          /* the processor that saved, from godwit's own record */
};

/* A sink that counts. NULL on failure. */
GODWIT_API struct godwit_sink *godwit_summarizer_new(struct godwit_error *err);

/* After the run, or in callbacks: as far as it came. NULL: the sink is no summarizer (GODWIT_USAGE). */
GODWIT_API const struct godwit_summary *godwit_summarizer_summary(struct godwit_sink *summarizer,
                                                                  struct godwit_error *err);

/*
 * Records of that type so far, and their octets with headers and padding; of a type without a name: of all such types
 * together. Either pointer may be NULL. -1: the sink is no summarizer.
 */
GODWIT_API int godwit_summarizer_records(const struct godwit_sink *summarizer, uint32_t type, uint64_t *num,
                                         uint64_t *octets);

/* --- digest ------------------------------------------------------------------------------------------------------- */

/*
 * A sink that hashes the final contents of each pfn and each blob of state (SHA-256). Memory: 33 octets for each pfn up
 * to the highest named. NULL on failure.
 */
GODWIT_API struct godwit_sink *godwit_digester_new(struct godwit_error *err);

/* Takes text that comes next, length octets, ASCII. 0: go on; -1: stop, as a callback of a sink does. */
typedef int godwit_write_fn(void *arg, const char *text, size_t length, struct godwit_error *err);

/*
 * After the run: the lines of godwit digest (godwit(1)), json (a flag) as JSON lines. Once. The state of a checkpointed
 * image that was cut is that of its last complete checkpoint; -1 when no state is complete, the run failed for another
 * reason than a cut, or the sink is no digester.
 */
GODWIT_API int godwit_digester_write(struct godwit_sink *digester, int json, godwit_write_fn *write, void *arg,
                                     struct godwit_error *err);

GODWIT_END_DECLS

#endif
