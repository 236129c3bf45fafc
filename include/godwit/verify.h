/*
 * verify.h - is an image whole and right: a sink that judges, the rules that it judges by, findings, the verdict.
 *
 * The rules are those of godwit-verify(1). Where they come from (Xen's specification, its restorer, its own verifier)
 * each says.
 */
#ifndef GODWIT_VERIFY_H
#define GODWIT_VERIFY_H

#include <godwit/base.h>
#include <godwit/error.h>
#include <godwit/sink.h>

GODWIT_BEGIN_DECLS

/* How bad it is. */
enum godwit_severity {
    GODWIT_NOTE = 0,    /* worth knowing; changes no verdict */
    GODWIT_WARNING = 1, /* suspicious, or harmful to some receiver; an error with strict */
    GODWIT_ERROR = 2,   /* the image does not restore, or the guest would be another */
    GODWIT_STRICT = 3   /* of rules only: an error with strict, silent without */
};

/* A rule. An answer (see base.h); its texts are constants. */
struct godwit_rule {
    size_t size;
    const char *id; /* "page-pfn-range-pv"; an id keeps its meaning for ever */
    enum godwit_severity severity;
    const char *section; /* of the reference: "18.4", "XL-03", "LS-07", or "ours" */
    const char *what;    /* what must hold; what happens otherwise */
    char spec;           /* Xen's specification: 'Y' states it, 'I' implies it, '-' is silent */
    char xen;            /* Xen: 'R' the restorer refuses, 'H' the hypervisor, 'p' partly, 'L' only logs, '-' silent */
    char python;         /* Xen's Python verifier: 'Y' refuses, 'w' warns, 'p' partly, 'L' logs, '-' is silent */
};

/* How many there are. */
GODWIT_API unsigned godwit_num_rules(void);

/* Number index, from 0, in the order of godwit-verify(1). -1 when there is none, or out->size is too small. */
GODWIT_API int godwit_rule_at(unsigned index, struct godwit_rule *out);

/* The one of that id; -1 as well when there is none. */
GODWIT_API int godwit_rule_of(const char *id, struct godwit_rule *out);

/* "note", "warning", "error", "strict"; a constant. */
GODWIT_API const char *godwit_severity_name(enum godwit_severity severity);

/* What is wrong somewhere. A view (see base.h), borrowed for the call. */
struct godwit_finding {
    size_t size;
    const char *rule;              /* its id, a constant */
    enum godwit_severity severity; /* as judged: with strict, warnings are errors */
    int placed;                    /* a flag: number and offset say where */
    uint64_t number;               /* of the record, from 1; 0: in none */
    uint64_t offset;               /* of the record's header, or of what is wrong, in the unpacked input */
    const char *text;              /* a sentence; octets of the file stand in it escaped */
};

/* When contents of pages are looked at. */
enum godwit_contents {
    GODWIT_CONTENTS_CHEAP = 0, /* where they are read anyway; not in a plain file, which is skipped through */
    GODWIT_CONTENTS_ALWAYS = 1,
    GODWIT_CONTENTS_NEVER = 2
};

/* How to judge. An order (see base.h); NULL for a pointer to it: as if all were zero. */
struct godwit_verifier_options {
    size_t size;
    int strict; /* a flag: warnings are errors, and the canonical order is demanded */
    /*
     * Are contents of pages looked at? Some rules need it; where they were not, and should have been, the verdict says
     * so (wants_contents). Memory: 8 octets for each pfn up to the highest, and page tables of a PV guest up to the
     * limit KEPT_TABLES; that there are more is said in a note.
     */
    enum godwit_contents contents;
    unsigned for_xen; /* minor number of the Xen 4 that is to receive the image, from 6 on; 0: the newest */
    /* Told on the thread that runs the image, for one rule as often as the limit SAME_RULE says at most; or NULL. */
    void (*found)(void *arg, const struct godwit_finding *finding);
    void *arg;
};

/* What came out. A view (see base.h), borrowed until the verifier is closed. Counts are whole, whatever was told. */
struct godwit_verdict {
    size_t size;
    int valid; /* a flag: no error was found */
    uint64_t errors, warnings, notes;
    int ended;            /* a flag: END was seen */
    uint64_t checkpoints; /* CHECKPOINT records */
    uint64_t commits;     /* times that all up to there was whole; for an image without END: complete checkpoints */
    uint64_t num_pfns;    /* the highest pfn named + 1 */
    uint64_t by_type[16]; /* pfns by the type that they end with; those never named count nowhere */
    uint64_t num_vcpus;   /* with registers, as far as records say */
    uint64_t vcpu_end;    /* the highest id of a vCPU, up or not, + 1 */
    unsigned guest;       /* GODWIT_GUEST_PV or GODWIT_GUEST_HVM; 0: there are no headers */
    unsigned pv_width;    /* octets of a word of a PV guest, 4 or 8; 0: not PV, or not said */
    int has_devices;      /* a flag: an HVM guest has the devices of a PC: it is none of the kind PVH */
    int wants_contents;   /* a flag: open the image again and judge with GODWIT_CONTENTS_ALWAYS for the whole truth */
};

/* A sink that judges. Memory: an octet for each pfn up to the highest named. NULL on failure. */
GODWIT_API struct godwit_sink *godwit_verifier_new(const struct godwit_verifier_options *options,
                                                   struct godwit_error *err);

/*
 * After the run: judges what can be said only of the whole (which tells more findings) and gives the verdict; again:
 * the same one. NULL when there is none: the run failed for a reason that is no fault of the image (the error is the
 * run's), or there was none yet, or the sink is no verifier (GODWIT_USAGE). Not to be called from a finding's callback.
 */
GODWIT_API const struct godwit_verdict *godwit_verifier_finish(struct godwit_sink *verifier, struct godwit_error *err);

/* How often that rule was found broken, whatever was told; 0 also for no rule, no verdict, no verifier. */
GODWIT_API uint64_t godwit_verifier_times(const struct godwit_sink *verifier, const char *rule);

GODWIT_END_DECLS

#endif
