/*
 * fd.h - the room's inside: what a descriptor channel does beyond what everybody may ask of it.
 */
#ifndef GW_CHANNEL_FD_H
#define GW_CHANNEL_FD_H

#include "channel.h"

/* What follows when the channel was closed, once, its descriptors first. arg is given to it. */
void fd_then(struct gw_chan *chan, void (*then)(void *arg), void *arg);

#endif
