/*
 * record.h - the words of the format: record types, page types, page entries.
 *
 * Source: Xen's docs/specs/libxc-migration-stream.pandoc and xen/include/public/, from which the numbers are. All of it
 * is constant, and may be asked by any thread at any time.
 */
#ifndef GODWIT_RECORD_H
#define GODWIT_RECORD_H

#include <godwit/base.h>

GODWIT_BEGIN_DECLS

/* Octets of a page. */
#define GODWIT_PAGE_LEN 4096u

/* Types of records. A type with the bit GODWIT_RECORD_OPTIONAL may be skipped by who does not know it. */
enum godwit_record_type {
    GODWIT_RECORD_END = 0x00,
    GODWIT_RECORD_PAGE_DATA = 0x01,
    GODWIT_RECORD_X86_PV_INFO = 0x02,
    GODWIT_RECORD_X86_PV_P2M_FRAMES = 0x03,
    GODWIT_RECORD_X86_PV_VCPU_BASIC = 0x04,
    GODWIT_RECORD_X86_PV_VCPU_EXTENDED = 0x05,
    GODWIT_RECORD_X86_PV_VCPU_XSAVE = 0x06,
    GODWIT_RECORD_SHARED_INFO = 0x07,
    GODWIT_RECORD_X86_TSC_INFO = 0x08,
    GODWIT_RECORD_HVM_CONTEXT = 0x09,
    GODWIT_RECORD_HVM_PARAMS = 0x0a,
    GODWIT_RECORD_TOOLSTACK = 0x0b,
    GODWIT_RECORD_X86_PV_VCPU_MSRS = 0x0c,
    GODWIT_RECORD_VERIFY = 0x0d,
    GODWIT_RECORD_CHECKPOINT = 0x0e,
    GODWIT_RECORD_CHECKPOINT_DIRTY_PFN_LIST = 0x0f,
    GODWIT_RECORD_STATIC_DATA_END = 0x10,
    GODWIT_RECORD_X86_CPUID_POLICY = 0x11,
    GODWIT_RECORD_X86_MSR_POLICY = 0x12
};

/* The bit of all optional types, and godwit's own ones (godwit-chunks(5)). Macros: an enum of C89 is not so wide. */
#define GODWIT_RECORD_OPTIONAL 0x80000000u
#define GODWIT_RECORD_PAGE_CHECKS 0x80475701u
#define GODWIT_RECORD_IMAGE_DIGEST 0x80475702u
#define GODWIT_RECORD_SAVING_CPU 0x80475703u
#define GODWIT_RECORD_PROVENANCE 0x80475704u

/* What a record is for. */
enum godwit_record_kind {
    GODWIT_KIND_MARKER = 0,   /* signals, has no body */
    GODWIT_KIND_STATIC = 1,   /* invariant while the guest runs */
    GODWIT_KIND_DYNAMIC = 2,  /* memory, registers, devices */
    GODWIT_KIND_OPTIONAL = 3, /* a receiver that does not know it skips it */
    GODWIT_KIND_RETIRED = 4   /* of drafts only */
};

/* Guests that a record belongs to: bits. */
#define GODWIT_GUEST_PV 1u
#define GODWIT_GUEST_HVM 2u

/* What is known of a record type. An answer (see base.h); its texts are constants. */
struct godwit_record_info {
    size_t size;
    uint32_t type;
    const char *name; /* "HVM_CONTEXT" */
    const char *what; /* a sentence's part */
    enum godwit_record_kind kind;
    unsigned guests;         /* GODWIT_GUEST_* */
    unsigned since;          /* minor number of the first Xen 4 that knows it; 0: not Xen's */
    uint32_t length_least;   /* octets of a body: at least so many, */
    uint32_t length_unit;    /* and length_base more than a multiple of this; 0: exactly length_least */
    uint32_t length_base;    /* see length_unit */
    uint32_t length_longest; /* the longest that Xen writes; 0: no bound but the others */
};

/* The types that have a name. */
GODWIT_API unsigned godwit_num_record_infos(void);

/* Number index of them, from 0. 0; or -1 when there is none, or out->size is too small to be one. */
GODWIT_API int godwit_record_info_at(unsigned index, struct godwit_record_info *out);

/* The one of that type; -1 as well when nobody defined it. */
GODWIT_API int godwit_record_info_of(uint32_t type, struct godwit_record_info *out);

/* What an entry of PAGE_DATA says of its pfn. 5 to 8 mean nothing. */
enum godwit_page_type {
    GODWIT_PAGE_NOTAB = 0x0, /* ordinary memory */
    GODWIT_PAGE_L1 = 0x1,    /* PV page tables; with GODWIT_PAGE_PINNED: pinned ones */
    GODWIT_PAGE_L2 = 0x2,
    GODWIT_PAGE_L3 = 0x3,
    GODWIT_PAGE_L4 = 0x4,
    GODWIT_PAGE_PINNED = 0x8,
    GODWIT_PAGE_BROKEN = 0xd, /* the contents were lost at the source */
    GODWIT_PAGE_XALLOC = 0xe, /* memory is to be there; contents come later, or never */
    GODWIT_PAGE_XTAB = 0xf    /* a hole */
};

/* An entry as it comes in struct godwit_pages: the pfn in bits 0 to 51, the type in bits 60 to 63. */
GODWIT_API uint64_t godwit_entry_pfn(uint64_t entry);
GODWIT_API unsigned godwit_entry_type(uint64_t entry);

/* "ordinary", "L1 table, pinned", "hole" ...; a constant. type: 0 to 15. */
GODWIT_API const char *godwit_page_type_name(unsigned type);

/* Does an entry of that type bring contents, 4096 octets? A flag; 0 for what is no type. */
GODWIT_API int godwit_page_type_has_contents(unsigned type);

/* Does the guest have memory at such a pfn? A flag; 0 for what is no type. */
GODWIT_API int godwit_page_type_populates(unsigned type);

GODWIT_END_DECLS

#endif
