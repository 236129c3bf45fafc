/*
 * images.c - the small images of images.h, and the sink that writes down what comes.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "images.h"

#include "harness.h"

void put_headers(struct gw_buf *buf, unsigned version, unsigned type)
{
    struct gw_image_header image = { .version = version };
    struct gw_domain_header domain = { .type = type, .page_shift = 12, .xen_major = 4 };
    domain.xen_minor = version == 3 ? 17 : 13;
    gw_image_header_encode(buf, &image);
    gw_domain_header_encode(buf, &domain);
}

void put_record(struct gw_buf *buf, uint32_t type, const void *body, size_t len)
{
    gw_record_header_encode(buf, type, (uint32_t)len);
    if (body != NULL)
        gw_put(buf, body, len);
    else
        gw_put_zeros(buf, len);
    gw_put_zeros(buf, gw_pad8(len));
}

void fill_page(uint8_t *page, uint64_t pfn, unsigned salt)
{
    for (unsigned i = 0; i < GW_PAGE_LEN; i++)
        page[i] = (uint8_t)(i / 16 + pfn * 5 + salt + 1);
}

void put_pages(struct gw_buf *buf, const uint64_t *entries, uint32_t num, unsigned salt)
{
    uint8_t page[GW_PAGE_LEN];
    uint32_t contents = 0;
    for (uint32_t i = 0; i < num; i++)
        contents += gw_type_has_contents(gw_entry_type(entries[i]));
    gw_record_header_encode(buf, GW_REC_PAGE_DATA, (uint32_t)gw_page_data_len(num, contents));
    gw_page_head_encode(buf, entries, num);
    for (uint32_t i = 0; i < num; i++) {
        if (!gw_type_has_contents(gw_entry_type(entries[i])))
            continue;
        fill_page(page, gw_entry_pfn(entries[i]), salt);
        gw_put(buf, page, sizeof page);
    }
}

static void put_built(struct gw_buf *buf, uint32_t type, struct gw_buf *body)
{
    put_record(buf, type, body->mem, body->len);
    gw_buf_free(body);
}

static void put_policies(struct gw_buf *buf)
{
    struct gw_cpuid_leaf leaf = { .leaf = 0, .subleaf = GW_CPUID_NO_SUBLEAF };
    struct gw_msr_entry msr = { .index = 0xce };
    struct gw_buf body = { 0 };
    gw_cpuid_leaf_encode(&body, &leaf);
    put_built(buf, GW_REC_X86_CPUID_POLICY, &body);
    gw_msr_entry_encode(&body, &msr);
    put_built(buf, GW_REC_X86_MSR_POLICY, &body);
    put_record(buf, GW_REC_STATIC_DATA_END, NULL, 0);
}

void put_static(struct gw_buf *buf, unsigned version, unsigned type)
{
    struct gw_pv_info info = { .width = 8, .levels = 4 };
    uint64_t frame = 1;
    struct gw_buf body = { 0 };
    if (type == GW_DOMAIN_PV) {
        gw_pv_info_encode(&body, &info);
        put_built(buf, GW_REC_X86_PV_INFO, &body);
    }
    if (version == 3)
        put_policies(buf);
    if (type == GW_DOMAIN_PV) {
        gw_p2m_frames_encode(&body, 0, 3, &frame, 1);
        put_built(buf, GW_REC_X86_PV_P2M_FRAMES, &body);
    }
}

void put_memory(struct gw_buf *buf, unsigned salt)
{
    const uint64_t entries[] = { gw_entry(0, GW_PAGE_NOTAB), gw_entry(1, GW_PAGE_NOTAB), gw_entry(2, GW_PAGE_XTAB),
                                 gw_entry(3, GW_PAGE_XTAB) };
    put_pages(buf, entries, 4, salt);
}

/* start_info, whose pages of xenstore and the console are pfn 1, the p2m, and a root of page tables that is empty. */
static void put_pv_memory(struct gw_buf *buf)
{
    const uint64_t entries[] = { gw_entry(0, GW_PAGE_NOTAB), gw_entry(1, GW_PAGE_NOTAB),
                                 gw_entry(2, GW_PAGE_L4 | GW_PAGE_PINNED), gw_entry(3, GW_PAGE_XTAB) };
    uint8_t page[GW_PAGE_LEN] = "xen-3.0-x86_64";
    gw_record_header_encode(buf, GW_REC_PAGE_DATA, (uint32_t)gw_page_data_len(4, 3));
    gw_page_head_encode(buf, entries, 4);
    page[gw_offset(start_info, store_mfn)] = page[gw_offset(start_info, console)] = 1;
    gw_put(buf, page, sizeof page);
    fill_page(page, 1, 0);
    gw_put(buf, page, sizeof page);
    gw_put_zeros(buf, sizeof page);
}

