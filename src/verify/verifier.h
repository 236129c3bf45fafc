/*
 * verifier.h - the verifier's inside: its state, by topic, and the functions of each topic's file.
 *
 * Private to src/verify. Functions named judge_* look at one thing and tell findings; they return -1 only when the
 * system fails (memory), with the error in v->err.
 */
#ifndef GW_VERIFIER_H
#define GW_VERIFIER_H

#include "verify.h"

/* State of a pfn, in one octet. The low nibble is its last type xor GW_PAGE_NO_TYPE: 0 is "never named". */
#define PAGE_HAD_CONTENTS 0x10u
#define PAGE_WAS_TABLE 0x20u
#define PAGE_VERIFIED 0x40u
#define PAGE_IN_RECORD 0x80u
#define PAGE_LONE_ROOT 0x80u /* when no record is at hand any more: a root that is not pinned, and not named so far */

/* Bits of struct vcpu_seen: which records a vCPU has. */
enum vcpu_kind { VCPU_BASIC, VCPU_EXTENDED, VCPU_XSAVE, VCPU_MSRS, NUM_VCPU_KINDS };

/* Where something was seen. */
struct place {
    bool set;
    uint64_t record, offset;
};

#define PASS_ENTRIES 1024u /* as many as Xen's saver puts into a record */

struct memory_state {
    struct gw_sparse pages; /* one octet per pfn: PAGE_* */
    struct gw_undo undo;
    struct gw_sparse checks; /* XXH3-64 of the last contents per pfn, with opts.contents */
    struct gw_pages now;     /* the record whose contents are passing */
    uint32_t next_entry;     /* of now: the first whose contents did not pass yet */
    bool verifying, any_contents, any_nonzero;
    bool first_pass;   /* no pfn came twice so far */
    uint64_t next_pfn; /* the highest named so far, and one */
    /* The PAGE_DATA before, where no marker came between: */
    uint64_t before[PASS_ENTRIES];
    uint32_t num_before; /* 0: none, or more entries than are kept */
    bool before_begins;  /* a later pass */
    uint64_t last_pfn;
};

struct static_state {
    bool ended, inferred, missing_told; /* STATIC_DATA_END */
    struct place early;                 /* first dynamic record before it that is not memory */
    bool cpuid, msr;
    bool has_xcr0; /* CPUID leaf 0xd was there */
    uint64_t xcr0;
    bool has_signature; /* leaf 1 */
    uint32_t signature;
    unsigned physical_width; /* of addresses, in bits; 0: leaf 0x80000008 was not there */
    struct gw_featureset features;
    struct gw_xstate_map xstates;
    uint64_t cr4_forbidden, efer_forbidden; /* bits whose features the CPUID policy lacks */
};

#define GDT_FRAMES 14 /* that a guest's own entries of the GDT need at most: 7168 of 8 octets */

/* The pages that a vCPU's basic state names, the last one that came. */
struct vcpu_pages {
    struct place at; /* not set: there was none */
    uint64_t root, user_root, start_info;
    uint64_t gdt[GDT_FRAMES];
    uint32_t num_gdt;
    bool has_user_root;
};

struct pv_state {
    bool info, info_missing_told;
    unsigned width; /* 4, 8; 0 unknown */
    bool p2m;
    uint32_t end_pfn;
    struct place pages_early; /* first PAGE_DATA before P2M_FRAMES */
    struct place p2m_at;
    struct gw_buf frames;   /* u64 pfns of the p2m frames, sorted */
    bool p2m_wrong;         /* there was one whose range is not known */
    struct gw_buf touched;  /* u32 ids of the vCPUs with a record since the last checkpoint */
    struct gw_sparse vcpus; /* an octet each: 1 << kind, ever; << 4 in this checkpoint */
    struct gw_sparse named; /* struct vcpu_pages by vCPU */
    struct gw_undo named_undo;
};

/* What the control register 3 of a running vCPU names. */
struct root {
    uint32_t vcpu;
    uint64_t pfn;
};

struct passed;

