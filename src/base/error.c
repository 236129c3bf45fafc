/*
 * error.c - making, wrapping and placing errors. Nothing here allocates or prints.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"

static const int statuses[] = {
#define X(name, status, text) [GW_E_##name] = (status),
    GW_CODES(X)
#undef X
};

__attribute__((format(printf, 3, 0))) static void say(struct gw_err *err, enum gw_code code, const char *fmt,
                                                      va_list ap)
{
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    err->code = code;
}

int gw_fail(struct gw_err *err, enum gw_code code, const char *fmt, ...)
{
    int sys = errno; /* first: nothing may change it before */
    assert(code != GW_E_OK);
    if (err->code != GW_E_OK)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    say(err, code, fmt, ap);
    va_end(ap);
    if (code == GW_E_SYSTEM) {
        size_t len = strlen(err->msg);
        err->sys = sys;
        snprintf(err->msg + len, sizeof err->msg - len, ": %s",
                 strerrordesc_np(sys) ? strerrordesc_np(sys) : "unknown error");
    }
    return -1;
}

int gw_refuse(struct gw_err *err, const char *rule, const char *fmt, ...)
{
    assert(rule != NULL);
    if (err->code != GW_E_OK)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    say(err, GW_E_INVALID, fmt, ap);
    va_end(ap);
    err->rule = rule;
    return -1;
}

int gw_ends(struct gw_err *err, const char *rule, const char *fmt, ...)
{
    assert(rule != NULL);
    if (err->code != GW_E_OK)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    say(err, GW_E_SHORT, fmt, ap);
    va_end(ap);
    err->rule = rule;
    return -1;
}

int gw_because(struct gw_err *err, const char *fmt, ...)
{
    char inner[GW_ERR_MSG_MAX], outer[GW_ERR_MSG_MAX];
    if (err->code == GW_E_OK)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(outer, sizeof outer, fmt, ap);
    va_end(ap);
    memcpy(inner, err->msg, sizeof inner);
    /* Cutting is what fixed room means: the sentence in front stays whole, the cause loses its end. */
    size_t len = strnlen(outer, sizeof err->msg - 1);
    memcpy(err->msg, outer, len);
    inner[sizeof inner - sizeof "\nbecause "] = '\0';
    snprintf(err->msg + len, sizeof err->msg - len, "\nbecause %.*s", (int)(sizeof err->msg - 1 - len), inner);
    return -1;
}

int gw_err_pass(struct gw_err *err, const struct gw_err *why)
{
    assert(why->code != GW_E_OK);
    if (err->code == GW_E_OK)
        *err = *why;
    return -1;
}

int gw_err_place(struct gw_err *err, uint64_t offset, uint64_t record)
{
    if (!err->placed) {
        err->placed = true;
        err->offset = offset;
        err->record = record;
    }
    return -1;
}

int gw_err_status(const struct gw_err *err)
{
    assert((size_t)err->code < sizeof statuses / sizeof statuses[0]);
    return statuses[err->code];
}