static void put_entry(struct gw_buf *body, uint16_t type, const void *data, uint32_t len)
{
    gw_put_u16(body, type);
    gw_put_u16(body, 0);
    gw_put_u32(body, len);
    gw_put(body, data, len);
}

/* A vCPU in real mode. */
static void put_context(struct gw_buf *body)
{
    uint8_t header[24] = { 0 }, cpu[1024] = { 0 };
    gw_set(header, hvm_save_header, magic, 0x54381286);
    gw_set(header, hvm_save_header, version, 1);
    gw_set(cpu, hvm_hw_cpu, cr0, 0x10);
    gw_set(cpu, hvm_hw_cpu, rflags, 2);
    put_entry(body, GW_HVM_HEADER, header, sizeof header);
    put_entry(body, GW_HVM_CPU, cpu, sizeof cpu);
    put_entry(body, GW_HVM_END, NULL, 0);
}

/* A blob of vCPU 0, of zeros but for these numbers. */
struct number {
    size_t at, width;
    uint64_t value;
};

static void put_number(uint8_t *mem, const struct number *number)
{
    for (size_t i = 0; i < number->width; i++)
        mem[number->at + i] = (uint8_t)(number->value >> 8 * i);
}

static void put_vcpu(struct gw_buf *buf, uint32_t type, size_t len, const struct number *numbers, unsigned num)
{
    uint8_t blob[5168] = { 0 };
    struct gw_buf body = { 0 };
    for (unsigned i = 0; i < num; i++)
        put_number(blob, &numbers[i]);
    gw_vcpu_encode(&body, 0, blob, len);
    put_built(buf, type, &body);
}

/* start_info is pfn 0, the root pfn 2. */
static void put_pv_tail(struct gw_buf *buf)
{
    const struct number basic[] = { { gw_offset(vcpu_guest_context, flags), 8, 0x24 },
                                    { gw_offset(vcpu_guest_context, ctrlreg) + 24, 8, 0x2000 } };
    const struct number size = { gw_offset(xen_domctl_ext_vcpucontext, size), 4, 64 };
    const struct number msr = { gw_offset(xen_domctl_vcpu_msr, index), 4, 0x48 };
    const struct number pfns = { gw_offset(shared_info, arch) + gw_offset(arch_shared_info, max_pfn), 8, 4 };
    uint8_t shared[GW_PAGE_LEN] = { 0 };
    put_number(shared, &pfns);
    put_record(buf, GW_REC_SHARED_INFO, shared, sizeof shared);
    put_vcpu(buf, GW_REC_X86_PV_VCPU_BASIC, 5168, basic, 2);
    put_vcpu(buf, GW_REC_X86_PV_VCPU_EXTENDED, 64, &size, 1);
    put_vcpu(buf, GW_REC_X86_PV_VCPU_XSAVE, 16, NULL, 0);
    put_vcpu(buf, GW_REC_X86_PV_VCPU_MSRS, 16, &msr, 1);
}

