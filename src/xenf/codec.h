/*
 * codec.h - octets into structs and back: pure, no I/O, no allocation but in the buffer that is built.
 *
 * A decoder takes one complete body as a cursor, checks its size and what the format forbids, and writes *out only on
 * success. What is merely suspicious (reserved fields) is handed over as it stood there: judging is verify's. A failure
 * carries the id of the rule that was broken. All fields little-endian but those of the image header.
 */
#ifndef GW_CODEC_H
#define GW_CODEC_H

#include "base.h"

/* --- headers (sections 2, 3, 4) ---------------------------------------------------------------------------------- */

#define GW_IMAGE_HEADER_LEN 24
#define GW_DOMAIN_HEADER_LEN 16
#define GW_RECORD_HEADER_LEN 8
#define GW_IMAGE_MARKER UINT64_MAX
#define GW_IMAGE_ID UINT32_C(0x58454e46) /* "XENF" */
#define GW_OPT_BIG_ENDIAN 1u

struct gw_image_header {
    uint32_t version;
    uint16_t options, res1;
    uint32_t res2;
};

enum gw_domain_type { GW_DOMAIN_PV = 1, GW_DOMAIN_HVM = 2 };

struct gw_domain_header {
    uint32_t type; /* enum gw_domain_type */
    uint16_t page_shift, res1;
    uint32_t xen_major, xen_minor;
};

/* Which versions of the image exist for us; removing a row removes support (R18). */
struct gw_version {
    uint32_t version;
    bool reads, writes;
    unsigned since; /* minor number of the first Xen 4 that reads it */
};
extern const struct gw_version gw_versions[];
extern const unsigned gw_num_versions;

int gw_image_header_decode(struct gw_cur cur, struct gw_image_header *out, struct gw_err *err);
void gw_image_header_encode(struct gw_buf *buf, const struct gw_image_header *header);
int gw_domain_header_decode(struct gw_cur cur, struct gw_domain_header *out, struct gw_err *err);
void gw_domain_header_encode(struct gw_buf *buf, const struct gw_domain_header *header);
void gw_record_header_encode(struct gw_buf *buf, uint32_t type, uint32_t length);

/* --- PAGE_DATA (section 6) --------------------------------------------------------------------------------------- */

#define GW_PAGE_LEN 4096u
#define GW_PFN_MASK UINT64_C(0x000fffffffffffff)
#define GW_ENTRY_RESERVED UINT64_C(0x0ff0000000000000)

enum gw_page_type {
    GW_PAGE_NOTAB = 0x0,
    GW_PAGE_L1 = 0x1,
    GW_PAGE_L2 = 0x2,
    GW_PAGE_L3 = 0x3,
    GW_PAGE_L4 = 0x4,
    GW_PAGE_PINNED = 0x8, /* a bit, with L1 to L4 */
    GW_PAGE_BROKEN = 0xd,
    GW_PAGE_XALLOC = 0xe,
    GW_PAGE_XTAB = 0xf
};

static inline uint64_t gw_entry(uint64_t pfn, unsigned type)
{
    return (uint64_t)type << 60 | (pfn & GW_PFN_MASK);
}

static inline uint64_t gw_entry_pfn(uint64_t entry)
{
    return entry & GW_PFN_MASK;
}

static inline unsigned gw_entry_type(uint64_t entry)
{
    return (unsigned)(entry >> 60);
}

/* A type that does not exist: a map keeps types xor it, so that zero says that nobody named the pfn. */
#define GW_PAGE_NO_TYPE 0x5u

/* Nibbles 5 to 8 mean nothing (6.2). */
static inline bool gw_type_exists(unsigned type)
{
    return type < 5 || type > 8;
}

static inline bool gw_type_has_contents(unsigned type)
{
    return type < GW_PAGE_BROKEN;
}

/* The restorer gives such a pfn a page. */
static inline bool gw_type_populates(unsigned type)
{
    return type < GW_PAGE_BROKEN || type == GW_PAGE_XALLOC;
}

/* 1 to 4 for L1 to L4, pinned or not; 0 for what is no page table. */
static inline unsigned gw_type_table_level(unsigned type)
{
    unsigned level = type & 7;
    return type < GW_PAGE_BROKEN && level >= 1 && level <= 4 ? level : 0;
}

/* "L1 table, pinned", "hole" ... */
const char *gw_page_type_name(unsigned type);

/* count and the reserved word; the entries follow. Judges count against the body's length and our own limit. */
int gw_page_head_decode(struct gw_cur cur, uint32_t body_length, uint32_t *count, uint32_t *reserved,
                        struct gw_err *err);
/*
 * num raw entries (8 octets each) to host integers in place; *num_contents (0 before) counts those with contents.
 * Refuses types that mean nothing and pfns at or above max_pfn.
 */
int gw_entries_decode(uint64_t *entries, uint32_t num, uint64_t max_pfn, uint32_t *num_contents, struct gw_err *err);
/* The octets that a body with that many entries and contents has; always fits, for counts within the limits. */
uint64_t gw_page_data_len(uint32_t count, uint32_t num_contents);
void gw_page_head_encode(struct gw_buf *buf, const uint64_t *entries, uint32_t count);

