/*
 * verify.c - any octets through every sink that judges or reports, at once: two verifiers, digester, summarizer.
 *
 * The first octet chooses options: bit 0 strict, bit 1 with the digester, bits 2 to 7 the receiver's release where it
 * is one. The counts of a verdict fit what was told, looking at contents changes nothing but what VERIFY needs, page
 * tables are judged alike in a further reading and as they were kept, and what is printed is plain text.
 */
#include <string.h>

#include "channel.h"
#include "report.h"
#include "verify.h"
#include "wrap.h"
#include "xenf.h"

#include "invariant.h"

#define MAX_PFN 65536
#define FIRST_RELEASE 6 /* the first Xen 4 that reads such images */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What one verifier told. */
struct told {
    uint64_t times[GW_NUM_RULES];
};

struct run {
    struct told told[2]; /* without and with contents */
    struct gw_verify_opts opts[2];
    struct gw_sink *verifier[2], *digester, *summarizer, *tee;
    struct gw_summary summary;
    char layers[64];
};

static void found(void *arg, const struct gw_finding *finding)
{
    struct told *told = arg;
    MUST(finding->text[0] != '\0' && finding->severity != GW_STRICT);
    must_be_plain(finding->text);
    told->times[finding->rule - gw_rules]++;
}

static void open_sinks(struct run *run, uint8_t choice, struct gw_err *err)
{
    struct gw_sink *all[4];
    unsigned num = 0, release = choice >> 2 >= FIRST_RELEASE ? choice >> 2 : 0;
    for (unsigned i = 0; i < 2; i++) {
        run->opts[i] = (struct gw_verify_opts){ .strict = choice & 1,
                                                .contents = i == 1,
                                                .tables = i == 1,
                                                .for_xen = release,
                                                .found = found,
                                                .arg = &run->told[i] };
        all[num++] = run->verifier[i] = gw_verifier(&run->opts[i], err);
    }
    all[num++] = run->summarizer = gw_summarizer(&run->summary, err);
    run->digester = gw_digester(err);
    if (choice & 2)
        all[num++] = run->digester;
    run->tee = gw_tee(all, num, err);
    MUST(err->code == GW_E_OK && run->tee != NULL);
}

static void close_sinks(struct run *run)
{
    gw_sink_close(run->tee);
    gw_sink_close(run->digester);
    gw_sink_close(run->summarizer);
    gw_sink_close(run->verifier[1]);
    gw_sink_close(run->verifier[0]);
}

/* The sums fit, and each finding was told as often as the limit lets it. */
static void must_add_up(const struct gw_verdict *verdict, const struct run *run, unsigned i)
{
    uint64_t sum = 0, types = 0;
    for (unsigned rule = 0; rule < GW_NUM_RULES; rule++) {
        sum += verdict->times[rule];
        MUST(run->told[i].times[rule] == gw_min(verdict->times[rule], gw_limit(SAME_RULE)));
    }
    for (unsigned type = 0; type < 16; type++)
        types += verdict->by_type[type];
    MUST(sum == verdict->errors + verdict->warnings + verdict->notes);
    MUST(types <= verdict->num_pfns && verdict->num_pfns <= MAX_PFN);
    MUST(!run->opts[i].strict || verdict->warnings == 0);
    MUST(gw_verdict_valid(verdict) == (verdict->errors == 0));
    MUST(!run->opts[i].contents || !verdict->wants_contents);
    MUST(verdict->num_proven + verdict->num_unproven + verdict->times[GW_RULE_OPT_PAGE_CHECK_DIFFERS] <= types);
    MUST(!verdict->has_digest || verdict->digest_holds == (verdict->times[GW_RULE_OPT_IMAGE_DIGEST_DIFFERS] == 0));
}

/* What is said of page tables and start_info: a start_info page that does not look like one is not kept. */
static bool is_of_tables(unsigned rule)
{
    const char *id = gw_rules[rule].id;
    return strncmp(id, "pv-", 3) == 0 || strncmp(id, "startinfo-", 10) == 0;
}

