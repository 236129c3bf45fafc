/*
 * records.c - the words of the format, as programs see them. What the headers promise is held against our tables by the
 * compiler: a new row there does not compile before it has its line in include/godwit/record.h.
 */
#include "api.h"

#define SAME(public, own) _Static_assert((uint32_t)(public) == (uint32_t)(own), #public " is promised to programs")
#define X(number, id, ...) SAME(GODWIT_RECORD_##id, number);
GW_RECORDS(X)
#undef X
SAME(GODWIT_RECORD_OPTIONAL, GW_REC_OPTIONAL);
SAME(GODWIT_KIND_MARKER, GW_KIND_MARKER);
SAME(GODWIT_KIND_STATIC, GW_KIND_STATIC);
SAME(GODWIT_KIND_DYNAMIC, GW_KIND_DYNAMIC);
SAME(GODWIT_KIND_OPTIONAL, GW_KIND_OPTIONAL);
SAME(GODWIT_KIND_RETIRED, GW_KIND_RETIRED);
SAME(GODWIT_GUEST_PV, GW_GUEST_PV);
SAME(GODWIT_GUEST_HVM, GW_GUEST_HVM);
SAME(GODWIT_PAGE_LEN, GW_PAGE_LEN);
SAME(GODWIT_PAGE_NOTAB, GW_PAGE_NOTAB);
SAME(GODWIT_PAGE_L1, GW_PAGE_L1);
SAME(GODWIT_PAGE_L2, GW_PAGE_L2);
SAME(GODWIT_PAGE_L3, GW_PAGE_L3);
SAME(GODWIT_PAGE_L4, GW_PAGE_L4);
SAME(GODWIT_PAGE_PINNED, GW_PAGE_PINNED);
SAME(GODWIT_PAGE_BROKEN, GW_PAGE_BROKEN);
SAME(GODWIT_PAGE_XALLOC, GW_PAGE_XALLOC);
SAME(GODWIT_PAGE_XTAB, GW_PAGE_XTAB);

unsigned godwit_num_record_infos(void)
{
    return gw_num_records;
}

static int answer_info(const struct gw_record_info *info, struct godwit_record_info *out)
{
    struct godwit_record_info answer = {
        .size = sizeof answer,
        .type = info->type,
        .name = info->name,
        .what = info->sentence,
        .kind = (enum godwit_record_kind)info->kind,
        .guests = info->guests,
        .since = info->since,
        .length_least = info->size.least,
        .length_unit = info->size.exact ? 0 : info->size.unit,
        .length_base = info->size.base,
        .length_longest = info->longest,
    };
    return api_answer(out, &answer, sizeof answer);
}

int godwit_record_info_at(unsigned index, struct godwit_record_info *out)
{
    return index < gw_num_records ? answer_info(&gw_records[index], out) : -1;
}

int godwit_record_info_of(uint32_t type, struct godwit_record_info *out)
{
    const struct gw_record_info *info = gw_record_info(type);
    return info != NULL ? answer_info(info, out) : -1;
}

uint64_t godwit_entry_pfn(uint64_t entry)
{
    return gw_entry_pfn(entry);
}

unsigned godwit_entry_type(uint64_t entry)
{
    return gw_entry_type(entry);
}

const char *godwit_page_type_name(unsigned type)
{
    return gw_page_type_name(type);
}

int godwit_page_type_has_contents(unsigned type)
{
    return type < 16 && gw_type_exists(type) && gw_type_has_contents(type);
}

int godwit_page_type_populates(unsigned type)
{
    return type < 16 && gw_type_exists(type) && gw_type_populates(type);
}
