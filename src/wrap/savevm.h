/*
 * savevm.h - a QEMU's device state as it lies in an image (qemu-savevm): listed by sections, and by fields where the
 * state describes itself. Pure: octets in, an array out. It never says what a device's state means.
 *
 * A section of version 3 has no length. It is known from the state's own description (never in what QEMU writes under
 * Xen), sure with footers (nor there), and else likely: each section ends where the next header is found.
 */
#ifndef GW_SAVEVM_H
#define GW_SAVEVM_H

#include "xenf.h"

/* How much is known of where sections end. */
enum gw_qemu_measure { GW_QEMU_NOTHING, GW_QEMU_LIKELY, GW_QEMU_FOOTERS, GW_QEMU_LENGTHS, GW_QEMU_DESCRIBED };

enum gw_qemu_element {
    GW_QEMU_EOF = 0x00,
    GW_QEMU_START = 0x01,
    GW_QEMU_PART = 0x02,
    GW_QEMU_END = 0x03,
    GW_QEMU_FULL = 0x04,
    GW_QEMU_SUBSECTION = 0x05,
    GW_QEMU_DESCRIPTION = 0x06,
    GW_QEMU_CONFIGURATION = 0x07,
    GW_QEMU_COMMAND = 0x08,
    GW_QEMU_FOOTER = 0x7e
};

/* A device. Offsets count from the state's first octet. */
struct gw_qemu_section {
    uint8_t element; /* GW_QEMU_FULL, GW_QEMU_START; FULL for versions 1 and 2 */
    uint8_t name_len;
    const char *name; /* borrowed from the state; any octets in versions 1 and 2 */
    uint32_t id, instance, version;
    size_t offset, body, length;
    size_t device; /* of the description's devices, with GW_QEMU_DESCRIBED */
};

struct gw_qemu {
    struct gw_device_state facts;
    enum gw_qemu_measure measure;
    const uint8_t *mem; /* the state, borrowed */
    size_t len;
    const char *machine; /* of a CONFIGURATION; machine_len octets of it, borrowed; NULL: none */
    size_t machine_len;
    struct gw_qemu_section *sections; /* facts.num_sections of them */
    size_t cap;
    void *description; /* savevm_desc.c's */
};

/* -1 only when there is no memory: a state that is none says so in its facts. state: borrowed until gw_qemu_free. */
int gw_qemu_read(struct gw_cur state, struct gw_qemu *out, struct gw_err *err);
void gw_qemu_free(struct gw_qemu *qemu);

/* A field of a section, as the description tells it. */
struct gw_qemu_field {
    unsigned depth;        /* how many structures it stands in */
    const char *name;      /* borrowed for the call; a structure's and a subsection's come before what is in them */
    const char *type;      /* "uint32", "buffer", "struct", "subsection" ... an open set */
    uint64_t index;        /* of an array's element, UINT64_MAX otherwise */
    size_t offset, length; /* in the state */
};
typedef int gw_qemu_field_fn(void *arg, const struct gw_qemu_field *field, struct gw_err *err);

/* The fields of a section of a described state; none of any other. */
int gw_qemu_fields(const struct gw_qemu *qemu, uint32_t section, gw_qemu_field_fn *fn, void *arg, struct gw_err *err);

/* What libxl keeps for an old QEMU in EMULATOR_XENSTORE_DATA: memory that the guest has moved (libxl-stream 3.1). */
struct gw_physmap {
    uint64_t phys_offset, start_addr, size;
    char name[64];
};
typedef int gw_physmap_fn(void *arg, const struct gw_physmap *entry, struct gw_err *err);

/* The pairs behind the record's 8 octets of header. fn: each entry that is complete; may be NULL. */
int gw_store_read(struct gw_cur pairs, struct gw_device_store *out, gw_physmap_fn *fn, void *arg, struct gw_err *err);

#endif
