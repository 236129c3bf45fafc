/*
 * exec.h - the room's inside: a link to a program that is started for it.
 */
#ifndef GW_CHANNEL_EXEC_H
#define GW_CHANNEL_EXEC_H

#include "channel.h"

/* exec:COMMAND of gw_connect. */
struct gw_chan *exec_connect(const char *command, struct gw_err *err);

#endif
