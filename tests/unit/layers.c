/*
 * layers.c - layers of channels: faults on order, counting, and who closes whom.
 */
#include <errno.h>
#include <string.h>

#include "channel.h"
#include "harness.h"

#define LEN 40
static const uint8_t octets[LEN] = "forty octets that are written and read";

static struct gw_chan *faulty(const struct gw_fault *fault, struct gw_buf *out)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_chan *chan = gw_chan_fault(gw_chan_memory(octets, LEN, out, &err), fault, &err);
    CHECK(chan != NULL);
    return chan;
}

static void an_input_cut_at_any_octet_is_short_there(void)
{
    for (size_t cut = 0; cut <= LEN; cut++) {
        struct gw_fault fault = { .cut_read = true, .cut_read_at = cut };
        struct gw_chan *chan = faulty(&fault, NULL);
        struct gw_err err = GW_ERR_NONE;
        uint8_t mem[LEN];
        size_t got;
        CHECK_EQ(gw_chan_read(chan, mem, LEN, &got, &err), cut < LEN ? -1 : 0);
        CHECK_EQ(got, cut);
        CHECK_MEM(mem, octets, cut);
        CHECK_EQ(err.code, cut < LEN ? GW_E_SHORT : GW_E_OK);
        gw_chan_close(chan);
    }
}

static void an_output_cut_at_any_octet_is_a_broken_pipe_there(void)
{
    for (size_t cut = 0; cut <= LEN; cut++) {
        struct gw_fault fault = { .cut_write = true, .cut_write_at = cut };
        struct gw_buf out = { 0 };
        struct gw_chan *chan = faulty(&fault, &out);
        struct gw_err err = GW_ERR_NONE;
        CHECK_EQ(gw_chan_write(chan, octets, LEN, &err), cut < LEN ? -1 : 0);
        if (cut < LEN) {
            CHECK_FAIL(err, GW_E_SYSTEM, "Broken pipe");
            CHECK_EQ(err.sys, EPIPE);
        }
        CHECK_EQ(chan->write_pos, cut);
        CHECK_EQ(out.len, cut);
        CHECK_MEM(out.mem, octets, cut);
        gw_chan_close(chan);
        gw_buf_free(&out);
    }
}

static void each_bit_can_be_flipped_on_its_way(void)
{
    for (unsigned bit = 0; bit < 8 * LEN; bit++) {
        struct gw_fault fault = {
            .flip_read = true, .flip_read_bit = bit, .flip_write = true, .flip_write_bit = bit, .most = bit % 3 ? 5 : 0
        };
        struct gw_buf out = { 0 };
        struct gw_chan *chan = faulty(&fault, &out);
        struct gw_err err = GW_ERR_NONE;
        uint8_t mem[LEN], want[LEN];
        memcpy(want, octets, LEN);
        want[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_EQ(gw_chan_read(chan, mem, LEN, NULL, &err), 0);
        CHECK_MEM(mem, want, LEN);
        CHECK_EQ(gw_chan_write(chan, octets, LEN, &err), 0);
        CHECK_EQ(out.len, LEN);
        CHECK_MEM(out.mem, want, LEN);
        gw_chan_close(chan);
        gw_buf_free(&out);
    }
}

static void interruptions_and_short_moves_lose_nothing(void)
{
    for (unsigned every = 1; every < 5; every++)
        for (size_t most = 1; most < 9; most++) {
            struct gw_fault fault = { .most = most, .interrupt_every = every };
            struct gw_buf out = { 0 };
            struct gw_chan *chan = faulty(&fault, &out);
            struct gw_err err = GW_ERR_NONE;
            uint8_t mem[LEN], all[LEN];
            struct iovec part[] = { { mem, 1 }, { mem + 1, 0 }, { mem + 1, 20 }, { mem + 21, LEN - 21 } };
            CHECK_EQ(gw_chan_skip(chan, 2, &err), 0);
            CHECK_EQ(gw_chan_read(chan, all, LEN - 2, NULL, &err), 0);
            CHECK_MEM(all, octets + 2, LEN - 2);
            memcpy(mem, octets, LEN);
            CHECK_EQ(gw_chan_writev(chan, part, 4, &err), 0);
            CHECK_EQ(err.code, GW_E_OK);
            CHECK_EQ(out.len, LEN);
            CHECK_MEM(out.mem, octets, LEN);
            gw_chan_close(chan);
            gw_buf_free(&out);
        }
}

/* --- counting ---------------------------------------------------------------------------------------------------- */

static void a_counter_counts_what_passes_and_leaves_the_rest_open(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    struct gw_chan *below = gw_chan_memory(octets, LEN, &out, &err);
    uint8_t mem[LEN];
    CHECK_EQ(gw_chan_read(below, mem, 4, NULL, &err), 0);
    struct gw_chan *count = gw_chan_count(below, &err);
    CHECK_EQ(gw_chan_read(count, mem, 10, NULL, &err), 0);
    CHECK_MEM(mem, octets + 4, 10);
    CHECK_EQ(gw_chan_skip(count, 6, &err), 0);
    CHECK_EQ(gw_chan_write(count, "abc", 3, &err), 0);
    CHECK_EQ(count->read_pos, 16);
    CHECK_EQ(count->write_pos, 3);
    gw_chan_close(count);
    CHECK_EQ(below->read_pos, 20);
    CHECK_EQ(gw_chan_read(below, mem, 20, NULL, &err), 0);
    CHECK_MEM(mem, octets + 20, 20);
    CHECK_EQ(out.len, 3);
    gw_chan_close(below);
    gw_buf_free(&out);
}

static void a_counter_hands_a_shortage_up(void)
{
    struct gw_err err = GW_ERR_NONE;
    uint8_t mem[LEN];
    struct gw_chan *below = gw_chan_memory(octets, 5, NULL, &err), *count = gw_chan_count(below, &err);
    CHECK_EQ(gw_chan_read(count, mem, 9, NULL, &err), -1);
    CHECK_FAIL(err, GW_E_SHORT, "the input ends after 5 of 9 octets");
    CHECK_EQ(count->read_pos, 5);
    err = GW_ERR_NONE;
    CHECK_EQ(gw_chan_skip(count, 1, &err), -1);
    CHECK_FAIL(err, GW_E_SHORT, "the input ends after 0 of 1 octets");
    gw_chan_close(count);
    gw_chan_close(below);
}

/* --- closing, and what a channel cannot do ----------------------------------------------------------------------- */

static char closed[32]; /* a letter for each channel that was closed */

static void log_close(struct gw_chan *chan)
{
    strncat(closed, chan->ops->name, 1);
    gw_chan_close(chan->next);
    gw_free(chan);
}

static int fail_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    (void)chan;
    (void)part;
    (void)num;
    (void)got;
    errno = EIO;
    return gw_fail(err, GW_E_SYSTEM, "broken on order");
}

