/*
 * stored.h - a stored image as a guest that moves: the kind image:, from which guests only leave.
 *
 * A source, image:KEY=VALUE,...,file=PATH
 *     file=PATH          the image, of any age and in any wrapping; the last key: all that follows is its name
 *     accept-loss=1      what was salvaged of a damaged image goes as well; 0
 *     lossy=1            what the wrapping carries beside the image, and what does not travel, is left behind; 0
 *     max-guest=SIZE     guests up to that size are taken; 1024G
 *     legacy-width=WORD, legacy-guest=WORD
 *                        as the options of the commands that read images: 32 or 64, pv or hvm
 *
 * The guest is suspended from the start, and resume lets nothing run. The file is held for this godwit alone (flock),
 * read once to be judged (describe), and a second time while it leaves; it is never changed, and stays when the guest
 * has moved. The guest is found again by image:file= and the absolute name.
 *
 * Knows no other host and no options of commands. Where an image stands and what is right in one are the business of
 * the rooms below.
 */
#ifndef GW_STORED_H
#define GW_STORED_H

#include "base.h"
#include "channel.h"
#include "xenf.h"
#include "verify.h"
#include "guest.h"
#include "engine.h"
#include "wrap.h"
#include "image.h"
#include "change.h"

/* For gw_guest_add_kind. */
extern const struct gw_guest_kind gw_stored_kind;

#endif
