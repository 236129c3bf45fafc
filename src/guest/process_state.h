/*
 * process_state.h - the generator's state as the registers of a PVH guest.
 *
 * Private to src/guest.
 */
#ifndef PROCESS_STATE_H
#define PROCESS_STATE_H

#include "guest.h"
#include "pvh.h"

/* What the records of such a guest say; gw_process_state_take is the way back. */
void process_to_pvh(const struct gw_process_state *state, struct pvh_state *out);

#endif
