/*
 * wire.c - a link between two godwits: what it begins with, what it skips, refuses and notices, and its last word.
 *
 * The other side is a bare socket into which a test writes what it wants to be said. Times are short where silence must
 * be noticed, and far longer than a row where it must not.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "harness.h"
#include "session_tools.h"
#include "wire.h"

#define MS UINT64_C(1000000)
#define SHORT_NS (50 * MS)

/* --- the other side ---------------------------------------------------------------------------------------------- */

/* A wire that is about to open, the other side's socket, and what the wire reported as skipped. */
struct pair {
    struct wire wire;
    struct gw_chan *chan;
    int far;
    char skipped[64];
};

static void note_skipped(void *arg, const char *name)
{
    struct pair *p = arg;
    size_t len = strlen(p->skipped);
    snprintf(p->skipped + len, sizeof p->skipped - len, "%s ", name);
}

static void begin(struct pair *p)
{
    struct gw_err err = GW_ERR_NONE;
    int ends[2];
    memset(p, 0, sizeof *p);
    ignore_broken_pipes();
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    p->chan = gw_chan_fd(ends[0], true, &err);
    CHECK(p->chan != NULL);
    p->far = ends[1];
    wire_init(&p->wire);
    p->wire.skipped = note_skipped;
    p->wire.arg = p;
}

static void say_octets(const struct pair *p, const void *mem, size_t len)
{
    CHECK_EQ(write(p->far, mem, len), (ssize_t)len);
}

static void say(const struct pair *p, const struct gw_message *message)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf buf = { 0 };
    gw_chunk_encode(&buf, message, &err);
    CHECK_STR(err.msg, "");
    say_octets(p, buf.mem, buf.len);
    gw_buf_free(&buf);
}

/* A chunk of any type, known or not. */
static void say_raw(const struct pair *p, uint32_t type, const void *mem, size_t len)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf buf = { 0 };
    size_t at = gw_chunk_begin(&buf, type);
    gw_put(&buf, mem, len);
    CHECK_EQ(gw_chunk_end(&buf, at, &err), 0);
    say_octets(p, buf.mem, buf.len);
    gw_buf_free(&buf);
}

static struct gw_message helo(const char *capabilities)
{
    return (struct gw_message){ .type = GW_CHUNK_HELO,
                                .helo = { GW_CHUNK_PROTOCOL, GW_CHUNK_CONTROL_MAX, gw_str("other"), gw_str("1.5"),
                                          gw_str(capabilities) } };
}

/* Octets that the wire said, until they are so many. */
static void hear_octets(const struct pair *p, void *mem, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t got = read(p->far, (uint8_t *)mem + at, len - at);
        CHECK(got > 0);
        at += (size_t)got;
    }
}

/* The type of the next chunk that the wire said; its data are dropped. */
static uint32_t hear_type(const struct pair *p)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_chunk_head head;
    uint8_t octets[4096];
    hear_octets(p, octets, GW_CHUNK_HEAD_LEN);
    CHECK_EQ(gw_chunk_head_decode(gw_cur(octets, GW_CHUNK_HEAD_LEN), &head, &err), 0);
    CHECK(head.length + GW_CHUNK_CRC_LEN <= sizeof octets);
    hear_octets(p, octets, head.length + GW_CHUNK_CRC_LEN);
    return head.type;
}

/* HELO was exchanged. */
static void open_pair(struct pair *p)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_message hello = helo("zero checks");
    say(p, &hello);
    wire_open(&p->wire, p->chan, true, &err);
    CHECK_STR(err.msg, "");
    CHECK_EQ(hear_type(p), GW_CHUNK_HELO);
}

static void end(struct pair *p)
{
    close(p->far);
    wire_close(&p->wire);
    CHECK(!wire_is_open(&p->wire));
}

/* --- beginning --------------------------------------------------------------------------------------------------- */

static void both_sides_say_who_they_are(void)
{
    struct pair p;
    begin(&p);
    open_pair(&p);
    CHECK(wire_is_open(&p.wire));
    CHECK(gw_str_is(p.wire.peer, "other 1.5"));
    CHECK(p.wire.zero && p.wire.checks);
    end(&p);
}

