/*
 * verify.c - the verifier as a sink: which record goes to which judge.
 *
 * Owns: an octet of state per pfn that is named, 8 more with opts.contents; nothing of a body outlives its slot.
 * Never: stops a producer because of what it finds, goes through the whole map before the end.
 * Tests: tests/golden/rules.py (a stream for each rule), tests/unit/verify.c, tests/fuzz/verify.c.
 */
#include <assert.h>
#include <string.h>

#include "verifier.h"

static struct verifier *enter(struct gw_sink *sink, struct gw_err *err)
{
    struct verifier *v = (struct verifier *)sink;
    assert(!v->failed && !v->finished && err->code == GW_E_OK);
    v->err = err;
    return v;
}

static int verify_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    struct verifier *v = enter(sink, err);
    assert(!v->begun);
    v->headers = *headers;
    v->begun = true;
    v->guest = headers->domain.type == GW_DOMAIN_PV ? GW_GUEST_PV : GW_GUEST_HVM;
    judge_headers(v);
    return 0;
}

/* What is the same for every record, before its own judge. */
static void judge_any(struct verifier *v, const struct gw_frame *frame)
{
    assert(v->begun && frame->number > v->last.number);
    judge_frame(v, frame);
    if (v->opts.strict)
        judge_order(v, frame->type);
    if (frame->type < 32)
        v->tail.seen[frame->type]++;
}

static int verify_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct verifier *v = enter(sink, err);
    judge_any(v, &pages->frame);
    judge_static_missing(v, &pages->frame);
    if (judge_pages(v, pages) < 0)
        return -1;
    v->last = pages->frame;
    v->last_contents = pages->num_contents;
    return 0;
}

/* Each record's own judge. in_tail: it stands behind the memory; a vCPU's judge says so itself, knowing the vCPU. */
static const struct {
    int (*judge)(struct verifier *v, const struct gw_record *record);
    bool in_tail;
} rows[] = {
    [GW_REC_X86_PV_INFO] = { judge_pv_info, false },
    [GW_REC_X86_PV_P2M_FRAMES] = { judge_p2m_frames, false },
    [GW_REC_X86_PV_VCPU_BASIC] = { judge_vcpu, false },
    [GW_REC_X86_PV_VCPU_EXTENDED] = { judge_vcpu, false },
    [GW_REC_X86_PV_VCPU_XSAVE] = { judge_vcpu, false },
    [GW_REC_X86_PV_VCPU_MSRS] = { judge_vcpu, false },
    [GW_REC_SHARED_INFO] = { judge_shared_info, true },
    [GW_REC_X86_TSC_INFO] = { judge_tsc, true },
    [GW_REC_HVM_CONTEXT] = { judge_hvm_context, true },
    [GW_REC_HVM_PARAMS] = { judge_hvm_params, true },
    [GW_REC_CHECKPOINT_DIRTY_PFN_LIST] = { judge_dirty_list, false },
    [GW_REC_X86_CPUID_POLICY] = { judge_cpuid_policy, false },
    [GW_REC_X86_MSR_POLICY] = { judge_msr_policy, false },
};

static int judge_body(struct verifier *v, const struct gw_record *record, const struct gw_record_info *info)
{
    uint32_t type = record->frame.type;
    if (type >= sizeof rows / sizeof rows[0] || rows[type].judge == NULL) {
        return judge_optional(v, record);
    }
    if (info->kind == GW_KIND_STATIC)
        judge_static_record(v, &record->frame);
    if (rows[type].in_tail)
        judge_tail_record(v, &record->frame, 0);
    return rows[type].judge(v, record);
}

static int verify_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct verifier *v = enter(sink, err);
    const struct gw_record_info *info = gw_record_info(record->frame.type);
    judge_any(v, &record->frame);
    if (proof_count_record(v, record) < 0)
        return -1;
    /* A record of the other kind of guest was told as such; what it says must not be taken for this guest's. */
    bool foreign = info != NULL && (info->guests & v->guest) == 0;
    if (!foreign && judge_body(v, record, info) < 0)
        return -1;
    v->last = record->frame;
    return 0;
}

