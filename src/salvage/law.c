/*
 * law.c - is what stands at a place a record: the laws of the frame, without which no reader can go on.
 *
 * They are those of the record table and of the page codec, asked of octets that nobody promised to be a record. What
 * the fields mean is not looked at. Each look is paid for, so that a search stays linear whatever the octets are.
 */
#include <assert.h>

#include "damaged.h"

#define MOST_STATIC 16384u /* octets of a policy: several times what Xen writes, and less than a few pages */
#define COST 64u           /* of looking at one header: what it costs in octets read */

static bool keeps_kind(const struct salvage_law *law, const struct gw_record_info *info)
{
    if (info->kind == GW_KIND_RETIRED || info->type == GW_REC_CHECKPOINT_DIRTY_PFN_LIST)
        return false;
    return (info->guests & law->guests) != 0;
}

/* What a header alone can say. */
static bool keeps_length(const struct gw_record_info *info, uint32_t length)
{
    if (length > gw_limit(RECORD_LENGTH) || !gw_record_size_right(info, length))
        return false;
    if (info->type == GW_REC_PAGE_DATA)
        return true;
    if (info->kind == GW_KIND_STATIC && length > MOST_STATIC)
        return false;
    return length <= gw_limit(KEPT_BODY) && (info->longest == 0 || length <= info->longest);
}

static bool keeps_header(const struct salvage_law *law, const struct seen *seen)
{
    const struct gw_record_info *info = gw_record_info(seen->type);
    if (info == NULL)
        return (seen->type & GW_REC_OPTIONAL) != 0 && seen->length <= gw_limit(RECORD_LENGTH);
    return keeps_kind(law, info) && keeps_length(info, seen->length);
}

/* False: the input ends before, or err is set. */
static bool read_header(struct salvage_law *law, uint64_t at, struct seen *out, struct gw_err *err)
{
    const uint8_t *mem = octets_at(law->octets, at, GW_RECORD_HEADER_LEN, err);
    if (mem == NULL)
        return false;
    struct gw_cur cur = gw_cur(mem, GW_RECORD_HEADER_LEN);
    *out = (struct seen){ .at = at };
    out->type = gw_u32(&cur);
    out->length = gw_u32(&cur);
    out->end = at + GW_RECORD_HEADER_LEN + out->length + gw_pad8(out->length);
    out->known = gw_record_info(out->type) != NULL;
    return true;
}

int header_type(struct salvage_law *law, uint64_t at, bool *has, uint32_t *type, struct gw_err *err)
{
    struct seen seen;
    *has = read_header(law, at, &seen, err) && seen.known && keeps_kind(law, gw_record_info(seen.type));
    *has = *has && (seen.type != GW_REC_END || seen.length == 0);
    *type = *has ? seen.type : 0;
    return err->code == GW_E_OK ? 0 : -1;
}

int header_proves(struct salvage_law *law, uint64_t at, bool *proves, struct gw_err *err)
{
    struct seen seen;
    *proves = read_header(law, at, &seen, err) && seen.known && seen.type != GW_REC_END && keeps_header(law, &seen) &&
              seen.end > law->octets->size;
    return err->code == GW_E_OK ? 0 : -1;
}

/* Which of them the page codec refuses, nobody is told. */
static bool decode_entries(struct salvage_law *law, struct seen *seen)
{
    struct gw_err ignored = GW_ERR_NONE;
    uint64_t *entries = (uint64_t *)(void *)law->entries.mem; /* from the heap: aligned */
    if (gw_entries_decode(entries, seen->count, law->max_pfn, &seen->num_contents, &ignored) < 0)
        return false;
    return gw_page_data_len(seen->count, seen->num_contents) == seen->length;
}

/* Before millions of entries are read: is there any number of contents with which the length is right? */
static bool may_be_pages(struct salvage_law *law, bool strict, struct seen *seen, struct gw_err *err)
{
    struct gw_err ignored = GW_ERR_NONE;
    uint32_t reserved;
    const uint8_t *head = octets_at(law->octets, seen->at + GW_RECORD_HEADER_LEN, 8, err);
    if (head == NULL || gw_page_head_decode(gw_cur(head, 8), seen->length, &seen->count, &reserved, &ignored) < 0)
        return false;
    uint64_t contents = seen->length - gw_page_data_len(seen->count, 0);
    return (reserved == 0 || !strict) && contents % GW_PAGE_LEN == 0 && contents / GW_PAGE_LEN <= seen->count;
}

