/*
 * structure.c - the structures of an image, told to a program's callback as its records come.
 */
#include "api.h"

/* Whom to tell of structures, and of which record they are. */
struct teller {
    godwit_structure_fn *fn;
    void *arg;
    struct godwit_error heard;
    uint64_t number, offset; /* of the record, and of its body */
    uint32_t type;
};

static int tell(void *arg, const struct gw_structure *s, struct gw_err *err)
{
    struct teller *t = arg;
    size_t length = gw_left(&s->octets);
    struct godwit_structure view = {
        .size = sizeof view,
        .number = t->number,
        .offset = t->offset + s->at,
        .record_type = t->type,
        .name = s->name,
        .per_vcpu = s->per_vcpu,
        .instance = s->instance,
        .layout = api_layout(s->layout),
        .count = s->repeats ? (uint32_t)(length / s->layout->length) : 1,
        .octets = s->octets.p,
        .length = length,
    };
    return api_answered(t->fn(t->arg, &view, &t->heard), 0, &t->heard, "structure", err);
}

int godwit_structures(uint32_t record_type, const void *body, size_t length, unsigned pv_width, godwit_structure_fn *fn,
                      void *arg, struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err), why = GW_ERR_NONE;
    struct teller t = { .fn = fn, .arg = arg, .heard.err = GW_ERR_NONE, .type = record_type };
    const struct gw_view view = { .width = pv_width };
    if (fn == NULL || (body == NULL && length > 0))
        return gw_fail(own, GW_E_USAGE, "structures without a body or a callback");
    if (pv_width != 0 && pv_width != 4 && pv_width != 8)
        return gw_fail(own, GW_E_USAGE, "pv_width is %u; it is 4, 8, or 0", pv_width);
    int rc = gw_structures(record_type, gw_cur(body, length), &view, tell, &t, &why);
    *own = why;
    return rc;
}

/* --- as a sink --------------------------------------------------------------------------------------------------- */

struct walker {
    struct gw_sink sink;
    struct teller teller;
    unsigned width;      /* of a PV guest */
    struct gw_buf cpuid; /* the policy */
};

/* What later records are read by. */
static int learn(struct walker *w, const struct gw_record *record, struct gw_err *err)
{
    struct gw_cur body = gw_cur(record->body, record->frame.length);
    struct gw_err ignored = GW_ERR_NONE; /* what is wrong with it is the verifier's to say */
    struct gw_pv_info info;
    if (record->frame.type == GW_REC_X86_PV_INFO && gw_pv_info_decode(body, &info, &ignored) == 0)
        w->width = info.width;
    if (record->frame.type != GW_REC_X86_CPUID_POLICY)
        return 0;
    w->cpuid.len = 0;
    gw_put(&w->cpuid, record->body, record->frame.length);
    return gw_buf_ok(&w->cpuid, err);
}

static int walker_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct walker *w = (struct walker *)sink;
    const struct gw_frame *frame = &record->frame;
    if (record->body == NULL) /* longer than anything that has structures */
        return 0;
    if (learn(w, record, err) < 0)
        return -1;
    const struct gw_view view = { .width = w->width, .cpuid = gw_buf_cur(&w->cpuid) };
    w->teller.type = frame->type;
    w->teller.number = frame->number;
    w->teller.offset = frame->offset + GW_RECORD_HEADER_LEN;
    return gw_structures(frame->type, gw_cur(record->body, frame->length), &view, tell, &w->teller, err);
}

static void walker_close(struct gw_sink *sink)
{
    struct walker *w = (struct walker *)sink;
    gw_buf_free(&w->cpuid);
    gw_free(w);
}

static const struct gw_sink_ops walker_ops = {
    .name = "walker",
    .takes = GW_TAKES_WATCH,
    .record = walker_record,
    .close = walker_close,
};

static const struct api_kind walker_kind = { .name = "walker" };

struct godwit_sink *godwit_walker_new(godwit_structure_fn *fn, void *arg, struct godwit_error *err)
{
    struct gw_err *own = API_ERR(err);
    if (fn == NULL)
        return gw_fail(own, GW_E_USAGE, "a walker without a callback"), NULL;
    struct walker *w = gw_alloc(1, sizeof *w, own);
    if (w == NULL)
        return NULL;
    w->sink.ops = &walker_ops;
    w->teller = (struct teller){ .fn = fn, .arg = arg, .heard.err = GW_ERR_NONE };
    return api_sink(sizeof(struct godwit_sink), &walker_kind, &w->sink, own);
}
