/*
 * chunk.h - the talk of two godwits as octets: frames, types and their property bits, the fields of each chunk.
 *
 * This is the one header of the room. Format: formats/chunks.md, sections 1 to 3. Pure: octets into structs and back,
 * no I/O, no clock, no allocation but in the buffer that is built. The room must not know who talks, when, or what
 * follows from it (session), nor what a record or a page means (xenf).
 *
 * To hear: gw_chunk_head_decode (how much to read) or gw_chunk_take (a whole chunk, its crc checked), gw_chunk_duty
 * (refuse, skip, or decode), gw_chunk_decode. To say: gw_chunk_encode.
 * GW_E_SHORT: octets are missing, more may come. GW_E_INVALID: they are wrong, and stay so. GW_E_REFUSED: they are
 * right, but not for us. All integers are big-endian. What a decoder hands out is borrowed from its input.
 */
#ifndef GW_CHUNK_H
#define GW_CHUNK_H

#include "base.h"

/* --- frame (section 1) ------------------------------------------------------------------------------------------- */

#define GW_CHUNK_HEAD_LEN 8u /* length, type */
#define GW_CHUNK_CRC_LEN 4u
#define GW_CHUNK_LENGTH_MAX 0x7fffffffu          /* of any chunk's data */
#define GW_CHUNK_CONTROL_MAX (1u << 20)          /* of any chunk's data but RECD's */
#define GW_CHUNK_RECORD_MAX (UINT32_C(64) << 20) /* of RECD's data */
#define GW_CHUNK_SEEN_MAX (16u << 10)            /* of SEEN's data: it must always fit on its way back */

#define GW_CHUNK_ID_LEN 16 /* session ids, tokens */
#define GW_CHUNK_DIGEST_LEN 16

/* Who says it. */
enum gw_chunk_from { GW_FROM_SOURCE = 1, GW_FROM_DESTINATION = 2, GW_FROM_BOTH = 3 };

/*
 * The chunk types (section 3): the only place that knows letters, direction and sizes.
 *
 * X(ID, name of the struct, four letters, who says it, least data, most data, sentence). Critical or ancillary, and
 * what else the property bits say, follows from the letters. The second letters of the last three say "private" though
 * section 3 defines them: a type that stands here is known, and its data are what section 3 says, without an owner.
 * Their least is 0: when only the decoder dislikes an ancillary chunk, it can be skipped and the talk goes on.
 */
#define GW_CHUNKS(X)                                                                                                   \
    X(HELO, helo, 'H', 'E', 'L', 'O', BOTH, 20, GW_CHUNK_CONTROL_MAX, "who speaks, and what it can; comes first")      \
    X(OFFR, offr, 'O', 'F', 'F', 'R', SOURCE, 53, GW_CHUNK_CONTROL_MAX, "the guest that is offered")                   \
    X(ACPT, acpt, 'A', 'C', 'P', 'T', DESTINATION, 36, GW_CHUNK_CONTROL_MAX, "the offer is taken")                     \
    X(DENY, deny, 'D', 'E', 'N', 'Y', DESTINATION, 4, GW_CHUNK_CONTROL_MAX, "it is not, and why; nothing was touched") \
    X(PAGE, page, 'P', 'A', 'G', 'E', SOURCE, 24, GW_CHUNK_CONTROL_MAX, "pages; their contents follow behind")         \
    X(ROUN, roun, 'R', 'O', 'U', 'N', SOURCE, 36, 36, "a round has ended")                                             \
    X(SEEN, seen, 'S', 'E', 'E', 'N', DESTINATION, 24, GW_CHUNK_SEEN_MAX, "what landed, and what to send again")       \
    X(RECD, recd, 'R', 'E', 'C', 'D', SOURCE, 4, GW_CHUNK_RECORD_MAX, "one image record other than page data")         \
    X(DONE, done, 'D', 'O', 'N', 'E', SOURCE, 48, 48, "all was sent: its digests")                                     \
    X(REDY, redy, 'R', 'E', 'D', 'Y', DESTINATION, 48, 48, "all is here: its digests; startable, nothing started")     \
    X(COMM, comm, 'C', 'O', 'M', 'M', SOURCE, 24, 24, "the source has let go: start")                                  \
    X(RUNS, runs, 'R', 'U', 'N', 'S', DESTINATION, 32, 32, "the guest runs")                                           \
    X(ASKS, asks, 'A', 'S', 'K', 'S', SOURCE, 25, 25, "what became of it?")                                            \
    X(TELL, tell, 'T', 'E', 'L', 'L', DESTINATION, 21, GW_CHUNK_CONTROL_MAX, "what became of it")                      \
    X(STOP, stop, 'S', 'T', 'O', 'P', BOTH, 8, GW_CHUNK_CONTROL_MAX, "the talk ends, and why")                         \
    X(ALIV, aliv, 'A', 'L', 'I', 'V', BOTH, 0, 0, "nothing to say, but here")                                          \
    X(PROG, prog, 'p', 'r', 'O', 'g', BOTH, 0, GW_CHUNK_CONTROL_MAX, "progress")                                       \
    X(CPUS, cpus, 'c', 'p', 'U', 's', SOURCE, 0, GW_CHUNK_CONTROL_MAX, "the saver's CPU, for a person")                \
    X(TIME, time, 't', 'i', 'M', 'e', SOURCE, 0, GW_CHUNK_CONTROL_MAX, "stamps of the source's clocks")

