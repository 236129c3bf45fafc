/*
 * limits.h - every bound that stands between a stranger's number and our memory or time, in one table.
 *
 * `godwit verify --limits` prints it. A bound of ours that is narrower than Xen's is named as ours in the error.
 */
#ifndef GW_LIMITS_H
#define GW_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* name, value, what it bounds */
#define GW_LIMITS(X)                                                                                                   \
    X(RECORD_LENGTH, UINT64_C(134217728), "octets of a record's body; Xen's own bound since 4.10")                     \
    X(RECORD_LENGTH_OLD, UINT64_C(8388608), "octets of a record's body for Xen 4.6 to 4.9 (--for-xen)")                \
    X(KEPT_BODY, UINT64_C(33554432),                                                                                   \
      "octets of a record's body that is kept in memory; a longer one of an unknown type passes through")              \
    X(PAGE_COUNT, UINT64_C(1048576), "entries of one PAGE_DATA record")                                                \
    X(PFN, UINT64_C(268435456), "pfns below it are accepted: a guest of 1 TiB; --max-guest moves it")                  \
    X(PFN_MOST, UINT64_C(68719476736), "pfns below it exist: Xen's own p2m holds no more (48-bit guest addresses)")    \
    X(VCPUS, UINT64_C(8192), "vCPU ids below it are followed")                                                         \
    X(KEPT_TABLES, UINT64_C(16777216), "octets of page tables that are kept of an input that cannot be read again")    \
    X(TABLES, UINT64_C(1048576), "page tables of an image that names pages again, whose last contents are looked for") \
    X(LEGACY_STATE, UINT64_C(16777216), "octets of a legacy image's HVM context, and of its toolstack's data")         \
    X(LIBXL_BODY, UINT64_C(33554432), "octets of a libxl record's body")                                               \
    X(XL_OPTIONAL, UINT64_C(33554432), "octets of an xl header's optional data (the configuration)")                   \
    X(LIBVIRT_XML, UINT64_C(16777216), "octets of the XML in a libvirt save file")                                     \
    X(XEND_CONFIG, UINT64_C(1048576), "octets of the configuration in a file of xend")                                 \
    X(XENOPSD_BODY, UINT64_C(16777216), "octets of a record of xenopsd's")                                             \
    X(XENOPSD_RECORDS, UINT64_C(64), "records of xenopsd's in one file")                                               \
    X(JSON, UINT64_C(262144), "octets of a JSON text that is parsed (a configuration, PROVENANCE)")                    \
    X(VMDESC, UINT64_C(262144), "octets of the description in a QEMU's state that is parsed")                          \
    X(TRAILING, UINT64_C(1073741824), "octets behind the end that are counted before we stop looking")                 \
    X(INSPECTED, UINT64_C(67108864), "octets of records and asides that inspect holds; what is beyond is named")       \
    X(SQUASHED, UINT64_C(134217728), "octets of records and asides that squash holds; more is refused")                \
    X(SAVED_INDEX, UINT64_C(268435456), "octets of an index that was saved beside an image")                           \
    X(RAW_GAPS, UINT64_C(68719476736), "octets of gaps between pages in a file of export --format raw")                \
    X(MAPPINGS, UINT64_C(65536), "runs of virtual addresses in an exported core; beyond it the shortest are left out") \
    X(PAGE_RUNS, UINT64_C(65536), "runs in the memory map of inspect --html; beyond it cells grow")                    \
    X(PAGE_ROWS, UINT64_C(32768), "rows in the tables of structures of inspect --html; what is beyond is counted")     \
    X(SAME_RULE, UINT64_C(10), "findings of one rule that are told one by one; the rest is counted")                   \
    X(BUFFER, UINT64_C(262144), "octets of the buffer through which contents pass that are looked at")                 \
    X(WINDOW, UINT64_C(16384), "octets of look-ahead in a file")

enum gw_limit_id {
#define X(name, value, what) GW_LIMIT_ID_##name,
    GW_LIMITS(X)
#undef X
        GW_NUM_LIMITS
};

/* The values: gw_limit(PFN). */
struct gw_limit {
    const char *name;
    uint64_t value;
    const char *what;
};
extern const struct gw_limit gw_limits[GW_NUM_LIMITS];

static inline uint64_t gw_limit_of(enum gw_limit_id id)
{
    return gw_limits[id].value;
}
#define gw_limit(name) gw_limit_of(GW_LIMIT_ID_##name)

#endif
