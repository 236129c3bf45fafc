/*
 * error.c - the public face of struct gw_err, and what becomes of the errors of a program's callbacks.
 */
#include <errno.h>
#include <string.h>

#include "api.h"

#define SAME(public, own) _Static_assert((int)(public) == (int)(own), #public " is promised to programs")
SAME(GODWIT_OK, GW_E_OK);
SAME(GODWIT_SHORT, GW_E_SHORT);
SAME(GODWIT_INVALID, GW_E_INVALID);
SAME(GODWIT_REFUSED, GW_E_REFUSED);
SAME(GODWIT_USAGE, GW_E_USAGE);
SAME(GODWIT_SYSTEM, GW_E_SYSTEM);

struct gw_err *api_err(struct godwit_error *err, struct gw_err *unread)
{
    struct gw_err *own = err != NULL ? &err->err : unread;
    *own = GW_ERR_NONE;
    return own;
}

int api_answered(int64_t answer, uint64_t most, struct godwit_error *heard, const char *callback, struct gw_err *err)
{
    struct gw_err why = heard->err;
    heard->err = GW_ERR_NONE;
    if (answer >= 0 && (uint64_t)answer <= most)
        return 0;
    if (answer >= 0)
        return gw_fail(err, GW_E_USAGE, "the program's callback '%s' answers %lld, more than %llu", callback,
                       (long long)answer, (unsigned long long)most);
    if (why.code == GW_E_OK)
        return gw_fail(err, GW_E_REFUSED, "the program's callback '%s' failed and did not say why", callback);
    why.rule = NULL;
    why.placed = false;
    if (why.code == GW_E_SHORT)
        why.code = GW_E_INVALID;
    return gw_err_pass(err, &why);
}

struct godwit_error *godwit_error_new(void)
{
    struct gw_err ignored = GW_ERR_NONE;
    return gw_alloc(1, sizeof(struct godwit_error), &ignored);
}

void godwit_error_free(struct godwit_error *err)
{
    gw_free(err);
}

enum godwit_code godwit_error_code(const struct godwit_error *err)
{
    return err != NULL ? (enum godwit_code)err->err.code : GODWIT_OK;
}

const char *godwit_error_text(const struct godwit_error *err)
{
    return err != NULL ? err->err.msg : "";
}

const char *godwit_error_rule(const struct godwit_error *err)
{
    return err != NULL ? err->err.rule : NULL;
}

int godwit_error_place(const struct godwit_error *err, uint64_t *offset, uint64_t *record)
{
    if (err == NULL || !err->err.placed)
        return 0;
    if (offset != NULL)
        *offset = err->err.offset;
    if (record != NULL)
        *record = err->err.record;
    return 1;
}

int godwit_error_errno(const struct godwit_error *err)
{
    return err != NULL ? err->err.sys : 0;
}

int godwit_error_exit(const struct godwit_error *err)
{
    return err != NULL ? gw_err_status(&err->err) : 0;
}

int godwit_error_set(struct godwit_error *err, enum godwit_code code, const char *text)
{
    struct gw_err *own = API_ERR(err);
    bool known = code == GODWIT_SHORT || code == GODWIT_INVALID || code == GODWIT_USAGE || code == GODWIT_SYSTEM;
    gw_fail(own, GW_E_REFUSED, "%s", text != NULL ? text : "");
    if (known) /* not through gw_fail, which adds errno's text to what the system did */
        own->code = (enum gw_code)code;
    return -1;
}

int godwit_error_set_errno(struct godwit_error *err, int number, const char *text)
{
    errno = number;
    return gw_fail(API_ERR(err), GW_E_SYSTEM, "%s", text != NULL ? text : "");
}
