/*
 * foreign.c - what else a file may be, and what to do with it: one row per beginning that people bring (libxl-stream
 * section 5), then the four forms of a legacy stream (legacy images have a zero bit in octets 0 to 7: section 2).
 */
#include <stdio.h>
#include <string.h>

#include "layers.h"

struct foreign {
    size_t offset;
    const char *octets;
    size_t len;
    const char *sentence;
    bool of_xen; /* it belongs to Xen's world, and its beginning is no accident */
};

#define ROW(at, text, what)                                                                                            \
    {                                                                                                                  \
        (at), (text), sizeof(text) - 1, (what), false                                                                  \
    }
#define XEN_ROW(at, text, what)                                                                                        \
    {                                                                                                                  \
        (at), (text), sizeof(text) - 1, (what), true                                                                   \
    }

static const struct foreign foreigns[] = {
    ROW(0, "LibvirtQemudSave",
        "this is a save file of libvirt's QEMU driver: a KVM guest, not a Xen image; virsh restore takes it"),
    ROW(0, "LibvirtQemudPart",
        "this is an unfinished save file of libvirt's QEMU driver: a KVM guest, not a Xen image, and not whole"),
    ROW(0, "QEVM", "this is QEMU's device state alone; the memory of a Xen guest is in the image that belongs to it"),
    XEN_ROW(
        0, "QemuDeviceModelRecord\n",
        "this is a device model's state, as xend and xapi wrote it behind a legacy stream; the memory is before it"),
    XEN_ROW(0, "DeviceModelRecord0002",
            "this is a device model's state, as libxl wrote it behind a legacy stream; the memory is before it"),
    XEN_ROW(0, "\xed\xeb\x0f\xf0",
            "this is a core dump of a PV guest by an old Xen: it can be analysed, but not restored"),
    XEN_ROW(0, "\xee\xeb\x0f\xf0",
            "this is a core dump of an HVM guest by an old Xen: it can be analysed, but not restored"),
    ROW(0, "KDUMP   ", "this is a compressed kdump, for the crash utility: it can be analysed, but not restored"),
    ROW(0, "DISKDUMP", "this is a diskdump, for the crash utility: it can be analysed, but not restored"),
    ROW(0, "EMiL", "this is a LiME memory dump: memory alone, no image of a domain"),
    ROW(0, "AVML", "this is an AVML memory dump: memory alone, no image of a domain"),
    ROW(0, "ova.xml\0",
        "this is an XVA export of XCP-ng or XenServer: disks and metadata; the memory of a suspended guest is one of "
        "its disks, whose blocks have to be put together first"),
    ROW(257, "ustar", "this is a tar archive: unpack it and look at the files in it"),
    ROW(0, "conectix",
        "this is a VHD disk; when it is a suspend disk, 'qemu-img convert -O raw' takes the image out of it"),
    ROW(0, "QFI\xfb",
        "this is a qcow2 disk; when it is a suspend disk, 'qemu-img convert -O raw' takes the image out of it"),
    ROW(0, "BZh", "this file is packed with bzip2: unpack it first"),
    ROW(0, "\x89LZO", "this file is packed with lzop: unpack it first"),
    ROW(0, "PK\3\4", "this is a zip archive: unpack it first"),
    XEN_ROW(0, "xl migration receiver ready",
            "this is what xl's migration receiver answered; the image went the other way"),
    XEN_ROW(0, "PUT /services/xenops/migrate/",
            "this is the beginning of a captured move between two xenopsd: the image begins behind its empty line"),
    ROW(0, "<domain", "this is libvirt's definition of a domain, not an image; convert takes it with --config"),
    ROW(0, "{", "this looks like a configuration in JSON, not an image; convert takes xl's with --config"),
    ROW(0, "name", "this looks like a guest's configuration, not an image"),
    ROW(0, "SSH-", "this is what ssh said before any image came: the transfer went wrong"),
    ROW(0, "Killed", "this is what a shell said of a command that was killed: there is no image"),
};

