/*
 * xen_core.c - what `xl dump-core` writes of a PV guest, beside what every core has: notes named Xen, contexts of
 * vCPUs, shared_info, and which frame each page is (Xen: docs/misc/dump-core-format.txt).
 *
 * In an image page tables and contexts hold pfns, where a dump holds machine frames. So pages are said to lie in the
 * machine frame of their pfn: whoever translates through this map finds what the tables mean.
 */
#include "exporter.h"

#define NOTE_NONE 0x2000000u
#define NOTE_HEADER 0x2000001u
#define NOTE_XEN_VERSION 0x2000002u
#define NOTE_FORMAT_VERSION 0x2000003u
#define MAGIC_PV UINT64_C(0xf00febed)
#define FORMAT_VERSION 1u
/* Texts of Xen's version that an image does not have: extra version, compiler and so on, capabilities, changeset. */
#define XEN_TEXTS_LEN (16 + 64 + 16 + 32 + 32 + 1024 + 64)

static int keep_context(void *arg, const struct gw_structure *s, struct gw_err *err)
{
    struct xen_core *core = arg;
    (void)err;
    if (s->layout != &gw_layout_vcpu_guest_context && s->layout != &gw_layout_vcpu_guest_context_x32)
        return 0;
    size_t len = gw_min(gw_left(&s->octets), s->layout->length);
    core->context_len = s->layout->length;
    core->num_contexts++;
    gw_put(&core->contexts, s->octets.p, len);
    gw_put_zeros(&core->contexts, s->layout->length - len);
    return 0;
}

static void put_notes(struct xen_core *core, const struct gw_domain_header *domain, uint64_t pages)
{
    struct gw_buf desc = { 0 };
    note_put(&core->notes, "Xen", NOTE_NONE, NULL, 0);
    gw_put_u64(&desc, MAGIC_PV);
    gw_put_u64(&desc, core->num_contexts);
    gw_put_u64(&desc, pages);
    gw_put_u64(&desc, GW_PAGE_LEN);
    note_put(&core->notes, "Xen", NOTE_HEADER, desc.mem, desc.len);
    desc.len = 0;
    gw_put_u64(&desc, domain->xen_major);
    gw_put_u64(&desc, domain->xen_minor);
    gw_put_zeros(&desc, XEN_TEXTS_LEN + 8); /* and where Xen's own addresses begin */
    gw_put_u64(&desc, GW_PAGE_LEN);
    note_put(&core->notes, "Xen", NOTE_XEN_VERSION, desc.mem, desc.len);
    desc.len = 0;
    gw_put_u64(&desc, FORMAT_VERSION);
    note_put(&core->notes, "Xen", NOTE_FORMAT_VERSION, desc.mem, desc.len);
    core->notes.bad = core->notes.bad || desc.bad;
    gw_buf_free(&desc);
}

int xen_core_init(struct xen_core *core, struct gw_sink *inspector, uint64_t pages, struct gw_err *err)
{
    *core = (struct xen_core){ 0 };
    if (gw_inspector_registers(inspector, keep_context, core, err) < 0)
        return -1;
    if (!gw_inspector_record(inspector, GW_REC_SHARED_INFO, &core->shared_info))
        core->shared_info = gw_cur(NULL, 0);
    put_notes(core, &gw_inspector_summary(inspector)->headers.domain, pages);
    return gw_buf_ok(&core->notes, err) < 0 ? -1 : gw_buf_ok(&core->contexts, err);
}

void xen_core_free(struct xen_core *core)
{
    gw_buf_free(&core->notes);
    gw_buf_free(&core->contexts);
}

static int put_frames(struct output *output, struct span span, struct gw_err *err)
{
    struct gw_buf buf = { 0 };
    int rc = 0;
    for (uint64_t i = 0; rc == 0 && i < span.num; i++) {
        buf.len = 0;
        gw_put_u64(&buf, span.first + i); /* pfn */
        gw_put_u64(&buf, span.first + i); /* gmfn */
        rc = gw_buf_ok(&buf, err) < 0 ? -1 : output_put(output, buf.mem, buf.len, err);
    }
    gw_buf_free(&buf);
    return rc;
}

int xen_core_p2m(struct output *output, const struct memory *memory, struct gw_err *err)
{
    struct span span = { 0 };
    for (uint64_t pfn = 0; memory_next(memory, pfn, &span); pfn = span.first + span.num)
        if (put_frames(output, span, err) < 0)
            return -1;
    return 0;
}
