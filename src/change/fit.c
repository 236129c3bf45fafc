/*
 * fit.c - an image fitted to a receiver: its version, and record by record what that release of Xen takes.
 *
 * The recipes are those of section 13.4. Version 3 says where the static data end, version 2 does not; policies have no
 * place in version 2. Nothing here looks at contents. What a release takes is said by xenf's release.h.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "fit.h"

static const struct {
    uint32_t type;
    fit_fn *fit;
} fits[] = {
    { GW_REC_X86_PV_VCPU_EXTENDED, fit_extended },
    { GW_REC_X86_PV_VCPU_XSAVE, fit_xsave },
    { GW_REC_X86_PV_VCPU_MSRS, fit_vcpu_msrs },
    { GW_REC_SHARED_INFO, fit_shared_info },
    { GW_REC_X86_TSC_INFO, fit_tsc },
    { GW_REC_HVM_CONTEXT, fit_hvm_context },
    { GW_REC_HVM_PARAMS, fit_hvm_params },
    { GW_REC_X86_CPUID_POLICY, fit_cpuid_policy },
    { GW_REC_X86_MSR_POLICY, fit_msr_policy },
};

static struct fit *fit_of(struct gw_sink *sink)
{
    return (struct fit *)sink;
}

/* --- version ------------------------------------------------------------------------------------------------------ */

static uint32_t version_for(const struct fit *f)
{
    if (f->opts.version != 0)
        return f->opts.version;
    return f->release != NULL ? f->release->writes : f->from;
}

static int fit_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    struct fit *f = fit_of(sink);
    struct gw_headers changed = *headers;
    f->from = headers->image.version;
    f->version = changed.image.version = version_for(f);
    if (f->release == NULL)
        snprintf(f->where, sizeof f->where, "version %u", f->version);
    f->totals = gw_totals_new(err);
    return f->totals != NULL ? gw_sink_begin(f->filter.next, &changed, err) : -1;
}

/* A mark that only is where the next record begins has no number of its own. */
static int pass_numbered(struct fit *f, const struct gw_mark *mark, struct gw_err *err)
{
    struct gw_mark numbered = *mark;
    numbered.frame = fit_frame(f, &mark->frame);
    f->number -= mark->inferred;
    return gw_sink_mark(f->filter.next, &numbered, err);
}

/* Behind what precedes it in the image: version 3 says it there, and version 2 means it there (12.3). */
static int say_static_end(struct fit *f, const struct gw_frame *next, struct gw_err *err)
{
    struct gw_mark mark = { .kind = GW_STATIC_END, .frame = { .offset = next->offset } };
    mark.frame.type = GW_REC_STATIC_DATA_END;
    if (f->said_static_end || f->from != 2 || f->version != 3)
        return 0;
    f->said_static_end = true;
    return pass_numbered(f, &mark, err);
}

static int fit_static_end(struct fit *f, const struct gw_mark *mark, struct gw_err *err)
{
    struct gw_mark changed = *mark;
    if (f->from == 2 && f->version == 3) {
        bool again = f->said_static_end && !mark->inferred;
        return again ? pass_numbered(f, mark, err) : say_static_end(f, &mark->frame, err);
    }
    changed.inferred = mark->inferred || (f->from == 3 && f->version == 2);
    return pass_numbered(f, &changed, err);
}

static int fit_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct fit *f = fit_of(sink);
    if (mark->kind == GW_STATIC_END)
        return fit_static_end(f, mark, err);
    if ((mark->kind == GW_END || mark->kind == GW_CHECKPOINT) && filter_settle(&f->filter, err) < 0)
        return -1;
    if (f->num_empty > 0 && mark->kind == GW_END)
        filter_tell(&f->filter, "left out: %llu record%s without content, which say nothing",
                    (unsigned long long)f->num_empty, f->num_empty == 1 ? "" : "s");
    return pass_numbered(f, mark, err);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static int fit_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct fit *f = fit_of(sink);
    f->split = f->release != NULL && pages->frame.length > gw_limit_of(f->release->record_length);
    if (say_static_end(f, &pages->frame, err) < 0)
        return -1;
    if (f->split)
        return fit_split(f, pages, err);
    struct gw_pages numbered = *pages;
    numbered.frame = fit_frame(f, &pages->frame);
    return gw_sink_pages(f->filter.next, &numbered, err);
}

/* --- records ------------------------------------------------------------------------------------------------------ */

static bool is_empty(const struct gw_frame *frame)
{
    const struct gw_record_info *info = gw_record_info(frame->type);
    return info != NULL && info->empty != GW_NO_EMPTY_FORM && frame->length == info->empty;
}

static bool is_dynamic(uint32_t type)
{
    const struct gw_record_info *info = gw_record_info(type);
    return info != NULL && info->kind == GW_KIND_DYNAMIC;
}

static bool is_optional(uint32_t type)
{
    return (type & GW_REC_OPTIONAL) != 0;
}

