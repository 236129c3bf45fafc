/*
 * layout_hvm_devices.c - the tables of layout_hvm_devices.h as data.
 */
#include "bits_hvm.h"
#include "layout_hvm_devices.h"
#include "layout_tables.h"

GW_HVM_DEVICE_LAYOUTS(GW_LAYOUT_DEFINE)
