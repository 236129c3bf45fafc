/*
 * report.h - what people and programs read: JSON lines, colour, the facts of an image, its digest.
 */
#ifndef GW_REPORT_H
#define GW_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base.h"
#include "channel.h"
#include "xenf.h"
#include "verify.h"

#include "paging.h"

/* --- JSON, one object in a line ---------------------------------------------------------------------------------- */

/* Zero state but for out. Text is escaped so that each line is plain ASCII, whatever the octets were. */
struct gw_json {
    FILE *out;
    unsigned depth;
    bool more; /* the next value needs a comma */
};

/* key: NULL inside an array and for the line itself. */
void gw_json_object(struct gw_json *json, const char *key);
void gw_json_array(struct gw_json *json, const char *key);
/* Ends the innermost object or array; the outermost one ends the line. */
void gw_json_end(struct gw_json *json, char bracket);
void gw_json_text(struct gw_json *json, const char *key, const char *value);
/* Values above 2^53 as hex strings: most readers would lose bits. */
void gw_json_number(struct gw_json *json, const char *key, uint64_t value);
void gw_json_signed(struct gw_json *json, const char *key, int64_t value);
void gw_json_bool(struct gw_json *json, const char *key, bool value);
/* As lower-case hex digits. */
void gw_json_octets(struct gw_json *json, const char *key, const uint8_t *mem, size_t len);

/* --- colour ------------------------------------------------------------------------------------------------------ */

enum gw_colour { GW_PLAIN, GW_RED, GW_YELLOW, GW_GREEN, GW_DIM, GW_BOLD };
/* The sequence that begins a colour, "" when colour is off; GW_PLAIN ends one. */
const char *gw_colour(bool on, enum gw_colour colour);

/* --- structures by their layouts ---------------------------------------------------------------------------------- */

/* The fields, into an object that is open: absent ones left out, a TO_END field always an array. */
void gw_structure_json(struct gw_json *json, const struct gw_layout *layout, struct gw_cur octets);

struct gw_style {
    bool colour;
    bool hex;        /* octet strings as a dump, not as a count; padding too */
    bool fpu;        /* the registers of an FXSAVE image, not its length alone */
    unsigned indent; /* columns before each line */
};
/* The fields for people: numbers in columns, parts of numbers by name, repeats folded. */
void gw_structure_text(FILE *out, const struct gw_style *style, const struct gw_layout *layout, struct gw_cur octets);
/* 16 octets a line, with their place (from `at` on) and what is printable; lines that repeat the one before folded. */
void gw_hexdump(FILE *out, const struct gw_style *style, uint64_t at, struct gw_cur octets);

/* --- the facts of an image --------------------------------------------------------------------------------------- */

struct gw_tally {
    uint64_t num, octets; /* records; with headers and padding */
};

#define GW_SUMMARY_UNKNOWN 0 /* index of records of unknown type; the others: 1 + row of gw_records */
#define GW_SUMMARY_TYPES 64

struct gw_summary {
    bool begun;
    struct gw_headers headers;
    struct gw_guest_config config;
    struct gw_tally records[GW_SUMMARY_TYPES];
    uint64_t num_records, num_entries, num_contents; /* of all PAGE_DATA: pfns named, pages of contents */
    uint64_t emulator_octets, trailing;
    struct gw_device_state emulator; /* of the last one */
    bool trailing_more;              /* counting was given up */
    char cpu[65];                    /* SAVING_CPU */
    unsigned pv_width;               /* 4 or 8, when X86_PV_INFO says it */
    struct gw_legacy_facts legacy;   /* width 0: it is no legacy image */
};

/* Gathers them into *out (borrowed), which the caller zeroed. */
struct gw_sink *gw_summarizer(struct gw_summary *out, struct gw_err *err);

/* "PV 64-bit", "HVM" ... as far as is known. */
const char *gw_guest_name(const struct gw_summary *summary, const struct gw_verdict *verdict);

/* "saved by Xen 4.2 to 4.5 with a 32-bit toolstack, 3 checkpoints". Returns room. */
char *gw_legacy_text(char *room, size_t len, const struct gw_legacy_facts *legacy);
/* The same as a member "legacy". */
void gw_legacy_json(struct gw_json *json, const struct gw_legacy_facts *legacy);

struct gw_info {
    const char *file, *layers;
    const struct gw_summary *summary;
    const struct gw_verdict *verdict;
};
void gw_info_text(FILE *out, bool colour, const struct gw_info *info);
void gw_info_json(FILE *out, const struct gw_info *info);

/* pfns that end as pages. */
uint64_t gw_verdict_pages(const struct gw_verdict *verdict);
/* "1 error, 2 warnings, no notes". Returns room. */
char *gw_counts_text(char *room, size_t len, const struct gw_verdict *verdict);

/* --- everything in an image -------------------------------------------------------------------------------------- */

struct gw_inspect_opts {
    bool zeros; /* look at contents and count the pages that are zero */
};
/*
 * Gathers what stands in an image: each record that is state, asides, the memory's types and passes. 2 octets per pfn
 * up to the highest named, gw_limit(INSPECTED) octets of records.
 */
struct gw_sink *gw_inspector(const struct gw_inspect_opts *opts, struct gw_err *err);
/* Once, when the producer is done or failed, before anything is printed. */
void gw_inspector_finish(struct gw_sink *inspector);

