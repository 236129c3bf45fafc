/*
 * process_state.c - the generator's state as registers and back, and what memory must hold according to it.
 */
#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "pattern.h"
#include "process_state.h"

#define WORD_PROCESS UINT64_C(0x3130434f52505747) /* 'GWPROC01' */

void process_to_pvh(const struct gw_process_state *state, struct pvh_state *out)
{
    uint64_t ticks = 0;
    *out = (struct pvh_state){ .num_vcpus = state->num_threads, .incarnation = state->incarnation };
    for (unsigned i = 0; i < state->num_threads; i++) {
        uint64_t *r = out->registers[i];
        r[RAX] = state->ticks[i];
        r[RBX] = state->seed;
        r[RCX] = state->pattern;
        r[RDX] = state->rate;
        r[RSI] = state->num_pages;
        r[RDI] = state->num_threads;
        r[RBP] = WORD_PROCESS;
        ticks += state->ticks[i];
    }
    out->clock_ns = ticks * 1000;
    out->store_pfn = state->num_pages - 2;
    out->console_pfn = state->num_pages - 1;
}

/* What stands in the registers of the first vCPU may be anybody's. */
static int check_registers(const struct pvh_state *pvh, struct gw_err *err)
{
    const uint64_t *r = pvh->registers[0];
    if (r[RBP] != WORD_PROCESS)
        return gw_fail(err, GW_E_REFUSED, "the registers are not those of a guest that is a process");
    if (r[RDI] != pvh->num_vcpus || r[RCX] > GW_PATTERN_HOT || r[RSI] > GW_PROCESS_PAGES_MAX ||
        r[RSI] < GW_PROCESS_SPECIAL_PAGES + GW_PROCESS_SHARE_LEAST * r[RDI])
        return gw_fail(err, GW_E_REFUSED,
                       "the registers of %u vCPUs say %llu threads, %llu pages and pattern %llu: no such guest can be",
                       pvh->num_vcpus, (unsigned long long)r[RDI], (unsigned long long)r[RSI],
                       (unsigned long long)r[RCX]);
    for (unsigned i = 1; i < pvh->num_vcpus; i++)
        if (memcmp(pvh->registers[i] + RCX, r + RCX, (NUM_REGISTERS - RCX) * sizeof *r) != 0 ||
            pvh->registers[i][RBX] != r[RBX])
            return gw_fail(err, GW_E_REFUSED, "vCPU %u is of another guest than vCPU 0", i);
    return 0;
}

int gw_process_state_take(struct gw_process_state *state, uint32_t type, const void *body, uint32_t len,
                          struct gw_err *err)
{
    struct pvh_state pvh = { 0 };
    if (pvh_state_take(&pvh, type, body, len, err) < 0)
        return -1;
    if (type == GW_REC_X86_TSC_INFO)
        state->incarnation = pvh.incarnation;
    if (type != GW_REC_HVM_CONTEXT)
        return 0;
    if (check_registers(&pvh, err) < 0)
        return -1;
    const uint64_t *r = pvh.registers[0];
    state->seed = r[RBX];
    state->pattern = (enum gw_pattern)r[RCX];
    state->rate = r[RDX];
    state->num_pages = r[RSI];
    state->num_threads = pvh.num_vcpus;
    for (unsigned i = 0; i < pvh.num_vcpus; i++)
        state->ticks[i] = pvh.registers[i][RAX];
    return 0;
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

/* pfn's page is not the one that was made for it: says how. */
static int fail_page(const uint64_t *is, const uint64_t *want, uint64_t pfn, struct gw_err *err)
{
    unsigned at = 0;
    while (is[at] == want[at])
        at++;
    if (gw_is_zero(is, GW_PAGE_LEN))
        return gw_fail(err, GW_E_INVALID, "page 0x%llx is empty: it was lost", (unsigned long long)pfn);
    if (is[0] != want[0])
        return gw_fail(err, GW_E_INVALID, "page 0x%llx holds page 0x%llx: it was misplaced", (unsigned long long)pfn,
                       (unsigned long long)is[0]);
    if (is[1] != want[1])
        return gw_fail(err, GW_E_INVALID, "page 0x%llx was written %llu times, here it is as of write %llu",
                       (unsigned long long)pfn, (unsigned long long)want[1], (unsigned long long)is[1]);
    return gw_fail(err, GW_E_INVALID, "page 0x%llx holds 0x%llx at octet %u instead of 0x%llx", (unsigned long long)pfn,
                   (unsigned long long)is[at], at * 8, (unsigned long long)want[at]);
}

static int check_page(const uint8_t *memory, uint64_t pfn, const uint64_t *want, uint64_t *bad_pfn, struct gw_err *err)
{
    const uint8_t *is = memory + pfn * GW_PAGE_LEN;
    if (memcmp(is, want, GW_PAGE_LEN) == 0)
        return 0;
    *bad_pfn = pfn;
    return fail_page((const uint64_t *)(const void *)is, want, pfn, err);
}

static int check_all(const struct gw_process_state *state, const uint8_t *memory, uint64_t *bad_pfn, struct gw_err *err)
{
    uint64_t want[GW_PAGE_LEN / 8] = { 0 }, plain = state->num_pages - GW_PROCESS_SPECIAL_PAGES;
    for (uint64_t pfn = plain; pfn < state->num_pages; pfn++)
        if (check_page(memory, pfn, want, bad_pfn, err) < 0)
            return -1;
    for (unsigned i = 0; i < state->num_threads; i++) {
        struct pattern_share share = pattern_share(plain, state->num_threads, i, state->seed, state->pattern);
        for (uint64_t pfn = share.first; pfn < share.first + share.num; pfn++) {
            pattern_fill(want, state->seed, pfn, pattern_times(&share, pfn, state->ticks[i]));
            if (check_page(memory, pfn, want, bad_pfn, err) < 0)
                return -1;
        }
    }
    return 0;
}

int gw_process_check(const struct gw_process_state *state, int memory, uint64_t *bad_pfn, struct gw_err *err)
{
    struct stat file;
    size_t len = state->num_pages * GW_PAGE_LEN;
    assert(state->num_pages <= GW_PROCESS_PAGES_MAX && state->num_threads > 0);
    if (fstat(memory, &file) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot look at the guest's memory");
    if ((uint64_t)file.st_size < len) {
        *bad_pfn = (uint64_t)file.st_size / GW_PAGE_LEN;
        return gw_fail(err, GW_E_INVALID, "there is memory for %llu pages, the guest has %llu",
                       (unsigned long long)*bad_pfn, (unsigned long long)state->num_pages);
    }
    uint8_t *mem = mmap(NULL, len, PROT_READ, MAP_SHARED, memory, 0);
    if (mem == MAP_FAILED)
        return gw_fail(err, GW_E_SYSTEM, "cannot map the guest's memory");
    int result = check_all(state, mem, bad_pfn, err);
    munmap(mem, len);
    return result;
}