void put_tail(struct gw_buf *buf, unsigned type)
{
    const struct gw_tsc_info tsc = { .mode = 1, .khz = 2000000, .nsec = 7 };
    const struct gw_hvm_param params[] = { { 1, 1 }, { 17, 0 } };
    struct gw_buf body = { 0 };
    gw_tsc_info_encode(&body, &tsc);
    put_built(buf, GW_REC_X86_TSC_INFO, &body);
    if (type == GW_DOMAIN_PV) {
        put_pv_tail(buf);
        return;
    }
    put_context(&body);
    put_built(buf, GW_REC_HVM_CONTEXT, &body);
    gw_hvm_params_encode(&body, params, 2);
    put_built(buf, GW_REC_HVM_PARAMS, &body);
}

struct gw_buf small_image(enum small_image which)
{
    struct gw_buf buf = { 0 };
    unsigned version = which == PV_2 || which == HVM_2 ? 2 : 3;
    unsigned type = which <= PV_3 ? GW_DOMAIN_PV : GW_DOMAIN_HVM;
    put_headers(&buf, version, type);
    put_static(&buf, version, type);
    if (type == GW_DOMAIN_PV)
        put_pv_memory(&buf);
    else
        put_memory(&buf, 0);
    put_tail(&buf, type);
    if (which == HVM_REMUS) {
        put_record(&buf, GW_REC_CHECKPOINT, NULL, 0);
        put_memory(&buf, 9);
        put_tail(&buf, type);
    }
    if (which != HVM_REMUS)
        put_record(&buf, GW_REC_SAVING_CPU, "a cpu", 5); /* with padding */
    put_record(&buf, which == HVM_REMUS ? GW_REC_CHECKPOINT : GW_REC_END, NULL, 0);
    return buf;
}

struct gw_buf small_xl(enum small_image which)
{
    static const char magic[32] = "Xen saved domain, xl format\n \0 \r";
    static const char config[] = "{\"c_info\": {\"type\": \"pvh\"}, \"b_info\": {\"max_memkb\": 4096}}";
    struct gw_buf buf = { 0 }, image = small_image(which);
    gw_put(&buf, magic, sizeof magic);
    gw_put_u32(&buf, 0x01020304);
    gw_put_u32(&buf, 3);
    gw_put_u32(&buf, 0);
    gw_put_u32(&buf, 4 + sizeof config);
    gw_put_u32(&buf, sizeof config);
    gw_put(&buf, config, sizeof config);
    gw_put(&buf, "LibxlFmt", 8);
    gw_put_be32(&buf, 2);
    gw_put_be32(&buf, 0);
    put_record(&buf, 1, NULL, 0); /* LIBXC_CONTEXT */
    gw_put(&buf, image.mem, image.len);
    put_record(&buf, 0, NULL, 0); /* libxl's END */
    gw_buf_free(&image);
    return buf;
}

struct gw_buf small_lz4(void)
{
    struct gw_buf buf = { 0 }, image = small_image(HVM_REMUS);
    CHECK(image.len <= 65536); /* what the frame's descriptor says of a block */
    gw_put(&buf, "\x04\x22\x4d\x18\x60\x40\x82", 7);
    gw_put_u32(&buf, (uint32_t)image.len | UINT32_C(0x80000000));
    gw_put(&buf, image.mem, image.len);
    gw_put_u32(&buf, 0);
    gw_buf_free(&image);
    return buf;
}

struct gw_chan *lend(const struct gw_buf *octets, struct gw_buf *out)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_chan *chan = gw_chan_memory(octets->mem, octets->len, out, &err);
    CHECK(chan != NULL);
    return chan;
}

/* --- the sink that writes down ----------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int note(struct log_sink *s, struct gw_err *err, const char *fmt, ...)
{
    char line[160];
    va_list ap;
    CHECK(s->fail_at == 0 || s->calls < s->fail_at); /* nobody calls behind a failure */
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    gw_put(s->log, &s->name, 1);
    gw_put(s->log, line, strlen(line));
    gw_put(s->log, "\n", 1);
    return ++s->calls == s->fail_at ? gw_fail(err, GW_E_REFUSED, "failed on order in %c%s", s->name, line) : 0;
}