/* What only contents tell. */
static bool is_of_contents(unsigned rule)
{
    return rule == GW_RULE_VERIFY_MISMATCH || rule == GW_RULE_OPT_PAGE_CHECK_DIFFERS ||
           rule == GW_RULE_OPT_IMAGE_DIGEST_DIFFERS;
}

/* Contents tell nothing but whether VERIFY's equal those before it, and whether they are what checks of them say. */
static void must_agree(const struct gw_verdict *without, const struct gw_verdict *with)
{
    bool all = with->times[GW_RULE_PV_TABLES_UNREAD] == 0;
    for (unsigned rule = 0; rule < GW_NUM_RULES; rule++)
        if (!is_of_contents(rule) && (all || !is_of_tables(rule)))
            MUST(without->times[rule] == with->times[rule]);
    MUST(all || without->times[GW_RULE_STARTINFO_MAGIC] > 0 || without->times[GW_RULE_PV_TABLES_UNREAD] > 0);
    for (unsigned rule = 0; rule < GW_NUM_RULES; rule++)
        MUST(!is_of_contents(rule) || without->times[rule] == 0);
    MUST(!without->has_checks && !without->has_digest);
    MUST(memcmp(without->by_type, with->by_type, sizeof with->by_type) == 0);
    MUST(without->commits == with->commits && without->ended == with->ended);
    MUST(without->num_pfns == with->num_pfns && without->num_vcpus == with->num_vcpus);
}

static void print_all(struct run *run, const struct gw_verdict *verdict)
{
    char *text = NULL;
    size_t len;
    struct gw_err err = GW_ERR_NONE;
    struct gw_info info = { .file = "fuzz", .layers = run->layers, .summary = &run->summary, .verdict = verdict };
    FILE *out = open_memstream(&text, &len);
    MUST(out != NULL);
    gw_info_text(out, false, &info);
    gw_info_json(out, &info);
    if (gw_digest_print(run->digester, out, false, &err) == 0)
        MUST(gw_digest_print(run->digester, out, true, &err) == 0);
    fclose(out);
    MUST(strlen(text) == len);
    must_be_plain(text);
    free(text);
}

static struct gw_wrap *open_input(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_chan *chan = gw_chan_memory(size > 0 ? data + 1 : data, size > 0 ? size - 1 : 0, NULL, &err);
    struct gw_wrap *wrap = gw_wrap_new(chan, MAX_PFN, &err);
    MUST(wrap != NULL);
    return wrap;
}

/* The same octets end in the same way. */
static void read_again(struct gw_sink *verifier, const uint8_t *data, size_t size, int want)
{
    struct gw_err err = GW_ERR_NONE, failure = GW_ERR_NONE;
    struct gw_sink *again = gw_verify_again(verifier, &err);
    struct gw_wrap *wrap = open_input(data, size);
    MUST(again != NULL && gw_wrap_run(wrap, again, &failure) == want);
    gw_verify_again_finish(again);
    gw_wrap_close(wrap);
    gw_sink_close(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE, failure = GW_ERR_NONE;
    static struct run run; /* large */
    run = (struct run){ 0 };
    open_sinks(&run, size > 0 ? data[0] : 0, &err);
    struct gw_wrap *wrap = open_input(data, size);
    int rc = gw_wrap_run(wrap, run.tee, &failure);
    must_be_told(rc, &failure);
    for (unsigned i = 0; rc < 0 && i < 2; i++)
        MUST(gw_verify_failed(run.verifier[i], &failure) == (failure.rule != NULL));
    const struct gw_verdict *without = gw_verify_finish(run.verifier[0]), *with = gw_verify_finish(run.verifier[1]);
    unsigned readings = 0;
    for (; without->wants_tables; readings++)
        read_again(run.verifier[0], data, size, rc);
    MUST(readings <= 2);
    gw_verify_unread(run.verifier[1]);
    MUST(rc == 0 || failure.rule == NULL || without->errors + without->warnings > 0);
    must_add_up(without, &run, 0);
    must_add_up(with, &run, 1);
    must_agree(without, with);
    snprintf(run.layers, sizeof run.layers, "%s", gw_wrap_layers(wrap));
    print_all(&run, with);
    gw_wrap_close(wrap);
    close_sinks(&run);
    return 0;
}
