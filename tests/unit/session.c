/*
 * session.c - whole sessions inside one process: a guest is moved whole, or stays as it was, whatever becomes of the
 * link between the two sides.
 *
 * With GODWIT_TEST_ALL=1 the rows that sample go through every octet and every bit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest_tools.h"
#include "harness.h"
#include "moves.h"

/* --- a move ------------------------------------------------------------------------------------------------------ */

static void a_live_guest_moves_whole(void)
{
    struct move m;
    move_init(&m, "model:pages=5000,holes=100,zeros=900,dirty=700/300/20");
    move_run(&m);
    move_arrived(&m);
    CHECK_EQ(m.num_links, 1);
    CHECK_EQ(m.report.proven, m.report.totals.num_pages);
    CHECK(m.report.totals.num_pages >= 4900 && m.report.totals.num_pages <= 5000);
    CHECK(m.report.pages > 5000 - 100);
    CHECK(m.report.num_rounds >= 2);
    CHECK_EQ(m.report.resent, 0);
    CHECK(m.report.downtime_ns > 0 && m.report.downtime_ns < m.report.total_ns);
    CHECK(m.report.wire_octets > m.report.octets);
    CHECK_STR(m.states, "OPENING COPYING SUSPENDING STOPPED PROVING LETTING_GO LET_GO MOVED ");
    move_close(&m);
}

static void a_paused_guest_moves_whole(void)
{
    struct move m;
    move_init(&m, "model:pages=3000,live=0,dirty=50");
    m.opts.saver.live = false;
    move_run(&m);
    move_arrived(&m);
    CHECK_EQ(m.report.num_rounds, 1);
    move_close(&m);
}

static void a_guest_that_cannot_be_tracked_does_not_begin_to_move(void)
{
    struct move m;
    move_init(&m, "model:live=0");
    move_run(&m);
    CHECK_EQ(m.rc, -1);
    CHECK_FAIL(m.err, GW_E_REFUSED, "the model was told not to be tracked");
    CHECK(!m.source->suspended && !m.source->gone);
    CHECK_EQ(m.num_links, 0);
    CHECK_EQ(state_dir_files(m.state_dir), 0);
    move_close(&m);
}

static void a_process_moves_and_runs_on(void)
{
    struct gw_guest_facts facts;
    struct move m;
    move_init(&m, "process:life=100,mem=2M,threads=2,seed=5,rate=4M");
    m.take.guest = "process:life=100,check=1";
    struct gw_source *probe = guest_open("process:life=100,mem=256K", &facts);
    m.opts.saver.live = facts.live;
    guest_end(probe);
    move_run(&m);
    move_arrived(&m);
    CHECK_STR(m.links[0].report.guest, m.report.guest);
    char again[GW_AGAIN_ROOM];
    snprintf(again, sizeof again, "%s", m.links[0].report.again);
    move_close(&m);
    struct gw_source *there = guest_open(again, &facts);
    guest_let_run(there, 10);
    guest_suspend(there);
    guest_check(there);
    guest_end(there);
}

static void without_checks_nothing_is_proven_and_all_is_there(void)
{
    struct move m;
    move_init(&m, "model:pages=2000,dirty=10");
    m.opts.checks = false;
    move_run(&m);
    move_arrived(&m);
    CHECK_EQ(m.report.proven, 0);
    move_close(&m);
}

static void zero_pages_need_no_contents(void)
{
    struct move m;
    move_init(&m, "model:pages=4002,zeros=3900");
    move_run(&m);
    move_arrived(&m);
    CHECK_EQ(m.report.zero_pages, 3902); /* and xenstore's and the console's */
    CHECK_EQ(m.report.octets, 100 * GW_PAGE_LEN);
    move_close(&m);
}

static void a_bandwidth_is_kept(void)
{
    struct move m;
    move_init(&m, "model:pages=258");
    m.opts.bandwidth = 2 << 20;
    move_run(&m);
    move_arrived(&m);
    CHECK(m.report.total_ns >= UINT64_C(400000000)); /* 1 MiB at 2 MiB a second */
    move_close(&m);
}