#define GW_CHUNK_TYPE(a, b, c, d) ((a) << 24 | (b) << 16 | (c) << 8 | (d))

enum gw_chunk_type {
#define X(id, name, a, b, c, d, ...) GW_CHUNK_##id = GW_CHUNK_TYPE(a, b, c, d),
    GW_CHUNKS(X)
#undef X
};

struct gw_chunk_info {
    enum gw_chunk_type type;
    enum gw_chunk_from from;
    uint32_t least, most; /* octets of data */
    const char *sentence;
};
extern const struct gw_chunk_info gw_chunk_types[];
extern const unsigned gw_num_chunk_types;

/* The row of that type; NULL for types that nobody defined. */
const struct gw_chunk_info *gw_chunk_info(uint32_t type);

/* The four letters, or what else a stranger put there, escaped; room has GW_CHUNK_NAME_ROOM octets. Returns room. */
#define GW_CHUNK_NAME_ROOM 24
const char *gw_chunk_name(uint32_t type, char *room);

/* A chunk in its frame. */
struct gw_chunk {
    uint32_t type;      /* enum gw_chunk_type, if it is known */
    struct gw_cur data; /* borrowed */
};

struct gw_chunk_head {
    uint32_t length, type;
};

/*
 * The first 8 octets: refuses what are not four letters, a lower-case third one, and lengths that the type cannot have.
 * Then head.length + GW_CHUNK_CRC_LEN octets follow.
 */
int gw_chunk_head_decode(struct gw_cur cur, struct gw_chunk_head *out, struct gw_err *err);

/* Takes one whole chunk and checks its crc; on failure *cur stands where it stood. */
int gw_chunk_take(struct gw_cur *cur, struct gw_chunk *out, struct gw_err *err);

/*
 * Builds a chunk: begin, puts of its data, end. begin returns what end wants. end writes the length and appends the
 * crc; when the data are too long or memory is out it fails, and nothing of the chunk stays in the buffer.
 */
size_t gw_chunk_begin(struct gw_buf *buf, uint32_t type);
int gw_chunk_end(struct gw_buf *buf, size_t begin, struct gw_err *err);

/* CRC-32 as in PNG over what gave crc and then mem; start with 0. */
uint32_t gw_chunk_crc(uint32_t crc, const void *mem, size_t len);

/* --- property bits (section 1) ----------------------------------------------------------------------------------- */

#define GW_CHUNK_ANCILLARY 0x20000000u
#define GW_CHUNK_PRIVATE 0x00200000u
#define GW_CHUNK_RESERVED 0x00002000u
#define GW_CHUNK_SAFE_TO_COPY 0x00000020u

enum gw_chunk_duty {
    GW_DUTY_DECODE, /* we know it */
    GW_DUTY_SKIP,   /* ancillary and unknown: skip it, and report it */
    GW_DUTY_REFUSE  /* critical and unknown, or the reserved bit is set: refuse the session */
};

