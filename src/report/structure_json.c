/*
 * structure_json.c - a structure by its layout as JSON: every field by its name, numbers as they stand there.
 */
#include "report.h"

static void put_text(struct gw_json *json, const char *key, struct gw_cur octets)
{
    char text[4 * 1024 + 1];
    size_t len = 0;
    while (len < gw_left(&octets) && octets.p[len] != 0)
        len++;
    gw_json_text(json, key, gw_escape(text, sizeof text, octets.p, len));
}

static void put_bitmap(struct gw_json *json, const struct gw_field *field, struct gw_cur octets)
{
    uint32_t num = gw_field_count(field, octets) * 8 * field->width;
    gw_json_array(json, field->name);
    for (uint32_t bit = 0; bit < num; bit++)
        if (gw_field_bit(field, octets, bit))
            gw_json_number(json, NULL, bit);
    gw_json_end(json, ']');
}

static void put_element(struct gw_json *json, const char *key, const struct gw_field *field, struct gw_cur octets,
                        uint32_t index)
{
    struct gw_cur part = gw_field_octets(field, octets, index);
    if (field->inner != NULL) {
        gw_json_object(json, key);
        gw_structure_json(json, field->inner, part);
        gw_json_end(json, '}');
    } else if (field->show == GW_SHOW_OCTETS)
        gw_json_octets(json, key, part.p, gw_left(&part));
    else if (field->show == GW_SHOW_TEXT)
        put_text(json, key, part);
    else if (field->show == GW_SHOW_SIGNED)
        gw_json_signed(json, key, gw_field_signed(field, octets, index));
    else
        gw_json_number(json, key, gw_field_number(field, octets, index));
}

void gw_structure_json(struct gw_json *json, const struct gw_layout *layout, struct gw_cur octets)
{
    for (unsigned row = 0; row < layout->num_fields; row++) {
        const struct gw_field *field = &layout->fields[row];
        uint32_t num = gw_field_count(field, octets);
        if (num == 0 && field->count != GW_TO_END)
            continue;
        if (field->inner == NULL && field->show == GW_SHOW_BITMAP) {
            put_bitmap(json, field, octets);
            continue;
        }
        if (field->count == 1) {
            put_element(json, field->name, field, octets, 0);
            continue;
        }
        gw_json_array(json, field->name);
        for (uint32_t i = 0; i < num; i++)
            put_element(json, NULL, field, octets, i);
        gw_json_end(json, ']');
    }
}
