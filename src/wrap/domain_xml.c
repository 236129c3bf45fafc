/*
 * domain_xml.c - what libvirt's definition of a domain says of the guest, as far as an image can be held against it;
 * and a definition that says just that.
 *
 * <domain type='xen'> with <name>, <uuid>, <memory unit='KiB'>, <vcpu>, and <os><type>: hvm, xenpvh, or xen and linux
 * for PV.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "xml.h"

/* What libvirt calls them: octets of a unit. */
static const struct {
    const char *name;
    uint64_t octets;
} units[] = {
    { "b", 1 },
    { "bytes", 1 },
    { "KB", 1000 },
    { "k", 1024 },
    { "KiB", 1024 },
    { "MB", 1000000 },
    { "M", 1024 * 1024 },
    { "MiB", 1024 * 1024 },
    { "GB", 1000000000 },
    { "G", 1024 * 1024 * 1024 },
    { "GiB", 1024 * 1024 * 1024 },
    { "TB", UINT64_C(1000000000000) },
    { "T", UINT64_C(1) << 40 },
    { "TiB", UINT64_C(1) << 40 },
};

static const struct {
    const char *libvirt, *type, *machine;
} types[] = {
    { "hvm", "hvm", "xenfv" }, { "xenpvh", "pvh", "xenpvh" }, { "linux", "pv", "xenpv" }, { "xen", "pv", "xenpv" }
};

static uint64_t number(struct span text)
{
    char digits[24];
    xml_copy(text, digits, sizeof digits);
    errno = 0;
    uint64_t value = strtoull(digits, NULL, 10);
    return errno == 0 && digits[0] != '-' ? value : 0;
}

static uint64_t kibibytes(struct span amount, struct span unit)
{
    uint64_t octets = 1024, value;
    for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++)
        if (unit.len == strlen(units[i].name) && memcmp(unit.p, units[i].name, unit.len) == 0)
            octets = units[i].octets;
    return gw_mul(number(amount), octets, &value) ? value / 1024 : 0;
}

static void take_type(struct span text, char *out, size_t room)
{
    char word[16];
    xml_copy(text, word, sizeof word);
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(word, types[i].libvirt) == 0)
            snprintf(out, room, "%s", types[i].type);
}

static void take_text(const struct xml *xml, struct span unit, struct gw_guest_config *out)
{
    if (xml_is_at(xml, "domain/name"))
        xml_copy(xml->inside, out->name, sizeof out->name);
    else if (xml_is_at(xml, "domain/uuid"))
        xml_copy(xml->inside, out->uuid, sizeof out->uuid);
    else if (xml_is_at(xml, "domain/memory"))
        out->max_memkb = kibibytes(xml->inside, unit);
    else if (xml_is_at(xml, "domain/vcpu"))
        out->max_vcpus = (uint32_t)gw_min(number(xml->inside), UINT32_MAX);
    else if (xml_is_at(xml, "domain/os/type"))
        take_type(xml->inside, out->type, sizeof out->type);
}

const char *read_domain_xml(const uint8_t *mem, size_t len, struct gw_guest_config *out)
{
    struct xml xml = xml_text(mem, len);
    struct span unit = { 0 };
    enum xml_kind kind;
    *out = (struct gw_guest_config){ 0 };
    while ((kind = xml_next(&xml)) == XML_OPEN || kind == XML_CLOSE || kind == XML_TEXT) {
        if (kind == XML_OPEN && xml.depth == 1 && !xml_is_at(&xml, "domain"))
            return "its root is no <domain>";
        if (kind == XML_OPEN)
            unit = xml_attribute(xml.inside, "unit");
        else if (kind == XML_TEXT)
            take_text(&xml, unit, out);
    }
    out->is_object = kind == XML_DONE;
    return xml.why;
}

__attribute__((format(printf, 2, 3))) static void put(struct gw_buf *text, const char *fmt, ...)
{
    char line[160];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    gw_put(text, line, strlen(line));
}

/* Text between tags; what XML has no character for becomes a question mark. */
static void put_text(struct gw_buf *text, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '<' || *value == '&')
            put(text, "%s", *value == '<' ? "&lt;" : "&amp;");
        else
            gw_put_u8(text, *value >= 0x20 && *value < 0x7f ? (uint8_t)*value : '?');
    }
}

int make_domain_xml(struct gw_buf *text, const struct gw_guest_config *guest, struct gw_err *err)
{
    unsigned row = 0;
    while (row + 1 < sizeof types / sizeof types[0] && strcmp(types[row].type, guest->type) != 0)
        row++;
    put(text, "<domain type='xen'>\n  <name>");
    put_text(text, guest->name);
    put(text, "</name>\n");
    if (guest->uuid[0] != '\0') {
        put(text, "  <uuid>");
        put_text(text, guest->uuid);
        put(text, "</uuid>\n");
    }
    put(text, "  <memory unit='KiB'>%llu</memory>\n  <currentMemory unit='KiB'>%llu</currentMemory>\n",
        (unsigned long long)guest->max_memkb, (unsigned long long)guest->max_memkb);
    put(text, "  <vcpu placement='static'>%u</vcpu>\n", guest->max_vcpus);
    put(text, "  <os>\n    <type arch='x86_64' machine='%s'>%s</type>\n  </os>\n</domain>\n", types[row].machine,
        types[row].libvirt);
    gw_put_u8(text, 0);
    return gw_buf_ok(text, err);
}
