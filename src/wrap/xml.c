/*
 * xml.c - the tokens of an XML text. Time is linear in the text, memory is struct xml; whatever is not understood is
 * XML_WRONG, and so is what XML forbids: tags that cross, control characters, octets that are no UTF-8.
 */
#include <string.h>

#include "xml.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':' ||
           c == '.' || c == '-' || (unsigned char)c >= 0x80;
}

struct xml xml_text(const void *mem, size_t len)
{
    const char *text = mem;
    return (struct xml){ .p = text, .end = len > 0 ? text + len : text };
}

static enum xml_kind wrong(struct xml *xml, const char *why)
{
    xml->why = why;
    xml->p = xml->end;
    return XML_WRONG;
}

static size_t left(const struct xml *xml)
{
    return (size_t)(xml->end - xml->p);
}

static bool begins(const struct xml *xml, const char *text)
{
    return left(xml) >= strlen(text) && memcmp(xml->p, text, strlen(text)) == 0;
}

/* Octets of the UTF-8 character at p, 0 if there is none that XML allows. */
static size_t character(const char *p, size_t len)
{
    unsigned char first = (unsigned char)*p;
    size_t more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0x80)
        return first >= 0x20 || is_blank(*p) ? 1 : 0;
    if (first < 0xc2 || first > 0xf4 || len <= more)
        return 0;
    for (size_t i = 1; i <= more; i++)
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return 0;
    return 1 + more;
}

static bool is_text(struct span text)
{
    for (size_t at = 0, len; at < text.len; at += len)
        if ((len = character(text.p + at, text.len - at)) == 0)
            return false;
    return true;
}

/* memmem, whose sanitized form looks at all that is left before it begins: each of many short marks would cost that. */
static const char *find_mark(const char *mem, size_t len, const char *mark)
{
    size_t mark_len = strlen(mark);
    for (const char *p = mem; len >= mark_len && (p = memchr(mem, mark[0], len - mark_len + 1)) != NULL;) {
        if (memcmp(p, mark, mark_len) == 0)
            return p;
        len -= (size_t)(p + 1 - mem);
        mem = p + 1;
    }
    return NULL;
}

/* Takes up to and with mark; the octets before it. */
static bool take_until(struct xml *xml, const char *mark, struct span *out)
{
    const char *found = find_mark(xml->p, left(xml), mark);
    if (found == NULL)
        return false;
    *out = (struct span){ .p = xml->p, .len = (size_t)(found - xml->p) };
    xml->p = found + strlen(mark);
    return is_text(*out);
}

static struct span take_name(struct xml *xml)
{
    struct span name = { .p = xml->p };
    while (xml->p < xml->end && is_name(*xml->p))
        xml->p++;
    name.len = (size_t)(xml->p - name.p);
    return name;
}

static void skip_blanks(struct xml *xml)
{
    while (xml->p < xml->end && is_blank(*xml->p))
        xml->p++;
}

static bool take_octet(struct xml *xml, char octet)
{
    if (xml->p == xml->end || *xml->p != octet)
        return false;
    xml->p++;
    return true;
}

/* name = "value", in either kind of quotes. */
static bool take_attribute(struct xml *xml, struct span *name, struct span *value)
{
    *name = take_name(xml);
    skip_blanks(xml);
    if (name->len == 0 || !take_octet(xml, '='))
        return false;
    skip_blanks(xml);
    char quote = xml->p < xml->end ? *xml->p++ : '\0';
    if (quote != '"' && quote != '\'')
        return false;
    return take_until(xml, quote == '"' ? "\"" : "'", value) && memchr(value->p, '<', value->len) == NULL;
}

static enum xml_kind close_element(struct xml *xml)
{
    xml->closing = false;
    xml->depth--;
    return XML_CLOSE;
}

static enum xml_kind take_end(struct xml *xml)
{
    struct span name = take_name(xml);
    skip_blanks(xml);
    if (xml->depth == 0 || !take_octet(xml, '>'))
        return wrong(xml, "an end tag is damaged, or ends nothing");
    const struct span *open = &xml->names[xml->depth - 1];
    if (name.len != open->len || memcmp(name.p, open->p, name.len) != 0)
        return wrong(xml, "an end tag does not fit the element that is open");
    return close_element(xml);
}

static enum xml_kind take_start(struct xml *xml)
{
    struct span name = take_name(xml), attribute, value;
    if (name.len == 0 || xml->depth == XML_DEPTH || (xml->begun && xml->depth == 0))
        return wrong(xml, name.len == 0             ? "a tag has no name"
                          : xml->depth == XML_DEPTH ? "elements nest too deeply"
                                                    : "there is a second root");
    xml->inside.p = xml->p;
    for (;;) {
        skip_blanks(xml);
        xml->inside.len = (size_t)(xml->p - xml->inside.p);
        xml->closing = take_octet(xml, '/');
        if (take_octet(xml, '>'))
            break;
        if (xml->closing || !take_attribute(xml, &attribute, &value))
            return wrong(xml, "a tag is damaged");
    }
    xml->begun = true;
    xml->names[xml->depth++] = name;
    return XML_OPEN;
}