/* PAGE_CHECKS and IMAGE_DIGEST, to be held against the contents (proof.c). */
struct proof_state {
    bool has_checks, has_digest;
    struct passed *passed; /* of the PAGE_DATA at hand: its pages in order, each with its check */
    size_t num_passed, cap_passed;
    struct gw_sparse pages; /* an octet by pfn: does the check of its last contents hold */
    struct gw_undo undo;
    struct gw_sparse failed;  /* by pfn: where contents were found that are not what their check says */
    struct gw_totals *totals; /* of the records, with opts.contents */
    struct gw_image_digest digest;
    struct place digest_at;
};

struct kept_table;
struct table_place;

/* What has to be looked at when it is known how every pfn ends: page tables, start_info. */
struct table_state {
    uint64_t contents;  /* pages of contents so far that count: not those behind VERIFY */
    uint64_t committed; /* of them, before the last commit */
    uint64_t last;      /* of them, those that count in the end */
    uint64_t num;       /* that are looked for */
    uint64_t looked;    /* at which was looked */
    bool has_start_info;
    uint64_t start_info;
    /* tables_kept.c */
    uint64_t passed; /* contents that were seen */
    struct kept_table *kept;
    size_t num_kept, cap_kept;
    struct gw_sparse slots; /* uint32_t by pfn: the number in kept, and one */
    struct gw_undo slots_undo;
    struct gw_buf stale, spare; /* slots of the committed state, free from the next commit on; free slots */
    /* tables_again.c */
    struct table_place *places; /* sorted by pfn */
    size_t num_places;
};

struct hvm_state {
    uint64_t params[GW_HVM_NUM_PARAMS]; /* 0: not named */
    struct place params_at, context_at;
    bool has_pic;       /* HVM_CONTEXT has the devices of a PC: no PVH guest */
    uint64_t num_vcpus; /* with registers */
    uint64_t vcpu_end;  /* the highest with any entry + 1 */
};

/* What came since the last checkpoint. */
struct tail_state {
    uint32_t seen[32];  /* times, by record type below 32 */
    struct place first; /* first record of the tail */
    uint32_t first_type;
    bool early_told, interleaved_told, params_early_told;
    bool has_vcpu0;                 /* its basic state */
    uint64_t tsc_khz, gtsc_khz;     /* of X86_TSC_INFO, and of HVM_CONTEXT's head; 0: not told */
    bool context_read, params_read; /* HVM_CONTEXT and HVM_PARAMS could be */
    bool has_viridian;              /* HVM_CONTEXT has entries of it */
    uint64_t rank;
};

struct carrier_state {
    bool xl, libxl, xend, xenopsd, converted, legacy;
    bool context, others, end, ckpt_end_due; /* libxl records that came; CHECKPOINT_END must come next */
    uint32_t xenopsd_seen;                   /* a bit for each kind of record, in xenopsd's order */
    uint32_t num_emulator_context;           /* since the last checkpoint */
    struct gw_guest_config config;           /* all zero: none */
};

/* Rules by the tables' ids, as they were found last: the address of the id is the key. */
#define NAMED_RULES 64
struct named_rule {
    const char *id;
    enum gw_rule_number rule;
};

struct verifier {
    struct gw_sink sink;
    struct gw_verify_opts opts;
    const struct gw_release *release; /* the receiver's */
    struct gw_verdict verdict;
    struct named_rule named[NAMED_RULES];
    struct gw_err *err; /* of the slot that runs */
    struct place at;    /* where findings are */
    struct gw_headers headers;
    bool begun, failed, finished;
    unsigned guest; /* GW_GUEST_PV, GW_GUEST_HVM */
    uint64_t num_checkpoints;
    bool verify_seen, end_seen;
    struct place verify_at;
    struct gw_frame last;   /* the record before the one at hand */
    uint32_t last_contents; /* pages with contents in it, if a PAGE_DATA */
    struct place list_at;   /* a CHECKPOINT_DIRTY_PFN_LIST that begins with pfn 0 */
    struct place digest_at; /* an IMAGE_DIGEST that waits for its END */
    unsigned order;         /* state of the order machine */
    struct memory_state memory;
    struct proof_state proof;
    struct static_state fixed;
    struct pv_state pv;
    struct table_state tables;
    struct hvm_state hvm;
    struct {
        struct gw_buf now, kept; /* struct root each, of the last HVM_CONTEXT; as of the last commit */
    } roots;
    struct tail_state tail;
    struct carrier_state carrier;
    struct { /* as of the last commit: what the maps' way back does not cover */
        struct hvm_state hvm;
        bool any_contents, any_nonzero;
    } kept;
};