bool foreign_beginning(unsigned number, struct gw_beginning *out)
{
    for (unsigned i = 0; i < sizeof foreigns / sizeof foreigns[0]; i++) {
        const struct foreign *f = &foreigns[i];
        if (!f->of_xen || number-- > 0)
            continue;
        *out = (struct gw_beginning){ NULL, f->offset, f->len, f->octets, f->sentence };
        return true;
    }
    return false;
}

#define ELF_MAGIC                                                                                                      \
    "\x7f"                                                                                                             \
    "ELF"
#define ELF_CORE 4
#define XEN_DUMPCORE 0x2000000u /* the first of the types of notes that Xen's core dumps have */

/* A note of that owner, of that type or a little above, somewhere in the octets. */
static bool has_note(const uint8_t *mem, size_t len, const char *owner, uint32_t type)
{
    uint32_t size = (uint32_t)strlen(owner) + 1;
    for (size_t at = 0; at + 12 + size <= len; at += 4) {
        struct gw_cur cur = gw_cur(mem + at, len - at);
        uint32_t owner_size = gw_u32(&cur);
        gw_take(&cur, 4);
        uint32_t found = gw_u32(&cur);
        if (owner_size == size && found - type < 16 && memcmp(gw_take(&cur, size), owner, size) == 0)
            return true;
    }
    return false;
}

static const char *elf_kind(const uint8_t *mem, size_t len)
{
    struct gw_cur cur = gw_cur(mem, len);
    gw_take(&cur, 16);
    if (gw_u16(&cur) != ELF_CORE)
        return "this is an ELF file, a program or a library: no image";
    if (has_note(mem, len, "Xen", XEN_DUMPCORE))
        return "this is a core dump of a Xen guest (xl dump-core): it can be analysed, but not restored, for it has no "
               "device state";
    if (has_note(mem, len, "QEMU", 0))
        return "this is a memory dump of a guest by QEMU: it can be analysed, but not restored";
    return "this is an ELF core dump: it can be analysed, but not restored";
}

static const char *known(const uint8_t *mem, size_t len)
{
    for (unsigned i = 0; i < sizeof foreigns / sizeof foreigns[0]; i++) {
        const struct foreign *f = &foreigns[i];
        if (len >= f->offset + f->len && memcmp(mem + f->offset, f->octets, f->len) == 0)
            return f->sentence;
    }
    return NULL;
}

bool is_foreign(const uint8_t *mem, size_t len)
{
    return known(mem, len) != NULL;
}

/* R22: octets 4 to 7 tell the toolstack's word size and the kind of guest. */
static const char *legacy_kind(const uint8_t *mem)
{
    struct gw_cur cur = gw_cur(mem, 8);
    uint32_t low = gw_u32(&cur), high = gw_u32(&cur);
    bool plausible = low > 0 && low < 0x10000000;
    if (plausible && high == 0)
        return "a 64-bit toolstack";
    if (plausible && high == UINT32_MAX)
        return "a 32-bit toolstack, of a PV guest";
    if (plausible && (high < 0x10000 || high > (uint32_t)-64))
        return "a 32-bit toolstack, of an HVM guest";
    return NULL;
}

void name_foreign(const uint8_t *mem, size_t len, char *text, size_t room)
{
    char head[80];
    const char *sentence = known(mem, len);
    if (sentence != NULL) {
        snprintf(text, room, "%s", sentence);
        return;
    }
    if (len >= 18 && memcmp(mem, ELF_MAGIC, 4) == 0) {
        snprintf(text, room, "%s", elf_kind(mem, len));
        return;
    }
    const char *kind = len >= 8 ? legacy_kind(mem) : NULL;
    if (kind != NULL)
        snprintf(text, room, "this begins like a legacy image (Xen 4.5 or older) from %s, but what follows is none",
                 kind);
    else if (gw_is_zero(mem, len))
        snprintf(text, room, "the input begins with %zu zero octets: a transfer that went wrong, or a sparse file",
                 len);
    else
        snprintf(text, room, "this is not an image that godwit knows; it begins with '%s'",
                 gw_escape(head, sizeof head, mem, (size_t)gw_min(len, 16)));
}
