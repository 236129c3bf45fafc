/*
 * script.c - failures on order, and a log of calls.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "script.h"

static const char *const names[NUM_SLOTS] = {
#define X(name) [SLOT_##name] = #name,
    SCRIPT_SLOTS(X)
#undef X
};

void script_init(struct script *script, enum script_slot first, enum script_slot last)
{
    *script = (struct script){ .first = first, .last = last };
    int failed = pthread_mutex_init(&script->lock, NULL);
    assert(failed == 0);
}

void script_free(struct script *script)
{
    pthread_mutex_destroy(&script->lock);
    gw_buf_free(&script->log);
}

bool script_order(struct script *script, const char *text)
{
    size_t len = strcspn(text, ":");
    uint64_t call;
    if (text[len] == '\0' || !gw_spec_number(text + len + 1, &call) || call == 0)
        return false;
    for (enum script_slot slot = script->first; slot <= script->last; slot++)
        if (strlen(names[slot]) == len && memcmp(names[slot], text, len) == 0) {
            script->fail_at[slot] = call;
            return true;
        }
    return false;
}

int script_call(struct script *script, enum script_slot slot, struct gw_err *err)
{
    pthread_mutex_lock(&script->lock);
    uint64_t call = ++script->num_calls[slot];
    if (script->log.len > 0)
        gw_put_u8(&script->log, ' ');
    gw_put(&script->log, names[slot], strlen(names[slot]));
    pthread_mutex_unlock(&script->lock);
    if (call != script->fail_at[slot])
        return 0;
    errno = EIO;
    return gw_fail(err, GW_E_SYSTEM, "the model fails on order, in call %llu of %s", (unsigned long long)call,
                   names[slot]);
}

const char *script_log(struct script *script)
{
    pthread_mutex_lock(&script->lock);
    gw_put_u8(&script->log, '\0');
    assert(!script->log.bad);
    script->log.len--;
    pthread_mutex_unlock(&script->lock);
    return (const char *)script->log.mem;
}
