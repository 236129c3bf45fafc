"""What stood around legacy images: files of xl, xend, libvirt 1 and xenopsd, and the two proposals of 2014."""

import json
import struct

from carriers import LIBVIRT_MAGIC, X_END, X_LIBXC_LEGACY, X_QEMU, X_XENOPS, Item, Xenopsd, domain_xml, xenops_record
from legacy import ul
from wrap import XL_MAGIC, config

XENOPSD_CLASSIC = b'XenSavedDomain\n'
XEND_MAGIC = b'LinuxGuestRecord'
TEXTS = {
    'hvm': 'name = "golden"\nbuilder = "hvm"\nmemory = 64\nmaxmem = 64\nvcpus = 2\ndisk = [ ]\n',
    'pv': 'name = "golden"\nkernel = "/boot/vmlinuz"\nmemory = 64\nvcpus = 2\ndisk = [ ]\n',
}


def xl_40(octets, kind):
    """Xen 4.0 to 4.4: the configuration is xl.cfg's text."""
    text = TEXTS[kind].encode()
    return xl_head(struct.pack('<I', len(text)) + text, 0) + octets


def xl_45(octets, kind):
    """Xen 4.5: JSON with its zero; the flag says so."""
    text = json.dumps(config(kind)).encode() + b'\0'
    return xl_head(struct.pack('<I', len(text)) + text, 1) + octets


def xl_head(data, flags):
    return XL_MAGIC + struct.pack('<IIII', 0x01020304, flags, 0, len(data)) + data


def sxp(kind):
    """The S-expression that xend stored."""
    image = '(hvm (kernel /usr/lib/xen/boot/hvmloader) (device_model /usr/lib/xen/bin/qemu-dm))' if kind == 'hvm' \
        else '(linux (kernel /boot/vmlinuz) (args "root=/dev/xvda1 ro"))'
    return ('(domain (domid 7) (name golden) (uuid 00112233-4455-6677-8899-aabbccddeeff) (vcpus 2) (memory 64) '
            '(maxmem 64) (on_reboot restart) (image %s))' % image)


def xend(octets, kind, text=None):
    config_octets = (sxp(kind) if text is None else text).encode()
    return XEND_MAGIC + struct.pack('>i', len(config_octets)) + config_octets + octets


def libvirt_1(octets, kind):
    text = domain_xml(kind) + b'\0'
    return LIBVIRT_MAGIC + struct.pack('<II', 1, len(text)) + bytes(40) + text + octets


def xenopsd_classic(octets):
    return XENOPSD_CLASSIC + octets


def xenopsd_record(octets, qemu=None, length=0):
    """XenSavedDomv2 with a record of kind Libxc_legacy; qemu: the state in a record of its own."""
    items = [Item(X_XENOPS, xenops_record(word_size=32)), Item(X_LIBXC_LEGACY, octets, length)]
    if qemu is not None:
        items.append(Item(X_QEMU, qemu))
    return Xenopsd(items + [Item(X_END)]).octets()


def proposal_a(octets):
    """2014, "64-bit clean": four octets of ones before an image of a 64-bit toolstack."""
    return b'\xff' * 4 + octets


def proposal_b(octets, width, more=b'', blocks=None):
    """2014, "stream info": a section of blocks, of which the project calls the one with the width "sinf"."""
    told = b'sinf' + struct.pack('<III', 8, width, 0) if blocks is None else blocks
    section = more + told
    return b'\xff' * 4 + struct.pack('<I', len(section)) + section + octets


__all__ = ['libvirt_1', 'proposal_a', 'proposal_b', 'sxp', 'ul', 'xend', 'xenopsd_classic', 'xenopsd_record', 'xl_40',
           'xl_45']