/* False: it is none, or err is set. The entries are there in any case; the contents may not be. */
static bool keeps_pages(struct salvage_law *law, bool strict, struct seen *seen, struct gw_err *err)
{
    size_t got;
    if (!may_be_pages(law, strict, seen, err))
        return false;
    size_t len = 8 * (size_t)seen->count;
    seen->contents_at = seen->at + GW_RECORD_HEADER_LEN + 8 + len;
    if (seen->contents_at > law->octets->size)
        return false;
    law->entries.len = 0;
    uint8_t *mem = gw_buf_room(&law->entries, len);
    if (mem == NULL || octets_copy(law->octets, seen->contents_at - len, mem, len, &got, err) < 0) {
        gw_buf_ok(&law->entries, err);
        return false;
    }
    law->left -= gw_min(law->left, len);
    law->entries.len = got;
    return got == len && decode_entries(law, seen);
}

static bool keeps_vcpu(struct salvage_law *law, struct seen *seen, struct gw_err *err)
{
    const uint8_t *mem = octets_at(law->octets, seen->at + GW_RECORD_HEADER_LEN, 4, err);
    if (mem == NULL)
        return false;
    struct gw_cur cur = gw_cur(mem, 4);
    seen->vcpu = gw_u32(&cur);
    return seen->vcpu < gw_limit(VCPUS);
}

/* The entries of HVM_CONTEXT, one behind the other to its end. */
static bool is_context(struct gw_cur cur)
{
    struct gw_hvm_entry entry;
    while (gw_left(&cur) > 0 && gw_hvm_entry_take(&cur, &entry))
        continue;
    return gw_done(&cur);
}

static bool is_provenance(struct gw_cur cur)
{
    return gw_u8(&cur) == '{';
}

static bool is_saving_cpu(struct gw_cur cur)
{
    return gw_is_cpu_text(cur.p, gw_left(&cur));
}

static bool is_page_checks(struct gw_cur cur)
{
    struct gw_err ignored = GW_ERR_NONE;
    struct gw_page_checks checks;
    return gw_page_checks_decode(cur, &checks, &ignored) == 0;
}

static bool is_basic(struct gw_cur cur)
{
    size_t len = gw_left(&cur) - gw_min(gw_left(&cur), 8);
    return len == gw_layout_vcpu_guest_context.length || len == gw_layout_vcpu_guest_context_x32.length || len == 0;
}

/* What is of any length, and so would be taken for one with a wrong type: the least of what its body has to be. */
static const struct {
    uint32_t type;
    bool (*is)(struct gw_cur body);
} bodies[] = {
    { GW_REC_HVM_CONTEXT, is_context },   { GW_REC_X86_PV_VCPU_BASIC, is_basic }, { GW_REC_PROVENANCE, is_provenance },
    { GW_REC_SAVING_CPU, is_saving_cpu }, { GW_REC_PAGE_CHECKS, is_page_checks },
};

static bool is_body(struct salvage_law *law, const struct seen *seen, bool (*is)(struct gw_cur), struct gw_err *err)
{
    size_t got = 0;
    law->body.len = 0;
    uint8_t *mem = gw_buf_room(&law->body, seen->length);
    if (mem == NULL)
        gw_buf_ok(&law->body, err);
    else
        octets_copy(law->octets, seen->at + GW_RECORD_HEADER_LEN, mem, seen->length, &got, err);
    law->left -= gw_min(law->left, got);
    return mem != NULL && got == seen->length && is(gw_cur(mem, got));
}

static bool keeps_body(struct salvage_law *law, const struct seen *seen, struct gw_err *err)
{
    for (unsigned i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        if (bodies[i].type == seen->type)
            return is_body(law, seen, bodies[i].is, err);
    return true;
}

static bool keeps_padding(struct salvage_law *law, const struct seen *seen, struct gw_err *err)
{
    unsigned len = gw_pad8(seen->length);
    if (len == 0)
        return true;
    const uint8_t *pad = octets_at(law->octets, seen->end - len, len, err);
    return pad != NULL && gw_is_zero(pad, len);
}

static enum law judge(struct salvage_law *law, bool strict, struct seen *seen, struct gw_err *err)
{
    bool whole = seen->end <= law->octets->size;
    if (!keeps_header(law, seen) || (strict && !seen->known))
        return LAW_NONE;
    if (seen->type == GW_REC_PAGE_DATA)
        return !keeps_pages(law, strict, seen, err) ? LAW_NONE : whole ? LAW_RECORD : LAW_CUT;
    if (!whole || (gw_record_has_vcpu(seen->type) && !keeps_vcpu(law, seen, err)))
        return LAW_NONE;
    if (!keeps_body(law, seen, err))
        return LAW_NONE;
    return !strict || keeps_padding(law, seen, err) ? LAW_RECORD : LAW_NONE;
}

int judge_record(struct salvage_law *law, uint64_t at, bool strict, enum law *what, struct seen *out,
                 struct gw_err *err)
{
    law->left -= gw_min(law->left, COST);
    *what = read_header(law, at, out, err) ? judge(law, strict, out, err) : LAW_NONE;
    return err->code == GW_E_OK ? 0 : -1;
}