/* What a receiver owes to a chunk of that type. */
enum gw_chunk_duty gw_chunk_duty(uint32_t type);
/* The same for a receiver that knows the type, or does not. */
enum gw_chunk_duty gw_chunk_duty_if(uint32_t type, bool known);

/* May the chunk go as it stands into a copy of a stored talk? critical_changed: critical chunks differ in the copy. */
bool gw_chunk_may_copy(uint32_t type, bool critical_changed);

/* --- text -------------------------------------------------------------------------------------------------------- */

/* UTF-8 without zero, not ended by one; borrowed. May hold control characters: gw_escape before a person sees it. */
struct gw_str {
    const char *text;
    size_t len;
};

/* Of a C string. */
struct gw_str gw_str(const char *text);
bool gw_str_is(struct gw_str str, const char *text);
bool gw_is_utf8(const void *mem, size_t len);

/* Whose private chunk that is: the first field of its data; *rest: what stands behind it. */
int gw_chunk_owner(const struct gw_chunk *chunk, struct gw_str *owner, struct gw_cur *rest, struct gw_err *err);

/* --- the chunks, field by field (section 3) ---------------------------------------------------------------------- */

#define GW_CHUNK_PROTOCOL 1u

struct gw_chunk_helo {
    uint32_t protocol;    /* GW_CHUNK_PROTOCOL; any other is GW_E_REFUSED, whatever stands behind it */
    uint32_t max_control; /* octets of data of a control chunk that the speaker takes */
    struct gw_str program, version;
    struct gw_str capabilities;
};

struct gw_chunk_offr {
    uint8_t session[GW_CHUNK_ID_LEN];
    uint64_t epoch; /* 0 first, +1 with each resume */
    struct gw_str guest, kind;
    uint64_t num_pfns, num_ram_pfns; /* at most 2^52, the pfns that an entry can name */
    bool live;
    struct gw_cur image; /* headers and static records up to STATIC_DATA_END, as in an image */
};

struct gw_chunk_acpt {
    uint8_t session[GW_CHUNK_ID_LEN];
    struct gw_str capabilities;
    uint8_t token[GW_CHUNK_ID_LEN]; /* for further connections */
};

struct gw_chunk_deny {
    uint32_t num;
    struct gw_cur reasons; /* num of them: gw_chunk_reason_take() */
};

enum gw_chunk_encoding { GW_ENCODING_PLAIN, GW_ENCODING_ZSTD, GW_ENCODING_LZ4, GW_ENCODING_DELTA };

/* Attached octets follow behind the chunk's crc, and are not part of it (section 2). */
struct gw_chunk_page {
    uint32_t round, count;
    enum gw_chunk_encoding encoding;
    uint64_t attached;     /* octets: whole pages when plain, else at most as many and not none */
    uint32_t num_carried;  /* entries with contents among the attached octets; counted, not on the wire */
    struct gw_cur entries; /* count of them: gw_chunk_entry_take() */
};

struct gw_chunk_roun {
    uint32_t round; /* the one that ended */
    uint64_t num_pages, contents_len, num_dirty, ns;
};

struct gw_chunk_seen {
    uint32_t round;
    uint64_t num_good, landed_len;
    uint32_t num;
    struct gw_cur ranges; /* num of them: gw_chunk_range_take() */
};

struct gw_chunk_recd {
    uint32_t record; /* the type of an image record, never PAGE_DATA */
    struct gw_cur body;
};

struct gw_chunk_totals {
    uint8_t pages_digest[GW_CHUNK_DIGEST_LEN], records_digest[GW_CHUNK_DIGEST_LEN];
    uint64_t num_pages, num_records;
};
struct gw_chunk_done {
    struct gw_chunk_totals totals;
};
struct gw_chunk_redy {
    struct gw_chunk_totals totals;
};

struct gw_chunk_comm {
    uint8_t session[GW_CHUNK_ID_LEN];
    uint64_t epoch;
};

struct gw_chunk_runs {
    uint8_t session[GW_CHUNK_ID_LEN];
    uint64_t wall_ns, since_comm_ns;
};

struct gw_chunk_asks {
    uint8_t session[GW_CHUNK_ID_LEN];
    uint64_t epoch;
    bool may_go_on;
};

