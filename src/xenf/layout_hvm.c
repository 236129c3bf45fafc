/*
 * layout_hvm.c - the tables of layout_hvm.h as data.
 */
#include "bits.h"
#include "bits_hvm.h"
#include "layout_hvm.h"
#include "layout_x86.h"
#include "layout_tables.h"

GW_HVM_LAYOUTS(GW_LAYOUT_DEFINE)