static struct log_sink *of(struct gw_sink *sink)
{
    return (struct log_sink *)sink;
}

static int log_begin(struct gw_sink *sink, const struct gw_headers *headers, struct gw_err *err)
{
    return note(of(sink), err, " begin version %u type %u", headers->image.version, headers->domain.type);
}

static int log_contents(void *arg, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err)
{
    (void)mem;
    return note(arg, err, " contents %llu+%zu", (unsigned long long)at, len);
}

static int log_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    if (of(sink)->watches && gw_payload_watch(pages->contents, log_contents, sink, err) < 0)
        return -1;
    return note(of(sink), err, " pages %llu at %llu: %u, %u with contents, pfn %llu",
                (unsigned long long)pages->frame.number, (unsigned long long)pages->frame.offset, pages->count,
                pages->num_contents, (unsigned long long)gw_entry_pfn(pages->entries[0]));
}

static int log_record(struct gw_sink *sink, const struct gw_record *record, struct gw_err *err)
{
    char room[32];
    CHECK_EQ(record->body == NULL, record->payload != NULL);
    return note(of(sink), err, " record %llu at %llu: %s of %u%s%s", (unsigned long long)record->frame.number,
                (unsigned long long)record->frame.offset, gw_record_name(record->frame.type, room, sizeof room),
                record->frame.length, record->frame.pad_nonzero ? ", padded with dirt" : "",
                record->body == NULL ? ", not kept" : "");
}

static int log_mark(struct gw_sink *sink, const struct gw_mark *mark, struct gw_err *err)
{
    static const char *const names[] = { "none", "static end", "verify", "checkpoint", "end" };
    CHECK_EQ(mark->body == NULL, mark->frame.length == 0 || mark->inferred);
    CHECK(mark->body == NULL || memcmp(mark->body, "body", 4) == 0); /* all that tests put there */
    return note(of(sink), err, " mark %llu at %llu: %s%s", (unsigned long long)mark->frame.number,
                (unsigned long long)mark->frame.offset, names[mark->kind], mark->inferred ? ", inferred" : "");
}

static int log_aside(struct gw_sink *sink, const struct gw_aside *aside, struct gw_err *err)
{
    return note(of(sink), err, " aside %s at %llu: %llu octets", aside->name != NULL ? aside->name : "-",
                (unsigned long long)aside->offset, (unsigned long long)aside->length);
}

static int log_commit(struct gw_sink *sink, struct gw_err *err)
{
    return note(of(sink), err, " commit");
}

static void log_close(struct gw_sink *sink)
{
    gw_put(of(sink)->log, &of(sink)->name, 1);
    gw_put(of(sink)->log, " close\n", 7);
    gw_free(sink);
}

#define OPS(how)                                                                                                       \
    {                                                                                                                  \
        "log", how, log_begin, log_pages, log_record, log_mark, log_aside, log_commit, log_close                       \
    }
static const struct gw_sink_ops log_ops[] = { OPS(GW_TAKES_WATCH), OPS(GW_TAKES_LAND), OPS(GW_TAKES_MOVE) };

struct gw_sink *new_log_sink(char name, enum gw_takes takes, struct gw_buf *log, unsigned fail_at)
{
    struct gw_err err = GW_ERR_NONE;
    struct log_sink *s = gw_alloc(1, sizeof *s, &err);
    CHECK(s != NULL);
    s->sink.ops = &log_ops[takes];
    s->name = name;
    s->log = log;
    s->fail_at = fail_at;
    s->watches = takes == GW_TAKES_WATCH;
    return &s->sink;
}

const char *log_text(struct gw_buf *log)
{
    gw_put_u8(log, 0);
    CHECK(!log->bad);
    return (const char *)log->mem;
}

unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}
