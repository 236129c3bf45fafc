/*
 * savevm.c - the elements of a QEMU's device state (qemu-savevm sections 1, 2 and 5).
 *
 *  0 4 "QEVM"; 4 4 version; elements. All integers big-endian, names with an octet of length before them.
 *
 * Without a description the headers are found by their looks: the longest run of headers with ascending ids is told,
 * as likely. What is told of sections never changes what is carried.
 */
#include <string.h>

#include "savevm_desc.h"

#define MAGIC 0x5145564du /* "QEVM" */
#define SECTIONS_MOST 4096
#define ID_MOST 65536u
#define VERSION_MOST 1024u
#define FOOTER_LEN 5

/* Forms that are none, told by their first octets (qemu-savevm 7, libxl-stream 3.2). */
static const struct {
    const char *octets, *form;
} others[] = {
    { "DeviceModelRecord0002", "a device model's record of libxl before Xen 4.6" },
    { "QemuDeviceModelRecord\n", "a device model's record of xend or xapi" },
};

static const char *other_form(const uint8_t *mem, size_t len)
{
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        if (len >= strlen(others[i].octets) && memcmp(mem, others[i].octets, strlen(others[i].octets)) == 0)
            return others[i].form;
    return NULL;
}

struct gw_qemu_section *add_section(struct gw_qemu *q, const struct gw_qemu_section *section, struct gw_err *err)
{
    void *mem = q->sections;
    if (gw_grow(&mem, &q->cap, (size_t)q->facts.num_sections + 1, sizeof *q->sections, err) < 0)
        return NULL;
    q->sections = mem;
    q->sections[q->facts.num_sections] = *section;
    return &q->sections[q->facts.num_sections++];
}

/* --- versions 1 and 2: each entry has its length ----------------------------------------------------------------- */

static int read_entries(struct gw_qemu *q, struct gw_cur cur, struct gw_err *err)
{
    const uint8_t *end = cur.end;
    q->measure = GW_QEMU_LENGTHS;
    if (q->facts.version == 2) {
        uint64_t total = gw_be64(&cur);
        if (total < gw_left(&cur))
            cur.end = cur.p + total;
    }
    while (gw_left(&cur) > 0 && q->facts.num_sections < SECTIONS_MOST) {
        struct gw_qemu_section s = { .element = GW_QEMU_FULL, .offset = (size_t)(cur.p - q->mem) };
        s.name_len = gw_u8(&cur);
        s.name = (const char *)gw_take(&cur, s.name_len);
        s.instance = gw_be32(&cur);
        s.version = gw_be32(&cur);
        s.length = gw_be32(&cur);
        s.body = cur.bad ? 0 : (size_t)(cur.p - q->mem);
        gw_take(&cur, s.length);
        if (!cur.bad && add_section(q, &s, err) == NULL)
            return -1;
    }
    q->facts.ended = gw_done(&cur);
    q->facts.tail = cur.bad ? 0 : (uint64_t)(end - cur.p);
    return 0;
}

/* --- version 3 --------------------------------------------------------------------------------------------------- */

static bool is_name(const uint8_t *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = name[i];
        bool right = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!right && (c == 0 || strchr(":./_- +,@()[]", c) == NULL))
            return false;
    }
    return len > 0;
}

bool section_at(const struct gw_qemu *q, size_t at, struct gw_qemu_section *out)
{
    struct gw_cur cur = gw_cur(q->mem + at, q->len - at);
    struct gw_qemu_section s = { .offset = at };
    s.element = gw_u8(&cur);
    s.id = gw_be32(&cur);
    if ((s.element != GW_QEMU_FULL && s.element != GW_QEMU_START) || s.id >= ID_MOST)
        return false;
    s.name_len = gw_u8(&cur);
    const uint8_t *name = gw_take(&cur, s.name_len);
    s.instance = gw_be32(&cur);
    s.version = gw_be32(&cur);
    if (cur.bad || !is_name(name, s.name_len) || s.version >= VERSION_MOST)
        return false;
    if (s.instance >= ID_MOST && s.instance < (uint32_t)-64)
        return false;
    s.name = (const char *)name;
    s.body = (size_t)(cur.p - q->mem);
    *out = s;
    return true;
}

