/*
 * carry.h - papers inside of a paper: what one toolstack wrote, in a place that another's reader ignores, so that it is
 * there again on the way back.
 *
 *   xl        a last member "godwit" of the JSON object: unknown members are ignored
 *   libvirt   an element of its own in <metadata>: libvirt keeps what is in there
 *   xenopsd   pairs in xs_subtree, which no reader ever used
 *
 * Octets go as base64. Taking them out again leaves the paper as it was before, octet for octet.
 */
#ifndef GW_CARRY_H
#define GW_CARRY_H

#include "pack.h"
#include "xml.h" /* struct span */

/* What may be carried; a name for each in every language. */
enum carried { CARRIED_XL_JSON, CARRIED_XL_TEXT, CARRIED_XL_MORE, CARRIED_LIBVIRT, CARRIED_XENOPS, NUM_CARRIED };

/* Each item once at most; an empty span is not there. */
struct cargo {
    struct span items[NUM_CARRIED];
};

/*
 * Takes what is carried out of a paper's text. cargo: the items in base64, borrowed from *taken, which the caller
 * frees. Where nothing of ours is, nothing changes.
 */
int carry_out(enum paper_kind kind, struct gw_buf *text, struct cargo *cargo, struct gw_buf *taken, struct gw_err *err);
/* Puts items (octets) into a paper's text. *fits: false, and nothing changed, where that has no place for them. */
int carry_in(enum paper_kind kind, struct gw_buf *text, const struct cargo *cargo, bool *fits, struct gw_err *err);

/* To the end of out; false where it is no base64. */
bool from_base64(struct span text, struct gw_buf *out);

#endif
