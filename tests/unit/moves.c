/*
 * moves.c - see moves.h.
 *
 * A destination that holds a ready guest gives it up a minute after its link was lost. Nobody waits for that here: when
 * the source has ended, such a destination is cancelled. The flag of a cancellation is one for the whole process, so
 * nothing else may be under way then.
 *
 * Linked with a gw_destination_start of its own: the one moment when both guests are there and neither runs. And with a
 * wire_init, for rows that need not wait for silence as long as the protocol does.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest_tools.h"
#include "harness.h"
#include "moves.h"
#include "wire.h"

/* --- a link that can be cut -------------------------------------------------------------------------------------- */

struct cutter {
    struct gw_chan chan;
    struct move *move;
};

static void cut(struct gw_chan *chan)
{
    int in, out;
    gw_chan_fds(chan, &in, &out);
    shutdown(in, SHUT_RDWR);
}

static size_t up_to_cut(const struct move *m, bool cuts, uint64_t pos, size_t len)
{
    return cuts ? (size_t)gw_min(len, m->cut_at - gw_min(m->cut_at, pos)) : len;
}

static int cutter_read(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *got, struct gw_err *err)
{
    struct move *m = ((struct cutter *)chan)->move;
    size_t len = up_to_cut(m, m->cut_heard, chan->read_pos, part[0].iov_len);
    (void)num;
    *got = 0;
    if (len == 0) {
        cut(chan);
        return 0;
    }
    if (gw_chan_some(chan->next, part[0].iov_base, len, got, err) < 0)
        return -1;
    if (m->heard != NULL)
        gw_put(m->heard, part[0].iov_base, *got);
    return 0;
}

static int cutter_write(struct gw_chan *chan, const struct iovec *part, unsigned num, size_t *put, struct gw_err *err)
{
    struct move *m = ((struct cutter *)chan)->move;
    (void)num;
    *put = up_to_cut(m, m->cut_said, chan->write_pos, part[0].iov_len);
    if (*put == 0) {
        cut(chan);
        errno = EPIPE;
        return gw_fail(err, GW_E_SYSTEM, "cut on order");
    }
    if (m->said != NULL)
        gw_put(m->said, part[0].iov_base, *put);
    return gw_chan_write(chan->next, part[0].iov_base, *put, err);
}

static void cutter_close(struct gw_chan *chan)
{
    gw_chan_close(chan->next);
    gw_free(chan);
}

static const struct gw_chan_ops cutter_ops = {
    .name = "cutter",
    .read = cutter_read,
    .write = cutter_write,
    .close = cutter_close,
};

static struct gw_chan *spoil(struct move *m, struct gw_chan *chan)
{
    struct gw_err err = GW_ERR_NONE;
    struct cutter *cutter = gw_alloc(1, sizeof *cutter, &err);
    CHECK(cutter != NULL);
    cutter->chan = (struct gw_chan){ .ops = &cutter_ops, .next = chan };
    cutter->move = m;
    chan = gw_chan_fault(&cutter->chan, &m->fault, &err);
    CHECK(chan != NULL);
    return chan;
}

/* --- the destination's side -------------------------------------------------------------------------------------- */

int __wrap_gw_destination_start(struct gw_destination *dest, bool *surely_not_started, struct gw_err *err);
int __real_gw_destination_start(struct gw_destination *dest, bool *surely_not_started, struct gw_err *err);

static struct move *now; /* one at a time; NULL: none */

int __wrap_gw_destination_start(struct gw_destination *dest, bool *surely_not_started, struct gw_err *err)
{
    uint64_t bad_pfn;
    if (now == NULL)
        return __real_gw_destination_start(dest, surely_not_started, err);
    bool models = strcmp(dest->ops->kind, "model") == 0 && strcmp(now->source->ops->kind, "model") == 0;
    CHECK(now->source->suspended && !now->source->gone);
    now->same = !models || gw_model_same(now->source, dest, &bad_pfn);
    int rc = __real_gw_destination_start(dest, surely_not_started, err);
    now->started += rc == 0;
    return rc;
}

void __wrap_wire_init(struct wire *wire);
void __real_wire_init(struct wire *wire);

void __wrap_wire_init(struct wire *wire)
{
    __real_wire_init(wire);
    if (now == NULL || now->silence_ns == 0)
        return;
    wire->silence_ns = now->silence_ns;
    wire->alive_ns = now->silence_ns / 5;
}

static enum gw_destination_state state_by_name(const char *name)
{
    unsigned i = 0;
    while (strcmp(gw_destination_states[i].name, name) != 0)
        i++;
    return (enum gw_destination_state)i;
}

static void link_told(void *arg, const struct gw_told *told)
{
    struct link *link = arg;
    if (told->kind != GW_TOLD_STATE)
        return;
    pthread_mutex_lock(&link->move->lock);
    link->state = state_by_name(told->name);
    pthread_cond_broadcast(&link->move->changed);
    pthread_mutex_unlock(&link->move->lock);
}