bool footer_at(const struct gw_qemu *q, size_t at, uint32_t id)
{
    struct gw_cur cur = gw_cur(q->mem + at, q->len - at);
    return gw_u8(&cur) == GW_QEMU_FOOTER && gw_be32(&cur) == id && !cur.bad;
}

/* Where the first section should be; a CONFIGURATION before it has parts whose length nothing tells. */
static size_t read_configuration(struct gw_qemu *q)
{
    struct gw_cur cur = gw_cur(q->mem + 8, q->len - 8);
    if (q->facts.first != GW_QEMU_CONFIGURATION)
        return 8;
    q->facts.has_configuration = true;
    gw_u8(&cur);
    uint32_t len = gw_be32(&cur);
    const uint8_t *machine = gw_take(&cur, len);
    if (cur.bad)
        return q->len;
    q->machine = (const char *)machine;
    q->machine_len = len;
    return (size_t)(cur.p - q->mem);
}

/*
 * All that looks like a section's header, into q->sections: the ids behind the first section's are higher than its own,
 * and with footers each stands behind one.
 */
static int find_headers(struct gw_qemu *q, size_t from, size_t end, bool footers, struct gw_err *err)
{
    struct gw_qemu_section s;
    q->facts.num_sections = 0;
    for (size_t at = from; at < end && q->facts.num_sections < SECTIONS_MOST; at++) {
        if (!section_at(q, at, &s) || s.body > end)
            continue;
        bool footed = at >= from + FOOTER_LEN && q->mem[at - FOOTER_LEN] == GW_QEMU_FOOTER;
        if (q->facts.num_sections > 0 && ((footers && !footed) || s.id <= q->sections[0].id))
            continue;
        if (add_section(q, &s, err) == NULL)
            return -1;
        at = s.body - 1;
    }
    return 0;
}

/*
 * The longest run with ascending ids, in place: last[n] is the section with the smallest id that ends a run of n + 1
 * sections, before[i] the one before i in its run.
 */
static int keep_longest_run(struct gw_qemu *q, struct gw_err *err)
{
    uint32_t num = q->facts.num_sections, longest = 0;
    uint32_t *before = gw_alloc(2 * (size_t)num + 1, sizeof *before, err);
    if (before == NULL)
        return -1;
    uint32_t *last = before + num;
    for (uint32_t i = 0; i < num; i++) {
        uint32_t low = 0, high = longest;
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            if (q->sections[last[middle]].id < q->sections[i].id)
                low = middle + 1;
            else
                high = middle;
        }
        before[i] = low > 0 ? last[low - 1] : UINT32_MAX;
        last[low] = i;
        longest = low == longest ? longest + 1 : longest;
    }
    uint32_t at = longest > 0 ? last[longest - 1] : UINT32_MAX;
    for (uint32_t n = longest; n-- > 0; at = before[at])
        last[n] = at; /* ascending: what is read later is at or behind it */
    for (uint32_t n = 0; n < longest; n++)
        q->sections[n] = q->sections[last[n]];
    q->facts.num_sections = longest;
    gw_free(before);
    return 0;
}

/* Where the last section ends: at its footer, or at the EOF that is the last octet before a description. */
static size_t end_of_last(struct gw_qemu *q, const struct gw_qemu_section *s, size_t end)
{
    for (size_t at = s->body; q->measure == GW_QEMU_FOOTERS && at + FOOTER_LEN < end; at++)
        if (footer_at(q, at, s->id) && q->mem[at + FOOTER_LEN] == GW_QEMU_EOF)
            return at;
    return end > s->body && q->mem[end - 1] == GW_QEMU_EOF ? end - 1 : end;
}

