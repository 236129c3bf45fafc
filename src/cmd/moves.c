/*
 * moves.c - see moves.h.
 *
 * auto: on a terminal a line that redraws itself; plain: a line for each round; json: every state, round and step.
 * Notes are for people, and come in every way but json as lines of their own.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "moves.h"

#define LINE_MOST 8192

static void on_signal(int number)
{
    (void)number;
    gw_cancel_request();
}

void gw_listen_to_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static char *joined(const char *dir, const char *rest, struct gw_err *err)
{
    size_t room = strlen(dir) + strlen(rest) + 1;
    char *path = gw_alloc(room, 1, err);
    if (path != NULL)
        snprintf(path, room, "%s%s", dir, rest);
    return path;
}

char *gw_state_dir(const struct gw_args *args, struct gw_err *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (args->given[OPT_STATE_DIR])
        return gw_strdup(args->value[OPT_STATE_DIR], err);
    if (geteuid() == 0)
        return gw_strdup("/var/lib/godwit", err);
    if (state != NULL && state[0] == '/')
        return joined(state, "/godwit", err);
    if (home != NULL && home[0] == '/')
        return joined(home, "/.local/state/godwit", err);
    gw_fail(err, GW_E_USAGE, "there is no home directory for journals: --state-dir names a place");
    return NULL;
}

bool gw_number_option(const struct gw_args *args, unsigned id, const char *wants, uint64_t most, uint64_t *out)
{
    uint64_t value = 0;
    if (!args->given[id])
        return true;
    if (gw_size_parse(args->value[id], &value) && value <= most && value > 0) {
        *out = value;
        return true;
    }
    gw_complain_usage("%s, not '%s'", wants, args->value[id]);
    return false;
}

const char *gw_digest_text(const uint8_t digest[GW_CHUNK_DIGEST_LEN], char *room)
{
    for (unsigned i = 0; i < GW_CHUNK_DIGEST_LEN; i++)
        snprintf(room + 2 * i, 3, "%02x", digest[i]);
    return room;
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

static uint64_t a_second(uint64_t octets, uint64_t ns)
{
    return ns > 0 ? (uint64_t)((double)octets * 1e9 / (double)ns) : 0;
}

static void json_state(struct gw_json *json, const struct gw_told *told)
{
    gw_json_text(json, "state", told->name);
    gw_json_text(json, "text", told->text);
}

static void json_round(struct gw_json *json, const struct gw_told *told)
{
    static const char *const answers[] = { [GW_AGAIN] = "again", [GW_SWITCH] = "switch", [GW_GIVE_UP] = "give up" };
    const struct gw_round *round = told->round;
    gw_json_number(json, "round", told->number);
    gw_json_number(json, "pages", round->pages);
    gw_json_number(json, "octets", round->octets);
    gw_json_number(json, "ns", round->ns);
    gw_json_number(json, "dirty", round->dirty);
    gw_json_number(json, "octets_per_second", a_second(round->octets, round->ns));
    gw_json_number(json, "dirty_octets_per_second", a_second(round->dirty * GW_PAGE_LEN, round->ns));
    gw_json_number(json, "predicted_downtime_ns", told->decision->downtime_ns);
    gw_json_text(json, "decision", answers[told->decision->answer]);
    gw_json_text(json, "why", told->decision->why);
}

static void json_passing(struct gw_json *json, const struct gw_told *told)
{
    gw_json_number(json, "round", told->number);
    gw_json_number(json, "pages", told->pages);
    gw_json_number(json, "of", told->of);
    gw_json_number(json, "octets", told->octets);
    gw_json_number(json, "octets_per_second", a_second(told->octets, told->ns));
}

static void json_note(struct gw_json *json, const struct gw_told *told)
{
    gw_json_text(json, "text", told->text);
}

static void tell_json(const struct gw_told *told)
{
    static const struct {
        const char *type;
        void (*rest)(struct gw_json *json, const struct gw_told *told);
    } rows[] = {
        [GW_TOLD_STATE] = { "state", json_state },
        [GW_TOLD_ROUND] = { "round", json_round },
        [GW_TOLD_PASSING] = { "progress", json_passing },
        [GW_TOLD_NOTE] = { "note", json_note },
    };
    char line[LINE_MOST] = "";
    struct gw_json json = { .out = fmemopen(line, sizeof line - 1, "w") };
    if (json.out == NULL)
        return;
    gw_json_object(&json, NULL);
    gw_json_text(&json, "type", rows[told->kind].type);
    gw_json_text(&json, "side", told->side);
    rows[told->kind].rest(&json, told);
    gw_json_end(&json, '}');
    fclose(json.out);
    fputs(line, stderr); /* in one piece: the children of a receiver share it */
}

