/*
 * proof.c - what an image carries to prove its contents, held against them (chunks.md section 4): PAGE_CHECKS and
 * IMAGE_DIGEST.
 *
 * A page that was written again while the guest ran may not be what its check says: only the check of a pfn's last
 * contents must hold, so nothing is said before all is there. Contents behind VERIFY are a comparison, and nobody's.
 * Owns: with PAGE_CHECKS an octet per pfn, 24 more where contents differ; the checks of one record.
 */
#include <stdio.h>
#include <string.h>

#include "verifier.h"

/* What is known of a pfn's last contents. */
enum proof { PROOF_NONE, PROOF_HOLDS, PROOF_FAILED };

/* A page of the PAGE_DATA at hand. */
struct passed {
    uint64_t pfn, check;
};

/* Contents that are not what their check says: the record they are in, and where they stand themselves. */
struct failed {
    uint64_t record, offset, at;
};

void proof_init(struct verifier *v)
{
    gw_sparse_init(&v->proof.pages, 1);
    gw_undo_init(&v->proof.undo, &v->proof.pages);
    gw_sparse_init(&v->proof.failed, sizeof(struct failed));
}

void proof_free(struct verifier *v)
{
    gw_undo_free(&v->proof.undo);
    gw_sparse_free(&v->proof.pages);
    gw_sparse_free(&v->proof.failed);
    gw_free(v->proof.passed);
    gw_totals_free(v->proof.totals);
}

/* --- while it passes ---------------------------------------------------------------------------------------------- */

int proof_room(struct verifier *v, const struct gw_pages *pages)
{
    void *mem = v->proof.passed;
    v->proof.num_passed = 0;
    int rc = gw_grow(&mem, &v->proof.cap_passed, pages->num_contents, sizeof *v->proof.passed, v->err);
    v->proof.passed = mem;
    return rc;
}

void proof_pass(struct verifier *v, uint64_t pfn, uint64_t check)
{
    v->proof.passed[v->proof.num_passed++] = (struct passed){ pfn, check };
}

static int set(struct verifier *v, uint64_t pfn, enum proof proof)
{
    if (gw_undo_save(&v->proof.undo, pfn, v->err) < 0)
        return -1;
    uint8_t *state = gw_sparse_at(&v->proof.pages, pfn, v->err);
    if (state != NULL)
        *state = (uint8_t)proof;
    return state != NULL ? 0 : -1;
}

int proof_forget(struct verifier *v, uint64_t pfn)
{
    const uint8_t *state = gw_sparse_find(&v->proof.pages, pfn);
    return state == NULL || *state == PROOF_NONE ? 0 : set(v, pfn, PROOF_NONE);
}

/* The page of that number in the record. */
static int note_failed(struct verifier *v, uint64_t pfn, uint32_t number)
{
    const struct gw_pages *now = &v->memory.now;
    struct failed *failed = gw_sparse_at(&v->proof.failed, pfn, v->err);
    if (failed == NULL)
        return -1;
    *failed = (struct failed){ now->frame.number, now->frame.offset, GW_NO_PLACE };
    if (now->contents_at != GW_NO_PLACE)
        failed->at = now->contents_at + (uint64_t)number * GW_PAGE_LEN;
    return set(v, pfn, PROOF_FAILED);
}

int proof_compare(struct verifier *v, struct gw_page_checks *checks)
{
    struct proof_state *p = &v->proof;
    if (!v->opts.contents) {
        v->verdict.wants_contents = true;
        return 0;
    }
    if (v->memory.verifying)
        return 0;
    p->has_checks = true;
    for (uint32_t i = 0; i < checks->count && i < p->num_passed; i++) {
        bool holds = gw_u64(&checks->checks) == p->passed[i].check;
        if ((holds ? set(v, p->passed[i].pfn, PROOF_HOLDS) : note_failed(v, p->passed[i].pfn, i)) < 0)
            return -1;
    }
    return 0;
}

static int open_totals(struct verifier *v)
{
    if (v->proof.totals == NULL)
        v->proof.totals = gw_totals_new(v->err);
    return v->proof.totals != NULL ? 0 : -1;
}

int proof_count_record(struct verifier *v, const struct gw_record *record)
{
    if (!v->opts.contents || (record->frame.type & GW_REC_OPTIONAL) != 0)
        return 0;
    if (open_totals(v) < 0)
        return -1;
    if (record->body != NULL) /* else it is of an unknown type, which is an error by itself */
        gw_totals_record(v->proof.totals, record->frame.type, record->body, record->frame.length);
    return 0;
}

