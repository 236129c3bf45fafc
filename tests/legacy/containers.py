"""What stands around a legacy image, by each one's own description: xl, xend, libvirt 1, xenopsd, 2014's proposals."""

import struct

XL_MAGIC = bytes.fromhex('58656e20736176656420646f6d61696e2c20786c20666f726d61740a2000200d')
LIBVIRT = b'libvirt-xml\n \0 \r'
XEND = b'LinuxGuestRecord'
CLASSIC, SECOND = b'XenSavedDomain\n', b'XenSavedDomv2-\n'


class Wrapping:
    """kind: as the digests call it, or None; begin, end: of the image; blobs: texts; width: where it is told."""

    def __init__(self, kind=None, begin=0, end=None, blobs=None, width=None, qemu=None):
        self.kind, self.begin, self.end, self.blobs = kind, begin, end, blobs or {}
        self.width, self.qemu = width, qemu


def unwrap(data):
    if data.startswith(XL_MAGIC):
        length, = struct.unpack_from('<I', data, 44)
        config, = struct.unpack_from('<I', data, 48)
        return Wrapping('xl', 48 + length, blobs={'xl-config': data[52:52 + config]})
    if data.startswith(XEND):
        length, = struct.unpack_from('>i', data, 16)
        return Wrapping('xend', 20 + length, blobs={'xend-config': data[20:20 + length]})
    if data.startswith(LIBVIRT):
        version, length = struct.unpack_from('<II', data, 16)
        assert version == 1
        return Wrapping('libvirt-v1', 64 + length, blobs={'libvirt-xml': data[64:64 + length]})
    if data.startswith(CLASSIC):
        return Wrapping('xenopsd', len(CLASSIC))
    if data.startswith(SECOND):
        return records(data)
    if data[:4] == b'\xff' * 4:
        return proposal(data)
    return Wrapping()


def proposal(data):
    """Of 2014: A has a 64-bit image at octet 4, B a section of blocks that names the width."""
    total, = struct.unpack_from('<I', data, 4)
    if data[8:12] == bytes(4):
        return Wrapping('proposal-a', 4, width=8)
    at, width = 8, None
    while at < 8 + total:
        ident, size = struct.unpack_from('<4sI', data, at)
        if ident == b'sinf':
            width, = struct.unpack_from('<I', data, at + 8)
        at += 8 + size
    return Wrapping('proposal-b', at, width=width)


def records(data):
    """xenopsd's: the image has no length, so its end is looked for from the file's end."""
    at = len(SECOND)
    while True:
        kind, length = struct.unpack_from('<QQ', data, at)
        at += 16
        if kind == 0xF2:
            break
        at += length
    end = len(data) - 16
    assert struct.unpack_from('<Q', data, end)[0] == 0xFFFF
    qemu = None
    found = data.rfind(struct.pack('<Q', 0xF00), at, end)
    if found > 0 and found + 16 + struct.unpack_from('<Q', data, found + 8)[0] == end:
        qemu, end = data[found + 16:end], found
    return Wrapping('xenopsd', at, end, qemu=qemu)
