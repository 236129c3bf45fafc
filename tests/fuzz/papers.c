/*
 * papers.c - any octets as what stands at a wrapping's head: xl's JSON, libvirt's XML, xenopsd's record; and their
 * grammars, token by token.
 *
 * The first octet chooses which. What is learnt of the guest is text that ends, and the readers are lent octets that
 * end where they end.
 */
#include <string.h>

#include "layers.h"
#include "sexp.h"
#include "xml.h"

#include "invariant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_end(const char *text, size_t room)
{
    MUST(memchr(text, '\0', room) != NULL);
}

static void must_be_whole(const struct gw_guest_config *config)
{
    must_end(config->type, sizeof config->type);
    must_end(config->name, sizeof config->name);
    must_end(config->uuid, sizeof config->uuid);
}

static bool is_inside(struct span span, const uint8_t *data, size_t size)
{
    const char *first = (const char *)data;
    return span.len == 0 || (span.p >= first && span.len <= size && (size_t)(span.p - first) <= size - span.len);
}

static void read_xml(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "type", "a", "uuid" };
    struct xml xml = xml_text(data, size);
    char text[32];
    for (size_t steps = 0;; steps++) {
        enum xml_kind kind = xml_next(&xml);
        MUST(steps <= 2 * size + 2 && xml.depth <= XML_DEPTH);
        if (kind == XML_WRONG)
            MUST(xml.why != NULL && xml.why[0] != '\0');
        if (kind == XML_DONE || kind == XML_WRONG)
            return;
        if (kind == XML_CLOSE)
            continue;
        MUST(is_inside(xml.inside, data, size));
        xml_copy(xml.inside, text, sizeof text);
        must_end(text, sizeof text);
        for (unsigned i = 0; kind == XML_OPEN && i < 3; i++)
            MUST(is_inside(xml_attribute(xml.inside, names[i]), data, size));
        (void)xml_is_at(&xml, "domain/os/type");
    }
}

static void read_sexp(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "time", "word_size", "ty", "vm_str" };
    struct span all = { (const char *)data, size }, field;
    char text[16];
    bool whole = sexp_is_list(all);
    MUST(!whole || size >= 2);
    for (unsigned i = 0; whole && i < 4; i++)
        if (sexp_field(all, names[i], &field)) {
            MUST(is_inside(field, data, size));
            MUST(sexp_atom(field, text, sizeof text) <= size);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_guest_config config = { 0 };
    struct gw_err err = GW_ERR_NONE;
    if (size == 0)
        return 0;
    const uint8_t *text = data + 1;
    size_t len = size - 1;
    switch (data[0] % 6) {
    case 0: MUST(read_config(text, len, true, &config, &err) == 0 || err.code != GW_E_OK); break;
    case 1: MUST(read_config(text, len, false, &config, &err) == 0 || err.code != GW_E_OK); break;
    case 2: {
        const char *why = read_domain_xml(text, len, &config);
        MUST(why == NULL || why[0] != '\0');
        break;
    }
    case 3: MUST(read_xenops_record(text, len, &config, &err) == 0 || err.code != GW_E_OK); break;
    case 4: read_xml(text, len); break;
    default: read_sexp(text, len); break;
    }
    must_be_whole(&config);
    must_be_plain(err.msg);
    return 0;
}
