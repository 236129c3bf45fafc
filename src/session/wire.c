/*
 * wire.c - chunks over a channel, silence, and the last word. See wire.h.
 *
 * Owns the channel. Every octet passes the tap, which remembers how reading or writing failed: so a sink or a payload
 * that fails somewhere above need not be asked whose failure it was.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "wire.h"

#define CHUNK_LEAST 256 /* octets of a chunk that have to come in the time of a silence */
#define CAPABILITIES_ALL "zero checks"
#define CAPABILITIES_UNCHECKED "zero"

/* --- the tap ------------------------------------------------------------------------------------------------------ */

static void note(struct wire *wire, enum wire_fault fault, const struct gw_err *err)
{
    if (wire->fault != WIRE_WELL)
        return;
    wire->fault = fault;
    if (wire->why.code == GW_E_OK)
        wire->why = *err;
}

static enum wire_fault fault_of(const struct gw_err *err)
{
    if (gw_cancelled() && err->sys == EINTR)
        return WIRE_CANCELLED;
    return err->sys == ETIMEDOUT ? WIRE_SILENT : WIRE_LOST;
}

static bool is_late(const struct wire *wire)
{
    return wire->deadline_ns != 0 && gw_now(&gw_clock_real) >= wire->deadline_ns;
}

static int note_late(struct wire *wire, struct gw_err *err)
{
    gw_fail(err, GW_E_REFUSED, "the other side is there, but does not answer");
    note(wire, WIRE_SILENT, err);
    return -1;
}

/*
 * A chunk that comes by a few octets a second will never be whole: its length is not what was sent, and what
 * comes is the other side saying that it lives. Both would say so to each other for ever.
 */
static int judge_chunk(struct wire *wire, struct gw_err *err)
{
    uint64_t now = gw_now(&gw_clock_real);
    if (!wire->in_chunk || now - wire->mark_ns < wire->silence_ns)
        return 0;
    if (wire->tap.read_pos - wire->mark_pos < CHUNK_LEAST) {
        gw_fail(err, GW_E_REFUSED, "a chunk does not come to its end");
        note(wire, WIRE_SILENT, err);
        return -1;
    }
    wire->mark_ns = now;
    wire->mark_pos = wire->tap.read_pos;
    return 0;
}

static int tap_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct wire *wire = (struct wire *)chan;
    struct gw_err ended = GW_ERR_NONE;
    if (judge_chunk(wire, err) < 0)
        return -1;
    if (gw_chan_somev(wire->chan, part, num, got, err) < 0) {
        note(wire, fault_of(err), err);
        return -1;
    }
    wire->heard_ns = gw_now(&gw_clock_real);
    if (is_late(wire))
        return note_late(wire, err);
    if (*got > 0)
        return 0;
    gw_fail(&ended, GW_E_SHORT, "the other side closed the link");
    note(wire, WIRE_LOST, &ended);
    return 0;
}

/* A failed write leaves the link dumb, not deaf: a STOP may wait there (chunks.md section 3, rule 3). */
static int tap_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    struct wire *wire = (struct wire *)chan;
    size_t len = 0;
    for (unsigned i = 0; i < num; i++)
        len += part[i].iov_len;
    if (gw_chan_writev(wire->chan, part, num, err) < 0) {
        wire->mute = true;
        if (wire->why.code == GW_E_OK)
            wire->why = *err;
        if (fault_of(err) != WIRE_LOST)
            note(wire, fault_of(err), err);
        return -1;
    }
    *put = len;
    wire->said_ns = gw_now(&gw_clock_real);
    return 0;
}

static void tap_close(struct gw_chan *chan)
{
    (void)chan;
}

static const struct gw_chan_ops tap_ops = { .name = "link", .read = tap_read, .write = tap_write, .close = tap_close };

struct gw_chan *wire_octets(struct wire *wire)
{
    return &wire->tap;
}

/* --- saying ------------------------------------------------------------------------------------------------------- */

void wire_say(struct wire *wire, const struct gw_message *message)
{
    struct gw_err err = GW_ERR_NONE;
    if (wire->chan == NULL || wire->mute)
        return;
    wire->out.len = 0;
    if (gw_chunk_encode(&wire->out, message, &err) < 0 ||
        gw_chan_write(&wire->tap, wire->out.mem, wire->out.len, &err) < 0)
        wire->mute = true;
    if (wire->mute && wire->why.code == GW_E_OK)
        wire->why = err;
}

