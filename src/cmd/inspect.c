/*
 * inspect.c - godwit inspect: everything in an image, or one thing of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "inspect.h"
#include "sandbox.h"

enum { OPT_VCPU = OPT_OWN, OPT_RECORD, OPT_PFN, OPT_VA, OPT_FPU, OPT_HEX, OPT_ZERO, OPT_HTML, OPT_FORCE };

static const struct gw_opt inspect_opts[] = {
    { 0, "vcpu", "N", OPT_VCPU, "only the state of that vCPU" },
    { 0, "record", "N", OPT_RECORD, "only the record of that number, whichever it is" },
    { 0, "pfn", "PFN", OPT_PFN, "only the page of that pfn: what it was last" },
    { 0, "va", "ADDRESS", OPT_VA, "follow that address through the page tables of vCPU 0, or of --vcpu" },
    { 'f', "fpu", NULL, OPT_FPU, "the registers of the FPU, SSE and AVX too" },
    { 'x', "hex", NULL, OPT_HEX, "octets as a dump too, padding and reserved fields included" },
    { 'z', "zero", NULL, OPT_ZERO, "look at contents: how many pages are all zero" },
    { 0, "html", "OUT", OPT_HTML, "write a page for a browser: a map of memory, charts, tables" },
    { 0, "force", NULL, OPT_FORCE, "replace an OUT that exists" },
    GW_OPTS_VERBOSE,
    GW_OPTS_MAX_GUEST,
    GW_OPTS_LEGACY,
    GW_OPTS_NO_SANDBOX,
    GW_OPTS_COLOR,
    GW_OPTS_COMMON,
    { 0 },
};

/* The number that an option names; false: told on stderr. */
static bool number_of(const struct gw_args *args, unsigned id, const char *name, uint64_t most, uint64_t *out)
{
    const char *text = args->value[id];
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 0);
    if (errno == 0 && end != text && *end == '\0' && text[0] != '-' && *out <= most)
        return true;
    gw_complain_usage("inspect: --%s wants a number up to %llu, not '%s'", name, (unsigned long long)most, text);
    return false;
}

static int print(const struct gw_args *args, struct gw_sink *inspector, const struct gw_inspect_view *view,
                 struct gw_page_file *page, struct gw_err *err)
{
    if (page->out != NULL)
        return gw_inspect_html(page->out, inspector, view, err) < 0 ? -1 : gw_page_commit(page, err);
    return args->given[OPT_JSON] ? gw_inspect_json(stdout, inspector, view, err)
                                 : gw_inspect_text(stdout, inspector, view, err);
}

/* A page that is told with the records, where the image can be read again for it. */
static int add_start_info(const struct gw_args *args, const char *name, uint64_t max_pfn, struct gw_sink *inspector,
                          struct gw_err *err)
{
    struct gw_err why = GW_ERR_NONE;
    struct gw_picked page;
    uint64_t pfn;
    if (!gw_inspector_start_info(inspector, &pfn))
        return 0;
    if (gw_inspect_pick(args, name, max_pfn, pfn, &page, &why) < 0)
        return why.code == GW_E_SYSTEM ? gw_err_pass(err, &why) : 0; /* verify's rules tell of a page that is missing */
    return page.has_contents ? gw_inspector_take_start_info(inspector, &page, err) : 0;
}

static enum gw_exit inspect_whole(const char *name, const struct gw_args *args, const struct gw_judge_opts *judge,
                                  bool again, struct gw_inspect_view *view, struct gw_page_file *page)
{
    struct gw_inspect_opts opts = { .zeros = args->given[OPT_ZERO] };
    struct gw_judgement j = { .failed = true };
    enum gw_exit status = GW_EXIT_SYSTEM;
    gw_auto(gw_sink_closep) struct gw_sink *inspector = gw_inspector(&opts, &j.err);
    if (inspector != NULL)
        gw_judge(name, judge, args, inspector, &j);
    if (!j.failed) {
        gw_inspector_finish(inspector);
        view->layers = j.layers;
        view->verdict = &j.verdict;
        view->findings = j.findings;
        view->num_findings = j.num_findings;
        j.failed = (again && add_start_info(args, name, judge->max_pfn, inspector, &j.err) < 0) ||
                   print(args, inspector, view, page, &j.err) < 0;
        status = gw_verdict_valid(&j.verdict) ? GW_EXIT_YES : GW_EXIT_NO;
    }
    if (j.failed) {
        gw_because(&j.err, "cannot inspect '%s'", name);
        gw_complain(&j.err);
        status = (enum gw_exit)gw_err_status(&j.err);
    }
    gw_judgement_free(&j);
    return status;
}

