/*
 * aside_print.c - what stands in a wrapping's records beside the image: what a configuration says of the guest, the
 * devices in a QEMU's state and their fields where it describes itself, the guest's moved memory that libxl notes.
 */
#include <inttypes.h>
#include <string.h>

#include "listing.h"
#include "wrap.h"

struct printer {
    FILE *out;
    const struct gw_inspect_view *view;
    const char *aside;
    bool json;
    const struct gw_qemu *qemu;
};

static bool is_libxl(const struct item *item, enum gw_libxl_type type)
{
    return item->kind == GW_ASIDE_LIBXL_RECORD && item->type == (uint32_t)type;
}

enum aside_holds aside_holds(const struct item *item, const struct held *held, struct gw_cur *octets)
{
    bool is_xenopsd = item->kind == GW_ASIDE_XENOPSD_RECORD;
    *octets = gw_buf_cur(&held->body);
    if (held->dropped)
        return ASIDE_HOLDS_OTHER;
    if (item->kind == GW_ASIDE_XL_CONFIG || item->kind == GW_ASIDE_LIBVIRT_XML || item->kind == GW_ASIDE_XEND_CONFIG ||
        (is_xenopsd && item->type == GW_XENOPSD_XENOPS))
        return ASIDE_HOLDS_CONFIG;
    if (is_libxl(item, GW_LIBXL_EMULATOR) || is_libxl(item, GW_LIBXL_XENSTORE))
        gw_take(octets, GW_LIBXL_EMULATOR_HEAD);
    if (is_libxl(item, GW_LIBXL_EMULATOR) || (is_xenopsd && item->type == GW_XENOPSD_QEMU))
        return ASIDE_HOLDS_QEMU;
    return is_libxl(item, GW_LIBXL_XENSTORE) ? ASIDE_HOLDS_STORE : ASIDE_HOLDS_OTHER;
}

/* --- what a configuration says ----------------------------------------------------------------------------------- */

static void config_text(const struct printer *p, const struct gw_guest_config *c)
{
    char name[4 * sizeof c->name], uuid[4 * sizeof c->uuid], type[4 * sizeof c->type];
    fprintf(p->out, "    name '%s', type '%s', uuid '%s', %" PRIu64 " KiB of memory at most, %u vCPU%s\n",
            gw_escape(name, sizeof name, c->name, strlen(c->name)),
            gw_escape(type, sizeof type, c->type, strlen(c->type)),
            gw_escape(uuid, sizeof uuid, c->uuid, strlen(c->uuid)), c->max_memkb, c->max_vcpus,
            c->max_vcpus == 1 ? "" : "s");
}

static void config_json(const struct printer *p, const struct gw_guest_config *c)
{
    struct gw_json json = { .out = p->out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "config");
    gw_json_text(&json, "aside", p->aside);
    gw_json_text(&json, "name", c->name);
    gw_json_text(&json, "guest_type", c->type);
    gw_json_text(&json, "uuid", c->uuid);
    gw_json_number(&json, "max_memkb", c->max_memkb);
    gw_json_number(&json, "video_memkb", c->video_memkb);
    gw_json_number(&json, "max_vcpus", c->max_vcpus);
    gw_json_end(&json, '}');
}

/* --- a QEMU's state ---------------------------------------------------------------------------------------------- */

const char *aside_qemu_ends(enum gw_qemu_measure measure)
{
    static const char *const texts[] = {
        [GW_QEMU_NOTHING] = "where they end is not known",
        [GW_QEMU_LIKELY] = "where they end is likely: nothing in the state says it",
        [GW_QEMU_FOOTERS] = "their ends are marked",
        [GW_QEMU_LENGTHS] = "their lengths are told",
        [GW_QEMU_DESCRIBED] = "described by itself",
    };
    return texts[measure];
}

/* The octets of a field that a number fits into, big-endian as QEMU writes them; else as they stand. */
static void field_value(char *room, size_t len, const struct gw_qemu *q, const struct gw_qemu_field *field)
{
    struct gw_cur cur = gw_cur(q->mem + field->offset, field->length);
    size_t at = 0;
    if (field->length <= 8)
        at = (size_t)snprintf(room, len, "0x");
    for (size_t i = 0; i < field->length && i < 16 && at + 3 < len; i++)
        at += (size_t)snprintf(room + at, len - at, "%02x", gw_u8(&cur));
    if (field->length > 16 && at + 4 < len)
        snprintf(room + at, len - at, "...");
}