int proof_keep_digest(struct verifier *v, const struct gw_image_digest *digest)
{
    v->verdict.wants_contents = v->verdict.wants_contents || !v->opts.contents;
    v->proof.has_digest = true;
    v->proof.digest = *digest;
    v->proof.digest_at = v->at;
    return open_totals(v);
}

/* --- when all is there -------------------------------------------------------------------------------------------- */

static void tell_failed(struct verifier *v, uint64_t pfn)
{
    const struct failed *failed = gw_sparse_find(&v->proof.failed, pfn);
    struct place at = { .set = true, .record = failed->record, .offset = failed->offset };
    char where[40] = "";
    if (failed->at != GW_NO_PLACE)
        snprintf(where, sizeof where, ", at 0x%llx,", (unsigned long long)failed->at);
    find_at(v, &at, GW_RULE_OPT_PAGE_CHECK_DIFFERS,
            "the contents of pfn 0x%llx%s are not what their check says: damaged since it was made",
            (unsigned long long)pfn, where);
}

static void judge_checks(struct verifier *v)
{
    const uint8_t *leaf;
    uint64_t num_checked = 0, num_contents = 0;
    for (uint64_t at = 0; (leaf = gw_sparse_leaf(&v->proof.pages, &at)) != NULL; at += GW_SPARSE_LEAF)
        for (unsigned i = 0; i < GW_SPARSE_LEAF; i++) {
            v->verdict.num_proven += leaf[i] == PROOF_HOLDS;
            num_checked += leaf[i] != PROOF_NONE;
            if (leaf[i] == PROOF_FAILED)
                tell_failed(v, at + i);
        }
    for (unsigned type = 0; type < 16; type++)
        num_contents += gw_type_has_contents(type) ? v->verdict.by_type[type] : 0;
    v->verdict.num_unproven = num_contents > num_checked ? num_contents - num_checked : 0;
}

/* Every pfn that was named, as it ends. */
static void count_pages(struct verifier *v)
{
    const uint8_t *leaf;
    for (uint64_t at = 0; (leaf = gw_sparse_leaf(&v->memory.pages, &at)) != NULL; at += GW_SPARSE_LEAF)
        for (uint64_t pfn = at; pfn < at + GW_SPARSE_LEAF; pfn++) {
            int type = page_type(v, pfn);
            const uint64_t *check = gw_sparse_find(&v->memory.checks, pfn);
            bool full = type >= 0 && gw_type_has_contents((unsigned)type);
            if (type >= 0)
                gw_totals_last(v->proof.totals, pfn, (unsigned)type, full && check != NULL ? *check : 0);
        }
}

static void judge_digest(struct verifier *v)
{
    const struct gw_image_digest *said = &v->proof.digest;
    struct gw_totals_sum is;
    count_pages(v);
    gw_totals_sum(v->proof.totals, &is);
    bool pages = memcmp(is.pages_digest, said->pages_digest, sizeof is.pages_digest) != 0;
    bool records = memcmp(is.records_digest, said->records_digest, sizeof is.records_digest) != 0;
    if (is.num_pages != said->num_pages || is.num_records != said->num_records)
        find_at(v, &v->proof.digest_at, GW_RULE_OPT_IMAGE_DIGEST_DIFFERS,
                "the image has %llu pfns and %llu records, its IMAGE_DIGEST is of %llu and %llu",
                (unsigned long long)is.num_pages, (unsigned long long)is.num_records,
                (unsigned long long)said->num_pages, (unsigned long long)said->num_records);
    else if (pages || records)
        find_at(v, &v->proof.digest_at, GW_RULE_OPT_IMAGE_DIGEST_DIFFERS,
                "the %s are not what IMAGE_DIGEST says: damaged since it was made",
                pages && records ? "pages and the records"
                : pages          ? "pages, or their types,"
                                 : "records");
    else
        v->verdict.digest_holds = true;
}

void judge_proof(struct verifier *v)
{
    v->verdict.has_checks = v->proof.has_checks;
    if (v->proof.has_checks)
        judge_checks(v);
    v->verdict.has_digest = v->proof.has_digest && v->opts.contents && v->end_seen;
    if (v->verdict.has_digest)
        judge_digest(v);
}
