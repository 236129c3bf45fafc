/*
 * html.c - everything in an image as one page for a browser, which loads nothing: its style and script stand in it, and
 * its policy allows these two alone, by their hashes. All text is there without the script.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "html.h"

#define FEW_FINDINGS 8 /* are shown unasked, above the map */

/* 'sha256-...' of an element's text. */
static int put_hash(FILE *out, const char *what, const char *text, struct gw_err *err)
{
    uint8_t hash[GW_SHA256_LEN];
    if (gw_sha256(text, strlen(text), hash, err) < 0)
        return -1;
    fprintf(out, "; %s 'sha256-", what);
    html_base64(out, hash, sizeof hash);
    fprintf(out, "'");
    return 0;
}

static void put_name(FILE *out, const char *name)
{
    html_octets(out, name, strlen(name), SIZE_MAX);
}

static int put_head(const struct page *p, struct gw_err *err)
{
    const char *slash = strrchr(p->view->file, '/');
    fprintf(p->out, "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                    "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; base-uri 'none'; "
                    "form-action 'none'");
    if (put_hash(p->out, "style-src", gw_page_style, err) < 0 ||
        put_hash(p->out, "script-src", gw_page_script, err) < 0)
        return -1;
    fprintf(p->out,
            "\">\n<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=color-scheme content=\"light dark\">\n<meta name=generator content=\"godwit " GODWIT_VERSION
            "\">\n<title>");
    put_name(p->out, slash != NULL ? slash + 1 : p->view->file);
    fprintf(p->out, "</title>\n<style>%s</style>\n</head>\n", gw_page_style);
    return 0;
}

