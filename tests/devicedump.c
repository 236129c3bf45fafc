/*
 * devicedump.c - prints what is seen of a device model's state: devicedump FILE. For the devices suite, which compares
 * it with what an independent writer put there.
 *
 * With --store the file holds the pairs of EMULATOR_XENSTORE_DATA.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "wrap.h"

static int print_field(void *arg, const struct gw_qemu_field *field, struct gw_err *err)
{
    struct gw_json *json = arg;
    (void)err;
    gw_json_object(json, NULL);
    gw_json_number(json, "depth", field->depth);
    gw_json_text(json, "name", field->name);
    gw_json_text(json, "type", field->type);
    if (field->index != UINT64_MAX)
        gw_json_number(json, "index", field->index);
    gw_json_number(json, "offset", field->offset);
    gw_json_number(json, "length", field->length);
    gw_json_end(json, '}');
    return 0;
}

static int print_section(struct gw_json *json, const struct gw_qemu *qemu, uint32_t i, struct gw_err *err)
{
    const struct gw_qemu_section *s = &qemu->sections[i];
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)s->name_len, s->name);
    gw_json_object(json, NULL);
    gw_json_text(json, "name", name);
    gw_json_number(json, "id", s->id);
    gw_json_number(json, "instance", s->instance);
    gw_json_number(json, "version", s->version);
    gw_json_number(json, "offset", s->offset);
    gw_json_number(json, "body", s->body);
    gw_json_number(json, "length", s->length);
    gw_json_array(json, "fields");
    int rc = gw_qemu_fields(qemu, i, print_field, json, err);
    gw_json_end(json, ']');
    gw_json_end(json, '}');
    return rc;
}

static int print_state(struct gw_cur cur, struct gw_err *err)
{
    static const char *const measures[] = { "nothing", "likely", "footers", "lengths", "described" };
    struct gw_json json = { .out = stdout };
    struct gw_qemu qemu;
    char machine[64];
    if (gw_qemu_read(cur, &qemu, err) < 0)
        return -1;
    snprintf(machine, sizeof machine, "%.*s", (int)qemu.machine_len, qemu.machine != NULL ? qemu.machine : "");
    gw_json_object(&json, NULL);
    gw_json_text(&json, "form", qemu.facts.form != NULL ? qemu.facts.form : "");
    gw_json_number(&json, "version", qemu.facts.version);
    gw_json_text(&json, "measure", measures[qemu.measure]);
    gw_json_text(&json, "machine", machine);
    gw_json_bool(&json, "ended", qemu.facts.ended);
    gw_json_bool(&json, "footers", qemu.facts.has_footers);
    gw_json_bool(&json, "description", qemu.facts.has_description);
    gw_json_bool(&json, "ram", qemu.facts.has_ram);
    gw_json_number(&json, "tail", qemu.facts.tail);
    gw_json_array(&json, "sections");
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < qemu.facts.num_sections; i++)
        rc = print_section(&json, &qemu, i, err);
    gw_json_end(&json, ']');
    gw_json_end(&json, '}');
    gw_qemu_free(&qemu);
    return rc;
}

static int print_entry(void *arg, const struct gw_physmap *entry, struct gw_err *err)
{
    struct gw_json json = { .out = stdout };
    (void)arg;
    (void)err;
    gw_json_object(&json, NULL);
    gw_json_number(&json, "phys_offset", entry->phys_offset);
    gw_json_number(&json, "start_addr", entry->start_addr);
    gw_json_number(&json, "size", entry->size);
    gw_json_text(&json, "name", entry->name);
    gw_json_end(&json, '}');
    return 0;
}

static int print_store(struct gw_cur cur, struct gw_err *err)
{
    struct gw_device_store store;
    if (gw_store_read(cur, &store, print_entry, NULL, err) < 0)
        return -1;
    printf("{\"pairs\": %" PRIu32 ", \"fault\": %d, \"odd\": %d, \"incomplete\": %d}\n", store.num_pairs,
           store.fault != NULL, store.odd != NULL, store.incomplete != NULL);
    return 0;
}

int main(int argc, char **argv)
{
    struct gw_err err = GW_ERR_NONE;
    bool is_store = argc == 3 && strcmp(argv[1], "--store") == 0;
    FILE *file = argc == 2 + is_store ? fopen(argv[argc - 1], "rb") : NULL;
    struct gw_buf octets = { 0 };
    if (file == NULL)
        return fprintf(stderr, "usage: devicedump [--store] FILE\n"), 2;
    uint8_t piece[4096];
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
        gw_put(&octets, piece, got);
    fclose(file);
    int rc = gw_buf_ok(&octets, &err);
    if (rc == 0)
        rc = is_store ? print_store(gw_buf_cur(&octets), &err) : print_state(gw_buf_cur(&octets), &err);
    gw_buf_free(&octets);
    return rc == 0 ? 0 : (fprintf(stderr, "devicedump: %s\n", err.msg), gw_err_status(&err));
}