static void *serve(void *arg)
{
    struct link *link = arg;
    struct gw_receive_opts opts = link->move->take;
    opts.told = link_told;
    opts.arg = link;
    gw_receive(link->chan, &opts, &link->report);
    pthread_mutex_lock(&link->move->lock);
    link->ended = true;
    pthread_cond_broadcast(&link->move->changed);
    pthread_mutex_unlock(&link->move->lock);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct move *m = arg;
    struct pollfd ready[2] = { { .fd = gw_listener_fd(m->listener), .events = POLLIN },
                               { .fd = m->stop[0], .events = POLLIN } };
    for (;;) {
        struct gw_err err = GW_ERR_NONE;
        CHECK(poll(ready, 2, -1) > 0);
        if (ready[0].revents == 0)
            return NULL;
        CHECK(m->num_links < LINKS_MOST);
        struct link *link = &m->links[m->num_links];
        *link = (struct link){ .move = m, .chan = gw_accept(m->listener, &err) };
        CHECK(link->chan != NULL);
        if (m->num_links == 0)
            link->chan = spoil(m, link->chan);
        CHECK_EQ(pthread_create(&link->thread, NULL, serve, link), 0);
        m->num_links++;
    }
}

/* --- the source's side ------------------------------------------------------------------------------------------- */

static void append(char *text, size_t room, const char *word, const char *end)
{
    size_t at = strlen(text);
    snprintf(text + at, room - at, "%s%s", word, end);
}

static void source_told(void *arg, const struct gw_told *told)
{
    struct move *m = arg;
    if (told->kind == GW_TOLD_NOTE)
        append(m->notes, sizeof m->notes, told->text, "\n");
    if (told->kind == GW_TOLD_STATE)
        append(m->states, sizeof m->states, told->name, " ");
}

void move_init(struct move *m, const char *guest)
{
    memset(m, 0, sizeof *m);
    ignore_broken_pipes();
    m->guest = guest;
    m->opts.checks = true;
    m->opts.saver.clock = &gw_clock_real;
    m->opts.saver.live = true;
    m->opts.saver.policy.downtime_ns = UINT64_C(10000000000); /* enough, however slow this machine is */
    m->opts.told = source_told;
    m->opts.arg = m;
    m->take.max_pfn = UINT64_C(1) << 20;
}

static void begin(struct move *m)
{
    m->opts.state_dir = m->take.state_dir = state_dir_new(m->state_dir);
    snprintf(m->address, sizeof m->address, "unix:%s/s", state_dir_new(m->run_dir));
    m->opts.to = m->address;
    m->source = guest_source(m->guest);
    m->listener = gw_listen(m->address, &m->err);
    CHECK(m->listener != NULL);
    CHECK_EQ(pipe(m->stop), 0);
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->changed, NULL);
    now = m;
    CHECK_EQ(pthread_create(&m->server, NULL, accept_all, m), 0);
}

/* Nobody will say anything more to a guest that is ready. */
static void end_link(struct move *m, struct link *link)
{
    pthread_mutex_lock(&m->lock);
    while (!link->ended && link->state != GW_DESTINATION_READY)
        pthread_cond_wait(&m->changed, &m->lock);
    if (!link->ended)
        gw_cancel_request();
    pthread_mutex_unlock(&m->lock);
    pthread_join(link->thread, NULL);
    gw_cancel_reset();
}

void move_run(struct move *m)
{
    begin(m);
    m->rc = gw_migrate(m->source, &m->opts, &m->report, &m->err);
    CHECK_EQ(write(m->stop[1], "", 1), 1);
    pthread_join(m->server, NULL);
    for (unsigned i = 0; i < m->num_links; i++)
        end_link(m, &m->links[i]);
    close(m->stop[0]);
    close(m->stop[1]);
    gw_listener_close(m->listener);
}

void move_close(struct move *m)
{
    now = NULL;
    gw_source_close(m->source);
    state_dir_remove(m->state_dir);
    state_dir_remove(m->run_dir);
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->changed);
}

/* --- what became of it ------------------------------------------------------------------------------------------- */

void move_has_one_owner(struct move *m)
{
    bool here = !m->source->gone && !m->source->suspended;
    printf("ended %d: %s; states %s\n%s", (int)m->report.ending, m->report.why.msg, m->states, m->notes);
    CHECK_EQ(m->rc, 0);
    CHECK_EQ(here + m->started, 1);
    CHECK_EQ(m->report.ending, here ? GW_ENDED_KEPT : GW_ENDED_MOVED);
    CHECK(!m->report.stuck);
    CHECK(here || m->same);
    CHECK(here || m->source->gone);
    unsigned acknowledged = 0;
    for (unsigned i = 0; i < m->num_links; i++)
        acknowledged += m->links[i].report.acknowledged;
    if (here || acknowledged > 0)
        CHECK_EQ(state_dir_leftovers(m->state_dir), 0);
    else
        CHECK_EQ(state_dir_files(m->state_dir), 2); /* decision and journal, for a question that may come */
}

void move_arrived(struct move *m)
{
    move_has_one_owner(m);
    CHECK_EQ(m->started, 1);
    CHECK_STR(m->report.why.msg, "");
    CHECK_EQ(m->links[0].report.arrival, GW_ARRIVED_RUNS);
    CHECK(m->links[0].report.offered && m->links[0].report.acknowledged);
    CHECK_STR(m->links[0].report.session, m->report.session);
    CHECK(gw_chunk_totals_equal(&m->links[0].report.totals, &m->report.totals));
}

void move_was_kept(struct move *m, const char *why)
{
    move_has_one_owner(m);
    CHECK_EQ(m->started, 0);
    CHECK_HAS(m->report.why.msg, why);
    CHECK(!m->source->tracking);
    for (unsigned i = 0; i < m->num_links; i++)
        CHECK(m->links[i].report.arrival != GW_ARRIVED_RUNS && m->links[i].report.arrival != GW_ARRIVED_IN_DOUBT);
}