static void a_capability_is_used_when_both_have_it(void)
{
    static const struct {
        const char *theirs;
        bool ours, zero, checks;
    } rows[] = {
        { "zero checks", true, true, true },
        { "checks", true, false, true },
        { "", true, false, false },
        { "zero", true, true, false },
        { "zero checks", false, true, false },
        { "multi=4 zero later", true, true, false },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        struct pair p;
        struct gw_message hello = helo(rows[i].theirs);
        begin(&p);
        say(&p, &hello);
        CHECK_EQ(wire_open(&p.wire, p.chan, rows[i].ours, &err), 0);
        CHECK_EQ(p.wire.zero, rows[i].zero);
        CHECK_EQ(p.wire.checks, rows[i].checks);
        end(&p);
    }
}

/* What came instead of HELO; then the link ends. */
static void refused_with(struct pair *p, int code, const char *why)
{
    struct gw_err err = GW_ERR_NONE;
    shutdown(p->far, SHUT_WR);
    CHECK_EQ(wire_open(&p->wire, p->chan, true, &err), -1);
    CHECK_EQ(err.code, code);
    CHECK_HAS(err.msg, why);
    CHECK(!wire_is_open(&p->wire));
    close(p->far);
}

static void a_link_that_does_not_begin_with_helo_is_refused(void)
{
    static const struct gw_message stop = { .type = GW_CHUNK_STOP, .stop = { 3, { "not today", 9 } } };
    static const struct gw_message roun = { .type = GW_CHUNK_ROUN, .roun = { .round = 1 } };
    struct pair p;
    begin(&p);
    say(&p, &stop);
    refused_with(&p, GW_E_REFUSED, "the other side stops: not today");
    begin(&p);
    say(&p, &roun);
    refused_with(&p, GW_E_REFUSED, "does not begin with HELO");
    begin(&p);
    say_octets(&p, "SSH-2.0-OpenSSH_9.2p1\r\n", 23);
    refused_with(&p, GW_E_INVALID, "the type of a chunk is '2.0-' instead of four letters");
    begin(&p);
    refused_with(&p, GW_E_SHORT, "the other side closed the link");
}

static void another_protocol_is_refused(void)
{
    uint8_t octets[64];
    struct gw_buf buf = { 0 };
    struct pair p;
    gw_put_be32(&buf, GW_CHUNK_PROTOCOL + 1);
    gw_put_zeros(&buf, 16);
    memcpy(octets, buf.mem, buf.len);
    begin(&p);
    say_raw(&p, GW_CHUNK_HELO, octets, buf.len);
    gw_buf_free(&buf);
    refused_with(&p, GW_E_REFUSED, "protocol");
}

/* --- what is heard ----------------------------------------------------------------------------------------------- */

static const struct gw_message a_stop = { .type = GW_CHUNK_STOP, .stop = { 4, { "why", 3 } } };

static void hears_stop(struct pair *p)
{
    struct gw_message heard;
    CHECK(wire_hear(&p->wire, &heard));
    CHECK_EQ(heard.type, GW_CHUNK_STOP);
    CHECK_EQ(heard.stop.code, 4);
    CHECK(gw_str_is(heard.stop.sentence, "why"));
}

/* Nothing to hand on, and nothing wrong. */
static void hears_aside(struct pair *p)
{
    struct gw_message heard;
    CHECK(!wire_hear(&p->wire, &heard));
    CHECK_EQ(p->wire.fault, WIRE_WELL);
}

static void the_link_is(struct pair *p, enum wire_fault fault, const char *why)
{
    struct gw_message heard;
    CHECK(!wire_hear(&p->wire, &heard));
    CHECK_EQ(p->wire.fault, fault);
    CHECK_HAS(p->wire.why.msg, why);
    CHECK(!wire_hear(&p->wire, &heard));
    CHECK_EQ(p->wire.fault, fault);
}

static void an_unknown_ancillary_chunk_is_skipped_and_reported(void)
{
    struct pair p;
    begin(&p);
    open_pair(&p);
    say_raw(&p, GW_CHUNK_TYPE('n', 'e', 'W', 's'), "octets", 6);
    say_raw(&p, GW_CHUNK_TYPE('n', 'E', 'W', 'S'), "", 0);
    say(&p, &a_stop);
    hears_aside(&p);
    hears_aside(&p);
    hears_stop(&p);
    CHECK_STR(p.skipped, "neWs nEWS ");
    end(&p);
}

