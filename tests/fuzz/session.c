/*
 * session.c - any octets from another host: to a destination that receives, and as the answers to a source.
 *
 * The first octet chooses: odd, a destination hears the rest on one link; bits 1 and 2 order a failed start, and
 * whether it is sure. Even, a source moves a small guest and hears the rest, cut into links as long as the second one
 * says, in units of 16. The third one says, a bit a step and over again, whether the source hears something
 * before it goes on with its work; when it waits, it always does. Bit 3: the checksums of chunks are made right first.
 *
 * No time passes: a wait that nothing ends moves the clock. The session's id is fixed, so that a stored input can know
 * it. Whatever came: the guest is where the report says, and nothing is left but what a question may come for.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "session.h"
#include "wire.h"
#include "words.h"

#include "invariant.h"

#define MAX_PFN 4096
#define LINKS_MOST 3
#define SOURCE "model:pages=64,holes=60,dirty=1/0"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- time -------------------------------------------------------------------------------------------------------- */

int __wrap_ppoll(struct pollfd *fds, nfds_t num, const struct timespec *span, const sigset_t *signals);
uint64_t __wrap_gw_now(const struct gw_clock *clock);

static uint64_t now_ns = 1;

int __wrap_ppoll(struct pollfd *fds, nfds_t num, const struct timespec *span, const sigset_t *signals)
{
    (void)signals;
    int ready = poll(fds, num, 0);
    if (ready == 0)
        now_ns += (uint64_t)span->tv_sec * 1000000000 + (uint64_t)span->tv_nsec;
    return ready;
}

/* Every look costs a little, so that nothing that only looks lasts for ever. */
uint64_t __wrap_gw_now(const struct gw_clock *clock)
{
    (void)clock;
    return now_ns += 1000;
}

/* --- links ------------------------------------------------------------------------------------------------------- */

int __wrap_session_new(uint8_t id[GW_CHUNK_ID_LEN], struct gw_err *err);
struct gw_chan *__wrap_gw_connect(const char *address, struct gw_err *err);

int __wrap_session_new(uint8_t id[GW_CHUNK_ID_LEN], struct gw_err *err)
{
    (void)err;
    memset(id, 0x5e, GW_CHUNK_ID_LEN);
    return 0;
}

static struct gw_cur script; /* what the source's links will say */
static size_t share;         /* of each but the last */
static uint8_t pace;
static unsigned dialled, steps;
static struct gw_buf said;

struct gw_chan *__wrap_gw_connect(const char *address, struct gw_err *err)
{
    (void)address;
    if (dialled == LINKS_MOST)
        return gw_fail(err, GW_E_SYSTEM, "nobody listens any more"), NULL;
    size_t len = ++dialled < LINKS_MOST ? gw_min(share, gw_left(&script)) : gw_left(&script);
    const uint8_t *octets = gw_take(&script, len);
    return gw_chan_memory(octets, len, &said, err);
}

enum wire_look __wrap_wire_wait(struct wire *wire, int other, uint64_t ns);
enum wire_look __real_wire_wait(struct wire *wire, int other, uint64_t ns);

/* A link that is always ready would be read to its end before any work is done. */
enum wire_look __wrap_wire_wait(struct wire *wire, int other, uint64_t ns)
{
    if (ns == 0 && !(pace >> steps++ % 8 & 1))
        return WIRE_NOTHING;
    return __real_wire_wait(wire, other, ns);
}

/* Each chunk as far as its length reaches, whatever it is; else nothing but a crc would ever be looked at. */
static void mend_frames(uint8_t *mem, size_t size)
{
    for (size_t at = 0; size - at >= GW_CHUNK_HEAD_LEN + GW_CHUNK_CRC_LEN;) {
        struct gw_cur cur = gw_cur(mem + at, size - at);
        uint64_t len = gw_be32(&cur), attached = 0, room = size - at - GW_CHUNK_HEAD_LEN - GW_CHUNK_CRC_LEN;
        uint32_t type = gw_be32(&cur);
        if (len > room)
            return;
        uint32_t crc = gw_chunk_crc(0, mem + at + 4, (size_t)len + 4);
        if (type == GW_CHUNK_PAGE && len >= 24) {
            gw_take(&cur, 16);
            attached = gw_be64(&cur);
        }
        at += GW_CHUNK_HEAD_LEN + (size_t)len;
        for (unsigned i = 0; i < GW_CHUNK_CRC_LEN; i++)
            mem[at++] = (uint8_t)(crc >> (24 - 8 * i));
        at += (size_t)gw_min(attached, size - at);
    }
}

