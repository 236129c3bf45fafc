/*
 * layout_x86.c - the tables of layout_x86.h as data.
 */
#include "bits_hvm.h"
#include "layout_x86.h"
#include "layout_tables.h"

GW_X86_LAYOUTS(GW_LAYOUT_DEFINE)
