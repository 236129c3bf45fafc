/*
 * salvaged.c - what a PROVENANCE says of a salvage: that its image is what was left of a damaged one.
 *
 * A JSON object that is short enough to be parsed. Its words are another's, for people.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "verify.h"

static void take_words(const json_t *object, struct gw_salvaged *out)
{
    static const char begin[] = "the image is what could be salvaged of a damaged one: ";
    const json_t *salvaged = json_object_get(object, GW_SALVAGED);
    const char *missing = json_string_value(json_object_get(salvaged, "missing"));
    out->is_object = true;
    out->is_salvaged = salvaged != NULL;
    missing = missing != NULL ? missing : "it does not say of what";
    memcpy(out->text, begin, sizeof begin);
    gw_escape(out->text + sizeof begin - 1, sizeof out->text - sizeof begin + 1, missing, strlen(missing));
}

int gw_salvaged_read(struct gw_cur provenance, struct gw_salvaged *out, struct gw_err *err)
{
    size_t len = gw_left(&provenance);
    json_error_t error;
    *out = (struct gw_salvaged){ .is_object = false };
    if (len > gw_limit(JSON))
        return 0;
    json_t *json = json_loadb((const char *)provenance.p, len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL && json_error_code(&error) == json_error_out_of_memory)
        return errno = ENOMEM, gw_fail(err, GW_E_SYSTEM, "cannot read a PROVENANCE of %zu octets", len);
    if (json_is_object(json))
        take_words(json, out);
    json_decref(json);
    return 0;
}
