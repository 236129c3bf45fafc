/*
 * guest_image.c - the records of every kind of guest make an image that nobody has anything to say about: neither our
 * own verifier in its strictest mode, nor Xen's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "pvh.h"
#include "verify.h"

static const char *const names[] = { "process:life=100,mem=128K", "process:life=100,mem=1M,threads=5,pattern=random",
                                     "process:life=100,mem=5M,threads=64,rate=0", "model:pages=3000,holes=300,zeros=50",
                                     "model:pages=64" };
enum { NUM_NAMES = sizeof names / sizeof names[0] };

/* --- a saver as small as can be ---------------------------------------------------------------------------------- */

static int record(void *arg, uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    struct gw_record out = { .frame = { .type = type, .length = len }, .body = body };
    return gw_sink_record(arg, &out, err);
}

static void mark(struct gw_sink *sink, enum gw_mark_kind kind)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_mark out = { .kind = kind };
    gw_sink_mark(sink, &out, &err);
    CHECK_STR(err.msg, "");
}

static void save_batch(struct gw_source *source, uint64_t first, uint32_t count, struct gw_sink *sink)
{
    static uint64_t pfns[GW_HOLD_MAX];
    static uint8_t buffer[65536];
    struct gw_err err = GW_ERR_NONE;
    struct gw_hold hold;
    struct gw_payload contents;
    for (uint32_t i = 0; i < count; i++)
        pfns[i] = first + i;
    CHECK_EQ(gw_source_hold(source, pfns, count, &hold, &err), 0);
    gw_payload_of(&contents, hold.segs, hold.num_segs, buffer, sizeof buffer);
    struct gw_pages pages = { .frame = { .type = GW_REC_PAGE_DATA }, .count = count, .entries = hold.entries };
    pages.num_contents = (uint32_t)(contents.len / GW_PAGE_LEN);
    pages.frame.length = (uint32_t)gw_page_data_len(count, pages.num_contents);
    pages.contents = &contents;
    gw_sink_pages(sink, &pages, &err);
    gw_payload_settle(&contents, &err);
    CHECK_STR(err.msg, "");
    gw_source_drop(source, &hold);
}

static void save(const char *name, struct gw_sink *sink)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_guest_facts facts;
    struct gw_source *source = gw_source_open(name, &err);
    CHECK(source != NULL);
    CHECK_EQ(gw_source_describe(source, &facts, &err), 0);
    CHECK_EQ(gw_source_suspend(source, &err), 0);
    struct gw_headers headers = { .image = facts.image, .domain = facts.domain };
    CHECK_EQ(gw_sink_begin(sink, &headers, &err), 0);
    CHECK_EQ(gw_source_static_records(source, record, sink, &err), 0);
    mark(sink, GW_STATIC_END);
    CHECK_EQ(gw_source_first_records(source, record, sink, &err), 0);
    for (uint64_t pfn = 0; pfn < facts.num_pfns; pfn += GW_HOLD_MAX)
        save_batch(source, pfn, (uint32_t)gw_min(GW_HOLD_MAX, facts.num_pfns - pfn), sink);
    CHECK_EQ(gw_source_state_records(source, record, sink, &err), 0);
    mark(sink, GW_END);
    CHECK_EQ(gw_source_destroy(source, &err), 0);
    gw_source_close(source);
}

static struct gw_buf save_to_memory(const char *name)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    struct gw_chan *to = gw_chan_memory(NULL, 0, &out, &err);
    struct gw_sink *writer = to != NULL ? gw_writer(to, &err) : NULL;
    CHECK(writer != NULL);
    save(name, writer);
    gw_sink_close(writer);
    gw_chan_close(to);
    CHECK_EQ(gw_buf_ok(&out, &err), 0);
    return out;
}

/* --- judges ------------------------------------------------------------------------------------------------------ */

static void found(void *arg, const struct gw_finding *finding)
{
    (void)arg;
    test_fail(__FILE__, __LINE__, "%s: %s", finding->rule->id, finding->text);
}

static void nothing_is_said_of_an_image_of_a_guest(void)
{
    static const unsigned receivers[] = { 15, 17, 0 }; /* 0: the newest */
    for (unsigned i = 0; i < NUM_NAMES * 3; i++) {
        struct gw_verify_opts opts = { .strict = true, .for_xen = receivers[i % 3], .found = found };
        struct gw_err err = GW_ERR_NONE;
        enum gw_mark_kind stopped;
        struct gw_buf image = save_to_memory(names[i / 3]);
        struct gw_chan *from = gw_chan_memory(image.mem, image.len, NULL, &err);
        struct gw_reader *reader = gw_reader_new(from, gw_limit(PFN), &err);
        struct gw_sink *verifier = gw_verifier(&opts, &err);
        CHECK(from != NULL && reader != NULL && verifier != NULL);
        gw_reader_run(reader, verifier, &stopped, &err);
        CHECK_STR(err.msg, "");
        CHECK_EQ(stopped, GW_END);
        const struct gw_verdict *verdict = gw_verify_finish(verifier);
        CHECK(gw_verdict_valid(verdict));
        CHECK_EQ(verdict->errors + verdict->warnings + verdict->notes, 0);
        CHECK_EQ(verdict->num_vcpus, i / 3 == 1 ? 5 : i / 3 == 2 ? 64 : 1);
        gw_sink_close(verifier);
        gw_reader_free(reader);
        gw_chan_close(from);
        gw_buf_free(&image);
    }
}