/* end: behind the EOF. */
static void measure_run(struct gw_qemu *q, size_t end)
{
    size_t footer = q->measure == GW_QEMU_FOOTERS ? FOOTER_LEN : 0, last_end = 8;
    for (uint32_t i = 0; i < q->facts.num_sections; i++) {
        struct gw_qemu_section *s = &q->sections[i];
        bool is_last = i + 1 == q->facts.num_sections;
        size_t stop = is_last ? end_of_last(q, s, end) : s[1].offset - footer;
        s->length = stop > s->body ? stop - s->body : 0;
        last_end = (size_t)gw_max(stop, s->body) + footer;
    }
    q->facts.ended = last_end < end && q->mem[last_end] == GW_QEMU_EOF;
    q->facts.tail = q->facts.ended ? end - last_end - 1 : 0;
}

static bool has_footers(const struct gw_qemu *q)
{
    for (uint32_t i = 1; i < q->facts.num_sections; i++)
        if (footer_at(q, q->sections[i].offset - FOOTER_LEN, q->sections[0].id))
            return true;
    return q->facts.num_sections == 1 && q->len > q->sections[0].body + FOOTER_LEN + 1 &&
           footer_at(q, q->len - FOOTER_LEN - 1, q->sections[0].id);
}

/* By the headers' looks alone. */
static int guess(struct gw_qemu *q, size_t from, size_t end, struct gw_err *err)
{
    if (find_headers(q, from, end, false, err) < 0)
        return -1;
    q->measure = has_footers(q) ? GW_QEMU_FOOTERS : GW_QEMU_LIKELY;
    if (q->measure == GW_QEMU_FOOTERS && find_headers(q, from, end, true, err) < 0)
        return -1;
    if (keep_longest_run(q, err) < 0)
        return -1;
    measure_run(q, end);
    return 0;
}

static int read_elements(struct gw_qemu *q, struct gw_err *err)
{
    size_t from = read_configuration(q), end = q->len;
    if (read_description(q, &end, err) < 0)
        return -1;
    bool described = q->description != NULL && walk_described(q, from, end, err);
    if (err->code != GW_E_OK || (!described && guess(q, from, end, err) < 0))
        return -1;
    q->facts.has_footers = q->facts.has_footers || q->measure == GW_QEMU_FOOTERS;
    for (uint32_t i = 0; i < q->facts.num_sections; i++) {
        const struct gw_qemu_section *s = &q->sections[i];
        q->facts.has_ram = q->facts.has_ram || (s->element == GW_QEMU_START && s->name_len >= 3 &&
                                                memcmp(s->name + s->name_len - 3, "ram", 3) == 0);
    }
    return 0;
}

int gw_qemu_read(struct gw_cur state, struct gw_qemu *out, struct gw_err *err)
{
    size_t len = gw_left(&state);
    *out = (struct gw_qemu){ .mem = state.p, .len = len };
    struct gw_cur cur = state;
    bool is_qemu = gw_be32(&cur) == MAGIC;
    uint32_t version = gw_be32(&cur);
    if (!is_qemu || cur.bad) {
        out->facts.form = len > 0 ? other_form(state.p, len) : NULL;
        return 0;
    }
    out->facts.form = "QEMU's state";
    out->facts.version = version;
    out->facts.first = len > 8 ? state.p[8] : 0;
    int rc = 0;
    if (version == 1 || version == 2)
        rc = read_entries(out, cur, err);
    else if (version == 3)
        rc = read_elements(out, err);
    if (rc < 0)
        gw_qemu_free(out);
    return rc;
}

void gw_qemu_free(struct gw_qemu *qemu)
{
    free_description(qemu);
    gw_free(qemu->sections);
    qemu->sections = NULL;
    qemu->facts.num_sections = 0;
}

int read_device_state(struct gw_cur state, struct gw_device_state *out, struct gw_err *err)
{
    struct gw_qemu qemu;
    if (gw_qemu_read(state, &qemu, err) < 0)
        return -1;
    *out = qemu.facts;
    gw_qemu_free(&qemu);
    return 0;
}
