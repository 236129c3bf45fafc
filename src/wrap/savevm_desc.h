/*
 * savevm_desc.h - what savevm.c and savevm_desc.c share.
 */
#ifndef GW_SAVEVM_DESC_H
#define GW_SAVEVM_DESC_H

#include "layers.h"
#include "savevm.h"

/* savevm.c */
struct gw_qemu_section *add_section(struct gw_qemu *q, const struct gw_qemu_section *section, struct gw_err *err);
/* A section's header at that place, if one can stand there. */
bool section_at(const struct gw_qemu *q, size_t at, struct gw_qemu_section *out);
bool footer_at(const struct gw_qemu *q, size_t at, uint32_t id);

/* savevm_desc.c */
/* A description at the state's end: q->description, and *end, which was the state's, is where its element begins. */
int read_description(struct gw_qemu *q, size_t *end, struct gw_err *err);
/* The sections as the description tells them, all the way to EOF; false: it does not fit, or err is set. */
bool walk_described(struct gw_qemu *q, size_t from, size_t end, struct gw_err *err);
void free_description(struct gw_qemu *q);

#endif
