/*
 * xenf.h - the domain image itself: what a record is, codecs, contents that pass, sinks, reader, writer, totals.
 *
 * This is the one header of the room. Facts are from the format's reference (libxc-stream), whose sections are named.
 * xenf knows nothing of files that surround an image (wrap), of judging (verify) or of guests.
 */
#ifndef GW_XENF_H
#define GW_XENF_H

#include "base.h"
#include "channel.h"

#include "records.h"
#include "codec.h"
#include "bits.h"
#include "bits_hvm.h"
#include "layout.h"
#include "layout_x86.h"
#include "layout_hvm.h"
#include "layout_hvm_devices.h"
#include "layout_pv.h"
#include "layout_list.h"
#include "hvm_entries.h"
#include "hvm_params.h"
#include "xstate.h"
#include "cpuid.h"
#include "msrs.h"
#include "release.h"
#include "structures.h"
#include "payload.h"
#include "sink.h"
#include "reader.h"
#include "writer.h"
#include "totals.h"
#include "page_sum.h"

#endif