/* At END and at the first CHECKPOINT: what a guest cannot do without. Later checkpoints repeat what may change. */
static void judge_presence(struct verifier *v)
{
    if (v->tail.seen[GW_REC_X86_TSC_INFO] == 0)
        find(v, GW_RULE_TSC_MISSING, "no X86_TSC_INFO: the guest's clock would jump");
    if (v->headers.image.version >= 3 && !v->fixed.ended && !v->fixed.missing_told)
        find(v, GW_RULE_SDE_MISSING, "no STATIC_DATA_END in an image of version 3");
    if (v->guest == GW_GUEST_PV)
        judge_pv_presence(v);
    else
        judge_hvm_presence(v);
}

static void judge_checkpoint(struct verifier *v)
{
    judge_presence(v);
    v->num_checkpoints++;
    if (v->verify_seen && v->num_checkpoints == 1)
        find_at(v, &v->verify_at, GW_RULE_VERIFY_IN_CHECKPOINTED, "VERIFY stands in a checkpointed stream");
    judge_carrier_stop(v);
    v->tail = (struct tail_state){ 0 };
    forget_vcpus(v);
}

static void judge_end(struct verifier *v)
{
    const struct gw_domain_header *domain = &v->headers.domain;
    bool xen_4_6 = domain->xen_major == 4 && domain->xen_minor == 6;
    if (v->num_checkpoints > 0 && !xen_4_6)
        find(v, GW_RULE_CKPT_IN_PLAIN, "the image has %llu CHECKPOINT%s and ends with END",
             (unsigned long long)v->num_checkpoints, v->num_checkpoints == 1 ? "" : "s");
    if (v->num_checkpoints == 0)
        judge_presence(v);
    v->end_seen = true;
    v->verdict.ended = true;
}

static int verify_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct verifier *v = enter(sink, err);
    if (mark->inferred) {
        v->at = place_of(&mark->frame);
        judge_static_end(v, mark);
        return 0;
    }
    judge_any(v, &mark->frame);
    v->memory.num_before = 0;
    switch (mark->kind) {
    case GW_STATIC_END: judge_static_end(v, mark); break;
    case GW_VERIFY:
        judge_marker_body(v, mark, GW_RULE_VERIFY_BODY);
        judge_verify(v);
        break;
    case GW_CHECKPOINT:
        judge_marker_body(v, mark, GW_RULE_CKPT_BODY);
        judge_checkpoint(v);
        break;
    case GW_END:
        judge_marker_body(v, mark, GW_RULE_END_BODY);
        judge_end(v);
        break;
    case GW_MARK_NONE: assert(false);
    }
    v->last = mark->frame;
    return 0;
}

static int verify_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    judge_aside(enter(sink, err), aside);
    return 0;
}

static int verify_commit(struct gw_sink *sink, struct gw_err *err)
{
    struct verifier *v = enter(sink, err);
    assert(v->begun);
    v->verdict.commits++;
    gw_undo_commit(&v->memory.undo);
    gw_undo_commit(&v->pv.named_undo);
    gw_undo_commit(&v->proof.undo);
    commit_kept(v);
    v->tables.committed = v->tables.contents;
    v->kept.hvm = v->hvm;
    v->roots.kept.len = 0;
    gw_put(&v->roots.kept, v->roots.now.mem, v->roots.now.len);
    v->kept.any_contents = v->memory.any_contents;
    v->kept.any_nonzero = v->memory.any_nonzero;
    return gw_buf_ok(&v->tables.spare, err) < 0 ? -1 : gw_buf_ok(&v->roots.kept, err);
}

static void verify_close(struct gw_sink *sink)
{
    struct verifier *v = (struct verifier *)sink;
    gw_undo_free(&v->memory.undo);
    gw_sparse_free(&v->memory.pages);
    gw_sparse_free(&v->memory.checks);
    gw_buf_free(&v->pv.frames);
    gw_buf_free(&v->pv.touched);
    gw_buf_free(&v->roots.now);
    gw_buf_free(&v->roots.kept);
    gw_sparse_free(&v->pv.vcpus);
    gw_undo_free(&v->pv.named_undo);
    gw_sparse_free(&v->pv.named);
    free_kept(v);
    proof_free(v);
    gw_free(v->tables.places);
    gw_free(v);
}

