/*
 * digest.c - the final state of an image as hashes: runs of pages, and blobs.
 *
 * Keeps a type per pfn, a SHA-256 per pfn with contents, a SHA-256 per blob; each with its way back to the last
 * commit, for a checkpointed image may be cut behind it. Pages behind VERIFY are a comparison, not a state: they are
 * passed over.
 */
#include <assert.h>
#include <string.h>

#include "digester.h"

static int digest_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    (void)err;
    ((struct digester *)sink)->guest = headers->domain.type;
    return 0;
}

static int hash_page(struct digester *d, const uint8_t *page, struct gw_err *err)
{
    while (!gw_type_has_contents(gw_entry_type(d->now.entries[d->next_entry])))
        d->next_entry++;
    uint64_t pfn = gw_entry_pfn(d->now.entries[d->next_entry++]);
    if (gw_undo_save(&d->undo_hashes, pfn, err) < 0)
        return -1;
    uint8_t *hash = gw_sparse_at(&d->hashes, pfn, err);
    assert(d->next_entry <= d->now.count);
    return hash == NULL ? -1 : gw_sha256(page, GW_PAGE_LEN, hash, err);
}

static int watch_pages(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    (void)at;
    for (size_t i = 0; i < len; i += GW_PAGE_LEN)
        if (hash_page(arg, mem + i, err) < 0)
            return -1;
    return 0;
}

static int digest_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct digester *d = (struct digester *)sink;
    if (d->verifying)
        return 0;
    for (uint32_t i = 0; i < pages->count; i++) {
        uint64_t pfn = gw_entry_pfn(pages->entries[i]);
        if (gw_undo_save(&d->undo_types, pfn, err) < 0)
            return -1;
        uint8_t *type = gw_sparse_at(&d->types, pfn, err);
        if (type == NULL)
            return -1;
        *type = (uint8_t)(TYPE_NAMED | gw_entry_type(pages->entries[i]));
    }
    d->now = *pages;
    d->next_entry = 0;
    return pages->num_contents > 0 ? gw_payload_watch(pages->contents, watch_pages, d, err) : 0;
}

/* A record's name in the digest: lower case, without "x86_". */
static void plain_name(char *out, size_t room, const char *name)
{
    size_t at = 0;
    if (strncmp(name, "X86_", 4) == 0)
        name += 4;
    for (; *name != '\0' && at + 1 < room; name++)
        out[at++] = (char)(*name >= 'A' && *name <= 'Z' ? *name + 32 : *name);
    out[at] = '\0';
}

static int keep_blob(struct digester *d, uint64_t slot, const char *name, const void *mem, size_t len,
                     struct gw_err *err)
{
    if (gw_undo_save(&d->undo_blobs, slot, err) < 0)
        return -1;
    struct blob *blob = gw_sparse_at(&d->blobs, slot, err);
    if (blob == NULL)
        return -1;
    blob->there = true;
    blob->length = len;
    snprintf(blob->name, sizeof blob->name, "%s", name);
    return gw_sha256(mem, len, blob->sha256, err);
}

/*
 * Slots: type * BLOBS_PER_TYPE + vCPU for Xen's types; what wrappings carry behind them, see aside_blobs; others 64.
 */
static int other_slot(struct digester *d, uint32_t type, uint64_t *slot, struct gw_err *err)
{
    uint64_t i = 0;
    while (i < d->num_others && d->others[i] != type)
        i++;
    if (i == MOST_OTHERS)
        return gw_fail(err, GW_E_REFUSED, "the image has records of more than %u unknown types", MOST_OTHERS);
    if (i == d->num_others)
        d->others[d->num_others++] = type;
    *slot = 64 * BLOBS_PER_TYPE + i;
    return 0;
}

static int keep_vcpu(struct digester *d, const struct gw_record *record, struct gw_err *err)
{
    static const char *const kinds[] = {
        [GW_REC_X86_PV_VCPU_BASIC] = "basic",
        [GW_REC_X86_PV_VCPU_EXTENDED] = "extended",
        [GW_REC_X86_PV_VCPU_XSAVE] = "xsave",
        [GW_REC_X86_PV_VCPU_MSRS] = "msrs",
    };
    struct gw_vcpu vcpu;
    char name[40];
    if (gw_vcpu_decode(gw_cur(record->body, record->frame.length), &vcpu, err) < 0)
        return -1;
    if (vcpu.id >= BLOBS_PER_TYPE)
        return gw_fail(err, GW_E_REFUSED, "a record of vCPU %u; ids below %u are followed", vcpu.id, BLOBS_PER_TYPE);
    snprintf(name, sizeof name, "vcpu%u_%s", vcpu.id, kinds[record->frame.type]);
    return keep_blob(d, (uint64_t)record->frame.type * BLOBS_PER_TYPE + vcpu.id, name, vcpu.blob.p, gw_left(&vcpu.blob),
                     err);
}

