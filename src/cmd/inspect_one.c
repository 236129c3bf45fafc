/*
 * inspect_one.c - one record of an image, one page, or the way of one virtual address.
 *
 * A page is looked for by reading the image for it; a virtual address reads it once more for each table on its way.
 * That costs little in a plain file, whose contents are skipped; what cannot be read twice is refused. Where the image
 * has a saved index beside it, pages are found by that; the registers are read from the image all the same.
 */
#include <inttypes.h>
#include <string.h>

#include "inspect.h"

struct asked {
    const struct gw_question *q;
    const struct gw_inspect_view *view;
    const struct gw_args *args;
    const char *name;
    bool json;
    struct gw_saved_index *index;
};

/* The image into a sink. A failure behind what was looked for does not matter here: verify tells it. */
static int run_image(const struct gw_args *args, const char *name, uint64_t max_pfn, struct gw_sink *sink,
                     struct gw_err *err)
{
    gw_auto(gw_wrap_closep) struct gw_wrap *wrap = gw_open_input(args, name, max_pfn, err);
    return wrap == NULL ? -1 : gw_wrap_run(wrap, sink, err);
}

static int show_record(const struct asked *a, struct gw_err *err)
{
    struct gw_one_record one = { .number = a->q->record };
    struct gw_err failure = GW_ERR_NONE;
    gw_auto(gw_sink_closep) struct gw_sink *printer = gw_record_printer(stdout, a->json, a->view, &one, err);
    if (printer == NULL)
        return -1;
    int rc = run_image(a->args, a->name, a->q->max_pfn, printer, &failure);
    if (one.found)
        return 0;
    if (rc < 0)
        return gw_err_pass(err, &failure);
    return gw_fail(err, GW_E_REFUSED, "there is no record %llu: the image's last is %llu",
                   (unsigned long long)one.number, (unsigned long long)one.highest);
}

int gw_inspect_pick(const struct gw_args *args, const char *name, uint64_t max_pfn, uint64_t pfn, struct gw_picked *out,
                    struct gw_err *err)
{
    struct gw_err failure = GW_ERR_NONE;
    *out = (struct gw_picked){ .pfn = pfn };
    struct gw_sink *picker = gw_picker(out, err);
    if (picker == NULL)
        return -1;
    int rc = run_image(args, name, max_pfn, picker, &failure);
    gw_sink_close(picker);
    if (out->times > 0)
        return 0;
    if (rc < 0)
        return gw_err_pass(err, &failure);
    return gw_fail(err, GW_E_REFUSED, "the image never names pfn 0x%llx", (unsigned long long)pfn);
}

/* By the index, where there is one that is right. */
static int pick(const struct asked *a, uint64_t pfn, struct gw_picked *out, struct gw_err *err)
{
    *out = (struct gw_picked){ .pfn = pfn };
    if (gw_saved_index_pick(a->index, out))
        return out->times > 0 ? 0
                              : gw_fail(err, GW_E_REFUSED, "the image never names pfn 0x%llx", (unsigned long long)pfn);
    return gw_inspect_pick(a->args, a->name, a->q->max_pfn, pfn, out, err);
}

static int fetch(void *arg, uint64_t pfn, uint8_t *page, struct gw_err *err)
{
    struct gw_picked picked;
    const struct asked *a = arg;
    if (pick(a, pfn, &picked, err) < 0)
        return -1;
    if (!picked.has_contents)
        return gw_fail(err, GW_E_REFUSED, "pfn 0x%llx has no contents: it is '%s'", (unsigned long long)pfn,
                       gw_page_type_name(picked.type));
    memcpy(page, picked.page, GW_PAGE_LEN);
    return 0;
}

static void print_page_json(const struct gw_picked *p)
{
    struct gw_json json = { .out = stdout };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "page");
    gw_json_number(&json, "pfn", p->pfn);
    gw_json_text(&json, "page_type", gw_page_type_name(p->type));
    gw_json_number(&json, "times", p->times);
    gw_json_number(&json, "record", p->record);
    if (p->has_contents) {
        gw_json_number(&json, "offset", p->offset);
        gw_json_octets(&json, "contents", p->page, GW_PAGE_LEN);
    }
    gw_json_end(&json, '}');
}

