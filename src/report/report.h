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
void gw_json_bool(struct gw_json *json, const char *key, bool value);

/* --- colour ------------------------------------------------------------------------------------------------------ */

enum gw_colour { GW_PLAIN, GW_RED, GW_YELLOW, GW_GREEN, GW_DIM, GW_BOLD };
/* The sequence that begins a colour, "" when colour is off; GW_PLAIN ends one. */
const char *gw_colour(bool on, enum gw_colour colour);

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
    bool trailing_more; /* counting was given up */
    char cpu[65];       /* SAVING_CPU */
    unsigned pv_width;  /* 4 or 8, when X86_PV_INFO says it */
};

/* Gathers them into *out (borrowed), which the caller zeroed. */
struct gw_sink *gw_summarizer(struct gw_summary *out, struct gw_err *err);

/* "PV 64-bit", "HVM" ... as far as is known. */
const char *gw_guest_name(const struct gw_summary *summary, const struct gw_verdict *verdict);

struct gw_info {
    const char *file, *layers;
    const struct gw_summary *summary;
    const struct gw_verdict *verdict;
};
void gw_info_text(FILE *out, bool colour, const struct gw_info *info);
void gw_info_json(FILE *out, const struct gw_info *info);

/* "1 error, 2 warnings, no notes". Returns room. */
char *gw_counts_text(char *room, size_t len, const struct gw_verdict *verdict);

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
void gw_hex(char *out, const uint8_t *mem, size_t len); /* 2 * len + 1 octets */

#endif