/* --- what it is --------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void fact(const struct page *p, const char *name, const char *fmt, ...)
{
    char value[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(value, sizeof value, fmt, ap);
    va_end(ap);
    fprintf(p->out, "<div><dt>%s<dd>", name);
    html_put(p->out, value);
    fprintf(p->out, "</div>\n");
}

static void put_facts(const struct page *p)
{
    const struct gw_summary *s = &p->in->summary;
    const struct gw_verdict *v = p->view->verdict;
    char text[512];
    fprintf(p->out, "<dl>\n");
    if (s->config.name[0] != '\0')
        fact(p, "Name", "%s", gw_escape(text, sizeof text, s->config.name, strlen(s->config.name)));
    if (s->begun) {
        fact(p, "Guest", "%s", gw_guest_name(s, v));
        fact(p, "Memory", "%s", gw_size_text(text, sizeof text, gw_verdict_pages(v) * GW_PAGE_LEN));
        fact(p, "vCPUs with registers", "%" PRIu64, v->num_vcpus);
        if (s->legacy.width > 0)
            fact(p, "Legacy image", "%s", gw_legacy_text(text, sizeof text, &s->legacy));
        else
            fact(p, s->headers.domain.xen_major == 0 ? "Converted, not saved, by" : "Saved by", "Xen %u.%u",
                 s->headers.domain.xen_major, s->headers.domain.xen_minor);
    }
    if (s->cpu[0] != '\0')
        fact(p, "Saved on", "%s", gw_escape(text, sizeof text, s->cpu, strlen(s->cpu)));
    if (s->emulator_octets > 0)
        fact(p, "Device model", s->emulator.num_sections > 0 ? "%s of state, %u devices" : "%s of state",
             gw_size_text(text, sizeof text, s->emulator_octets), s->emulator.num_sections);
    fact(p, "Wrapping", "%s", p->view->layers[0] != '\0' ? p->view->layers : "not recognised");
    if (s->begun)
        fact(p, "Image", "version %u, at 0x%" PRIx64, s->headers.image.version, s->headers.offset);
    if (s->begun && (p->in->commits > 1 || !p->in->ended))
        fact(p, "State", "of %s",
             p->in->commits > 0 ? "the last complete checkpoint" : "an image that is not complete");
    fprintf(p->out, "</dl>\n");
}

static void put_verdict(const struct page *p)
{
    const struct gw_verdict *v = p->view->verdict;
    char counts[96];
    fprintf(p->out, "<p class=\"verdict %s\"><strong>%s</strong> &middot; %s</p>\n",
            v->errors > 0     ? "bad"
            : v->warnings > 0 ? "warn"
                              : "good",
            gw_verdict_valid(v) ? "Valid" : "Not valid", gw_counts_text(counts, sizeof counts, v));
}

static void put_finding(const struct page *p, const struct gw_finding *f)
{
    fprintf(p->out, "<tr><th scope=row>%s<td class=mono>", gw_severity_name(f->severity));
    html_put(p->out, f->rule->id);
    if (f->placed && f->record > 0)
        fprintf(p->out, "<td class=num>%" PRIu64, f->record);
    else
        fprintf(p->out, "<td class=num>");
    if (f->placed)
        fprintf(p->out, "<td class=\"num mono\">0x%" PRIx64 "<td>", f->offset);
    else
        fprintf(p->out, "<td><td>");
    html_put(p->out, f->text);
    fputc('\n', p->out);
}

static void put_findings(const struct page *p)
{
    if (p->view->num_findings == 0)
        return;
    fprintf(p->out,
            "<details class=findings%s><summary><b>Findings</b> <span class=dim>at most %" PRIu64 " of each rule</span>"
            "</summary>\n<div class=scroll><table><thead><tr><th scope=col>"
            "Severity<th scope=col>rule<th scope=col class=num>record<th scope=col class=num>offset"
            "<th scope=col>what\n<tbody>\n",
            p->view->verdict->errors > 0 && p->view->num_findings <= FEW_FINDINGS ? " open" : "", gw_limit(SAME_RULE));
    for (size_t i = 0; i < p->view->num_findings; i++)
        put_finding(p, &p->view->findings[i]);
    fprintf(p->out, "</table></div></details>\n");
}

static void put_nav(const struct page *p)
{
    if (!p->in->summary.begun)
        return;
    fprintf(p->out, "<nav aria-label=Sections><a href=\"#memory\">Memory</a> <a href=\"#rounds\">Rounds</a> "
                    "<a href=\"#records\">Records</a> <a href=\"#state\">State</a></nav>\n");
}

static void put_header(const struct page *p)
{
    const char *slash = strrchr(p->view->file, '/');
    fprintf(p->out, "<header><p class=over>Xen domain image");
    if (slash != NULL) {
        fprintf(p->out, " in ");
        html_octets(p->out, p->view->file, (size_t)(slash - p->view->file), SIZE_MAX);
    }
    fprintf(p->out, "</p>\n<h1>");
    put_name(p->out, slash != NULL ? slash + 1 : p->view->file);
    fprintf(p->out, "</h1>\n");
    put_verdict(p);
    put_facts(p);
    put_findings(p);
    put_nav(p);
    fprintf(p->out, "</header>\n");
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static int put_body(struct page *p, struct gw_err *err)
{
    fprintf(p->out, "<body>\n");
    put_header(p);
    fprintf(p->out, "<main>\n");
    if (p->in->summary.begun) {
        if (html_memory(p, err) < 0)
            return -1;
        html_passes(p);
        html_records(p);
    }
    fprintf(p->out, "<div id=state>\n");
    if (html_structures(p, err) < 0 || html_asides(p, err) < 0)
        return -1;
    fprintf(p->out,
            "</div>\n</main>\n<footer>Made by godwit " GODWIT_VERSION ". This page loads nothing: all of it "
            "stands in this file.</footer>\n<script>%s</script>\n</body>\n</html>\n",
            gw_page_script);
    return 0;
}

int gw_inspect_html(FILE *out, struct gw_sink *inspector, const struct gw_inspect_view *view, struct gw_err *err)
{
    struct page p = { out, (struct inspector *)inspector, view, gw_limit(PAGE_ROWS) };
    return put_head(&p, err) < 0 ? -1 : put_body(&p, err);
}
