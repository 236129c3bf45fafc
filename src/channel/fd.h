/*
 * fd.h - the room's inside: descriptors, beyond what everybody may ask of them.
 */
#ifndef GW_CHANNEL_FD_H
#define GW_CHANNEL_FD_H

#include "channel.h"

/* The descriptor that the next octets come from (write: go to) as they stand; -1: a layer holds or changes them. */
int chan_bare(const struct gw_chan *chan, bool write);

/* What follows when the channel was closed, once, its descriptors first. arg is given to it. */
void fd_then(struct gw_chan *chan, void (*then)(void *arg), void *arg);

#endif