/* True: the record can not go on, which is told, or settled later. */
static bool has_no_place(struct fit *f, const struct gw_frame *frame)
{
    char room[32];
    const char *name = gw_record_name(frame->type, room, sizeof room);
    bool is_policy = frame->type == GW_REC_X86_CPUID_POLICY || frame->type == GW_REC_X86_MSR_POLICY;
    if (f->release != NULL && gw_record_info(frame->type) != NULL && !gw_release_knows_record(f->release, frame->type))
        filter_lose(&f->filter, "%s, which %s does not know", name, f->where);
    else if (is_policy && f->from == 3 && f->version == 2)
        filter_lose(&f->filter, "%s, for which version 2 has no place", name);
    else if (f->release != NULL && is_optional(frame->type) && frame->length > gw_limit_of(f->release->record_length))
        filter_lose(&f->filter, "%s of %u octets, of which %s reads %llu", name, frame->length, f->where,
                    (unsigned long long)gw_limit_of(f->release->record_length));
    else
        return false;
    f->records_differ = f->records_differ || !is_optional(frame->type);
    return true;
}

static int pass_on(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    struct gw_record numbered = *record;
    numbered.frame = fit_frame(f, &record->frame);
    if (!is_optional(record->frame.type) && record->body != NULL)
        gw_totals_record(f->totals, record->frame.type, record->body, record->frame.length);
    return gw_sink_record(f->filter.next, &numbered, err);
}

/* The records' part of the digest is made anew where they changed; memory has not. */
static int pass_digest(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    struct gw_image_digest digest;
    struct gw_totals_sum sum;
    struct gw_err none = GW_ERR_NONE;
    if (!f->records_differ || gw_image_digest_decode(gw_cur(record->body, record->frame.length), &digest, &none) < 0)
        return pass_on(f, record, err);
    gw_totals_sum(f->totals, &sum);
    memcpy(digest.records_digest, sum.records_digest, sizeof digest.records_digest);
    digest.num_records = sum.num_records;
    f->body.len = 0;
    gw_image_digest_encode(&f->body, &digest);
    struct gw_record changed = { .frame = record->frame, .body = f->body.mem };
    return gw_buf_ok(&f->body, err) < 0 ? -1 : pass_on(f, &changed, err);
}

/* What the record becomes, by its own function. */
static int fit_body(struct fit *f, const struct gw_record *record, struct gw_err *err)
{
    struct gw_record changed = *record;
    int rc = 0;
    for (unsigned i = 0; i < sizeof fits / sizeof fits[0]; i++)
        if (fits[i].type == record->frame.type && record->body != NULL) {
            f->body.len = 0;
            rc = fits[i].fit(f, record, err);
        }
    if (rc < 0 || gw_buf_ok(&f->body, err) < 0)
        return -1;
    if (rc == 0)
        return pass_on(f, record, err);
    f->records_differ = true;
    changed.body = f->body.mem;
    changed.frame.length = (uint32_t)f->body.len;
    return f->body.len > 0 ? pass_on(f, &changed, err) : 0;
}

static int fit_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct fit *f = fit_of(sink);
    const struct gw_frame *frame = &record->frame;
    if (frame->type == GW_REC_X86_PV_INFO && frame->length > 0)
        f->pv_width = record->body[0];
    if (f->opts.checks_anew && (frame->type == GW_REC_PAGE_CHECKS || frame->type == GW_REC_IMAGE_DIGEST))
        return 0;
    if (is_dynamic(frame->type) && say_static_end(f, frame, err) < 0)
        return -1;
    if (is_empty(frame)) {
        f->num_empty++;
        f->records_differ = true;
        return 0;
    }
    if (has_no_place(f, frame))
        return 0;
    if (f->release != NULL && frame->length > gw_limit_of(f->release->record_length))
        return gw_fail(err, GW_E_REFUSED, "a record of %u octets can not be split, and %s reads %llu", frame->length,
                       f->where, (unsigned long long)gw_limit_of(f->release->record_length));
    if (frame->type == GW_REC_PAGE_CHECKS && f->split)
        return filter_tell(&f->filter, "left out: PAGE_CHECKS of records that had to be split"), 0;
    if (frame->type == GW_REC_IMAGE_DIGEST)
        return pass_digest(f, record, err);
    return f->release != NULL ? fit_body(f, record, err) : pass_on(f, record, err);
}

static void fit_close(struct gw_sink *sink)
{
    struct fit *f = fit_of(sink);
    filter_free(&f->filter);
    gw_totals_free(f->totals);
    gw_buf_free(&f->body);
    gw_buf_free(&f->contents);
    gw_free(f);
}

static const struct gw_sink_ops fit_ops = {
    .name = "fit",
    .takes = GW_TAKES_MOVE,
    .begin = fit_begin,
    .pages = fit_pages,
    .record = fit_record,
    .mark = fit_mark,
    .aside = pass_aside,
    .commit = pass_commit,
    .close = fit_close,
};

struct gw_sink *gw_fit(const struct gw_fit_opts *opts, struct gw_sink *next, struct gw_err *err)
{
    struct fit *f = gw_alloc(1, sizeof *f, err);
    if (f == NULL)
        return NULL;
    f->filter = (struct filter){
        .sink.ops = &fit_ops, .next = next, .lossy = opts->lossy, .tell = opts->tell, .arg = opts->arg
    };
    f->opts = *opts;
    f->release = opts->for_xen != 0 ? gw_release(opts->for_xen) : NULL;
    snprintf(f->where, sizeof f->where, "Xen 4.%u", opts->for_xen);
    assert(f->release == NULL || opts->version == 0 || gw_release_reads(f->release, opts->version));
    return &f->filter.sink;
}
