/*
 * verify.c - godwit verify: is it whole and right. Also the tables that it judges by: --rules, --limits, --explain.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"

#define NAME_ROOM 1024 /* of a file's name made fit for a terminal */

enum { OPT_STRICT = OPT_OWN, OPT_FOR_XEN, OPT_RULES, OPT_LIMITS, OPT_EXPLAIN };

static const struct gw_opt verify_opts[] = {
    { 's', "strict", NULL, OPT_STRICT, "warnings are errors; the canonical order is demanded" },
    { 'q', "quiet", NULL, OPT_QUIET, "print nothing: the exit status answers" },
    { 'v', "verbose", NULL, OPT_VERBOSE, "tell each finding's rule, and what the sandbox lacks" },
    { 0, "for-xen", "X.Y", OPT_FOR_XEN, "judge for a receiver of that release, 4.6 or later" },
    GW_OPTS_MAX_GUEST,
    GW_OPTS_LEGACY,
    GW_OPTS_NO_SANDBOX,
    { 0, "rules", NULL, OPT_RULES, "print the rules and judge nothing" },
    { 0, "limits", NULL, OPT_LIMITS, "print the bounds on what is read" },
    { 0, "explain", "ID", OPT_EXPLAIN, "explain one rule" },
    GW_OPTS_COLOR,
    GW_OPTS_COMMON,
    { 0 },
};

static void rule_json(const struct gw_rule *rule)
{
    struct gw_json json = { .out = stdout };
    struct gw_rule_others others = gw_rule_others(rule);
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "rule");
    gw_json_text(&json, "rule", rule->id);
    gw_json_text(&json, "severity", gw_severity_name(rule->severity));
    gw_json_text(&json, "section", rule->section);
    gw_json_text(&json, "specification", rule->spec == 'Y' ? "stated" : others.spec);
    gw_json_text(&json, "xen", others.xen);
    gw_json_text(&json, "python_verifier", others.python);
    gw_json_text(&json, "text", rule->sentence);
    gw_json_end(&json, '}');
}

static enum gw_exit print_rules(bool json)
{
    for (unsigned i = 0; i < GW_NUM_RULES; i++) {
        const struct gw_rule *rule = &gw_rules[i];
        if (json)
            rule_json(rule);
        else
            printf("%-7s  %-26s  %-5s  %s\n", gw_severity_name(rule->severity), rule->id, rule->section,
                   rule->sentence);
    }
    return GW_EXIT_YES;
}

static enum gw_exit print_limits(bool as_json)
{
    for (unsigned i = 0; i < GW_NUM_LIMITS; i++) {
        if (!as_json) {
            printf("%-18s  %12" PRIu64 "  %s\n", gw_limits[i].name, gw_limits[i].value, gw_limits[i].what);
            continue;
        }
        struct gw_json json = { .out = stdout };
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "limit");
        gw_json_text(&json, "name", gw_limits[i].name);
        gw_json_number(&json, "value", gw_limits[i].value);
        gw_json_text(&json, "text", gw_limits[i].what);
        gw_json_end(&json, '}');
    }
    return GW_EXIT_YES;
}

static enum gw_exit explain(const char *id, bool json)
{
    const struct gw_rule *rule = gw_rule_find(id);
    if (rule == NULL) {
        gw_complain_usage("verify: there is no rule '%s'; godwit verify --rules tells them", id);
        return GW_EXIT_USAGE;
    }
    if (json) {
        rule_json(rule);
        return GW_EXIT_YES;
    }
    printf("%s (%s%s)\n\n  demands               %s\n", rule->id, gw_severity_name(rule->severity),
           rule->severity == GW_STRICT ? ": an error with --strict, silent without" : "", rule->sentence);
    printf("  section               %s\n", rule->section);
    struct gw_rule_others others = gw_rule_others(rule);
    printf("  Xen's specification   %s\n", others.spec);
    printf("  Xen                   %s\n", others.xen);
    printf("  Xen's Python verifier %s\n", others.python);
    return GW_EXIT_YES;
}

static bool parse(const struct gw_args *args, struct gw_judge_opts *out)
{
    *out = (struct gw_judge_opts){ .strict = args->given[OPT_STRICT] };
    return gw_for_xen(args, OPT_FOR_XEN, "verify", &out->for_xen) && gw_max_guest(args, &out->max_pfn);
}

/* What was counted beyond what was told, then the verdict. */
static void repeated_json(const char *name, const struct gw_judge_opts *opts, const struct gw_rule *rule,
                          uint64_t times)
{
    struct gw_json json = { .out = stdout };
    enum gw_severity severity = opts->strict && rule->severity != GW_NOTE ? GW_ERROR : rule->severity;
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "repeated");
    gw_json_text(&json, "file", name);
    gw_json_text(&json, "rule", rule->id);
    gw_json_text(&json, "severity", gw_severity_name(severity));
    gw_json_number(&json, "times", times);
    gw_json_end(&json, '}');
}

static void print_repeated(const char *name, const struct gw_judge_opts *opts, const struct gw_verdict *v, bool json)
{
    for (unsigned i = 0; i < GW_NUM_RULES; i++) {
        if (v->times[i] <= gw_limit(SAME_RULE))
            continue;
        if (json)
            repeated_json(name, opts, &gw_rules[i], v->times[i]);
        else
            printf("           %-24s  %" PRIu64 " times in all\n", gw_rules[i].id, v->times[i]);
    }
}