void wire_stop(struct wire *wire, uint32_t code, const char *sentence)
{
    struct gw_message stop = { .type = GW_CHUNK_STOP, .stop = { code, gw_str(sentence) } };
    wire_say(wire, &stop);
    wire->said_last = true;
}

int wire_attach_out(struct wire *wire, const struct gw_message *message, struct iovec *part, unsigned num,
                    struct gw_err *err)
{
    assert(num + 1 <= GW_CHAN_PARTS);
    if (wire->chan == NULL || wire->mute)
        return wire->why.code != GW_E_OK ? (*err = wire->why, -1) : gw_fail(err, GW_E_REFUSED, "the link is gone");
    wire->out.len = 0;
    if (gw_chunk_encode(&wire->out, message, err) < 0)
        return -1;
    struct iovec all[GW_CHAN_PARTS];
    all[0] = (struct iovec){ .iov_base = wire->out.mem, .iov_len = wire->out.len };
    if (num > 0)
        memcpy(all + 1, part, num * sizeof part[0]);
    return gw_chan_writev(&wire->tap, all, num + 1, err);
}

void wire_alive(struct wire *wire)
{
    const struct gw_message alive = { .type = GW_CHUNK_ALIV };
    if (gw_now(&gw_clock_real) - wire->said_ns >= wire->alive_ns)
        wire_say(wire, &alive);
}

static void idle(void *arg)
{
    wire_alive(arg);
}

/* --- hearing ------------------------------------------------------------------------------------------------------ */

enum wire_look wire_wait(struct wire *wire, int other, uint64_t ns)
{
    struct pollfd ready[2] = { { .fd = -1, .events = POLLIN }, { .fd = other, .events = POLLIN } };
    struct gw_err silent = GW_ERR_NONE;
    int out;
    if (wire->chan != NULL && wire->fault == WIRE_WELL) {
        gw_chan_fds(wire->chan, &ready[0].fd, &out);
        if (ready[0].fd < 0)
            return WIRE_READY; /* memory: nothing is ever waited for */
    }
    ns = gw_min(ns, wire->alive_ns / 4);
    struct timespec most = { .tv_sec = 0, .tv_nsec = (long)ns };
    int num = ppoll(ready, 2, &most, NULL);
    if (ready[0].fd >= 0 && is_late(wire))
        return note_late(wire, &silent), WIRE_NOTHING;
    if (num > 0 && ready[0].revents != 0)
        return WIRE_READY;
    if (ready[0].fd >= 0) {
        wire_alive(wire);
        if (gw_now(&gw_clock_real) - wire->heard_ns >= wire->silence_ns) {
            gw_fail(&silent, GW_E_REFUSED, "nothing was heard from the other side for %g s",
                    (double)wire->silence_ns / 1e9);
            note(wire, WIRE_SILENT, &silent);
        }
    }
    return num > 0 && ready[1].revents != 0 ? WIRE_OTHER : WIRE_NOTHING;
}

/* A chunk's octets into wire->in: they follow what is really there. */
static int read_octets(struct wire *wire, struct gw_err *err)
{
    struct gw_chunk_head head;
    if (gw_chan_fill(&wire->tap, &wire->in, GW_CHUNK_HEAD_LEN, err) < 0 ||
        gw_chunk_head_decode(gw_buf_cur(&wire->in), &head, err) < 0 ||
        gw_chan_fill(&wire->tap, &wire->in, (uint64_t)head.length + GW_CHUNK_CRC_LEN, err) < 0)
        return -1;
    return 0;
}

static int read_chunk(struct wire *wire, struct gw_chunk *out, struct gw_err *err)
{
    wire->in.len = 0;
    wire->in_chunk = true;
    wire->mark_ns = gw_now(&gw_clock_real);
    wire->mark_pos = wire->tap.read_pos;
    int rc = read_octets(wire, err);
    wire->in_chunk = false;
    if (rc < 0)
        return -1;
    struct gw_cur cur = gw_buf_cur(&wire->in);
    return gw_chunk_take(&cur, out, err);
}

