/*
 * json.c - writing JSON lines: order kept, no tree, nothing allocated.
 */
#include <assert.h>

#include "report.h"

/*
 * The code point of a well-formed UTF-8 sequence at p, its length in *len; an octet that begins none stands for
 * itself.
 */
static uint32_t code_point(const unsigned char *p, unsigned *len)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned want = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    uint32_t point = want > 1 ? *p & (0x7fu >> want) : *p;
    *len = 1;
    for (unsigned i = 1; i < want; i++) {
        if (p[i] >> 6 != 2)
            return *p;
        point = point << 6 | (p[i] & 0x3fu);
    }
    bool wrong = want < 2 || point < least[want] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff);
    *len = wrong ? 1 : want;
    return wrong ? *p : point;
}

static void quote_point(FILE *out, uint32_t point)
{
    if (point == '"' || point == '\\')
        fprintf(out, "\\%c", (int)point);
    else if (point == '\n')
        fputs("\\n", out);
    else if (point >= 0x10000)
        fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff));
    else if (point < 0x20 || point >= 0x7f)
        fprintf(out, "\\u%04x", point);
    else
        fputc((int)point, out);
}

/* UTF-8 comes through as what it says, other octets as Latin-1: the line is plain ASCII either way. */
static void quote(FILE *out, const char *text)
{
    unsigned len;
    fputc('"', out);
    for (const unsigned char *p = (const unsigned char *)text; *p != 0; p += len)
        quote_point(out, code_point(p, &len));
    fputc('"', out);
}

static void lead(struct gw_json *json, const char *key)
{
    if (json->more)
        fputc(',', json->out);
    json->more = true;
    if (key != NULL) {
        quote(json->out, key);
        fputc(':', json->out);
    }
}

static void open_bracket(struct gw_json *json, const char *key, char bracket)
{
    lead(json, key);
    fputc(bracket, json->out);
    json->depth++;
    json->more = false;
}

void gw_json_object(struct gw_json *json, const char *key)
{
    open_bracket(json, key, '{');
}

void gw_json_array(struct gw_json *json, const char *key)
{
    open_bracket(json, key, '[');
}

void gw_json_end(struct gw_json *json, char bracket)
{
    assert(json->depth > 0);
    fputc(bracket, json->out);
    json->more = --json->depth > 0;
    if (json->depth == 0)
        fputc('\n', json->out);
}

void gw_json_text(struct gw_json *json, const char *key, const char *value)
{
    lead(json, key);
    quote(json->out, value);
}

void gw_json_number(struct gw_json *json, const char *key, uint64_t value)
{
    lead(json, key);
    if (value > UINT64_C(1) << 53)
        fprintf(json->out, "\"0x%llx\"", (unsigned long long)value);
    else
        fprintf(json->out, "%llu", (unsigned long long)value);
}

void gw_json_bool(struct gw_json *json, const char *key, bool value)
{
    lead(json, key);
    fputs(value ? "true" : "false", json->out);
}

void gw_json_signed(struct gw_json *json, const char *key, int64_t value)
{
    lead(json, key);
    fprintf(json->out, "%lld", (long long)value);
}

void gw_json_octets(struct gw_json *json, const char *key, const uint8_t *mem, size_t len)
{
    lead(json, key);
    fputc('"', json->out);
    for (size_t i = 0; i < len; i++) {
        char hex[3];
        gw_hex(hex, mem + i, 1);
        fputs(hex, json->out);
    }
    fputc('"', json->out);
}
