/*
 * elf.c - the parts of an ELF core, where they stand, and writing them in that order: header, program headers, notes,
 * of PV guests Xen's sections, pages in ascending order, what follows them.
 *
 * Each page stands in the file once. Program headers name it by its guest-physical address (p_paddr, and p_vaddr the
 * same, so that a debugger reads it by that too), and in front of these by the virtual addresses that the kernel has
 * for it. Always of the 64-bit class, for x86-64: 32-bit guests have memory that the other one cannot name.
 */
#include <string.h>

#include "exporter.h"

#define EHDR_LEN 64
#define PHDR_LEN 56
#define SHDR_LEN 64
#define ET_CORE 4
#define EM_X86_64 62
#define PT_LOAD 1u
#define PT_NOTE 4u
#define RWX 7u
#define PN_XNUM 0xffffu /* there are that many program headers or more: section 0 says how many */
#define SHT_PROGBITS 1u
#define SHT_STRTAB 3u
#define SHT_NOTE 7u
#define SECTIONS_MOST 8

struct section {
    const char *name;
    uint32_t type;
    uint64_t at, len, entry_len;
};

struct elf {
    struct output *output;
    const struct memory *memory;
    struct segments segments;
    struct gw_buf notes;
    bool is_pv;
    struct xen_core xen;
    struct section sections[SECTIONS_MOST];
    unsigned num_sections; /* 0: the file has no section table */
    uint64_t num_headers, notes_at, pages_at, names_at, table_at;
};

static uint64_t aligned(uint64_t at, uint64_t to)
{
    return (at + to - 1) / to * to;
}

/* The place behind the section. */
static uint64_t add_section(struct elf *e, const char *name, uint32_t type, uint64_t at, uint64_t len,
                            uint64_t entry_len)
{
    e->sections[e->num_sections++] = (struct section){ name, type, at, len, entry_len };
    return at + len;
}

static uint64_t names_len(const struct elf *e)
{
    uint64_t len = 0;
    for (unsigned i = 0; i < e->num_sections; i++)
        len += strlen(e->sections[i].name) + 1;
    return len;
}

/* Where everything stands. The order is that of writing. */
static void lay_out(struct elf *e)
{
    uint64_t pages_len = e->memory->pages * GW_PAGE_LEN, at;
    e->num_headers = 1 + e->segments.num + e->memory->spans;
    e->notes_at = EHDR_LEN + PHDR_LEN * e->num_headers;
    at = e->notes_at + e->notes.len;
    if (e->is_pv || e->num_headers >= PN_XNUM)
        add_section(e, "", 0, 0, 0, 0);
    if (e->is_pv) {
        at = add_section(e, ".note.Xen", SHT_NOTE, at, e->xen.notes.len, 0);
        at = add_section(e, ".xen_prstatus", SHT_PROGBITS, at, e->xen.contexts.len, e->xen.context_len);
        at = add_section(e, ".xen_shared_info", SHT_PROGBITS, at, gw_left(&e->xen.shared_info), 0);
    }
    e->pages_at = aligned(at, GW_PAGE_LEN);
    at = e->pages_at + pages_len;
    if (e->is_pv) {
        add_section(e, ".xen_pages", SHT_PROGBITS, e->pages_at, pages_len, GW_PAGE_LEN);
        at = add_section(e, ".xen_p2m", SHT_PROGBITS, at, e->memory->pages * 16, 16);
    }
    if (e->num_sections == 0)
        return;
    add_section(e, ".shstrtab", SHT_STRTAB, at, 0, 0);
    e->names_at = at;
    e->sections[e->num_sections - 1].len = names_len(e);
    e->table_at = aligned(at + names_len(e), 8);
}

static int put(struct elf *e, struct gw_buf *buf, struct gw_err *err)
{
    int rc = gw_buf_ok(buf, err) < 0 ? -1 : output_put(e->output, buf->mem, buf->len, err);
    gw_buf_free(buf);
    return rc;
}

static int put_head(struct elf *e, struct gw_err *err)
{
    static const uint8_t ident[16] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
    struct gw_buf buf = { 0 };
    gw_put(&buf, ident, sizeof ident);
    gw_put_u16(&buf, ET_CORE);
    gw_put_u16(&buf, EM_X86_64);
    gw_put_u32(&buf, 1);
    gw_put_u64(&buf, 0);
    gw_put_u64(&buf, EHDR_LEN);
    gw_put_u64(&buf, e->table_at);
    gw_put_u32(&buf, 0);
    gw_put_u16(&buf, EHDR_LEN);
    gw_put_u16(&buf, PHDR_LEN);
    gw_put_u16(&buf, (uint16_t)gw_min(e->num_headers, PN_XNUM));
    gw_put_u16(&buf, e->num_sections > 0 ? SHDR_LEN : 0);
    gw_put_u16(&buf, (uint16_t)e->num_sections);
    gw_put_u16(&buf, (uint16_t)(e->num_sections > 0 ? e->num_sections - 1 : 0));
    return put(e, &buf, err);
}

