/*
 * xl_config.c - what xl's JSON configuration says of the guest, through jansson. A text configuration (Xen 4.4 and
 * older) is carried, not read.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "layers.h"

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