static void verdict_json(const char *name, const struct gw_judgement *j)
{
    struct gw_json json = { .out = stdout };
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", "verdict");
    gw_json_text(&json, "file", name);
    gw_json_text(&json, "wrapping", j->layers);
    gw_json_bool(&json, "valid", gw_verdict_valid(&j->verdict));
    gw_json_number(&json, "errors", j->verdict.errors);
    gw_json_number(&json, "warnings", j->verdict.warnings);
    gw_json_number(&json, "notes", j->verdict.notes);
    gw_json_bool(&json, "ended", j->verdict.ended);
    gw_json_number(&json, "checkpoints", j->verdict.checkpoints);
    gw_json_number(&json, "whole_checkpoints", j->verdict.ended ? 0 : j->verdict.commits);
    if (j->verdict.has_checks) {
        gw_json_number(&json, "proven_pages", j->verdict.num_proven);
        gw_json_number(&json, "unproven_pages", j->verdict.num_unproven);
    }
    if (j->verdict.has_digest)
        gw_json_bool(&json, "digest_holds", j->verdict.digest_holds);
    gw_json_end(&json, '}');
}

/* How much of it is proven by what it carries; nothing where it carries nothing. */
static const char *proof_text(char *room, size_t len, const struct gw_verdict *v)
{
    char without[48] = "", pages[128] = "";
    if (v->num_unproven > 0)
        snprintf(without, sizeof without, " (%" PRIu64 " have none)", v->num_unproven);
    if (v->has_checks)
        snprintf(pages, sizeof pages, ", %" PRIu64 " page%s proven by their checks%s", v->num_proven,
                 v->num_proven == 1 ? "" : "s", without);
    snprintf(room, len, "%s%s", pages, v->digest_holds ? ", the whole proven by its digest" : "");
    return room;
}

static void verdict_text(const char *name, const struct gw_judgement *j, bool colour)
{
    const struct gw_verdict *v = &j->verdict;
    char counts[96], whole[80] = "", proof[192], shown[NAME_ROOM];
    if (v->checkpoints > 0 && !v->ended)
        snprintf(whole, sizeof whole, ", whole up to checkpoint %" PRIu64, v->commits);
    printf("%s: %s%s%s%s%s: %s (%s)\n", gw_escape(shown, sizeof shown, name, strlen(name)),
           gw_colour(colour, v->errors > 0 ? GW_RED : GW_GREEN), gw_verdict_valid(v) ? "valid" : "INVALID",
           gw_colour(colour, GW_PLAIN), whole, proof_text(proof, sizeof proof, v),
           gw_counts_text(counts, sizeof counts, v), j->layers[0] != '\0' ? j->layers : "not recognised");
}

static enum gw_exit tell_failure(const char *name, struct gw_judgement *j, bool as_json, bool quiet)
{
    gw_because(&j->err, "cannot verify '%s'", name);
    gw_complain(&j->err);
    if (as_json && !quiet) {
        struct gw_json json = { .out = stdout };
        gw_json_object(&json, NULL);
        gw_json_text(&json, "type", "failure");
        gw_json_text(&json, "file", name);
        gw_json_text(&json, "text", j->err.msg);
        gw_json_end(&json, '}');
    }
    return GW_EXIT_SYSTEM;
}

static void tell(const char *name, const struct gw_judge_opts *opts, const struct gw_args *args,
                 const struct gw_judgement *j)
{
    bool colour = gw_wants_colour(args), json = args->given[OPT_JSON];
    for (size_t i = 0; i < j->num_findings; i++) {
        if (json)
            gw_finding_json(stdout, name, &j->findings[i]);
        else
            gw_finding_text(stdout, &j->findings[i], colour, args->given[OPT_VERBOSE]);
    }
    print_repeated(name, opts, &j->verdict, json);
    if (json)
        verdict_json(name, j);
    else
        verdict_text(name, j, colour);
}

static enum gw_exit verify_one(const char *name, const struct gw_judge_opts *opts, const struct gw_args *args)
{
    struct gw_judgement j;
    enum gw_exit status;
    gw_judge(name, opts, args, NULL, &j);
    if (j.failed) {
        status = tell_failure(name, &j, args->given[OPT_JSON], args->given[OPT_QUIET]);
    } else {
        if (!args->given[OPT_QUIET])
            tell(name, opts, args, &j);
        status = gw_verdict_valid(&j.verdict) ? GW_EXIT_YES : GW_EXIT_NO;
    }
    gw_judgement_free(&j);
    return status;
}

static enum gw_exit verify_run(const struct gw_args *args)
{
    struct gw_judge_opts opts;
    enum gw_exit worst = GW_EXIT_YES;
    bool json = args->given[OPT_JSON];
    if (!parse(args, &opts))
        return GW_EXIT_USAGE;
    bool table = args->given[OPT_RULES] || args->given[OPT_LIMITS] || args->given[OPT_EXPLAIN];
    if (table && args->num_operands > 0) {
        gw_complain_usage("verify: --rules, --limits and --explain judge nothing: no FILE may follow");
        return GW_EXIT_USAGE;
    }
    if (args->given[OPT_RULES])
        return print_rules(json);
    if (args->given[OPT_LIMITS])
        return print_limits(json);
    if (args->given[OPT_EXPLAIN])
        return explain(args->value[OPT_EXPLAIN], json);
    if (args->num_operands == 0) {
        gw_complain_usage("verify: FILE... is missing");
        return GW_EXIT_USAGE;
    }
    if (!gw_confine(args))
        return GW_EXIT_SYSTEM;
    for (int i = 0; i < args->num_operands; i++) {
        enum gw_exit status = verify_one(args->operand[i], &opts, args);
        worst = status > worst ? status : worst;
    }
    return worst;
}

const struct gw_cmd gw_cmd_verify = {
    .name = "verify",
    .operands = "FILE...",
    .brief = "say whether an image is whole and right",
    .opts = verify_opts,
    .least = 0, /* the tables need no file */
    .most = -1,
    .run = verify_run,
};
