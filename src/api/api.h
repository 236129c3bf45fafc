/*
 * api.h - the inside of libgodwit's public surface: what its objects are, and what its files share.
 *
 * The room translates between include/godwit and the rooms, no more: it judges nothing and decodes nothing. Nobody
 * includes this header but the room. Public functions never abort on what a program hands them; what the rooms take for
 * granted (their asserts) is checked here first.
 */
#ifndef GW_API_H
#define GW_API_H

#include <godwit/godwit.h>

#include "base.h"
#include "channel.h"
#include "xenf.h"
#include "verify.h"
#include "wrap.h"
#include "report.h"

struct godwit_error {
    struct gw_err err;
};

struct godwit_image {
    struct gw_wrap *wrap;
    uint64_t max_pfn;
    bool ran, running;
    bool closing; /* closed by a callback of its run, which frees it */
};

/* What is particular to a kind of sinks. */
struct api_kind {
    const char *name;
    /* Makes inner when a run begins; NULL: it is there since the sink is. */
    struct gw_sink *(*begin)(struct godwit_sink *sink, const struct godwit_image *image, struct gw_err *err);
    void (*close)(struct godwit_sink *sink); /* of what the sink holds beside inner, which is closed before; or NULL */
};

/* First member of every public sink, which is one block of memory. */
struct godwit_sink {
    const struct api_kind *kind;
    struct gw_sink *inner; /* what the producer speaks to */
    bool ran, running, closing;
    struct gw_err failure; /* of the run */
};

/* --- errors (error.c) -------------------------------------------------------------------------------------------- */

/* The error of a call: the caller's, or one that nobody reads; empty. */
struct gw_err *api_err(struct godwit_error *err, struct gw_err *unread);
#define API_ERR(err) api_err(err, &(struct gw_err){ .code = GW_E_OK })

/*
 * What a callback's answer comes to: 0 for 0 to most, else -1 with err set. heard: the error that the callback was
 * given; emptied. What it says of rule and place is about something else, and a cut is the library's to say.
 */
int api_answered(int64_t answer, uint64_t most, struct godwit_error *heard, const char *callback, struct gw_err *err);

/* --- inputs (input.c) -------------------------------------------------------------------------------------------- */

/* A channel over a program's callbacks; *input is copied. Its close is called also on failure. */
struct gw_chan *api_input(const struct godwit_input *input, struct gw_err *err);

/* --- outputs (output.c) ------------------------------------------------------------------------------------------ */

/* As api_input. */
struct gw_chan *api_output(const struct godwit_output *output, struct gw_err *err);

/* --- layouts (layout.c) ------------------------------------------------------------------------------------------ */

/* NULL stays NULL. */
const struct godwit_layout *api_layout(const struct gw_layout *layout);

/* --- structures that grow (grow.c) ------------------------------------------------------------------------------- */

/* A program's order to own, whose size is room. theirs NULL: all zero. */
int api_order(void *own, size_t room, const void *theirs, struct gw_err *err);
/* An answer into theirs, which says its size; -1: that cannot be. */
int api_answer(void *theirs, const void *own, size_t room);

/* --- sinks (sink.c) ---------------------------------------------------------------------------------------------- */

/* An object of size octets that begins with a sink; inner (may be NULL) is given, also on failure. */
void *api_sink(size_t size, const struct api_kind *kind, struct gw_sink *inner, struct gw_err *err);
/* The verdict, once it was given; NULL: there is none, or the sink is no verifier. */
const struct gw_verdict *api_verdict(const struct godwit_sink *verifier);
/* The sink is of that kind, else GW_E_USAGE. */
int api_is(const struct godwit_sink *sink, const struct api_kind *kind, struct gw_err *err);
/* It was closed meanwhile, in a callback: now its memory goes. True: it is gone. */
bool api_closed(struct godwit_sink *sink);

#endif