static const struct gw_chan_ops bottom_ops = { .name = "bottom", .close = log_close };
static const struct gw_chan_ops middle_ops = { .name = "middle", .read = fail_read, .close = log_close };

static struct gw_chan *logged(const struct gw_chan_ops *ops, struct gw_chan *next)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_chan *chan = gw_alloc(1, sizeof *chan, &err);
    CHECK(chan != NULL);
    chan->ops = ops;
    chan->next = next;
    return chan;
}

static void layers_are_closed_from_above_each_once(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_fault fault = { 0 };
    struct gw_chan *chan = gw_chan_fault(gw_chan_window(logged(&bottom_ops, NULL), &err), &fault, &err);
    gw_chan_close(logged(&middle_ops, chan));
    CHECK_STR(closed, "mb");
}

static void a_failure_below_comes_up_as_it_was(void)
{
    static const struct gw_fault none;
    for (unsigned kind = 0; kind < 3; kind++)
        for (unsigned how = 0; how < 3; how++) {
            struct gw_err err = GW_ERR_NONE;
            uint8_t octet;
            const uint8_t *mem;
            size_t len;
            struct gw_chan *below = logged(&middle_ops, NULL);
            struct gw_chan *chan = kind == 0   ? gw_chan_window(below, &err)
                                   : kind == 1 ? gw_chan_fault(below, &none, &err)
                                               : gw_chan_count(below, &err);
            CHECK_EQ(how == 0               ? gw_chan_read(chan, &octet, 1, NULL, &err)
                     : how == 1 || kind > 0 ? gw_chan_skip(chan, 1, &err)
                                            : gw_chan_peek(chan, 1, &mem, &len, &err),
                     -1);
            CHECK_FAIL(err, GW_E_SYSTEM, "broken on order: Input/output error");
            CHECK_EQ(err.sys, EIO);
            gw_chan_close(chan);
            if (kind == 2)
                gw_chan_close(below);
        }
}

static void what_a_channel_cannot_do_is_wrong_use(void)
{
    struct gw_err err = GW_ERR_NONE;
    uint8_t octet = 0;
    struct gw_chan *chan = logged(&bottom_ops, NULL);
    CHECK_EQ(gw_chan_read(chan, &octet, 1, NULL, &err), -1);
    CHECK_FAIL(err, GW_E_USAGE, "a bottom channel cannot be read");
    err = GW_ERR_NONE;
    CHECK_EQ(gw_chan_write(chan, &octet, 1, &err), -1);
    CHECK_FAIL(err, GW_E_USAGE, "a bottom channel cannot be written");
    gw_chan_close(chan);
    err = GW_ERR_NONE;
    chan = gw_chan_memory(octets, LEN, NULL, &err);
    CHECK_EQ(gw_chan_write(chan, &octet, 1, &err), -1);
    CHECK_FAIL(err, GW_E_USAGE, "no buffer to write to");
    gw_chan_close(chan);
}

const struct test tests[] = {
    { "an-input-cut-at-any-octet-is-short-there", an_input_cut_at_any_octet_is_short_there },
    { "an-output-cut-at-any-octet-is-a-broken-pipe-there", an_output_cut_at_any_octet_is_a_broken_pipe_there },
    { "each-bit-can-be-flipped-on-its-way", each_bit_can_be_flipped_on_its_way },
    { "interruptions-and-short-moves-lose-nothing", interruptions_and_short_moves_lose_nothing },
    { "a-counter-counts-what-passes-and-leaves-the-rest-open", a_counter_counts_what_passes_and_leaves_the_rest_open },
    { "a-counter-hands-a-shortage-up", a_counter_hands_a_shortage_up },
    { "layers-are-closed-from-above-each-once", layers_are_closed_from_above_each_once },
    { "a-failure-below-comes-up-as-it-was", a_failure_below_comes_up_as_it_was },
    { "what-a-channel-cannot-do-is-wrong-use", what_a_channel_cannot_do_is_wrong_use },
    { NULL, NULL },
};