static int refuse(uint32_t type, struct gw_err *err)
{
    char name[GW_CHUNK_NAME_ROOM];
    return gw_fail(err, GW_E_REFUSED, "the other side says '%s', which this godwit does not know and may not skip",
                   gw_chunk_name(type, name));
}

static int hear_chunk(struct wire *wire, struct gw_message *out, bool *skip, struct gw_err *err)
{
    struct gw_chunk chunk;
    char name[GW_CHUNK_NAME_ROOM];
    if (read_chunk(wire, &chunk, err) < 0)
        return -1;
    enum gw_chunk_duty duty = gw_chunk_duty(chunk.type);
    if (duty == GW_DUTY_REFUSE)
        return refuse(chunk.type, err);
    struct gw_err odd = GW_ERR_NONE;
    int rc = duty == GW_DUTY_DECODE ? gw_chunk_decode(&chunk, out, &odd) : 0;
    *skip = duty == GW_DUTY_SKIP || (rc < 0 && (chunk.type & GW_CHUNK_ANCILLARY));
    if (*skip && wire->skipped != NULL)
        wire->skipped(wire->arg, gw_chunk_name(chunk.type, name));
    if (rc < 0 && !*skip)
        *err = odd;
    return *skip ? 0 : rc;
}

/* ALIV and ancillary chunks are heard and not handed on. */
static bool is_aside(const struct gw_message *message)
{
    return message->type == GW_CHUNK_ALIV || (message->type & GW_CHUNK_ANCILLARY) != 0;
}

bool wire_hear(struct wire *wire, struct gw_message *out)
{
    struct gw_err err = GW_ERR_NONE;
    bool skip = false;
    if (wire->chan == NULL || wire->fault != WIRE_WELL)
        return false;
    if (hear_chunk(wire, out, &skip, &err) < 0) {
        note(wire, WIRE_BAD, &err);
        return false;
    }
    return !skip && !is_aside(out);
}

/* --- opening and closing ------------------------------------------------------------------------------------------ */

void wire_init(struct wire *wire)
{
    *wire = (struct wire){ .tap = { .ops = &tap_ops }, .silence_ns = WIRE_SILENCE_NS, .alive_ns = WIRE_ALIVE_NS };
}

static int keep_greeting(struct wire *wire, const struct gw_chunk_helo *helo, bool checks, struct gw_err *err)
{
    wire->greeting.len = 0;
    gw_put(&wire->greeting, helo->program.text, helo->program.len);
    gw_put_u8(&wire->greeting, ' ');
    gw_put(&wire->greeting, helo->version.text, helo->version.len);
    wire->zero = gw_capabilities_have(helo->capabilities, "zero");
    wire->checks = checks && gw_capabilities_have(helo->capabilities, "checks");
    if (gw_buf_ok(&wire->greeting, err) < 0)
        return -1;
    wire->peer = (struct gw_str){ (const char *)wire->greeting.mem, wire->greeting.len };
    return 0;
}

/* Both sides say HELO first, and nothing before they heard the other's. */
static int greet(struct wire *wire, bool checks, struct gw_err *err)
{
    struct gw_message helo = { .type = GW_CHUNK_HELO }, heard;
    helo.helo = (struct gw_chunk_helo){ .protocol = GW_CHUNK_PROTOCOL,
                                        .max_control = GW_CHUNK_CONTROL_MAX,
                                        .program = gw_str("godwit"),
                                        .version = gw_str(GODWIT_VERSION),
                                        .capabilities = gw_str(checks ? CAPABILITIES_ALL : CAPABILITIES_UNCHECKED) };
    wire->deadline_ns = gw_now(&gw_clock_real) + WIRE_SILENCE_NS;
    wire_say(wire, &helo);
    while (!wire_hear(wire, &heard))
        if (wire->fault != WIRE_WELL)
            return *err = wire->why, -1;
    if (heard.type == GW_CHUNK_STOP)
        return gw_fail(err, GW_E_REFUSED, "the other side stops: %.*s", (int)gw_min(heard.stop.sentence.len, 300),
                       heard.stop.sentence.text);
    if (heard.type != GW_CHUNK_HELO)
        return gw_fail(err, GW_E_REFUSED, "the other side does not begin with HELO: it is no godwit");
    return keep_greeting(wire, &heard.helo, checks, err);
}