static void clear(struct gw_teller *t)
{
    if (t->drawn)
        fputs("\r\033[K", stderr);
    t->drawn = false;
}

static void tell_round(struct gw_teller *t, const struct gw_told *told)
{
    char rate[32], dirty[32];
    const struct gw_round *round = told->round;
    t->dirty_rate = a_second(round->dirty * GW_PAGE_LEN, round->ns);
    t->pause_ns = told->decision->downtime_ns;
    if (t->way != GW_TELL_PLAIN)
        return;
    fprintf(stderr, "round %u: %" PRIu64 " pages in %.3f s (%s/s), %" PRIu64 " written meanwhile (%s/s); pause now ",
            told->number, round->pages, (double)round->ns / 1e9,
            gw_size_text(rate, sizeof rate, a_second(round->octets, round->ns)), round->dirty,
            gw_size_text(dirty, sizeof dirty, t->dirty_rate));
    if (told->decision->downtime_ns < UINT64_MAX)
        fprintf(stderr, "%.1f ms: %s\n", (double)told->decision->downtime_ns / 1e6, told->decision->why);
    else
        fprintf(stderr, "unknown: %s\n", told->decision->why);
}

static void tell_passing(struct gw_teller *t, const struct gw_told *told)
{
    char rate[32], dirty[32];
    uint64_t per_second = a_second(told->octets, told->ns), left = told->of - gw_min(told->of, told->pages);
    if (t->way != GW_TELL_REDRAW)
        return;
    fprintf(stderr, "\r%.40s: round %u, %" PRIu64 "%%, %s/s", t->name, told->number,
            told->of > 0 ? told->pages * 100 / gw_max(told->of, told->pages) : 100,
            gw_size_text(rate, sizeof rate, per_second));
    if (t->dirty_rate > 0)
        fprintf(stderr, ", written at %s/s", gw_size_text(dirty, sizeof dirty, t->dirty_rate));
    if (t->pause_ns > 0 && t->pause_ns < UINT64_MAX)
        fprintf(stderr, ", pause %.0f ms", (double)t->pause_ns / 1e6);
    if (per_second > 0)
        fprintf(stderr, ", %" PRIu64 " s left of it", left * GW_PAGE_LEN / per_second);
    fputs("\033[K", stderr);
    fflush(stderr);
    t->drawn = true;
}

static void tell_note(struct gw_teller *t, const struct gw_told *told)
{
    clear(t);
    gw_remark(told->text);
}

static void tell(void *arg, const struct gw_told *told)
{
    struct gw_teller *t = arg;
    if (t->way == GW_TELL_JSON)
        tell_json(told);
    else if (told->kind == GW_TOLD_NOTE)
        tell_note(t, told);
    else if (told->kind == GW_TOLD_ROUND)
        tell_round(t, told);
    else if (told->kind == GW_TOLD_PASSING)
        tell_passing(t, told);
}

gw_told_fn *gw_teller_open(struct gw_teller *t, const struct gw_args *args, const char *name)
{
    const char *how = args->value[OPT_PROGRESS] != NULL ? args->value[OPT_PROGRESS] : "auto";
    bool terminal = isatty(STDERR_FILENO) && tcgetpgrp(STDERR_FILENO) == getpgrp();
    *t = (struct gw_teller){ .name = name };
    if (strcmp(how, "json") == 0)
        t->way = GW_TELL_JSON;
    else if (strcmp(how, "plain") == 0)
        t->way = GW_TELL_PLAIN;
    else if (strcmp(how, "auto") == 0 && terminal)
        t->way = GW_TELL_REDRAW;
    return tell;
}

void gw_teller_close(struct gw_teller *t)
{
    clear(t);
}