/* What stands between tags; outside of the root that is nothing but blanks. */
static enum xml_kind take_text(struct xml *xml)
{
    const char *tag = memchr(xml->p, '<', left(xml));
    xml->inside = (struct span){ .p = xml->p, .len = tag != NULL ? (size_t)(tag - xml->p) : left(xml) };
    xml->p += xml->inside.len;
    if (!is_text(xml->inside))
        return wrong(xml, "there are octets that are no text");
    return XML_TEXT;
}

static enum xml_kind outside_text(struct xml *xml)
{
    enum xml_kind kind = take_text(xml);
    for (size_t i = 0; kind == XML_TEXT && i < xml->inside.len; i++)
        if (!is_blank(xml->inside.p[i]))
            return wrong(xml, "text stands outside of the root");
    return kind;
}

/* Something in angle brackets that is no element; *skipped: nothing to tell. */
static enum xml_kind take_special(struct xml *xml, bool *skipped)
{
    struct span ignored;
    bool is_comment = begins(xml, "<!--"), is_literal = xml->depth > 0 && begins(xml, "<![CDATA[");
    *skipped = false;
    if (is_literal) {
        xml->p += strlen("<![CDATA[");
        return take_until(xml, "]]>", &xml->inside) ? XML_TEXT : wrong(xml, "a CDATA section has no end");
    }
    if (!is_comment && !begins(xml, "<?"))
        return wrong(xml, "a declaration stands there, such as DOCTYPE, which is not read");
    xml->p += is_comment ? 4 : 2;
    if (!take_until(xml, is_comment ? "-->" : "?>", &ignored))
        return wrong(xml, "a comment or an instruction has no end");
    *skipped = true;
    return XML_TEXT;
}

enum xml_kind xml_next(struct xml *xml)
{
    bool skipped = true;
    enum xml_kind kind = XML_TEXT;
    if (xml->why != NULL)
        return XML_WRONG;
    if (xml->closing)
        return close_element(xml);
    while (kind == XML_TEXT && skipped) {
        if (xml->p == xml->end)
            return xml->begun && xml->depth == 0 ? XML_DONE : wrong(xml, "it ends before its root does");
        skipped = xml->depth == 0;
        if (*xml->p != '<')
            kind = xml->depth > 0 ? take_text(xml) : outside_text(xml);
        else if (begins(xml, "<!") || begins(xml, "<?"))
            kind = take_special(xml, &skipped);
        else if (xml->p++, take_octet(xml, '/'))
            kind = take_end(xml);
        else
            kind = take_start(xml);
    }
    return kind;
}

bool xml_is_at(const struct xml *xml, const char *path)
{
    unsigned depth = 0;
    for (;; depth++) {
        size_t len = strcspn(path, "/");
        if (depth == xml->depth || len != xml->names[depth].len || memcmp(path, xml->names[depth].p, len) != 0)
            return false;
        if (path[len] == '\0')
            return depth + 1 == xml->depth;
        path += len + 1;
    }
}

struct span xml_attribute(struct span inside, const char *wanted)
{
    struct xml xml = xml_text(inside.p, inside.len);
    struct span name, value;
    for (skip_blanks(&xml); xml.p < xml.end; skip_blanks(&xml)) {
        if (!take_attribute(&xml, &name, &value))
            break;
        if (name.len == strlen(wanted) && memcmp(name.p, wanted, name.len) == 0)
            return value;
    }
    return (struct span){ 0 };
}

/* The octet that an entity at p means; *len: octets of it. Unknown ones stay as they stand there. */
static char entity(const char *p, size_t room, size_t *len)
{
    static const struct {
        const char *text;
        char means;
    } rows[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        *len = strlen(rows[i].text);
        if (*len <= room && memcmp(p, rows[i].text, *len) == 0)
            return rows[i].means;
    }
    *len = 1;
    return *p;
}

void xml_copy(struct span text, char *out, size_t room)
{
    size_t used = 0, len = 1;
    while (text.len > 0 && is_blank(text.p[text.len - 1]))
        text.len--;
    while (text.len > 0 && is_blank(*text.p))
        text.p++, text.len--;
    for (size_t at = 0; at < text.len && used + 1 < room; at += len)
        out[used++] = entity(text.p + at, text.len - at, &len);
    out[used] = '\0';
}