static bool is_far(const struct gw_chan *chan)
{
    int in, out, domain = AF_UNSPEC;
    socklen_t len = sizeof domain;
    gw_chan_fds(chan, &in, &out);
    return out >= 0 && getsockopt(out, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
           (domain == AF_INET || domain == AF_INET6);
}

int wire_open(struct wire *wire, struct gw_chan *chan, bool checks, struct gw_err *err)
{
    struct gw_patience patience = {
        .silence_ns = wire->silence_ns, .idle_ns = wire->alive_ns, .idle = idle, .arg = wire
    };
    assert(wire->chan == NULL);
    wire->chan = chan;
    wire->fault = WIRE_WELL;
    wire->mute = wire->said_last = false;
    wire->far = is_far(chan);
    wire->why = GW_ERR_NONE;
    wire->heard_ns = wire->said_ns = gw_now(&gw_clock_real);
    if (gw_chan_patience(chan, &patience, err) == 0 && greet(wire, checks, err) == 0) {
        wire->deadline_ns = 0;
        return 0;
    }
    wire_close(wire);
    return -1;
}

/* The other side may still be sending: a close with unread input would take our last word away from it. */
static void say_goodbye(struct wire *wire)
{
    struct gw_patience short_one = { .silence_ns = WIRE_GOODBYE_NS };
    struct gw_err ignored = GW_ERR_NONE;
    uint64_t end = gw_now(&gw_clock_real) + WIRE_GOODBYE_NS;
    uint8_t drop[65536];
    size_t got = 1;
    int in, out;
    gw_chan_fds(wire->chan, &in, &out);
    if (shutdown(out, SHUT_WR) < 0 && in != out)
        return; /* a pipe keeps what was written, whatever becomes of the other one */
    if (gw_chan_patience(wire->chan, &short_one, &ignored) < 0)
        return;
    while (got > 0 && gw_now(&gw_clock_real) < end && !gw_cancelled())
        if (gw_chan_some(wire->chan, drop, sizeof drop, &got, &ignored) < 0)
            break;
}

void wire_close(struct wire *wire)
{
    if (wire->chan != NULL) {
        if (wire->said_last && !wire->mute && wire->fault == WIRE_WELL)
            say_goodbye(wire);
        gw_chan_close(wire->chan);
    }
    wire->chan = NULL;
    gw_buf_free(&wire->in);
    gw_buf_free(&wire->out);
    gw_buf_free(&wire->greeting);
}

/* --- the pulse ---------------------------------------------------------------------------------------------------- */

static void *pulse(void *arg)
{
    struct wire *wire = arg;
    pthread_mutex_lock(&wire->lock);
    while (wire->pulsing) {
        uint64_t until_ns = gw_now(&gw_clock_real) + wire->alive_ns;
        struct timespec until = { .tv_sec = (time_t)(until_ns / GW_NS_PER_S),
                                  .tv_nsec = (long)(until_ns % GW_NS_PER_S) };
        if (pthread_cond_clockwait(&wire->ended, &wire->lock, CLOCK_MONOTONIC, &until) == ETIMEDOUT)
            wire_alive(wire);
    }
    pthread_mutex_unlock(&wire->lock);
    return NULL;
}

/* Without a thread the other side hears nothing for a while: it may take us for silent, which is a failure it knows. */
void wire_pulse(struct wire *wire)
{
    assert(!wire->pulsing);
    if (wire->chan == NULL)
        return;
    pthread_mutex_init(&wire->lock, NULL);
    pthread_cond_init(&wire->ended, NULL);
    wire->pulsing = true;
    if (pthread_create(&wire->pulse, NULL, pulse, wire) != 0)
        wire->pulsing = false;
}

void wire_pulse_end(struct wire *wire)
{
    if (!wire->pulsing)
        return;
    pthread_mutex_lock(&wire->lock);
    wire->pulsing = false;
    pthread_cond_signal(&wire->ended);
    pthread_mutex_unlock(&wire->lock);
    pthread_join(wire->pulse, NULL);
    pthread_mutex_destroy(&wire->lock);
    pthread_cond_destroy(&wire->ended);
    wire->heard_ns = gw_now(&gw_clock_real); /* nobody listened meanwhile */
}