/* What tools/fetch-xen prints: where Xen's tools are. */
static void find_xen(char *out, size_t room)
{
    const char *top = getenv("GODWIT_SOURCE");
    char tool[512];
    int way[2];
    if (top == NULL)
        SKIP("GODWIT_SOURCE does not say where tools/fetch-xen is");
    snprintf(tool, sizeof tool, "%s/tools/fetch-xen", top);
    CHECK_EQ(pipe(way), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(way[1], STDOUT_FILENO);
        execl(tool, tool, (char *)NULL);
        _exit(127);
    }
    close(way[1]);
    size_t len = 0;
    for (ssize_t got; len + 1 < room && (got = read(way[0], out + len, room - len - 1)) > 0;)
        len += (size_t)got;
    close(way[0]);
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        SKIP("tools/fetch-xen cannot have Xen's own verifier here");
    out[strcspn(out, "\n")] = '\0';
}

static int run_verifier(const char *xen, const char *image)
{
    char program[600], library[600];
    int status;
    snprintf(program, sizeof program, "%s/usr/lib/xen-4.17/bin/verify-stream-v2", xen);
    snprintf(library, sizeof library, "%s/usr/lib/xen-4.17/lib/python", xen);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("PYTHONPATH", library, 1);
        execlp("python3", "python3", program, "-f", "libxc", "-i", image, (char *)NULL);
        _exit(127);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void xens_own_verifier_agrees(void)
{
    char xen[512] = "", file[] = "/tmp/godwit-guest-XXXXXX";
    find_xen(xen, sizeof xen);
    int fd = mkstemp(file);
    CHECK(fd >= 0);
    for (unsigned i = 0; i < NUM_NAMES; i++) {
        struct gw_buf image = save_to_memory(names[i]);
        CHECK_EQ(ftruncate(fd, 0), 0);
        CHECK_EQ(pwrite(fd, image.mem, image.len, 0), (ssize_t)image.len);
        gw_buf_free(&image);
        int status = run_verifier(xen, file);
        if (status != 0)
            unlink(file);
        CHECK_EQ(status, 0);
    }
    unlink(file);
    close(fd);
}

/* --- registers --------------------------------------------------------------------------------------------------- */

/* What the last emitted record of each type was. */
struct kept {
    uint8_t body[200000];
    uint32_t len;
};

static int keep_context(void *arg, uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    struct kept *kept = arg;
    (void)err;
    if (type != GW_REC_HVM_CONTEXT)
        return 0;
    CHECK(len <= sizeof kept->body);
    memcpy(kept->body, body, len);
    kept->len = len;
    return 0;
}

static struct pvh_state state_of(unsigned num_vcpus)
{
    struct pvh_state state = { .num_vcpus = num_vcpus, .clock_ns = 5, .store_pfn = 8, .console_pfn = 9 };
    for (unsigned i = 0; i < num_vcpus * NUM_REGISTERS; i++)
        state.registers[i / NUM_REGISTERS][i % NUM_REGISTERS] = UINT64_C(0x8000000000000001) + i;
    return state;
}

static int take(void *arg, uint32_t type, const void *body, uint32_t len, struct gw_err *err)
{
    return pvh_state_take(arg, type, body, len, err);
}

static void registers_come_back_as_they_went(void)
{
    for (unsigned num = 1; num <= PVH_VCPUS_MAX; num *= 4) {
        struct gw_err err = GW_ERR_NONE;
        struct pvh_state state = state_of(num), back = { 0 };
        state.incarnation = 3;
        CHECK_EQ(pvh_state_records(&state, take, &back, &err), 0);
        CHECK_MEM(&back, &state, sizeof state);
    }
}

static void a_cut_context_is_refused(void)
{
    static struct kept kept;
    struct gw_err err = GW_ERR_NONE;
    struct pvh_state state = state_of(2);
    CHECK_EQ(pvh_state_records(&state, keep_context, &kept, &err), 0);
    for (uint32_t len = 0; len < kept.len; len++) {
        struct pvh_state back = { 0 };
        err = GW_ERR_NONE;
        CHECK_EQ(pvh_state_take(&back, GW_REC_HVM_CONTEXT, kept.body, len, &err), -1);
        CHECK_FAIL(err, GW_E_REFUSED, "HVM_CONTEXT is broken behind the registers of");
    }
}

/* Flips through every octet: a context is taken or refused, and what is taken is bounded. */
static void a_changed_context_is_taken_or_refused(void)
{
    static struct kept kept;
    struct gw_err err = GW_ERR_NONE;
    struct pvh_state state = state_of(2);
    struct gw_process_state out;
    unsigned refused = 0;
    CHECK_EQ(pvh_state_records(&state, keep_context, &kept, &err), 0);
    for (uint32_t at = 0; at < kept.len; at++) {
        struct pvh_state back = { 0 };
        struct gw_err why = GW_ERR_NONE, not_ours = GW_ERR_NONE;
        kept.body[at] ^= 0xff;
        refused += pvh_state_take(&back, GW_REC_HVM_CONTEXT, kept.body, kept.len, &why) < 0;
        CHECK(back.num_vcpus <= PVH_VCPUS_MAX);
        CHECK_EQ(gw_process_state_take(&out, GW_REC_HVM_CONTEXT, kept.body, kept.len, &not_ours), -1);
        CHECK_EQ(not_ours.code, GW_E_REFUSED);
        kept.body[at] ^= 0xff;
    }
    CHECK(refused > 0);
}

const struct test tests[] = {
    { "nothing-is-said-of-an-image-of-a-guest", nothing_is_said_of_an_image_of_a_guest },
    { "xens-own-verifier-agrees", xens_own_verifier_agrees },
    { "registers-come-back-as-they-went", registers_come_back_as_they_went },
    { "a-cut-context-is-refused", a_cut_context_is_refused },
    { "a-changed-context-is-taken-or-refused", a_changed_context_is_taken_or_refused },
    { NULL, NULL },
};
