/*
 * xl_config.c - what xl's JSON configuration says of the guest, and one that says just that, through jansson. A text
 * configuration (Xen 4.4 and older) is carried, not read.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "pack.h"

static void copy_text(const json_t *object, const char *key, char *out, size_t room)
{
    const char *text = json_string_value(json_object_get(object, key));
    snprintf(out, room, "%s", text != NULL ? text : "");
}

static uint64_t number(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

int read_config(const uint8_t *mem, size_t len, bool is_json, struct gw_guest_config *out, struct gw_err *err)
{
    json_error_t error;
    *out = (struct gw_guest_config){ .is_json = is_json };
    while (len > 0 && mem[len - 1] == 0)
        len--; /* the zero octet that ends it */
    if (!is_json || len > gw_limit(JSON))
        return 0;
    json_t *config = json_loadb((const char *)mem, len, 0, &error);
    if (config == NULL && json_error_code(&error) == json_error_out_of_memory) {
        errno = ENOMEM;
        return gw_fail(err, GW_E_SYSTEM, "cannot read a configuration of %zu octets", len);
    }
    const json_t *c_info = json_object_get(config, "c_info"), *b_info = json_object_get(config, "b_info");
    out->is_object = json_is_object(c_info) && json_is_object(b_info);
    copy_text(c_info, "type", out->type, sizeof out->type);
    copy_text(c_info, "name", out->name, sizeof out->name);
    copy_text(c_info, "uuid", out->uuid, sizeof out->uuid);
    out->max_memkb = number(b_info, "max_memkb");
    out->video_memkb = number(b_info, "video_memkb");
    out->max_vcpus = (uint32_t)gw_min(number(b_info, "max_vcpus"), UINT32_MAX);
    json_decref(config);
    return 0;
}

static int out_of_memory(struct gw_err *err)
{
    errno = ENOMEM;
    return gw_fail(err, GW_E_SYSTEM, "cannot make a configuration");
}

/* NULL when there is no memory, as below. */
static json_t *vcpu_numbers(uint64_t num)
{
    json_t *numbers = json_array();
    for (uint64_t i = 0; i < gw_min(num, gw_limit(VCPUS)); i++)
        if (json_array_append_new(numbers, json_integer((json_int_t)i)) < 0)
            return json_decref(numbers), NULL;
    return numbers;
}

static json_t *config_of(const struct gw_guest_config *guest)
{
    char type[16];
    snprintf(type, sizeof type, "type.%s", guest->type);
    json_t *name = json_string(guest->name); /* NULL where a name was cut inside of a character */
    json_t *c_info = json_pack("{s:s, s:o}", "type", guest->type, "name", name != NULL ? name : json_string("godwit"));
    json_t *b_info = json_pack("{s:I, s:o, s:I, s:I, s:{}}", "max_vcpus", (json_int_t)guest->max_vcpus, "avail_vcpus",
                               vcpu_numbers(guest->max_vcpus), "max_memkb", (json_int_t)guest->max_memkb,
                               "target_memkb", (json_int_t)guest->max_memkb, type);
    if (c_info != NULL && guest->uuid[0] != '\0')
        json_object_set_new(c_info, "uuid", json_string(guest->uuid));
    return json_pack("{s:o, s:o}", "c_info", c_info, "b_info", b_info);
}

/* The smallest that libxl restores from (7.3): no disk, no network. */
int make_xl_config(struct gw_buf *text, const struct gw_guest_config *guest, struct gw_err *err)
{
    json_t *config = config_of(guest);
    size_t len = json_dumpb(config, NULL, 0, JSON_COMPACT | JSON_ENSURE_ASCII);
    uint8_t *room = len > 0 ? gw_buf_room(text, len + 1) : NULL;
    if (room != NULL) {
        json_dumpb(config, (char *)room, len, JSON_COMPACT | JSON_ENSURE_ASCII);
        room[len] = '\0';
        text->len += len + 1;
    }
    json_decref(config);
    return room != NULL ? 0 : out_of_memory(err);
}