static void a_known_ancillary_chunk_that_is_damaged_is_skipped_and_reported(void)
{
    struct pair p;
    begin(&p);
    open_pair(&p);
    say_raw(&p, GW_CHUNK_CPUS, "\0\0\0\7x", 5);
    say_raw(&p, GW_CHUNK_CPUS, "\0\0\0\1x", 5);
    say(&p, &a_stop);
    hears_aside(&p);
    hears_aside(&p);
    hears_stop(&p);
    CHECK_STR(p.skipped, "cpUs ");
    end(&p);
}

static void alive_is_heard_and_not_handed_on(void)
{
    static const struct gw_message alive = { .type = GW_CHUNK_ALIV };
    struct pair p;
    begin(&p);
    open_pair(&p);
    say(&p, &alive);
    say(&p, &a_stop);
    hears_aside(&p);
    hears_stop(&p);
    CHECK_STR(p.skipped, "");
    end(&p);
}

static void an_unknown_critical_chunk_is_refused(void)
{
    struct pair p;
    begin(&p);
    open_pair(&p);
    say_raw(&p, GW_CHUNK_TYPE('N', 'E', 'W', 'S'), "octets", 6);
    say(&p, &a_stop);
    the_link_is(&p, WIRE_BAD, "'NEWS', which this godwit does not know and may not skip");
    end(&p);
}

static void the_reserved_bit_is_refused(void)
{
    struct pair p;
    begin(&p);
    open_pair(&p);
    say_octets(&p, "\0\0\0\0news\0\0\0\0", 12);
    the_link_is(&p, WIRE_BAD, "the third letter of chunk 'news' is lower case");
    end(&p);
}

static void a_cut_inside_a_chunk_is_a_lost_link(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf buf = { 0 };
    CHECK_EQ(gw_chunk_encode(&buf, &a_stop, &err), 0);
    for (size_t cut = 0; cut < buf.len; cut++) {
        struct pair p;
        begin(&p);
        open_pair(&p);
        if (cut > 0)
            say_octets(&p, buf.mem, cut);
        shutdown(p.far, SHUT_WR);
        CHECK_EQ(wire_wait(&p.wire, -1, 1000 * MS), WIRE_READY);
        the_link_is(&p, WIRE_LOST, "the other side closed the link");
        end(&p);
    }
    gw_buf_free(&buf);
}

/* Whichever bit: never a chunk, and never one that is skipped as if it were nothing. The link ends behind it. */
static void a_flipped_bit_is_bad_wherever_it_is(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf buf = { 0 };
    CHECK_EQ(gw_chunk_encode(&buf, &a_stop, &err), 0);
    for (size_t bit = 0; bit < buf.len * 8; bit++) {
        struct gw_message heard;
        struct pair p;
        begin(&p);
        open_pair(&p);
        buf.mem[bit / 8] ^= (uint8_t)(1 << bit % 8);
        say_octets(&p, buf.mem, buf.len);
        buf.mem[bit / 8] ^= (uint8_t)(1 << bit % 8);
        shutdown(p.far, SHUT_WR);
        CHECK(!wire_hear(&p.wire, &heard));
        CHECK(p.wire.fault == WIRE_BAD || (p.wire.fault == WIRE_LOST && bit / 8 < 4)); /* a length of more octets */
        CHECK_STR(p.skipped, "");
        end(&p);
    }
    gw_buf_free(&buf);
}

static void a_length_that_no_chunk_may_have_is_bad_at_once(void)
{
    struct pair p;
    begin(&p);
    open_pair(&p);
    say_octets(&p, "\x7f\xff\xff\xffSTOP", 8);
    the_link_is(&p, WIRE_BAD, "2147483647 octets of data, at most 1048576");
    end(&p);
}

/* --- silence and life -------------------------------------------------------------------------------------------- */

static void silence_is_noticed_while_waiting(void)
{
    struct pair p;
    begin(&p);
    p.wire.silence_ns = SHORT_NS;
    open_pair(&p);
    while (p.wire.fault == WIRE_WELL)
        CHECK_EQ(wire_wait(&p.wire, -1, 10 * MS), WIRE_NOTHING);
    CHECK_EQ(p.wire.fault, WIRE_SILENT);
    CHECK_HAS(p.wire.why.msg, "nothing was heard from the other side for 0.05 s");
    CHECK_EQ(wire_wait(&p.wire, -1, MS), WIRE_NOTHING);
    end(&p);
}

static void silence_is_noticed_inside_a_chunk(void)
{
    struct pair p;
    begin(&p);
    p.wire.silence_ns = SHORT_NS;
    open_pair(&p);
    say_octets(&p, "\0\0\0\13STO", 7);
    the_link_is(&p, WIRE_SILENT, "nothing could be read for 0.05 s");
    end(&p);
}

