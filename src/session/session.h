/*
 * session.h - two hosts that hand a guest over: the one header that other rooms include.
 */
#ifndef GW_SESSION_H
#define GW_SESSION_H

#include "talk.h"
#include "move.h"

#endif