static int print_field(void *arg, const struct gw_qemu_field *field, struct gw_err *err)
{
    const struct printer *p = arg;
    bool holds = strcmp(field->type, "struct") == 0 || strcmp(field->type, "subsection") == 0;
    char value[64] = "", name[256], index[24] = "";
    (void)err;
    if (!holds)
        field_value(value, sizeof value, p->qemu, field);
    if (!p->json) {
        if (field->index != UINT64_MAX)
            snprintf(index, sizeof index, "[%" PRIu64 "]", field->index);
        fprintf(p->out, "%*s%s%s %s\n", (int)(8 + 2 * field->depth), "",
                gw_escape(name, sizeof name, field->name, strlen(field->name)), index, value);
        return 0;
    }
    struct gw_json json = { .out = p->out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "device_field");
    gw_json_number(&json, "depth", field->depth);
    gw_json_text(&json, "name", field->name);
    gw_json_text(&json, "field_type", field->type);
    if (field->index != UINT64_MAX)
        gw_json_number(&json, "index", field->index);
    gw_json_number(&json, "offset", field->offset);
    gw_json_number(&json, "length", field->length);
    if (!holds)
        gw_json_octets(&json, "octets", p->qemu->mem + field->offset, field->length);
    gw_json_end(&json, '}');
    return 0;
}

static void print_section(const struct printer *p, const struct gw_qemu_section *s)
{
    char name[4 * 256];
    if (!p->json) {
        fprintf(p->out, "      %-28s instance %u, version %u, length %zu, at %zu\n",
                gw_escape(name, sizeof name, s->name, s->name_len), s->instance, s->version, s->length, s->offset);
        return;
    }
    struct gw_json json = { .out = p->out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "device");
    gw_json_text(&json, "aside", p->aside);
    gw_json_text(&json, "name", gw_escape(name, sizeof name, s->name, s->name_len));
    gw_json_number(&json, "id", s->id);
    gw_json_number(&json, "instance", s->instance);
    gw_json_number(&json, "version", s->version);
    gw_json_number(&json, "offset", s->offset);
    gw_json_number(&json, "length", s->length);
    gw_json_end(&json, '}');
}

static int print_qemu(struct printer *p, struct gw_cur state, struct gw_err *err)
{
    struct gw_qemu q = { 0 };
    int rc = gw_qemu_read(state, &q, err);
    p->qemu = &q;
    if (rc == 0 && !p->json && q.facts.version > 0)
        fprintf(p->out, "    %s, version %u, %u devices; %s\n", q.facts.form != NULL ? q.facts.form : "a QEMU's state",
                q.facts.version, q.facts.num_sections, aside_qemu_ends(q.measure));
    else if (rc == 0 && !p->json)
        fprintf(p->out, "    %s\n", q.facts.form != NULL ? q.facts.form : "of a form that is not known");
    for (uint32_t i = 0; rc == 0 && i < q.facts.num_sections; i++) {
        print_section(p, &q.sections[i]);
        if (p->json || p->view->hex)
            rc = gw_qemu_fields(&q, i, print_field, p, err);
    }
    gw_qemu_free(&q);
    p->qemu = NULL;
    return rc;
}

/* --- libxl's notes for a device model ---------------------------------------------------------------------------- */

static int print_physmap(void *arg, const struct gw_physmap *entry, struct gw_err *err)
{
    const struct printer *p = arg;
    char name[4 * sizeof entry->name];
    (void)err;
    if (!p->json) {
        fprintf(p->out, "    memory '%s' of 0x%" PRIx64 " octets, from 0x%" PRIx64 " moved to 0x%" PRIx64 "\n",
                gw_escape(name, sizeof name, entry->name, strlen(entry->name)), entry->size, entry->phys_offset,
                entry->start_addr);
        return 0;
    }
    struct gw_json json = { .out = p->out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "physmap");
    gw_json_text(&json, "name", entry->name);
    gw_json_number(&json, "phys_offset", entry->phys_offset);
    gw_json_number(&json, "start_addr", entry->start_addr);
    gw_json_number(&json, "size", entry->size);
    gw_json_end(&json, '}');
    return 0;
}

int aside_print(FILE *out, bool json, const struct gw_inspect_view *view, const struct inspector *in,
                const struct item *item, const struct held *held, struct gw_err *err)
{
    struct printer p = { .out = out, .view = view, .aside = aside_name(item), .json = json };
    struct gw_style style = { .colour = view->colour, .indent = 4 };
    struct gw_device_store store;
    struct gw_cur body;
    enum aside_holds holds = aside_holds(item, held, &body);
    int rc = 0;
    if (held->dropped)
        return 0;
    if (holds == ASIDE_HOLDS_CONFIG)
        (json ? config_json : config_text)(&p, &in->summary.config);
    if (holds == ASIDE_HOLDS_STORE)
        rc = gw_store_read(body, &store, print_physmap, &p, err);
    if (holds == ASIDE_HOLDS_QEMU)
        rc = print_qemu(&p, body, err);
    if (view->hex && !json)
        gw_hexdump(out, &style, held->frame.offset, gw_buf_cur(&held->body));
    return rc;
}
