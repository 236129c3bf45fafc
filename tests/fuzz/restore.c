/*
 * restore.c - any octets as a guest: judged while they land in a destination, which starts only if no error was found.
 *
 * As src/cmd/restore.c does it, with a model for the destination. The first octet orders a failure: bits 0 to 2 the
 * slot (0: none), bit 3 whether a failed start is sure, bits 4 to 7 the number of the call. What came to the
 * destination is what a witness beside it saw: each pfn in its last state, each record in order.
 */
#include <string.h>

#include "channel.h"
#include "engine.h"
#include "guest.h"
#include "verify.h"
#include "wrap.h"
#include "xenf.h"

#include "witness.h"

#define MAX_PFN 4096
#define FIXED_OCTETS (UINT64_C(4) << 20) /* whatever the image: buffers, tables */
#define PFN_OCTETS (GW_PAGE_LEN + 64)    /* a page of the model, and what is kept of it */
#define INPUT_OCTETS 16                  /* for each octet of the input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a build with the address sanitizer: octets on the heap. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

static uint64_t heap_now(void)
{
    return __sanitizer_get_current_allocated_bytes != NULL ? __sanitizer_get_current_allocated_bytes() : 0;
}

/* --- one restore ------------------------------------------------------------------------------------------------- */

struct run {
    struct gw_destination *dest;
    struct gw_wrap *wrap;
    struct gw_sink *verifier, *restorer, *tee;
    struct witness witness;
    bool found; /* an error */
};

static void keep_first(void *arg, const struct gw_finding *finding)
{
    struct run *run = arg;
    run->found = run->found || finding->severity == GW_ERROR;
}

static struct gw_destination *open_dest(uint8_t choice, struct gw_err *err)
{
    static const char *const slots[] = {
        NULL, "create", "record", "static_done", "place", "placed", "complete", "start"
    };
    char name[64];
    const char *slot = slots[choice & 7];
    if (slot == NULL)
        return gw_destination_open("model:", err);
    snprintf(name, sizeof name, "model:sure=%d,fail=%s:%d", choice >> 3 & 1, slot, 1 + (choice >> 4));
    return gw_destination_open(name, err);
}

static void open_run(struct run *run, const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_verify_opts opts = { .contents = true, .max_pfn = MAX_PFN, .found = keep_first, .arg = run };
    size_t skip = size > 0;
    run->dest = open_dest(skip ? data[0] : 0, &err);
    MUST(run->dest != NULL);
    struct gw_chan *chan = gw_chan_memory(data + skip, size - skip, NULL, &err);
    run->wrap = gw_wrap_new(chan, MAX_PFN, &err);
    run->verifier = gw_verifier(&opts, &err);
    run->restorer = gw_restorer(run->dest, &err);
    run->witness = new_witness();
    struct gw_sink *all[] = { run->verifier, run->restorer, &run->witness.sink };
    run->tee = gw_tee(all, 3, &err);
    MUST(err.code == GW_E_OK && run->tee != NULL);
}

static void close_run(struct run *run)
{
    gw_sink_close(run->tee);
    gw_totals_free(run->witness.totals);
    gw_sink_close(run->restorer);
    gw_sink_close(run->verifier);
    gw_destination_close(run->dest);
    gw_wrap_close(run->wrap);
}

/* What unpacks has needs of its own. */
static bool is_packed(const char *layers)
{
    return strstr(layers, "gzip") || strstr(layers, "xz") || strstr(layers, "zstd") || strstr(layers, "lz4");
}

/* All is there, and nothing runs yet. */
static void must_have_arrived(const struct run *run, const struct gw_verdict *verdict)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_totals *totals = gw_totals_new(&err);
    struct gw_totals_sum is, want;
    struct gw_cur records = gw_model_records(run->dest);
    MUST(totals != NULL && verdict->ended && verdict->commits == 1);
    for (uint64_t pfn = 0, entry; pfn < MAX_PFN; pfn++) {
        const uint8_t *page;
        if (gw_model_destination_page(run->dest, pfn, &entry, &page))
            MUST(gw_totals_page(totals, pfn, gw_entry_type(entry), page ? gw_page_check(page) : 0, &err) == 0);
    }
    while (gw_left(&records) > 0) {
        uint32_t type = gw_u32(&records), len = gw_u32(&records);
        const uint8_t *body = gw_take(&records, len);
        MUST(!records.bad);
        gw_totals_record(totals, type, body, len);
    }
    gw_totals_sum(totals, &is);
    gw_totals_sum(run->witness.totals, &want);
    MUST(memcmp(is.pages_digest, want.pages_digest, sizeof is.pages_digest) == 0);
    MUST(memcmp(is.records_digest, want.records_digest, sizeof is.records_digest) == 0);
    MUST(is.num_pages == want.num_pages && is.num_records == want.num_records);
    MUST(is.num_pages <= verdict->num_pfns);
    gw_totals_free(totals);
}

static void start(struct run *run)
{
    struct gw_err err = GW_ERR_NONE;
    bool surely_not_started = true;
    int rc = gw_destination_complete(run->dest, &err);
    if (rc == 0)
        rc = gw_destination_start(run->dest, &surely_not_started, &err);
    MUST((rc < 0) == (err.code != GW_E_OK));
    MUST((rc == 0) == (run->dest->state == GW_DEST_STARTED));
    MUST(rc < 0 || !surely_not_started);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_err failure = GW_ERR_NONE;
    struct run run = { 0 };
    uint64_t heap = heap_now();
    open_run(&run, data, size);
    int rc = gw_wrap_run(run.wrap, run.tee, &failure);
    must_be_told(rc, &failure);
    if (!is_packed(gw_wrap_layers(run.wrap)))
        MUST(heap_now() - heap <= FIXED_OCTETS + PFN_OCTETS * MAX_PFN + INPUT_OCTETS * (uint64_t)size);
    MUST(rc == 0 || gw_verify_failed(run.verifier, &failure) == (failure.rule != NULL));
    const struct gw_verdict *verdict = gw_verify_finish(run.verifier);
    MUST(run.found == (verdict->errors > 0));
    MUST(rc == 0 || failure.rule == NULL || verdict->errors + verdict->warnings > 0);
    MUST(run.dest->state < GW_DEST_COMPLETE);
    if (rc == 0 && !run.found) {
        must_have_arrived(&run, verdict);
        start(&run);
    }
    close_run(&run);
    return 0;
}