static int put_program(struct elf *e, uint32_t type, uint64_t at, uint64_t va, uint64_t address, uint64_t len,
                       struct gw_err *err)
{
    struct gw_buf buf = { 0 };
    gw_put_u32(&buf, type);
    gw_put_u32(&buf, type == PT_LOAD ? RWX : 0);
    gw_put_u64(&buf, at);
    gw_put_u64(&buf, va);
    gw_put_u64(&buf, address);
    gw_put_u64(&buf, len);
    gw_put_u64(&buf, len);
    gw_put_u64(&buf, 0); /* p_align: by this crash tells cores of its own kind from others */
    return put(e, &buf, err);
}

static int put_load(struct elf *e, uint64_t va, uint64_t pfn, uint64_t num, uint64_t below, struct gw_err *err)
{
    return put_program(e, PT_LOAD, e->pages_at + below * GW_PAGE_LEN, va, pfn * GW_PAGE_LEN, num * GW_PAGE_LEN, err);
}

static int put_programs(struct elf *e, struct gw_err *err)
{
    struct span span;
    uint64_t below = 0;
    int rc = put_program(e, PT_NOTE, e->notes_at, 0, 0, e->notes.len, err);
    for (size_t i = 0; rc == 0 && i < e->segments.num; i++) {
        const struct segment *s = &e->segments.all[i];
        rc = put_load(e, s->va, s->pfn, s->num, memory_below(e->memory, s->pfn), err);
    }
    for (uint64_t pfn = 0; rc == 0 && memory_next(e->memory, pfn, &span); pfn = span.first + span.num) {
        rc = put_load(e, span.first * GW_PAGE_LEN, span.first, span.num, below, err);
        below += span.num;
    }
    return rc;
}

static int put_xen(struct elf *e, struct gw_err *err)
{
    if (!e->is_pv)
        return 0;
    if (output_put(e->output, e->xen.notes.mem, e->xen.notes.len, err) < 0 ||
        output_put(e->output, e->xen.contexts.mem, e->xen.contexts.len, err) < 0)
        return -1;
    return output_put(e->output, e->xen.shared_info.p, gw_left(&e->xen.shared_info), err);
}

static int put_pages(struct elf *e, struct gw_err *err)
{
    struct span span;
    if (output_zeros(e->output, e->pages_at - e->output->at, err) < 0)
        return -1;
    for (uint64_t pfn = 0; memory_next(e->memory, pfn, &span); pfn = span.first + span.num)
        if (output_pages(e->output, e->memory->image, span, err) < 0)
            return -1;
    return 0;
}

static int put_sections(struct elf *e, struct gw_err *err)
{
    struct gw_buf buf = { 0 };
    uint32_t name = 0;
    for (unsigned i = 0; i < e->num_sections; i++)
        gw_put(&buf, e->sections[i].name, strlen(e->sections[i].name) + 1);
    gw_put_zeros(&buf, e->table_at - e->names_at - buf.len);
    for (unsigned i = 0; i < e->num_sections; i++) {
        const struct section *s = &e->sections[i];
        gw_put_u32(&buf, name);
        gw_put_u32(&buf, s->type);
        gw_put_zeros(&buf, 16); /* flags, address */
        gw_put_u64(&buf, s->at);
        gw_put_u64(&buf, s->len);
        gw_put_u32(&buf, 0);
        gw_put_u32(&buf, i == 0 && e->num_headers >= PN_XNUM ? (uint32_t)e->num_headers : 0);
        gw_put_u64(&buf, i == 0 ? 0 : 1);
        gw_put_u64(&buf, s->entry_len);
        name += (uint32_t)strlen(s->name) + 1;
    }
    return put(e, &buf, err);
}

static int gather(struct elf *e, struct gw_sink *inspector, struct gw_exported *facts, struct gw_err *err)
{
    e->is_pv = gw_inspector_summary(inspector)->headers.domain.type == GW_DOMAIN_PV;
    if (segments_find(&e->segments, e->memory, inspector, err) < 0 ||
        notes_of_vcpus(&e->notes, inspector, &facts->num_vcpus, err) < 0 ||
        vmcoreinfo_note(&e->notes, e->memory->image, &facts->vmcoreinfo, err) < 0 || gw_buf_ok(&e->notes, err) < 0)
        return -1;
    for (size_t i = 0; i < e->segments.num; i++)
        facts->mapped += e->segments.all[i].num;
    facts->mapped_ranges = e->segments.num;
    facts->unmapped = e->segments.dropped;
    return e->is_pv ? xen_core_init(&e->xen, inspector, e->memory->pages, err) : 0;
}

static int write_all(struct elf *e, struct gw_err *err)
{
    lay_out(e);
    if (put_head(e, err) < 0 || put_programs(e, err) < 0 ||
        output_put(e->output, e->notes.mem, e->notes.len, err) < 0 || put_xen(e, err) < 0 || put_pages(e, err) < 0)
        return -1;
    if (e->is_pv && xen_core_p2m(e->output, e->memory, err) < 0)
        return -1;
    return e->num_sections > 0 ? put_sections(e, err) : 0;
}

int export_elf(struct output *output, const struct memory *memory, struct gw_sink *inspector, struct gw_exported *facts,
               struct gw_err *err)
{
    struct elf e = { .output = output, .memory = memory };
    int rc = gather(&e, inspector, facts, err) < 0 ? -1 : write_all(&e, err);
    segments_free(&e.segments);
    gw_buf_free(&e.notes);
    xen_core_free(&e.xen);
    return rc;
}