/* --- what is left ------------------------------------------------------------------------------------------------ */

static char state_dir[64];

static int forget(void *arg, const struct gw_session_info *info, struct gw_err *err)
{
    static const char *const files[] = { "journal", "decision", "lock", "hand" };
    char path[200];
    (void)err;
    ++*(unsigned *)arg;
    for (unsigned i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s/%s.%s", state_dir, info->destination ? "destination" : "source",
                 info->session, files[i]);
        (void)unlink(path);
    }
    return 0;
}

/* How many sessions left files; they are taken away, and then nothing at all is there. */
static unsigned sessions_left(void)
{
    struct gw_err err = GW_ERR_NONE;
    unsigned num = 0, again = 0;
    MUST(gw_sessions(state_dir, forget, &num, &err) == 0);
    MUST(gw_sessions(state_dir, forget, &again, &err) == 0);
    MUST(again == 0);
    return num;
}

/* --- the two sides ----------------------------------------------------------------------------------------------- */

static void told(void *arg, const struct gw_told *told)
{
    (void)arg;
    if (told->text != NULL)
        must_be_plain(told->text);
}

static void receive(uint8_t choice, const uint8_t *data, size_t size)
{
    static const char *const guests[] = { "model:", "model:", "model:fail=start:1,sure=0", "model:fail=start:1" };
    struct gw_err err = GW_ERR_NONE;
    struct gw_receive_report report;
    struct gw_receive_opts opts = { .state_dir = state_dir, .guest = guests[choice >> 1 & 3], .max_pfn = MAX_PFN };
    opts.wait_ns = 1;
    opts.told = told;
    struct gw_chan *link = gw_chan_memory(data, size, &said, &err);
    MUST(link != NULL);
    gw_receive(link, &opts, &report);
    must_be_plain(report.why.msg);
    must_be_plain(report.guest);
    MUST(report.arrival != GW_ARRIVED_NOTHING || report.why.code != GW_E_OK || !report.offered);
    bool stays = report.arrival == GW_ARRIVED_IN_DOUBT || (report.arrival == GW_ARRIVED_RUNS && !report.acknowledged);
    bool may_stay = report.arrival == GW_ARRIVED_GONE && !report.acknowledged; /* a refusal, for a question */
    unsigned left = sessions_left();
    MUST(left == stays || (left == 1 && may_stay));
}

static void migrate(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_move_report report;
    struct gw_migrate_opts opts = { .to = "unix:other", .state_dir = state_dir, .checks = true, .wait_ns = 1 };
    struct gw_source *source = gw_source_open(SOURCE, &err);
    MUST(source != NULL);
    opts.told = told;
    opts.saver.clock = &gw_clock_real;
    opts.saver.live = true;
    opts.saver.policy.downtime_ns = UINT64_MAX;
    script = gw_cur(data, size);
    share = 16u * gw_u8(&script);
    pace = gw_u8(&script);
    script.bad = false;
    MUST(gw_migrate(source, &opts, &report, &err) == 0);
    must_be_plain(report.why.msg);
    MUST(!report.stuck);
    MUST(source->gone == (report.ending == GW_ENDED_MOVED));
    MUST(source->suspended == (report.ending != GW_ENDED_KEPT));
    MUST((report.ending == GW_ENDED_MOVED) == (report.why.code == GW_E_OK) || report.ending == GW_ENDED_MOVED);
    MUST(sessions_left() == (report.ending == GW_ENDED_IN_DOUBT));
    gw_source_close(source);
}

static void begin(void)
{
    snprintf(state_dir, sizeof state_dir, "%s/godwit-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    MUST(mkdtemp(state_dir) != NULL);
}

static void end(void)
{
    char path[100];
    snprintf(path, sizeof path, "%s/source", state_dir);
    rmdir(path);
    snprintf(path, sizeof path, "%s/destination", state_dir);
    rmdir(path);
    rmdir(state_dir);
}

static void run(uint8_t choice, uint8_t *data, size_t size)
{
    size_t skip = choice & 1 ? 0 : gw_min(size, 2);
    if (choice & 8)
        mend_frames(data + skip, size - skip);
    if (choice & 1)
        receive(choice, data, size);
    else
        migrate(data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    size_t skip = size > 0;
    uint8_t *copy = gw_alloc(size + 1, 1, &err);
    MUST(copy != NULL);
    memcpy(copy, data, size);
    if (state_dir[0] == '\0') {
        begin();
        atexit(end);
    }
    dialled = steps = 0;
    run(copy[0], copy + skip, size - skip);
    gw_buf_free(&said);
    gw_free(copy);
    return 0;
}
