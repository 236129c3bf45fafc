/*
 * json.c - writing JSON lines: order kept, no tree, nothing allocated.
 */
#include <assert.h>

#include "report.h"

static void quote(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *p = (const unsigned char *)text; *p != 0; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(out, "\\%c", *p);
        else if (*p == '\n')
            fputs("\\n", out);
        else if (*p < 0x20 || *p >= 0x7f)
            fprintf(out, "\\u%04x", *p); /* octets as Latin-1: a name in any encoding comes through */
        else
            fputc(*p, out);
    }
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