enum gw_tell { GW_TELL_DECLINED, GW_TELL_STARTING, GW_TELL_RUNS, GW_TELL_UNSURE };

struct gw_chunk_tell {
    uint8_t session[GW_CHUNK_ID_LEN];
    enum gw_tell answer;
    struct gw_str sentence;
};

struct gw_chunk_stop {
    uint32_t code;
    struct gw_str sentence;
};

struct gw_chunk_aliv {
    char nothing; /* C knows no empty struct */
};

struct gw_chunk_prog {
    struct gw_str json; /* UTF-8; whether it is JSON is not looked at */
};

struct gw_chunk_cpus {
    struct gw_str cpu;
};

struct gw_chunk_time {
    uint64_t wall_ns, monotonic_ns;
};

/* One chunk, decoded. */
struct gw_message {
    enum gw_chunk_type type;
    union {
#define X(id, name, ...) struct gw_chunk_##name name;
        GW_CHUNKS(X)
#undef X
    };
};

/*
 * The fields of a chunk of a known type. Refuses values that section 3 does not allow, and octets behind the last field
 * of a critical chunk; behind that of an ancillary one they are ignored.
 */
int gw_chunk_decode(const struct gw_chunk *chunk, struct gw_message *out, struct gw_err *err);

/*
 * Appends the whole chunk, frame and all. What a decoder would refuse is refused here, in the same words; then nothing
 * of it stays in the buffer. Views of `in` must not point into buf.
 */
int gw_chunk_encode(struct gw_buf *buf, const struct gw_message *in, struct gw_err *err);

/* --- lists: views, so that nothing is allocated by a stranger's count -------------------------------------------- */
/* A take gives the next one; false when none is left, and then *out is as it was. A put appends one to a list. */

struct gw_chunk_reason {
    uint32_t code;
    struct gw_str sentence;
};
bool gw_chunk_reason_take(struct gw_cur *reasons, struct gw_chunk_reason *out);
void gw_chunk_reason_put(struct gw_buf *reasons, uint32_t code, struct gw_str sentence);

/* `entry` as in PAGE_DATA: type in bits 60 to 63, pfn in bits 0 to 51; and in what is reserved there: */
#define GW_ENTRY_ZERO (UINT64_C(1) << 52) /* the page is zero: no contents */
#define GW_ENTRY_HELD (UINT64_C(1) << 53) /* you hold it already: check only */
#define GW_CHUNK_PAGE_LEN 4096u

struct gw_chunk_entry {
    uint64_t entry, check;
};
bool gw_chunk_entry_take(struct gw_cur *entries, struct gw_chunk_entry *out);
void gw_chunk_entry_put(struct gw_buf *entries, uint64_t entry, uint64_t check);
/* num of them at once. */
void gw_chunk_entries_put(struct gw_buf *entries, const struct gw_chunk_entry *in, uint32_t num);

/* Is it an entry at all: a type that exists, at most one of zero and held, and that only where there are contents. */
bool gw_entry_right(uint64_t entry);
/* Contents of it stand among the attached octets. */
bool gw_entry_carries(uint64_t entry);

/* count pfns from first, at least one, all below 2^52. */
struct gw_chunk_range {
    uint64_t first, count;
};
#define GW_CHUNK_RANGES_MAX ((GW_CHUNK_SEEN_MAX - 24) / 16) /* ranges that fit into one SEEN */
bool gw_chunk_range_take(struct gw_cur *ranges, struct gw_chunk_range *out);
void gw_chunk_range_put(struct gw_buf *ranges, uint64_t first, uint64_t count);

bool gw_chunk_totals_equal(const struct gw_chunk_totals *a, const struct gw_chunk_totals *b);

/* --- capabilities: words with spaces between --------------------------------------------------------------------- */

/*
 * Appends the words that both lists name, in the order of the first, each once, a space between. Of "multi=N" the
 * smaller N counts; one without a number from 1 to 65535 is ignored, as is every word that only one list names.
 */
void gw_capabilities_common(struct gw_buf *out, struct gw_str first, struct gw_str second);
bool gw_capabilities_have(struct gw_str list, const char *word);
/* The N of "multi=N"; 1 without it. */
uint32_t gw_capabilities_multi(struct gw_str list);

#endif