/* The check of a page's 4096 octets: XXH3-64 (godwit's own; chunks.md section 4). */
uint64_t gw_page_check(const uint8_t *page);
/* The same of any octets. */
uint64_t gw_check(const void *mem, size_t len);

/* --- PV records (section 7) -------------------------------------------------------------------------------------- */

struct gw_pv_info {
    uint8_t width, levels; /* (4, 3) or (8, 4) */
};
int gw_pv_info_decode(struct gw_cur cur, struct gw_pv_info *out, struct gw_err *err);
void gw_pv_info_encode(struct gw_buf *buf, const struct gw_pv_info *info);

struct gw_p2m_frames {
    uint32_t start_pfn, end_pfn; /* inclusive */
    uint32_t num;
    struct gw_cur frames; /* num u64: gw_u64() */
};
/* width: of the guest, 4 or 8; 4096 / width p2m entries lie in one frame. */
int gw_p2m_frames_decode(struct gw_cur cur, unsigned width, struct gw_p2m_frames *out, struct gw_err *err);
void gw_p2m_frames_encode(struct gw_buf *buf, uint32_t start_pfn, uint32_t end_pfn, const uint64_t *frames,
                          uint32_t num);

struct gw_vcpu {
    uint32_t id;
    struct gw_cur blob; /* may be empty (5.2) */
};
/* The body of such a record begins with a vCPU's id. */
bool gw_record_has_vcpu(uint32_t type);
int gw_vcpu_decode(struct gw_cur cur, struct gw_vcpu *out, struct gw_err *err);
void gw_vcpu_encode(struct gw_buf *buf, uint32_t id, const void *blob, size_t len);

/* --- both kinds of guests (section 9) ---------------------------------------------------------------------------- */

#define GW_TSC_INFO_LEN 24
struct gw_tsc_info {
    uint32_t mode, khz;
    uint64_t nsec;
    uint32_t incarnation, reserved;
};
int gw_tsc_info_decode(struct gw_cur cur, struct gw_tsc_info *out, struct gw_err *err);
void gw_tsc_info_encode(struct gw_buf *buf, const struct gw_tsc_info *tsc);

#define GW_CPUID_LEAF_LEN 24
#define GW_CPUID_NO_SUBLEAF UINT32_MAX
struct gw_cpuid_leaf {
    uint32_t leaf, subleaf, a, b, c, d;
};
/* Is the body a policy at all: not empty, whole leaves. Then gw_cpuid_leaf_take until nothing is left. */
int gw_cpuid_policy_check(uint32_t length, struct gw_err *err);
struct gw_cpuid_leaf gw_cpuid_leaf_take(struct gw_cur *cur);
void gw_cpuid_leaf_encode(struct gw_buf *buf, const struct gw_cpuid_leaf *leaf);

#define GW_MSR_ENTRY_LEN 16
struct gw_msr_entry {
    uint32_t index, flags;
    uint64_t value;
};
int gw_msr_policy_check(uint32_t length, struct gw_err *err);
struct gw_msr_entry gw_msr_entry_take(struct gw_cur *cur);
void gw_msr_entry_encode(struct gw_buf *buf, const struct gw_msr_entry *entry);

/* --- HVM records (section 10) ------------------------------------------------------------------------------------ */

#define GW_HVM_PARAMS_HEAD_LEN 8
#define GW_HVM_PARAM_LEN 16
struct gw_hvm_params {
    uint32_t count, reserved;
    struct gw_cur params; /* count pairs: gw_hvm_param_take() */
};
struct gw_hvm_param {
    uint64_t index, value;
};
int gw_hvm_params_decode(struct gw_cur cur, struct gw_hvm_params *out, struct gw_err *err);
struct gw_hvm_param gw_hvm_param_take(struct gw_cur *cur);
void gw_hvm_params_encode(struct gw_buf *buf, const struct gw_hvm_param *params, uint32_t count);

/* One entry of HVM_CONTEXT: descriptor and data. False: what is left cannot hold it; *cur is bad then. */
struct gw_hvm_entry {
    uint16_t type, instance;
    uint32_t length;
    struct gw_cur data;
};
bool gw_hvm_entry_take(struct gw_cur *cur, struct gw_hvm_entry *out);

/* --- godwit's optional records (chunks.md section 4) ------------------------------------------------------------- */

#define GW_CHECKS_XXH3_64 1u
struct gw_page_checks {
    uint32_t algorithm, count;
    struct gw_cur checks; /* count u64 */
};
int gw_page_checks_decode(struct gw_cur cur, struct gw_page_checks *out, struct gw_err *err);
void gw_page_checks_encode(struct gw_buf *buf, const uint64_t *checks, uint32_t count);

struct gw_image_digest {
    uint32_t algorithm;
    uint8_t pages_digest[16], records_digest[16];
    uint64_t num_pages, num_records;
};
int gw_image_digest_decode(struct gw_cur cur, struct gw_image_digest *out, struct gw_err *err);
void gw_image_digest_encode(struct gw_buf *buf, const struct gw_image_digest *digest);

/* SAVING_CPU and the draft's record of that name: 1 to 64 octets of printable ASCII. */
bool gw_is_cpu_text(const uint8_t *mem, size_t len);

#endif