static int digest_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    struct digester *d = (struct digester *)sink;
    uint32_t type = record->frame.type;
    const struct gw_record_info *info = gw_record_info(type);
    uint64_t slot = (uint64_t)type * BLOBS_PER_TYPE;
    char name[40];
    if (gw_record_has_vcpu(type))
        return keep_vcpu(d, record, err);
    if (record->body == NULL)
        return 0; /* longer than anything that is kept: no state of a guest */
    if (type == GW_REC_X86_PV_INFO && record->frame.length > 0)
        d->width = (unsigned)gw_get(gw_cur(record->body, record->frame.length), x86_pv_info, guest_width);
    if (info != NULL)
        plain_name(name, sizeof name, info->name);
    else
        snprintf(name, sizeof name, "%08x", type);
    if (type >= 32 && other_slot(d, type, &slot, err) < 0)
        return -1;
    return keep_blob(d, slot, name, record->body, record->frame.length, err);
}

/* What a wrapping carries of the guest, and under which name; slot: see other_slot(). */
static const struct {
    enum gw_aside_kind kind;
    uint32_t type; /* of a record */
    unsigned slot;
    const char *name;
} aside_blobs[] = {
    { GW_ASIDE_LIBXL_RECORD, GW_LIBXL_XENSTORE, 34, "libxl_emulator_xenstore_data" },
    { GW_ASIDE_LIBXL_RECORD, GW_LIBXL_EMULATOR, 35, "libxl_emulator_context" },
    { GW_ASIDE_XL_CONFIG, 0, 40, "xl_config" },
    { GW_ASIDE_LIBVIRT_XML, 0, 41, "libvirt_xml" },
    { GW_ASIDE_XEND_CONFIG, 0, 47, "xend_config" },
    { GW_ASIDE_XENOPSD_RECORD, GW_XENOPSD_XENOPS, 42, "xenopsd_xenops" },
    { GW_ASIDE_XENOPSD_RECORD, GW_XENOPSD_QEMU, 43, "xenopsd_qemu" },
    { GW_ASIDE_XENOPSD_RECORD, GW_XENOPSD_VARSTORED, 44, "xenopsd_varstored" },
    { GW_ASIDE_XENOPSD_RECORD, GW_XENOPSD_SWTPM0, 45, "xenopsd_swtpm0" },
    { GW_ASIDE_XENOPSD_RECORD, GW_XENOPSD_SWTPM, 46, "xenopsd_swtpm" },
};

static int digest_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    struct digester *d = (struct digester *)sink;
    if (aside->config != NULL)
        memcpy(d->config_type, aside->config->type, sizeof d->config_type);
    for (unsigned i = 0; i < sizeof aside_blobs / sizeof aside_blobs[0]; i++)
        if (aside_blobs[i].kind == aside->kind && aside_blobs[i].type == aside->type)
            return keep_blob(d, aside_blobs[i].slot * (uint64_t)BLOBS_PER_TYPE, aside_blobs[i].name, aside->body,
                             aside->body_len, err);
    return 0;
}

static int digest_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    struct digester *d = (struct digester *)sink;
    (void)err;
    d->verifying = d->verifying || mark->kind == GW_VERIFY;
    d->ended = d->ended || mark->kind == GW_END;
    return 0;
}

static int digest_commit(struct gw_sink *sink, struct gw_err *err)
{
    struct digester *d = (struct digester *)sink;
    (void)err;
    d->commits++;
    gw_undo_commit(&d->undo_types);
    gw_undo_commit(&d->undo_hashes);
    gw_undo_commit(&d->undo_blobs);
    return 0;
}

static void digest_close(struct gw_sink *sink)
{
    struct digester *d = (struct digester *)sink;
    gw_undo_free(&d->undo_types);
    gw_undo_free(&d->undo_hashes);
    gw_undo_free(&d->undo_blobs);
    gw_sparse_free(&d->types);
    gw_sparse_free(&d->hashes);
    gw_sparse_free(&d->blobs);
    gw_free(d);
}

static const struct gw_sink_ops digest_ops = {
    .name = "digest",
    .takes = GW_TAKES_WATCH,
    .begin = digest_begin,
    .pages = digest_pages,
    .record = digest_record,
    .mark = digest_mark,
    .aside = digest_aside,
    .commit = digest_commit,
    .close = digest_close,
};

struct gw_sink *gw_digester(struct gw_err *err)
{
    struct digester *d = gw_sha256_begin(err) == 0 ? gw_alloc(1, sizeof *d, err) : NULL;
    if (d == NULL)
        return NULL;
    d->sink.ops = &digest_ops;
    gw_sparse_init(&d->types, 1);
    gw_sparse_init(&d->hashes, GW_SHA256_LEN);
    gw_sparse_init(&d->blobs, sizeof(struct blob));
    gw_undo_init(&d->undo_types, &d->types);
    gw_undo_init(&d->undo_hashes, &d->hashes);
    gw_undo_init(&d->undo_blobs, &d->blobs);
    return &d->sink;
}