struct gw_picked;
/* The page that a PV guest was told of at its start: wanted, where vCPU 0 names it; then given, to be told too. */
bool gw_inspector_start_info(struct gw_sink *inspector, uint64_t *pfn);
int gw_inspector_take_start_info(struct gw_sink *inspector, const struct gw_picked *page, struct gw_err *err);

#define GW_EVERY_VCPU UINT32_MAX
struct gw_inspect_view {
    const char *file, *layers;
    const struct gw_verdict *verdict;
    const struct gw_finding *findings;
    size_t num_findings;
    uint32_t vcpu;         /* only what belongs to it, or GW_EVERY_VCPU */
    bool colour, hex, fpu; /* of the text */
};
int gw_inspect_text(FILE *out, struct gw_sink *inspector, const struct gw_inspect_view *view, struct gw_err *err);
int gw_inspect_json(FILE *out, struct gw_sink *inspector, const struct gw_inspect_view *view, struct gw_err *err);
/* One page for a browser, which loads nothing. Asks gw_sha256. */
int gw_inspect_html(FILE *out, struct gw_sink *inspector, const struct gw_inspect_view *view, struct gw_err *err);

/* A record by its number, as --record shows it; zero: not found. */
struct gw_one_record {
    uint64_t number, found_offset, highest; /* highest: number of the last record that came */
    bool found;
};
/* Prints the record when it passes: frame, structures or entries, and its octets with view->hex. */
struct gw_sink *gw_record_printer(FILE *out, bool json, const struct gw_inspect_view *view, struct gw_one_record *one,
                                  struct gw_err *err);

/* The last contents of a pfn, whose number the caller sets; times: how often it was named. */
struct gw_picked {
    uint64_t pfn;
    uint64_t times, record, offset; /* of the last time: the record, and where its contents stand */
    unsigned type;
    bool has_contents;
    uint8_t page[GW_PAGE_LEN];
};
/* *out is whole when the sink was closed. */
struct gw_sink *gw_picker(struct gw_picked *out, struct gw_err *err);
/* Of an inspector that is finished: what gw_summarizer gathers. Borrowed. */
const struct gw_summary *gw_inspector_summary(struct gw_sink *inspector);
/* The body of the image's one record of that type, borrowed. False: it has none. */
bool gw_inspector_record(struct gw_sink *inspector, uint32_t type, struct gw_cur *body);
/* The registers of each vCPU, in the order of the image: of HVM or PV guests, by the layout. Octets are borrowed. */
int gw_inspector_registers(struct gw_sink *inspector, gw_structure_fn *fn, void *arg, struct gw_err *err);
/* How a vCPU translates addresses: of its registers. */
void gw_paging_of(const struct gw_structure *registers, struct gw_paging *out);
/* The same by the vCPU's id. */
int gw_inspector_paging(struct gw_sink *inspector, uint32_t vcpu, struct gw_paging *out, struct gw_err *err);

/* Something in a record that two images do not have alike. */
struct gw_record_difference {
    uint32_t record_type;
    const char *name; /* of the structure */
    bool per_vcpu;
    uint32_t instance;
    const char *path;           /* "user_regs.rip", "trap_ctxt[3].address"; "": the structure as a whole */
    const char *first, *second; /* the two values as text, "absent" */
};
/* Borrowed for the call. -1 to stop, with err set. */
typedef int gw_record_difference_fn(void *arg, const struct gw_record_difference *difference, struct gw_err *err);
/* Of two inspectors that are finished. *num: how many were told. */
int gw_compare_records(struct gw_sink *first, struct gw_sink *second, gw_record_difference_fn *fn, void *arg,
                       uint64_t *num, struct gw_err *err);

/* A finding as a line; verbose: and what its rule demands. */
void gw_finding_text(FILE *out, const struct gw_finding *finding, bool colour, bool verbose);
void gw_finding_json(FILE *out, const char *file, const struct gw_finding *finding);

/* --- digest ------------------------------------------------------------------------------------------------------ */

/*
 * Hashes the final contents of each pfn and each state blob (SHA-256). The state of a checkpointed image without END
 * is that of its last commit. Memory: 33 octets per pfn up to the highest named, in leaves.
 */
struct gw_sink *gw_digester(struct gw_err *err);
/* After the producer is done, or failed behind a commit: the lines. json: JSON lines. Fails when nothing is whole. */
int gw_digest_print(struct gw_sink *digester, FILE *out, bool json, struct gw_err *err);

/* The library that hashes, and its version. */
const char *gw_sha256_library(void);
/* SHA-256 through OpenSSL. */
#define GW_SHA256_LEN 32
/* Finds the algorithm, for which OpenSSL reads files: a process that will give that up asks before. */
int gw_sha256_begin(struct gw_err *err);
int gw_sha256(const void *mem, size_t len, uint8_t out[GW_SHA256_LEN], struct gw_err *err);
/* The same of octets that come one after the other. */
struct gw_hash;
struct gw_hash *gw_hash_new(struct gw_err *err);
int gw_hash_more(struct gw_hash *hash, const void *mem, size_t len, struct gw_err *err);
int gw_hash_end(struct gw_hash *hash, uint8_t out[GW_SHA256_LEN], struct gw_err *err); /* once */
void gw_hash_free(struct gw_hash *hash);                                               /* NULL is fine */
void gw_hex(char *out, const uint8_t *mem, size_t len);                                /* 2 * len + 1 octets */

#endif
