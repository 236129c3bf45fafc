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
};

#define ROW(at, text, what)                                                                                            \
    {                                                                                                                  \
        (at), (text), sizeof(text) - 1, (what)                                                                         \
    }

static const struct foreign foreigns[] = {
    ROW(0, "libvirt-xml\n", "this is a save file of libvirt's Xen driver, which this godwit does not unwrap yet"),
    ROW(0, "XenSavedDomv2-\n",
        "this is a suspend image of xenopsd (XCP-ng, XenServer), which this godwit does not unwrap yet"),
    ROW(0, "XenSavedDomain\n",
        "this is an old suspend image of xapi around a legacy stream, which this godwit does not read"),
    ROW(0, "LinuxGuestRecord",
        "this is an image of xend (xm save) around a legacy stream, which this godwit does not read"),
    ROW(0, "LibvirtQemudSave", "this is a save file of libvirt's QEMU driver: a KVM guest, not a Xen image"),
    ROW(0, "LibvirtQemudPart",
        "this is an unfinished save file of libvirt's QEMU driver: a KVM guest, not a Xen image"),
    ROW(0, "QEVM", "this is QEMU's device state alone; the memory of a Xen guest is in the image that belongs to it"),
    ROW(0,
        "\x7f"
        "ELF",
        "this is an ELF file: a core dump can be analysed, but not restored"),
    ROW(0, "EMiL", "this is a LiME memory dump: memory alone, no image of a domain"),
    ROW(257, "ustar", "this is a tar archive: an XVA export holds disks, not the image of a running domain"),
    ROW(0, "BZh", "this file is packed with bzip2: unpack it first"),
    ROW(0, "xl migration receiver ready",
        "this is what xl's migration receiver answered; the image went the other way"),
};

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
    if (plausible && high < 0x10000)
        return "a 32-bit toolstack, of an HVM guest";
    return NULL;
}

void name_foreign(const uint8_t *mem, size_t len, char *text, size_t room)
{
    char head[80];
    for (unsigned i = 0; i < sizeof foreigns / sizeof foreigns[0]; i++) {
        const struct foreign *f = &foreigns[i];
        if (len >= f->offset + f->len && memcmp(mem + f->offset, f->octets, f->len) == 0) {
            snprintf(text, room, "%s", f->sentence);
            return;
        }
    }
    const char *kind = len >= 8 ? legacy_kind(mem) : NULL;
    if (kind != NULL)
        snprintf(text, room,
                 "this looks like a legacy stream (Xen 4.5 or older) from %s, which this godwit does not read", kind);
    else if (gw_is_zero(mem, len))
        snprintf(text, room, "the input begins with %zu zero octets: a transfer that went wrong, or a sparse file",
                 len);
    else
        snprintf(text, room, "this is not an image that godwit knows; it begins with '%s'",
                 gw_escape(head, sizeof head, mem, (size_t)gw_min(len, 16)));
}
