/*
 * base.h - what every room stands on: errors by value, octets with an end, checked sums, maps, clocks.
 *
 * This is the one header that other rooms include. Nothing below src/base knows of Xen, files or guests.
 */
#ifndef GW_BASE_H
#define GW_BASE_H

#include "error.h"
#include "checked.h"
#include "memory.h"
#include "limits.h"
#include "bytes.h"
#include "bitmap.h"
#include "sparse.h"
#include "undo.h"
#include "cancel.h"
#include "clock.h"
#include "zero.h"
#include "text.h"

#endif