static void print_page(const struct asked *a, const struct gw_picked *p)
{
    struct gw_style style = { .colour = a->view->colour, .indent = 2 };
    if (a->json) {
        print_page_json(p);
        return;
    }
    printf("pfn 0x%" PRIx64 "  %s, named %" PRIu64 " time%s, last in record %" PRIu64, p->pfn,
           gw_page_type_name(p->type), p->times, p->times == 1 ? "" : "s", p->record);
    if (!p->has_contents) {
        printf(": no contents\n");
        return;
    }
    printf(", its contents at 0x%" PRIx64 "\n", p->offset);
    gw_hexdump(stdout, &style, p->pfn * GW_PAGE_LEN, gw_cur(p->page, GW_PAGE_LEN));
}

static int show_page(const struct asked *a, uint64_t pfn, struct gw_err *err)
{
    struct gw_picked picked;
    if (pick(a, pfn, &picked, err) < 0)
        return -1;
    print_page(a, &picked);
    return 0;
}

static void print_walk(const struct asked *a, const struct gw_walked *walked)
{
    if (a->json) {
        struct gw_json json = { .out = stdout };
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "walk");
        gw_json_number(&json, "va", a->q->va);
        gw_json_number(&json, "vcpu", a->q->vcpu);
        gw_json_array(&json, "steps");
        for (unsigned i = 0; i < walked->num_steps; i++) {
            gw_json_object(&json, NULL);
            gw_json_number(&json, "level", walked->steps[i].level);
            gw_json_number(&json, "table", walked->steps[i].table);
            gw_json_number(&json, "index", walked->steps[i].index);
            gw_json_number(&json, "entry", walked->steps[i].entry);
            gw_json_end(&json, '}');
        }
        gw_json_end(&json, ']');
        gw_json_bool(&json, "mapped", walked->found);
        if (walked->found) {
            gw_json_number(&json, "address", walked->address);
            gw_json_number(&json, "page_length", walked->page_len);
        }
        gw_json_end(&json, '}');
        return;
    }
    printf("va 0x%" PRIx64 " of vCPU %u\n", a->q->va, a->q->vcpu);
    for (unsigned i = 0; i < walked->num_steps; i++)
        printf("  L%u table at pfn 0x%" PRIx64 ", entry %u: 0x%" PRIx64 "%s\n", walked->steps[i].level,
               walked->steps[i].table, walked->steps[i].index, walked->steps[i].entry,
               i + 1 == walked->num_steps && !walked->found ? ", not present" : "");
    if (walked->found)
        printf("  address 0x%" PRIx64 " of the guest's memory, pfn 0x%" PRIx64 ", in a page of %" PRIu64 " KiB\n",
               walked->address, walked->address / GW_PAGE_LEN, walked->page_len / 1024);
}

static int show_va(struct asked *a, struct gw_err *err)
{
    struct gw_inspect_opts opts = { 0 };
    struct gw_paging paging;
    struct gw_walked walked;
    gw_auto(gw_sink_closep) struct gw_sink *inspector = gw_inspector(&opts, err);
    if (inspector == NULL || run_image(a->args, a->name, a->q->max_pfn, inspector, err) < 0)
        return -1;
    gw_inspector_finish(inspector);
    if (gw_inspector_paging(inspector, a->q->vcpu, &paging, err) < 0 ||
        gw_paging_walk(&paging, a->q->va, fetch, a, &walked, err) < 0)
        return -1;
    print_walk(a, &walked);
    if (walked.found)
        return show_page(a, walked.address / GW_PAGE_LEN, err);
    return gw_fail(err, GW_E_REFUSED, "the address 0x%llx is not mapped", (unsigned long long)a->q->va);
}

enum gw_exit gw_inspect_one(const struct gw_question *question, const struct gw_args *args,
                            const struct gw_inspect_view *view)
{
    struct asked a = { question, view, args, args->operand[0], args->given[OPT_JSON], NULL };
    struct gw_err err = GW_ERR_NONE;
    int rc;
    if (!question->has_record)
        a.index = gw_saved_index_open(a.name);
    if (question->has_record)
        rc = show_record(&a, &err);
    else if (question->has_pfn)
        rc = show_page(&a, question->pfn, &err);
    else
        rc = show_va(&a, &err);
    gw_saved_index_close(a.index);
    if (rc == 0)
        return GW_EXIT_YES;
    gw_because(&err, "cannot inspect '%s'", a.name);
    gw_complain(&err);
    return (enum gw_exit)gw_err_status(&err);
}