static void rounds_that_do_not_converge_leave_the_guest_here(void)
{
    struct move m;
    move_init(&m, "model:pages=2000,dirty=1500");
    m.opts.saver.policy.downtime_ns = 1;
    move_run(&m);
    move_was_kept(&m, "rounds do not converge");
    CHECK_EQ(m.report.ending, GW_ENDED_KEPT);
    CHECK_HAS(m.links[0].report.why.msg, "the source stops: rounds do not converge");
    move_close(&m);
}

/* --- failures of the guests -------------------------------------------------------------------------------------- */

static void a_guest_that_fails_stays_where_it_was(void)
{
    static const struct {
        const char *source, *dest;
    } rows[] = {
        { "track:1", "" },      { "collect:1", "" },       { "collect:2", "" },       { "hold:1", "" },
        { "hold:3", "" },       { "suspend:1", "" },       { "state_records:1", "" }, { NULL, "create:1" },
        { NULL, "record:1" },   { NULL, "static_done:1" }, { NULL, "place:2" },       { NULL, "placed:1" },
        { NULL, "complete:1" }, { NULL, "stay:1" },        { NULL, "start:1" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char guest[100], dest[100];
        struct move m;
        const char *slot = rows[i].source != NULL ? rows[i].source : rows[i].dest;
        snprintf(guest, sizeof guest, "model:pages=3000,dirty=100%s%s", rows[i].source != NULL ? ",fail=" : "",
                 rows[i].source != NULL ? slot : "");
        snprintf(dest, sizeof dest, "model:%s%s", rows[i].source == NULL ? "fail=" : "",
                 rows[i].source == NULL ? slot : "");
        printf("%s\n", slot);
        move_init(&m, guest);
        m.take.guest = dest;
        move_run(&m);
        if (m.rc == 0)
            move_was_kept(&m, "the model fails on order");
        else
            CHECK_HAS(m.err.msg, "the model fails on order");
        CHECK(!m.source->suspended && !m.source->tracking);
        CHECK_EQ(state_dir_files(m.state_dir), 0);
        move_close(&m);
    }
}

static void a_guest_that_cannot_be_taken_away_is_told_and_its_journal_stays(void)
{
    struct move m;
    move_init(&m, "model:fail=destroy:1");
    move_run(&m);
    CHECK_EQ(m.report.ending, GW_ENDED_MOVED);
    CHECK(m.report.stuck && m.source->suspended);
    CHECK_EQ(m.started, 1);
    CHECK_HAS(m.report.why.msg, "in call 1 of destroy");
    CHECK(!m.links[0].report.acknowledged);
    CHECK(state_dir_files(m.state_dir) >= 3); /* the source's, and the destination's decision and journal */
    move_close(&m);
}

/* --- bits that flip ---------------------------------------------------------------------------------------------- */

#define SMALL "model:pages=64,holes=60,dirty=1/0"

/* What a small session says in both directions. */
static void record(struct gw_buf *heard, struct gw_buf *said)
{
    struct move m;
    move_init(&m, SMALL);
    m.heard = heard;
    m.said = said;
    move_run(&m);
    move_arrived(&m);
    move_close(&m);
}

static bool all_of_them(void)
{
    return getenv("GODWIT_TEST_ALL") != NULL;
}

/* Where the contents of the first PAGE begin. */
static uint64_t find_contents(const struct gw_buf *heard)
{
    struct gw_cur cur = gw_buf_cur(heard);
    struct gw_err err = GW_ERR_NONE;
    struct gw_chunk chunk = { 0 };
    while (chunk.type != GW_CHUNK_PAGE)
        CHECK_EQ(gw_chunk_take(&cur, &chunk, &err), 0);
    return heard->len - gw_left(&cur);
}

static void a_bit_that_flips_in_a_page_is_mended(void)
{
    struct gw_buf heard = { 0 };
    record(&heard, NULL);
    uint64_t contents = find_contents(&heard);
    for (uint64_t at = contents; at < contents + GW_PAGE_LEN; at += all_of_them() ? 1 : 97) {
        struct move m;
        move_init(&m, SMALL);
        m.fault.flip_read = true;
        m.fault.flip_read_bit = at * 8 + at % 8;
        move_run(&m);
        move_arrived(&m);
        CHECK(m.report.resent >= 1);
        move_close(&m);
    }
    gw_buf_free(&heard);
}

static void a_bit_that_flips_in_the_last_round_is_mended(void)
{
    struct move m;
    move_init(&m, "model:pages=64,live=0");
    m.opts.saver.live = false;
    m.fault.flip_read = true;
    m.fault.flip_read_bit = UINT64_C(8) * 100000;
    move_run(&m);
    move_arrived(&m);
    CHECK_EQ(m.report.resent, 1);
    CHECK_HAS(m.states, "STOPPED PROVING STOPPED PROVING LETTING_GO");
    move_close(&m);
}

static void without_checks_a_bit_that_flips_is_not_seen(void)
{
    struct move m;
    move_init(&m, "model:pages=64");
    m.opts.checks = false;
    m.fault.flip_read = true;
    m.fault.flip_read_bit = UINT64_C(8) * 100000;
    move_run(&m);
    CHECK_EQ(m.started, 1);
    CHECK(!m.same); /* so the other rows would notice */
    move_close(&m);
}

/* Not in contents, and not in the length of a chunk: that one is waited for, for 10 s. */
static bool is_framing(const struct gw_buf *heard, uint64_t octet)
{
    struct gw_cur cur = gw_buf_cur(heard);
    struct gw_err err = GW_ERR_NONE;
    struct gw_message message;
    struct gw_chunk chunk;
    while (gw_chunk_take(&cur, &chunk, &err) == 0) {
        uint64_t end = heard->len - gw_left(&cur), begin = end - gw_left(&chunk.data) - 12;
        if (octet < end)
            return octet >= begin + 4;
        if (chunk.type != GW_CHUNK_PAGE)
            continue;
        CHECK_EQ(gw_chunk_decode(&chunk, &message, &err), 0);
        CHECK(gw_take(&cur, message.page.attached) != NULL || message.page.attached == 0);
        if (octet < end + message.page.attached)
            return false;
    }
    return false;
}

/* The source's last word is behind its end: what flips there is of no importance. */
static void a_bit_that_flips_elsewhere_leaves_one_owner(void)
{
    struct gw_buf heard = { 0 }, said = { 0 };
    unsigned kept = 0;
    record(&heard, &said);
    for (unsigned way = 0; way < 2; way++) {
        const struct gw_buf *octets = way ? &said : &heard;
        for (uint64_t at = way; at < octets->len; at += all_of_them() ? 1 : 41) {
            struct move m;
            if (!is_framing(octets, at))
                continue;
            move_init(&m, SMALL);
            m.fault.flip_read = !way;
            m.fault.flip_write = way;
            m.fault.flip_read_bit = m.fault.flip_write_bit = at * 8 + at / 3 % 8;
            printf("%s bit %llu\n", way ? "said" : "heard", (unsigned long long)m.fault.flip_read_bit);
            move_run(&m);
            move_has_one_owner(&m);
            kept += m.report.ending == GW_ENDED_KEPT;
            move_close(&m);
        }
    }
    CHECK(kept > 10);
    gw_buf_free(&heard);
    gw_buf_free(&said);
}

/* --- cuts -------------------------------------------------------------------------------------------------------- */

/* Every run by itself: at each cut, who has the guest. Returns how often it moved. */
static unsigned cut_everywhere(size_t len, bool heard, unsigned step)
{
    unsigned moved = 0, kept = 0;
    for (size_t at = 0; at <= len; at += step) {
        struct move m;
        move_init(&m, SMALL);
        m.cut_heard = heard;
        m.cut_said = !heard;
        m.cut_at = at;
        printf("cut behind octet %zu %s\n", at, heard ? "that the destination heard" : "that it said");
        move_run(&m);
        move_has_one_owner(&m);
        moved += m.report.ending == GW_ENDED_MOVED;
        kept += m.report.ending == GW_ENDED_KEPT;
        move_close(&m);
    }
    CHECK(kept > 0);
    return moved;
}

static void a_cut_at_any_octet_from_the_source_leaves_one_owner(void)
{
    struct gw_buf heard = { 0 };
    record(&heard, NULL);
    CHECK(cut_everywhere(heard.len, true, all_of_them() ? 1 : 61) > 0 || !all_of_them());
    gw_buf_free(&heard);
}

static void a_cut_at_any_octet_to_the_source_leaves_one_owner(void)
{
    struct gw_buf said = { 0 };
    record(NULL, &said);
    CHECK(cut_everywhere(said.len, false, all_of_them() ? 1 : 3) > 0);
    gw_buf_free(&said);
}

/* One direction ends and the other does not: who hears nothing more has to notice. */
static void half_a_link_leaves_one_owner(void)
{
    struct gw_buf heard = { 0 }, said = { 0 };
    unsigned moved = 0, kept = 0;
    record(&heard, &said);
    for (unsigned way = 0; way < 2; way++)
        for (size_t at = 0, len = way ? said.len : heard.len; at < len; at += 4 + len / (all_of_them() ? 200 : 25)) {
            struct move m;
            move_init(&m, SMALL);
            m.silence_ns = UINT64_C(200000000);
            m.fault.cut_read = !way;
            m.fault.cut_write = way;
            m.fault.cut_read_at = m.fault.cut_write_at = len - 1 - at; /* the last chunks are the interesting ones */
            printf("%s ends behind %zu\n", way ? "said" : "heard", len - 1 - at);
            move_run(&m);
            move_has_one_owner(&m);
            moved += m.report.ending == GW_ENDED_MOVED;
            kept += m.report.ending == GW_ENDED_KEPT;
            move_close(&m);
        }
    CHECK(moved > 3 && kept > 20);
    gw_buf_free(&heard);
    gw_buf_free(&said);
}

const struct test tests[] = {
    { "a-live-guest-moves-whole", a_live_guest_moves_whole },
    { "a-paused-guest-moves-whole", a_paused_guest_moves_whole },
    { "a-guest-that-cannot-be-tracked-does-not-begin-to-move", a_guest_that_cannot_be_tracked_does_not_begin_to_move },
    { "a-process-moves-and-runs-on", a_process_moves_and_runs_on },
    { "without-checks-nothing-is-proven-and-all-is-there", without_checks_nothing_is_proven_and_all_is_there },
    { "zero-pages-need-no-contents", zero_pages_need_no_contents },
    { "a-bandwidth-is-kept", a_bandwidth_is_kept },
    { "rounds-that-do-not-converge-leave-the-guest-here", rounds_that_do_not_converge_leave_the_guest_here },
    { "a-guest-that-fails-stays-where-it-was", a_guest_that_fails_stays_where_it_was },
    { "a-guest-that-cannot-be-taken-away-is-told-and-its-journal-stays",
      a_guest_that_cannot_be_taken_away_is_told_and_its_journal_stays },
    { "a-bit-that-flips-in-a-page-is-mended", a_bit_that_flips_in_a_page_is_mended },
    { "a-bit-that-flips-in-the-last-round-is-mended", a_bit_that_flips_in_the_last_round_is_mended },
    { "without-checks-a-bit-that-flips-is-not-seen", without_checks_a_bit_that_flips_is_not_seen },
    { "a-bit-that-flips-elsewhere-leaves-one-owner", a_bit_that_flips_elsewhere_leaves_one_owner },
    { "a-cut-at-any-octet-from-the-source-leaves-one-owner", a_cut_at_any_octet_from_the_source_leaves_one_owner },
    { "a-cut-at-any-octet-to-the-source-leaves-one-owner", a_cut_at_any_octet_to_the_source_leaves_one_owner },
    { "half-a-link-leaves-one-owner", half_a_link_leaves_one_owner },
    { NULL, NULL },
};
