/*
 * landing.h - the inside of contents that pass: what payload.c and payload_land.c do for each other.
 */
#ifndef GW_LANDING_H
#define GW_LANDING_H

#include "xenf.h"

/* payload.c */
/* Octets [at, at + len) to every watcher, as far as it wants them. */
int payload_show(struct gw_payload *payload, uint64_t at, const uint8_t *mem, size_t len, struct gw_err *err);
/* The buffer, as far as len octets need it, becomes zero. */
void payload_clear_buffer(const struct gw_payload *payload, uint64_t len);

/* payload_land.c; `to` holds exactly payload->len octets */
/* What comes next in the channel. */
int payload_land_all(struct gw_payload *payload, const struct gw_seg *to, unsigned num, struct gw_err *err);
/* What landed before. */
int payload_copy_landed(struct gw_payload *payload, const struct gw_seg *to, struct gw_err *err);
/* Zeros: a file gives its octets back, so that no memory is taken for them; else they are written. */
int payload_clear_all(const struct gw_payload *payload, const struct gw_seg *to, unsigned num, struct gw_err *err);
/* Octets of a segment that lies in a file. */
int payload_file_get(const struct gw_seg *seg, size_t at, uint8_t *mem, size_t len, struct gw_err *err);

#endif
