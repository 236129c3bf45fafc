/*
 * verify.h - is an image whole and right: a sink, and the rules that it judges by.
 *
 * The verifier never stops a producer by itself: it tells findings. What ends the reading is the producer's error,
 * which its owner hands over with gw_verify_failed. So restore can be a tee of a verifier and a restorer, in the same
 * words.
 */
#ifndef GW_VERIFY_H
#define GW_VERIFY_H

#include "base.h"
#include "channel.h"
#include "xenf.h"

#include "rules.h"

enum gw_severity { GW_NOTE, GW_WARNING, GW_ERROR, GW_STRICT };

/* A row of rules.h. */
struct gw_rule {
    const char *id;
    enum gw_severity severity; /* GW_STRICT: an error with --strict, silent without */
    const char *section;
    char spec, xen, python; /* see rules.h */
    const char *sentence;
};

enum gw_rule_number {
#define X(name, ...) GW_RULE_##name,
    GW_RULES(X)
#undef X
        GW_NUM_RULES
};

extern const struct gw_rule gw_rules[GW_NUM_RULES];

/* NULL when there is no rule of that id. */
const struct gw_rule *gw_rule_find(const char *id);
const char *gw_severity_name(enum gw_severity severity);

/* Who else notices a breach, in words: "states it", "libxc's restorer refuses", "silent". */
struct gw_rule_others {
    const char *spec, *xen, *python;
};
struct gw_rule_others gw_rule_others(const struct gw_rule *rule);

struct gw_finding {
    const struct gw_rule *rule;
    enum gw_severity severity; /* as judged: --strict makes warnings errors */
    bool placed;
    uint64_t record;  /* from 1; 0: in no record */
    uint64_t offset;  /* of the record's header, or of the layer that is wrong, in the uncompressed input */
    const char *text; /* borrowed for the call */
};
typedef void gw_finding_fn(void *arg, const struct gw_finding *finding);

struct gw_verify_opts {
    bool strict;
    bool contents;    /* look at contents, for VERIFY and checks; 8 octets per pfn up to the highest named */
    bool tables;      /* with contents, for what cannot be read again: keep tables as they pass, up to KEPT_TABLES */
    uint64_t max_pfn; /* the reader refuses pfns at or above it; 0: gw_limit(PFN) */
    unsigned for_xen; /* minor number of the receiver's Xen 4; 0: the newest */
    gw_finding_fn *found; /* may be NULL; told at most gw_limit(SAME_RULE) times for one rule */
    void *arg;
};

/* What came out. The counts are whole, whatever was told. */
struct gw_verdict {
    uint64_t errors, warnings, notes;
    uint64_t times[GW_NUM_RULES];
    uint64_t commits;      /* times that all up to there was whole */
    bool ended;            /* END was seen */
    uint64_t checkpoints;  /* CHECKPOINT records */
    uint64_t num_pfns;     /* the highest pfn named + 1 */
    uint64_t by_type[16];  /* pfns by the type that they end with; never named ones count nowhere */
    uint64_t num_vcpus;    /* with registers, as far as records say */
    uint64_t vcpu_end;     /* the highest id of a vCPU, up or not, + 1 */
    bool has_devices;      /* an HVM guest has the devices of a PC: it is none of the kind PVH */
    bool has_checks;       /* there are PAGE_CHECKS, and they were held against the contents */
    uint64_t num_proven;   /* pfns whose last contents are what their check says */
    uint64_t num_unproven; /* with has_checks: pfns whose last contents have no check */
    bool has_digest;       /* there is an IMAGE_DIGEST, and it was held against the image */
    bool digest_holds;     /* there is an IMAGE_DIGEST, and memory and records are what it says */
    unsigned guest;        /* GW_GUEST_PV or GW_GUEST_HVM; 0: there are no headers */
    unsigned pv_width;     /* 4 or 8 for a PV guest, when X86_PV_INFO says it */
    bool wants_contents;   /* for a VERIFY, or checks of contents, contents are to be looked at: with opts.contents */
    bool wants_tables;     /* there are page tables or start_info that were not looked at: see gw_verify_again */
};

struct gw_sink *gw_verifier(const struct gw_verify_opts *opts, struct gw_err *err);

/* The producer failed: its error becomes a finding where a rule names it. False: it does not, the system failed. */
bool gw_verify_failed(struct gw_sink *verifier, const struct gw_err *failure);

/*
 * Once, when the producer is done or failed: what can only be said of the whole, such as completeness. The verdict is
 * borrowed until the sink is closed.
 */
const struct gw_verdict *gw_verify_finish(struct gw_sink *verifier);

/* What a valid image itself says of its guest, for who has to write a configuration: type, max_memkb, max_vcpus. */
struct gw_guest_config gw_verdict_guest(const struct gw_verdict *verdict);

/*
 * A sink for a further reading of the same image from its beginning, as long as the finished verdict wants tables:
 * once, or twice for an image that names pages again. The verifier stays open meanwhile; what is found is told as
 * before.
 */
struct gw_sink *gw_verify_again(struct gw_sink *verifier, struct gw_err *err);
/* Once, before it is closed, when all was read as far as in the first reading. The verdict is the verifier's. */
const struct gw_verdict *gw_verify_again_finish(struct gw_sink *again);
/* There will be no further reading: judges the tables that were kept, and says in a note that there are others. */
const struct gw_verdict *gw_verify_unread(struct gw_sink *verifier);

/* No error was found. */
bool gw_verdict_valid(const struct gw_verdict *verdict);

/* salvaged.c: what a PROVENANCE says of its image. -1: there is no memory. */
struct gw_salvaged {
    bool is_object;   /* it can be read at all */
    bool is_salvaged; /* the image is what was left of a damaged one: */
    char text[480];   /* a sentence for people */
};
int gw_salvaged_read(struct gw_cur provenance, struct gw_salvaged *out, struct gw_err *err);

#endif