/* finding.c */
__attribute__((format(printf, 3, 4))) void find(struct verifier *v, enum gw_rule_number rule, const char *fmt, ...);
__attribute__((format(printf, 4, 5))) void find_at(struct verifier *v, const struct place *at, enum gw_rule_number rule,
                                                   const char *fmt, ...);
/* A codec's refusal as a finding; the error is taken back. Returns -1 when it was no refusal. */
int find_refusal(struct verifier *v, struct gw_err *err);
/* The rule of an id that is in a table. */
enum gw_rule_number rule_named(struct verifier *v, const char *id);
/* What is wrong with a number; "" when its rule was told often enough, and nobody will read it. */
#define BROKEN_TEXT 192
const char *broken_text(const struct verifier *v, enum gw_rule_number rule, const struct gw_broken *broken, char *room,
                        size_t len);
/* Every number that is not as its row in the layout's table says it must be; whose: "vCPU 1", "X86_PV_INFO". */
void judge_layout(struct verifier *v, const struct gw_layout *layout, struct gw_cur octets, const char *whose);
struct place place_of(const struct gw_frame *frame);
/*
 * A legacy image, or what a converter made of one (section 3). What all of them have by birth, or lack, is no finding:
 * it would tell nothing of the one at hand.
 */
bool is_handed_on(const struct verifier *v);
/* The receiver's release is older than Xen 4.minor. */
bool target_before(const struct verifier *v, unsigned minor);