/* Says that it lives, as long as somebody listens. */
static void *say_alive(void *arg)
{
    static const uint8_t alive[] = { 0, 0, 0, 0, 'A', 'L', 'I', 'V', 0, 0, 0, 0 };
    const struct pair *p = arg;
    struct pollfd other = { .fd = p->far };
    while (poll(&other, 1, 5) == 0 && write(p->far, alive, sizeof alive) > 0)
        ;
    return NULL;
}

/* A flipped bit in a length: each side hears that the other lives, and neither would ever say more. */
static void a_chunk_that_never_comes_to_its_end_is_given_up(void)
{
    struct pair p;
    pthread_t thread;
    begin(&p);
    p.wire.silence_ns = 2 * SHORT_NS;
    open_pair(&p);
    say_octets(&p, "\0\20\0\0RECD", 8);
    CHECK_EQ(pthread_create(&thread, NULL, say_alive, &p), 0);
    the_link_is(&p, WIRE_SILENT, "a chunk does not come to its end");
    wire_close(&p.wire);
    pthread_join(thread, NULL);
    close(p.far);
}

/* The one row that waits for them: the defaults are those of the protocol. */
static void the_other_side_may_be_silent_for_ten_seconds(void)
{
    struct pair p;
    begin(&p);
    open_pair(&p);
    uint64_t start = gw_now(&gw_clock_real);
    while (p.wire.fault == WIRE_WELL)
        CHECK_EQ(wire_wait(&p.wire, -1, 100 * MS), WIRE_NOTHING);
    uint64_t took = gw_now(&gw_clock_real) - start;
    CHECK_EQ(p.wire.fault, WIRE_SILENT);
    CHECK(took >= 9900 * MS && took < 20000 * MS);
    for (unsigned i = 0; i < 4; i++) /* 2 s each */
        CHECK_EQ(hear_type(&p), GW_CHUNK_ALIV);
    end(&p);
}

static void who_waits_says_that_he_lives(void)
{
    struct pollfd ready = { .events = POLLIN };
    struct pair p;
    begin(&p);
    p.wire.alive_ns = 5 * MS;
    open_pair(&p);
    for (ready.fd = p.far; poll(&ready, 1, 0) == 0;)
        CHECK_EQ(wire_wait(&p.wire, -1, 1000 * MS), WIRE_NOTHING);
    CHECK_EQ(hear_type(&p), GW_CHUNK_ALIV);
    end(&p);
}

struct slow {
    struct pair *pair;
    bool heard;
};

static void *hear_slowly(void *arg)
{
    struct slow *slow = arg;
    struct gw_message heard;
    slow->heard = wire_hear(&slow->pair->wire, &heard) && heard.type == GW_CHUNK_STOP;
    return NULL;
}

/* Half a chunk comes, and the other half when the reader has been heard to live. */
static void who_reads_says_that_he_lives(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf buf = { 0 };
    struct pair p;
    struct slow slow = { .pair = &p };
    pthread_t thread;
    begin(&p);
    p.wire.alive_ns = 5 * MS;
    open_pair(&p);
    CHECK_EQ(gw_chunk_encode(&buf, &a_stop, &err), 0);
    say_octets(&p, buf.mem, 10);
    CHECK_EQ(pthread_create(&thread, NULL, hear_slowly, &slow), 0);
    CHECK_EQ(hear_type(&p), GW_CHUNK_ALIV);
    CHECK_EQ(hear_type(&p), GW_CHUNK_ALIV);
    say_octets(&p, buf.mem + 10, buf.len - 10);
    pthread_join(thread, NULL);
    CHECK(slow.heard);
    gw_buf_free(&buf);
    end(&p);
}

static void who_is_busy_says_that_he_lives(void)
{
    struct pollfd ready = { .events = POLLIN };
    struct pair p;
    begin(&p);
    p.wire.alive_ns = 5 * MS;
    open_pair(&p);
    wire_pulse(&p.wire);
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(hear_type(&p), GW_CHUNK_ALIV);
    wire_pulse_end(&p.wire);
    wire_say(&p.wire, &a_stop);
    while (hear_type(&p) != GW_CHUNK_STOP)
        ;
    ready.fd = p.far;
    CHECK_EQ(poll(&ready, 1, 50), 0); /* ten times as long as it pauses */
    end(&p);
}

