/*
 * digest_print.c - the digest as lines: pages that follow one another with equal type and contents share one.
 */
#include <stdlib.h>
#include <string.h>

#include "digester.h"

struct printer {
    struct digester *d;
    FILE *out;
    bool json;
    bool open; /* a run of pages of one kind and contents */
    uint64_t first, last;
    uint8_t type;
    const uint8_t *hash; /* NULL: type without contents */
};

static const char *guest_word(const struct digester *d)
{
    if (d->guest == GW_DOMAIN_PV)
        return d->width == 4 ? "pv32" : d->width == 8 ? "pv64" : "pv";
    return strcmp(d->config_type, "pvh") == 0 ? "pvh" : "hvm";
}

static void print_run(struct printer *p)
{
    char hash[2 * GW_SHA256_LEN + 1] = "-";
    if (!p->open)
        return;
    if (p->hash != NULL)
        gw_hex(hash, p->hash, GW_SHA256_LEN);
    if (p->json) {
        struct gw_json json = { .out = p->out };
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "page");
        gw_json_number(&json, "first", p->first);
        gw_json_number(&json, "last", p->last);
        gw_json_number(&json, "page_type", p->type);
        gw_json_text(&json, "sha256", p->hash != NULL ? hash : "");
        gw_json_end(&json, '}');
    } else if (p->first == p->last) {
        fprintf(p->out, "page %llx %x0000000 %s\n", (unsigned long long)p->first, p->type, hash);
    } else {
        fprintf(p->out, "page %llx-%llx %x0000000 %s\n", (unsigned long long)p->first, (unsigned long long)p->last,
                p->type, hash);
    }
    p->open = false;
}

static void print_page(struct printer *p, uint64_t pfn, uint8_t type)
{
    const uint8_t *hash = gw_type_has_contents(type) ? gw_sparse_find(&p->d->hashes, pfn) : NULL;
    bool same = p->open && p->last + 1 == pfn && p->type == type && (hash == NULL) == (p->hash == NULL) &&
                (hash == NULL || memcmp(hash, p->hash, GW_SHA256_LEN) == 0);
    if (!same) {
        print_run(p);
        p->open = true;
        p->first = pfn;
        p->type = type;
        p->hash = hash;
    }
    p->last = pfn;
}

static void print_pages(struct printer *p)
{
    uint64_t at = 0;
    for (const uint8_t *types; (types = gw_sparse_leaf(&p->d->types, &at)) != NULL; at += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++)
            if (types[i] & TYPE_NAMED)
                print_page(p, at + i, types[i] & 0xf);
    print_run(p);
}

static int by_name(const void *a, const void *b)
{
    const struct blob *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void print_blob(const struct printer *p, const struct blob *blob)
{
    char hash[2 * GW_SHA256_LEN + 1];
    gw_hex(hash, blob->sha256, GW_SHA256_LEN);
    if (!p->json) {
        fprintf(p->out, "blob %s %llu %s\n", blob->name, (unsigned long long)blob->length, hash);
        return;
    }
    struct gw_json json = { .out = p->out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "blob");
    gw_json_text(&json, "name", blob->name);
    gw_json_number(&json, "length", blob->length);
    gw_json_text(&json, "sha256", hash);
    gw_json_end(&json, '}');
}

static int print_blobs(const struct printer *p, struct gw_err *err)
{
    gw_auto(gw_freep) const struct blob **found = NULL;
    size_t num = 0, cap = 0;
    uint64_t at = 0;
    for (const struct blob *blobs; (blobs = gw_sparse_leaf(&p->d->blobs, &at)) != NULL; at += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++)
            if (blobs[i].there) {
                void *mem = found;
                if (gw_grow(&mem, &cap, num + 1, sizeof(struct blob *), err) < 0)
                    return -1;
                found = mem;
                found[num++] = &blobs[i];
            }
    if (num > 0)
        qsort(found, num, sizeof(struct blob *), by_name);
    for (size_t i = 0; i < num; i++)
        print_blob(p, found[i]);
    return 0;
}

static void print_head(const struct printer *p)
{
    uint64_t num = p->d->types.num;
    if (!p->json) {
        fprintf(p->out, "guest %s\npfns %llu\n", guest_word(p->d), (unsigned long long)num);
        return;
    }
    struct gw_json json = { .out = p->out };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "digest");
    gw_json_text(&json, "guest", guest_word(p->d));
    gw_json_number(&json, "pfns", num);
    gw_json_end(&json, '}');
}

int gw_digest_print(struct gw_sink *digester, FILE *out, bool json, struct gw_err *err)
{
    struct digester *d = (struct digester *)digester;
    struct printer p = { .d = d, .out = out, .json = json };
    if (d->commits == 0)
        return gw_fail(err, GW_E_INVALID, "no state of the guest is complete");
    if (!d->ended) {
        gw_undo_back(&d->undo_types);
        gw_undo_back(&d->undo_hashes);
        gw_undo_back(&d->undo_blobs);
    }
    print_head(&p);
    print_pages(&p);
    return print_blobs(&p, err);
}
