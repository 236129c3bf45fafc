/*
 * legacy_rounds.c - rounds of which later ones come compressed: not resolved yet.
 */
#include "legacy.h"

struct legacy_rounds *legacy_rounds_new(const struct legacy_walk *walk, int spool, struct gw_err *err)
{
    (void)walk;
    (void)spool;
    gw_fail(err, GW_E_REFUSED, "checkpoints with compressed pages are not read yet");
    return NULL;
}

int legacy_rounds_batch(struct legacy_rounds *rounds, const struct legacy_batch *batch, struct gw_err *err)
{
    (void)rounds;
    (void)batch;
    (void)err;
    return 0;
}

int legacy_rounds_chunk(struct legacy_rounds *rounds, const struct legacy_chunk *chunk, struct gw_err *err)
{
    (void)rounds;
    (void)chunk;
    (void)err;
    return 0;
}

int legacy_rounds_tell(struct legacy_rounds *rounds, struct legacy_emit *emit, struct gw_err *err)
{
    (void)rounds;
    (void)emit;
    (void)err;
    return 0;
}

void legacy_rounds_free(struct legacy_rounds *rounds)
{
    (void)rounds;
}