static const struct gw_sink_ops verify_ops = {
    .name = "verifier",
    .takes = GW_TAKES_WATCH,
    .begin = verify_begin,
    .pages = verify_pages,
    .record = verify_record,
    .mark = verify_mark,
    .aside = verify_aside,
    .commit = verify_commit,
    .close = verify_close,
};

struct gw_sink *gw_verifier(const struct gw_verify_opts *opts, struct gw_err *err)
{
    struct verifier *v = gw_alloc(1, sizeof *v, err);
    if (v == NULL)
        return NULL;
    v->sink.ops = &verify_ops;
    v->opts = *opts;
    v->release = gw_release(opts->for_xen);
    v->opts.tables = opts->tables && opts->contents;
    v->opts.max_pfn = opts->max_pfn > 0 ? opts->max_pfn : gw_limit(PFN);
    gw_sparse_init(&v->memory.pages, 1);
    gw_sparse_init(&v->memory.checks, sizeof(uint64_t));
    gw_undo_init(&v->memory.undo, &v->memory.pages);
    proof_init(v);
    v->memory.first_pass = true;
    gw_sparse_init(&v->pv.vcpus, 1);
    gw_sparse_init(&v->pv.named, sizeof(struct vcpu_pages));
    gw_undo_init(&v->pv.named_undo, &v->pv.named);
    gw_sparse_init(&v->tables.slots, sizeof(uint32_t));
    gw_undo_init(&v->tables.slots_undo, &v->tables.slots);
    return &v->sink;
}

/* To the last complete checkpoint: what came behind it counts for nothing. */
static void go_back(struct verifier *v)
{
    if (v->verdict.commits == 0)
        return;
    gw_undo_back(&v->memory.undo);
    gw_undo_back(&v->pv.named_undo);
    gw_undo_back(&v->tables.slots_undo);
    gw_undo_back(&v->proof.undo);
    v->hvm = v->kept.hvm;
    struct gw_buf kept = v->roots.kept;
    v->roots.kept = v->roots.now;
    v->roots.now = kept;
    v->memory.any_contents = v->kept.any_contents;
    v->memory.any_nonzero = v->kept.any_nonzero;
}

/* Memory is judged when some state of it is whole: at END, or at the last complete checkpoint. */
const struct gw_verdict *gw_verify_finish(struct gw_sink *sink)
{
    struct verifier *v = (struct verifier *)sink;
    assert(!v->finished);
    v->finished = true;
    if (!v->end_seen)
        go_back(v);
    if (v->begun && (v->end_seen || v->verdict.commits > 0)) {
        judge_memory(v);
        judge_proof(v);
        if (v->guest == GW_GUEST_PV)
            judge_pv_memory(v);
        else
            judge_hvm_memory(v);
    }
    v->verdict.checkpoints = v->num_checkpoints;
    v->verdict.num_pfns = v->memory.pages.num;
    v->verdict.num_vcpus = v->guest == GW_GUEST_PV ? count_vcpus(v) : v->hvm.num_vcpus;
    v->verdict.vcpu_end = v->guest == GW_GUEST_PV ? v->pv.vcpus.num : v->hvm.vcpu_end;
    v->verdict.guest = v->guest;
    v->verdict.has_devices = v->guest == GW_GUEST_HVM && v->hvm.has_pic;
    v->verdict.pv_width = v->pv.width;
    return &v->verdict;
}

struct gw_guest_config gw_verdict_guest(const struct gw_verdict *verdict)
{
    struct gw_guest_config guest = { .max_vcpus = (uint32_t)gw_max(verdict->vcpu_end, 1) };
    const char *type = verdict->guest == GW_GUEST_PV ? "pv" : verdict->has_devices ? "hvm" : "pvh";
    uint64_t num = 0;
    for (unsigned i = 0; i < 16; i++)
        num += gw_type_populates(i) ? verdict->by_type[i] : 0;
    guest.max_memkb = num * (GW_PAGE_LEN / 1024);
    memcpy(guest.type, type, strlen(type) + 1);
    return guest;
}

bool gw_verdict_valid(const struct gw_verdict *verdict)
{
    return verdict->errors == 0;
}