static void a_pulse_without_a_link_is_none(void)
{
    struct wire wire;
    wire_init(&wire);
    wire_pulse(&wire);
    wire_pulse_end(&wire);
    wire_close(&wire);
}

static void another_descriptor_is_watched_too(void)
{
    struct pair p;
    int other[2];
    begin(&p);
    open_pair(&p);
    CHECK_EQ(pipe(other), 0);
    CHECK_EQ(wire_wait(&p.wire, other[0], MS), WIRE_NOTHING);
    CHECK_EQ(write(other[1], "x", 1), 1);
    CHECK_EQ(wire_wait(&p.wire, other[0], 10000 * MS), WIRE_OTHER);
    say(&p, &a_stop);
    CHECK_EQ(wire_wait(&p.wire, other[0], 10000 * MS), WIRE_READY);
    hears_stop(&p);
    p.wire.fault = WIRE_LOST; /* then only the other one is looked at */
    CHECK_EQ(wire_wait(&p.wire, other[0], 10000 * MS), WIRE_OTHER);
    end(&p);
}

static void a_cancelled_read_says_so(void)
{
    struct pair p;
    begin(&p);
    open_pair(&p);
    say_octets(&p, "\0\0", 2);
    gw_cancel_request();
    the_link_is(&p, WIRE_CANCELLED, "Interrupted");
    gw_cancel_reset();
    end(&p);
}

static void a_link_without_descriptors_is_always_ready(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf in = { 0 }, out = { 0 };
    struct gw_message hello = helo("zero"), heard;
    struct wire wire;
    CHECK_EQ(gw_chunk_encode(&in, &hello, &err), 0);
    CHECK_EQ(gw_chunk_encode(&in, &a_stop, &err), 0);
    wire_init(&wire);
    CHECK_EQ(wire_open(&wire, gw_chan_memory(in.mem, in.len, &out, &err), true, &err), 0);
    CHECK_EQ(wire_wait(&wire, -1, 10000 * MS), WIRE_READY);
    CHECK(wire_hear(&wire, &heard));
    CHECK_EQ(heard.type, GW_CHUNK_STOP);
    CHECK_EQ(wire_wait(&wire, -1, 10000 * MS), WIRE_READY);
    CHECK(!wire_hear(&wire, &heard));
    CHECK_EQ(wire.fault, WIRE_LOST);
    CHECK_EQ(wire_wait(&wire, -1, MS), WIRE_NOTHING);
    wire_close(&wire);
    gw_buf_free(&in);
    gw_buf_free(&out);
}

/* --- what is said ------------------------------------------------------------------------------------------------ */

static void a_failed_word_makes_dumb_and_not_deaf(void)
{
    static const struct gw_message alive = { .type = GW_CHUNK_ALIV };
    struct gw_err err = GW_ERR_NONE;
    struct pair p;
    begin(&p);
    open_pair(&p);
    say(&p, &a_stop);
    close(p.far);
    wire_say(&p.wire, &alive);
    CHECK(p.wire.mute);
    CHECK_EQ(p.wire.fault, WIRE_WELL);
    CHECK_EQ(wire_attach_out(&p.wire, &alive, NULL, 0, &err), -1);
    CHECK_FAIL(err, GW_E_SYSTEM, "Broken pipe");
    hears_stop(&p);
    the_link_is(&p, WIRE_LOST, "");
    wire_close(&p.wire);
}

static void a_word_that_is_too_long_is_not_said(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf longest = { 0 };
    struct pair p;
    begin(&p);
    open_pair(&p);
    memset(gw_buf_room(&longest, GW_CHUNK_CONTROL_MAX), 'x', GW_CHUNK_CONTROL_MAX);
    struct gw_message stop = { .type = GW_CHUNK_STOP,
                               .stop = { 1, { (const char *)longest.mem, GW_CHUNK_CONTROL_MAX } } };
    CHECK_EQ(wire_attach_out(&p.wire, &stop, NULL, 0, &err), -1);
    CHECK(err.code != GW_E_OK && !p.wire.mute);
    wire_say(&p.wire, &a_stop);
    CHECK_EQ(hear_type(&p), GW_CHUNK_STOP);
    gw_buf_free(&longest);
    end(&p);
}

/* --- the last word ----------------------------------------------------------------------------------------------- */

struct goodbye {
    struct gw_listener *listener;
    bool opened;
};