/* headers.c */
void judge_headers(struct verifier *v);
/* framing.c */
void judge_frame(struct verifier *v, const struct gw_frame *frame);
int judge_optional(struct verifier *v, const struct gw_record *record);
void judge_marker_body(struct verifier *v, const struct gw_mark *mark, enum gw_rule_number rule);
/* order.c */
void judge_order(struct verifier *v, uint32_t type);
/* policy.c */
int judge_cpuid_policy(struct verifier *v, const struct gw_record *record);
int judge_msr_policy(struct verifier *v, const struct gw_record *record);
void judge_static_record(struct verifier *v, const struct gw_frame *frame);
void judge_static_end(struct verifier *v, const struct gw_mark *mark);
void judge_static_missing(struct verifier *v, const struct gw_frame *frame);
/* pages.c, memory.c */
int judge_pages(struct verifier *v, const struct gw_pages *pages);
void judge_verify(struct verifier *v);
void judge_memory(struct verifier *v);
/* Last type of a pfn; -1 when it was never named. */
int page_type(const struct verifier *v, uint64_t pfn);
/* proof.c: all that has to do with PAGE_CHECKS and IMAGE_DIGEST, but their form */
void proof_init(struct verifier *v);
void proof_free(struct verifier *v);
/* With opts.contents, before those of the record pass; and each page that has a state of its own. */
int proof_room(struct verifier *v, const struct gw_pages *pages);
void proof_pass(struct verifier *v, uint64_t pfn, uint64_t check);
/* The pfn is named again: what was proven of it counts no more. */
int proof_forget(struct verifier *v, uint64_t pfn);
/* The checks that follow the record whose contents passed. */
int proof_compare(struct verifier *v, struct gw_page_checks *checks);
int proof_count_record(struct verifier *v, const struct gw_record *record);
int proof_keep_digest(struct verifier *v, const struct gw_image_digest *digest);
void judge_proof(struct verifier *v);
/* pv.c */
int judge_pv_info(struct verifier *v, const struct gw_record *record);
int judge_p2m_frames(struct verifier *v, const struct gw_record *record);
int judge_shared_info(struct verifier *v, const struct gw_record *record);
void judge_pv_presence(struct verifier *v);
void judge_pv_memory(struct verifier *v);
/* vcpu.c */
int judge_vcpu(struct verifier *v, const struct gw_record *record);
void judge_vcpus_whole(struct verifier *v);
void forget_vcpus(struct verifier *v);
uint64_t count_vcpus(const struct verifier *v);
/* vcpu_state.c: each blob is as long as its record may be; which pages they name is judged when all is there. */
int judge_basic(struct verifier *v, const struct gw_vcpu *vcpu);
void judge_extended(struct verifier *v, const struct gw_vcpu *vcpu);
/* An extended state as every legacy image has it: len octets, the state itself, without what stands before it. */
bool is_aged_extended(const struct verifier *v, size_t len);
void judge_vcpu_msrs(struct verifier *v, const struct gw_vcpu *vcpu);
void judge_vcpu_pages(struct verifier *v);
/* xstate.c */
struct xstate {
    uint32_t vcpu;
    uint64_t xcr0, accum; /* extended states that are enabled, and ever were */
    struct gw_cur area;   /* FXSAVE image, header, components; may be empty */
    bool exact;           /* the area is exactly as long as its states need */
};
/* The rules that it may break; surplus: octets behind the states that are not zero. */
struct xstate_rules {
    enum gw_rule_number size, surplus, xcr0, present, compacted, reserved;
};
void judge_xsave_area(struct verifier *v, const struct xstate *x, const struct xstate_rules *rules);
/* hvm_cpu.c: what the CPUID policy forbids, when all of it is learnt; the pages of the roots, when memory is there. */
void learn_forbidden(struct verifier *v);
void judge_hvm_roots(struct verifier *v);
/* For a sentence: "L1 table", "never named". */
const char *how_pfn_ended(const struct verifier *v, uint64_t pfn);
/* tables.c */
void settle_tables(struct verifier *v);
bool is_start_info(const uint8_t *page);
/* A page table, by its final type, or start_info; judge_looked_for between begin_tables and end_tables. */
bool is_looked_for(const struct verifier *v, uint64_t pfn);
void begin_tables(struct verifier *v);
void judge_looked_for(struct verifier *v, uint64_t pfn, const struct place *at, const uint8_t *page);
void end_tables(struct verifier *v);
/* tables_kept.c: each page of contents before VERIFY, in order, with opts.tables. */
int keep_table(struct verifier *v, uint64_t pfn, unsigned type, const uint8_t *page);
void commit_kept(struct verifier *v);
void free_kept(struct verifier *v);
/* True: all that are looked for were kept, and are judged. */
bool judge_kept_whole(struct verifier *v);
void tell_unread(struct verifier *v);
/* hvm.c, params.c */
int judge_hvm_context(struct verifier *v, const struct gw_record *record);
int judge_hvm_params(struct verifier *v, const struct gw_record *record);
void judge_hvm_presence(struct verifier *v);
void judge_hvm_memory(struct verifier *v);
/* A parameter that came names the page as one that the guest shares. */
bool names_param_page(const struct verifier *v, uint64_t pfn);
/* tail.c: a record that belongs behind the memory has come; and which one it is, for the order among them. */
void judge_tail_begin(struct verifier *v, const struct gw_frame *frame);
void judge_tail_record(struct verifier *v, const struct gw_frame *frame, uint32_t vcpu_id);
void judge_tail_pages(struct verifier *v, const struct gw_pages *pages);
int judge_tsc(struct verifier *v, const struct gw_record *record);
int judge_dirty_list(struct verifier *v, const struct gw_record *record);
void judge_after_list(struct verifier *v, const struct gw_frame *frame);
/* carrier.c */
void judge_aside(struct verifier *v, const struct gw_aside *aside);
void judge_carrier_stop(struct verifier *v);
/* The guest has a device model: an HVM guest, which a PVH guest is to the image. */
bool has_device_model(const struct verifier *v);
/* device_model.c */
void judge_device_state(struct verifier *v, const struct gw_device_state *state);
void judge_device_store(struct verifier *v, const struct gw_device_store *store);
/* carrier_xl.c, carrier_libxl.c, carrier_libvirt.c, carrier_xenopsd.c, carrier_xend.c, carrier_legacy.c */
void judge_xl(struct verifier *v, const struct gw_aside *aside);
void judge_libxl(struct verifier *v, const struct gw_aside *aside);
void judge_libvirt(struct verifier *v, const struct gw_aside *aside);
void judge_xend(struct verifier *v, const struct gw_aside *aside);
void judge_xenopsd(struct verifier *v, const struct gw_aside *aside);
void judge_legacy(struct verifier *v, const struct gw_aside *aside);

#endif
