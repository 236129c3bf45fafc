/*
 * structures.c - any octets as the body of a record: which structures stand in it, what they say, whether it is right.
 *
 * The first octets choose: 0 the record's type, 1 the width of a PV guest, 2 how many octets of a CPUID policy follow,
 * in leaves. The structures told lie inside the body, in order, none over another; every octet of a body is in one,
 * but for the heads of HVM_CONTEXT's entries, of which empty ones are heads alone. Whatever layout reads them, what is
 * printed is plain text.
 */
#include <string.h>

#include "report.h"
#include "xenf.h"
#include "layout_list.h"

#include "invariant.h"

#define HEAD 3
#define ENTRY_HEAD_LEN 8 /* of an entry of HVM_CONTEXT */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
    FILE *out;
    struct gw_cur body;
    size_t next; /* where the next structure may begin */
    bool has_gaps;
};

static void broken(void *arg, const struct gw_broken *what)
{
    char text[200];
    (void)arg;
    MUST(what->layout != NULL && gw_rule_find(what->field->rule) != NULL);
    MUST(gw_broken_text(text, sizeof text, what) == text && text[0] != '\0');
    must_be_plain(text);
}

static void read_by(struct run *run, const struct gw_layout *layout, struct gw_cur octets)
{
    struct gw_json json = { .out = run->out };
    struct gw_style styles[] = { { 0 }, { .hex = true, .fpu = true, .indent = 4 } };
    for (unsigned i = 0; i < 2; i++)
        gw_structure_text(run->out, &styles[i], layout, octets);
    gw_json_object(&json, NULL);
    gw_structure_json(&json, layout, octets);
    gw_json_end(&json, '}');
    gw_layout_judge(layout, octets, broken, run);
}

static int take(void *arg, const struct gw_structure *s, struct gw_err *err)
{
    struct run *run = arg;
    (void)err;
    size_t len = gw_left(&s->octets), whole = gw_left(&run->body);
    MUST(s->name != NULL && s->name[0] != '\0');
    MUST(s->at >= run->next && s->at <= whole && len <= whole - s->at);
    MUST(s->octets.p == run->body.p + s->at);
    MUST((s->at - run->next) % (run->has_gaps ? ENTRY_HEAD_LEN : SIZE_MAX) == 0);
    run->next = s->at + len;
    if (s->layout != NULL)
        read_by(run, s->layout, s->octets);
    return 0;
}

static void print_plainly(void (*print)(struct run *, const void *), struct run *run, const void *arg)
{
    char *text = NULL;
    size_t len;
    run->out = open_memstream(&text, &len);
    MUST(run->out != NULL);
    print(run, arg);
    fclose(run->out);
    MUST(strlen(text) == len);
    must_be_plain(text);
    free(text);
}

struct question {
    uint32_t type;
    struct gw_view view;
};

static void tell_structures(struct run *run, const void *arg)
{
    const struct question *q = arg;
    struct gw_err err = GW_ERR_NONE;
    MUST(gw_structures(q->type, run->body, &q->view, take, run, &err) == 0 && err.code == GW_E_OK);
    MUST((gw_left(&run->body) - run->next) % (run->has_gaps ? ENTRY_HEAD_LEN : SIZE_MAX) == 0);
}

/* Of any length, as every layout: none reads beyond its octets. */
static void read_as_all(struct run *run, const void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < gw_num_layouts; i++)
        read_by(run, gw_layouts[i], run->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    struct gw_cur cur = gw_cur(data + HEAD, size - HEAD);
    struct question q = { .type = gw_records[data[0] % gw_num_records].type };
    size_t policy = gw_min((uint64_t)data[2] * GW_CPUID_LEAF_LEN, gw_left(&cur));
    q.view.width = data[1] % 3 * 4;
    q.view.cpuid = gw_sub(&cur, policy);
    struct run run = { .body = cur, .has_gaps = q.type == GW_REC_HVM_CONTEXT };
    if (q.type != GW_REC_PAGE_DATA)
        print_plainly(tell_structures, &run, &q);
    if (gw_left(&cur) <= 64)
        print_plainly(read_as_all, &run, NULL);
    return 0;
}
