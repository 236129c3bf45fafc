/*
 * legacy_model.h - the room's inside: the record of the device model's state that stood behind an HVM guest's image,
 * in the four forms that there were (legacy 7.3).
 */
#ifndef GW_LEGACY_MODEL_H
#define GW_LEGACY_MODEL_H

#include "channel.h"

enum legacy_model_form {
    LEGACY_MODEL_NONE,
    LEGACY_MODEL_TO_END, /* xend, and xl of Xen 4.0: no length */
    LEGACY_MODEL_0002,   /* libxl from Xen 4.1 on, and a later xenopsd */
    LEGACY_MODEL_REMUS,  /* xend's remus */
    LEGACY_MODEL_XAPI    /* xapi and the first xenopsd */
};

struct legacy_model {
    enum legacy_model_form form;
    uint64_t offset; /* of the record, in the channel's counting */
    const uint8_t *body;
    size_t body_len;
};

/*
 * Takes the record that comes next; where none stands nothing is taken, and out->form is NONE. body: room, owned by the
 * caller, in which the state lies afterwards. Where a state without a length tells its own end (QEMU's versions 1 and
 * 2), what stands behind it is left. chan: one that can peek. GW_E_SHORT where the input ends inside, GW_E_INVALID
 * where it is longer than is read; neither names a rule.
 */
int legacy_model_read(struct gw_chan *chan, struct gw_buf *body, struct legacy_model *out, struct gw_err *err);

#endif