/* The options that ask for one thing of the image; false: wrong use, told on stderr. */
static bool take_question(const struct gw_args *args, struct gw_question *q)
{
    uint64_t vcpu = 0;
    q->has_record = args->given[OPT_RECORD];
    q->has_pfn = args->given[OPT_PFN];
    q->has_va = args->given[OPT_VA];
    if (q->has_record + q->has_pfn + q->has_va > 1) {
        gw_complain_usage("inspect: --record, --pfn and --va ask for different things: give one of them");
        return false;
    }
    if (args->given[OPT_VCPU] && !number_of(args, OPT_VCPU, "vcpu", gw_limit(VCPUS) - 1, &vcpu))
        return false;
    q->vcpu = (uint32_t)vcpu;
    return (!q->has_record || number_of(args, OPT_RECORD, "record", UINT64_MAX, &q->record)) &&
           (!q->has_pfn || number_of(args, OPT_PFN, "pfn", GW_PFN_MASK, &q->pfn)) &&
           (!q->has_va || number_of(args, OPT_VA, "va", UINT64_MAX, &q->va));
}

/* A page shows all of the image. False: wrong use, told on stderr. */
static bool page_args_right(const struct gw_args *args)
{
    static const struct {
        unsigned id;
        const char *name;
    } others[] = { { OPT_VCPU, "vcpu" }, { OPT_RECORD, "record" }, { OPT_PFN, "pfn" },  { OPT_VA, "va" },
                   { OPT_FPU, "fpu" },   { OPT_HEX, "hex" },       { OPT_JSON, "json" } };
    if (args->given[OPT_FORCE] && !args->given[OPT_HTML]) {
        gw_complain_usage("inspect: --force is for --html");
        return false;
    }
    for (size_t i = 0; args->given[OPT_HTML] && i < sizeof others / sizeof others[0]; i++) {
        if (!args->given[others[i].id])
            continue;
        gw_complain_usage("inspect: --html shows all of the image: leave out --%s", others[i].name);
        return false;
    }
    return true;
}

/* The page's place, where one is wanted; what it needs of the system is fetched before that is given up. */
static int open_page(const struct gw_args *args, struct gw_page_file *page, struct gw_err *err)
{
    if (!args->given[OPT_HTML])
        return 0;
    return gw_sha256_begin(err) < 0
               ? -1
               : gw_page_open(page, args->value[OPT_HTML], args->operand[0], args->given[OPT_FORCE], err);
}

static enum gw_exit inspect_confined(const struct gw_args *args, const struct gw_judge_opts *judge, bool again,
                                     struct gw_inspect_view *view)
{
    struct gw_page_file page = { 0 };
    struct gw_err err = GW_ERR_NONE;
    enum gw_exit status;
    struct gw_sandbox sandbox = { (const char *const *)args->operand, args->num_operands, NULL };
    int rc = open_page(args, &page, &err);
    if (page.file != NULL)
        sandbox.writes = page.name;
    if (rc == 0 && gw_confine_to(args, &sandbox, &err) == 0)
        status = inspect_whole(view->file, args, judge, again, view, &page);
    else {
        gw_because(&err, "cannot inspect '%s'", view->file);
        gw_complain(&err);
        status = (enum gw_exit)gw_err_status(&err);
    }
    gw_page_close(&page);
    return status;
}

/* The image, and its index where it has one. */
static bool confine_one(const struct gw_args *args, const char *file)
{
    struct gw_err err = GW_ERR_NONE;
    gw_auto(gw_freep) char *index = gw_saved_index_name(file, &err);
    const char *const reads[] = { file, index };
    const struct gw_sandbox what = { reads, 2, NULL };
    if (index != NULL && gw_confine_to(args, &what, &err) == 0)
        return true;
    gw_complain(&err);
    return false;
}

static enum gw_exit inspect_run(const struct gw_args *args)
{
    struct gw_judge_opts judge = { 0 };
    struct gw_question q = { 0 };
    struct gw_inspect_view view = {
        .file = args->operand[0],
        .vcpu = GW_EVERY_VCPU,
        .colour = gw_wants_colour(args),
        .hex = args->given[OPT_HEX],
        .fpu = args->given[OPT_FPU],
    };
    if (!page_args_right(args) || !gw_max_guest(args, &judge.max_pfn) || !take_question(args, &q))
        return GW_EXIT_USAGE;
    if (args->given[OPT_VCPU])
        view.vcpu = q.vcpu;
    bool again = gw_can_read_again(view.file);
    if (q.has_va && !again) {
        gw_complain_usage("inspect: --va reads the image several times: give a file that can be read again");
        return GW_EXIT_USAGE;
    }
    if (!q.has_record && !q.has_pfn && !q.has_va)
        return inspect_confined(args, &judge, again, &view);
    q.max_pfn = judge.max_pfn;
    return confine_one(args, view.file) ? gw_inspect_one(&q, args, &view) : GW_EXIT_SYSTEM;
}

const struct gw_cmd gw_cmd_inspect = {
    .name = "inspect",
    .operands = "FILE",
    .brief = "everything in an image",
    .opts = inspect_opts,
    .least = 1,
    .most = 1,
    .run = inspect_run,
};