/* Says its last word to somebody who is still sending, and closes. */
static void *say_goodbye(void *arg)
{
    struct goodbye *g = arg;
    struct gw_err err = GW_ERR_NONE;
    struct wire wire;
    wire_init(&wire);
    g->opened = wire_open(&wire, gw_accept(g->listener, &err), true, &err) == 0;
    wire_stop(&wire, 4, "why");
    wire_close(&wire);
    return NULL;
}

static void the_last_word_arrives_though_the_other_side_is_still_sending(void)
{
    static uint8_t octets[1 << 22]; /* more than sockets hold */
    struct gw_err err = GW_ERR_NONE;
    struct goodbye g = { .listener = gw_listen("tcp://127.0.0.1:0", &err) };
    struct gw_message heard;
    struct wire wire;
    pthread_t thread;
    ignore_broken_pipes();
    CHECK(g.listener != NULL);
    CHECK_EQ(pthread_create(&thread, NULL, say_goodbye, &g), 0);
    wire_init(&wire);
    CHECK_EQ(wire_open(&wire, gw_connect(gw_listener_address(g.listener), &err), true, &err), 0);
    CHECK_EQ(gw_chan_write(wire_octets(&wire), octets, sizeof octets, &err), 0);
    CHECK(wire_hear(&wire, &heard));
    CHECK_EQ(heard.type, GW_CHUNK_STOP);
    CHECK(gw_str_is(heard.stop.sentence, "why"));
    CHECK(!wire_hear(&wire, &heard));
    CHECK_EQ(wire.fault, WIRE_LOST);
    wire_close(&wire);
    pthread_join(thread, NULL);
    CHECK(g.opened);
    gw_listener_close(g.listener);
}

const struct test tests[] = {
    { "both-sides-say-who-they-are", both_sides_say_who_they_are },
    { "a-capability-is-used-when-both-have-it", a_capability_is_used_when_both_have_it },
    { "a-link-that-does-not-begin-with-helo-is-refused", a_link_that_does_not_begin_with_helo_is_refused },
    { "another-protocol-is-refused", another_protocol_is_refused },
    { "an-unknown-ancillary-chunk-is-skipped-and-reported", an_unknown_ancillary_chunk_is_skipped_and_reported },
    { "a-known-ancillary-chunk-that-is-damaged-is-skipped-and-reported",
      a_known_ancillary_chunk_that_is_damaged_is_skipped_and_reported },
    { "alive-is-heard-and-not-handed-on", alive_is_heard_and_not_handed_on },
    { "an-unknown-critical-chunk-is-refused", an_unknown_critical_chunk_is_refused },
    { "the-reserved-bit-is-refused", the_reserved_bit_is_refused },
    { "a-cut-inside-a-chunk-is-a-lost-link", a_cut_inside_a_chunk_is_a_lost_link },
    { "a-flipped-bit-is-bad-wherever-it-is", a_flipped_bit_is_bad_wherever_it_is },
    { "a-length-that-no-chunk-may-have-is-bad-at-once", a_length_that_no_chunk_may_have_is_bad_at_once },
    { "silence-is-noticed-while-waiting", silence_is_noticed_while_waiting },
    { "silence-is-noticed-inside-a-chunk", silence_is_noticed_inside_a_chunk },
    { "a-chunk-that-never-comes-to-its-end-is-given-up", a_chunk_that_never_comes_to_its_end_is_given_up },
    { "the-other-side-may-be-silent-for-ten-seconds", the_other_side_may_be_silent_for_ten_seconds },
    { "who-waits-says-that-he-lives", who_waits_says_that_he_lives },
    { "who-reads-says-that-he-lives", who_reads_says_that_he_lives },
    { "who-is-busy-says-that-he-lives", who_is_busy_says_that_he_lives },
    { "a-pulse-without-a-link-is-none", a_pulse_without_a_link_is_none },
    { "another-descriptor-is-watched-too", another_descriptor_is_watched_too },
    { "a-cancelled-read-says-so", a_cancelled_read_says_so },
    { "a-link-without-descriptors-is-always-ready", a_link_without_descriptors_is_always_ready },
    { "a-failed-word-makes-dumb-and-not-deaf", a_failed_word_makes_dumb_and_not_deaf },
    { "a-word-that-is-too-long-is-not-said", a_word_that_is_too_long_is_not_said },
    { "the-last-word-arrives-though-the-other-side-is-still-sending",
      the_last_word_arrives_though_the_other_side_is_still_sending },
    { NULL, NULL },
};
