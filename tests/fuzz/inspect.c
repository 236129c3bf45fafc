/*
 * inspect.c - any octets as a file that a person wants to see all of: the inspector, one record, one page, a way
 * through the page tables.
 *
 * The first octets choose: 0 the record that is shown, 1 the pfn and the vCPU; 2 to 9 are a virtual address. What is
 * printed is plain text, and each line of JSON is one object.
 */
#include <string.h>

#include "channel.h"
#include "report.h"
#include "wrap.h"
#include "xenf.h"

#include "invariant.h"

#define MAX_PFN 4096
#define HEAD 10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
    const uint8_t *data;
    size_t size;
    uint8_t record, vcpu;
    uint64_t va;
    FILE *out;
};

static void run_into(const struct run *run, struct gw_sink *sink, char *layers, size_t room)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_chan *chan = gw_chan_memory(run->data, run->size, NULL, &err);
    struct gw_wrap *wrap = gw_wrap_new(chan, MAX_PFN, &err);
    MUST(wrap != NULL && sink != NULL);
    int rc = gw_wrap_run(wrap, sink, &err);
    must_be_told(rc, &err);
    snprintf(layers, room, "%s", gw_wrap_layers(wrap));
    gw_wrap_close(wrap);
}

/* The text that was printed; lines: each one is a JSON object. */
static void must_read_well(const char *text, size_t len, bool lines)
{
    MUST(strlen(text) == len);
    must_be_plain(text);
    while (lines && *text != '\0') {
        const char *end = strchr(text, '\n');
        MUST(end != NULL && text[0] == '{' && end[-1] == '}');
        text = end + 1;
    }
}

static int fetch(void *arg, uint64_t pfn, uint8_t *page, struct gw_err *err)
{
    const struct run *run = arg;
    struct gw_picked picked = { .pfn = pfn };
    char layers[64];
    struct gw_sink *picker = gw_picker(&picked, err);
    run_into(run, picker, layers, sizeof layers);
    gw_sink_close(picker);
    if (!picked.has_contents)
        return gw_fail(err, GW_E_REFUSED, "there is no page 0x%llx", (unsigned long long)pfn);
    memcpy(page, picked.page, GW_PAGE_LEN);
    return 0;
}

static void walk(struct run *run, struct gw_sink *inspector)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_paging paging;
    struct gw_walked walked = { 0 };
    if (gw_inspector_paging(inspector, run->vcpu, &paging, &err) < 0) {
        MUST(err.code != GW_E_OK);
        return;
    }
    MUST(paging.levels <= GW_MOST_LEVELS && paging.levels != 1);
    int rc = gw_paging_walk(&paging, run->va, fetch, run, &walked, &err);
    MUST((rc < 0) == (err.code != GW_E_OK));
    MUST(walked.num_steps <= paging.levels);
}

static void print_all(struct run *run, struct gw_sink *inspector, struct gw_inspect_view *view)
{
    for (unsigned i = 0; i < 4; i++) {
        struct gw_err err = GW_ERR_NONE;
        bool json = i & 1;
        char *text = NULL;
        size_t len;
        view->vcpu = i & 2 ? run->vcpu : GW_EVERY_VCPU;
        view->hex = view->fpu = (i & 2) != 0;
        run->out = open_memstream(&text, &len);
        MUST(run->out != NULL);
        int rc = (json ? gw_inspect_json : gw_inspect_text)(run->out, inspector, view, &err);
        fclose(run->out);
        MUST(rc == 0 || (err.code == GW_E_REFUSED && len == 0 && view->vcpu != GW_EVERY_VCPU)); /* no such vCPU */
        must_read_well(text, len, json);
        free(text);
    }
}

static void show_record(struct run *run, struct gw_inspect_view *view, bool json)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_one_record one = { .number = run->record };
    char *text = NULL, layers[64];
    size_t len;
    run->out = open_memstream(&text, &len);
    struct gw_sink *printer = gw_record_printer(run->out, json, view, &one, &err);
    run_into(run, printer, layers, sizeof layers);
    gw_sink_close(printer);
    fclose(run->out);
    MUST(one.found == (len > 0) && (!one.found || one.highest >= one.number));
    must_read_well(text, len, json);
    free(text);
}

static void inspect(struct run *run)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_inspect_opts opts = { .zeros = run->vcpu & 1 };
    struct gw_verify_opts judge = { .max_pfn = MAX_PFN };
    struct gw_picked page = { 0 };
    char layers[64];
    struct gw_sink *inspector = gw_inspector(&opts, &err), *verifier = gw_verifier(&judge, &err);
    struct gw_sink *both[] = { verifier, inspector }, *tee = gw_tee(both, 2, &err);
    run_into(run, tee, layers, sizeof layers);
    gw_inspector_finish(inspector);
    struct gw_inspect_view view = { .file = "fuzz", .layers = layers, .verdict = gw_verify_finish(verifier) };
    if (gw_inspector_start_info(inspector, &page.pfn) && fetch(run, page.pfn, page.page, &err) == 0) {
        page.has_contents = true;
        MUST(gw_inspector_take_start_info(inspector, &page, &err) == 0);
    }
    print_all(run, inspector, &view);
    show_record(run, &view, false);
    show_record(run, &view, true);
    walk(run, inspector);
    gw_sink_close(tee);
    gw_sink_close(inspector);
    gw_sink_close(verifier);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    struct run run = { .data = data + HEAD, .size = size - HEAD, .record = data[0], .vcpu = data[1] };
    memcpy(&run.va, data + 2, sizeof run.va);
    inspect(&run);
    return 0;
}
