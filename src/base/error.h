/*
 * error.h - an error is a value that the caller owns.
 *
 * A function that can fail takes a struct gw_err * as its last argument (never NULL) and returns 0 or -1. The first
 * failure wins: later ones, say from a clean-up, change nothing. The library prints nothing; src/cmd prints once.
 * Messages: lower case, no full stop, what failed first, names in 'single quotes', both numbers of a comparison.
 */
#ifndef GW_ERROR_H
#define GW_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* name, exit status of the command, sentence for people. What a caller does differently is what makes a code. */
#define GW_CODES(X)                                                                                                    \
    X(OK, 0, "no error")                                                                                               \
    X(SHORT, 1, "the input ends too early")                                                                            \
    X(INVALID, 1, "the input is not what it must be")                                                                  \
    X(REFUSED, 1, "refused")                                                                                           \
    X(USAGE, 2, "wrong use")                                                                                           \
    X(SYSTEM, 3, "the system failed")

enum gw_code {
#define X(name, status, text) GW_E_##name,
    GW_CODES(X)
#undef X
};

#define GW_ERR_MSG_MAX 640

struct gw_err {
    enum gw_code code;
    int sys;          /* errno, for GW_E_SYSTEM */
    const char *rule; /* id of the rule that the input breaks, a string constant; NULL when no rule names it */
    bool placed;      /* offset (and record) are set */
    uint64_t offset;  /* octets from the start of the uncompressed input */
    uint64_t record;  /* number of the image's record, from 1; 0: outside of any record */
    char msg[GW_ERR_MSG_MAX];
};

/* The input simply ended, and nobody has said yet what that means: a layer that knows says it in its own terms. */
static inline bool gw_err_is_cut(const struct gw_err *err)
{
    return err->code == GW_E_SHORT && err->rule == NULL;
}

/* A fresh error: nothing failed yet. */
#define GW_ERR_NONE ((struct gw_err){ .code = GW_E_OK })

/* Says that something failed; always -1. GW_E_SYSTEM keeps errno and appends its text. */
__attribute__((format(printf, 3, 4))) int gw_fail(struct gw_err *err, enum gw_code code, const char *fmt, ...);

/* The input breaks the rule of that id (a row of src/verify/rules.h): GW_E_INVALID; always -1. */
__attribute__((format(printf, 3, 4))) int gw_refuse(struct gw_err *err, const char *rule, const char *fmt, ...);

/* The same where the input ends before it may: GW_E_SHORT; always -1. */
__attribute__((format(printf, 3, 4))) int gw_ends(struct gw_err *err, const char *rule, const char *fmt, ...);

/* Puts a sentence in front: "cannot open 'a'" + "because ..."; always -1. Does nothing to an error that is not set. */
__attribute__((format(printf, 2, 3))) int gw_because(struct gw_err *err, const char *fmt, ...);

/* Hands on what failed in a part that was given an error of its own; always -1. */
int gw_err_pass(struct gw_err *err, const struct gw_err *why);

/* Says where, once: the first place wins, for the innermost layer knows best; always -1. */
int gw_err_place(struct gw_err *err, uint64_t offset, uint64_t record);

/* Exit status of the command for this error (0, 1, 2 or 3). */
int gw_err_status(const struct gw_err *err);

#endif
