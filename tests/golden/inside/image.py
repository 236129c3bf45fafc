"""A reader of images that shares nothing with the C code: finds the XENF stream in its wrapping, gives its records.

Knows bare streams, libxl streams, xl's files, libvirt's and xenopsd's. Octets are those of the unpacked file.
"""

import struct

MARKER = b'\xff' * 8 + b'XENF'
XL_MAGIC = bytes.fromhex('58656e20736176656420646f6d61696e2c20786c20666f726d61740a2000200d')
XENOPSD = b'XenSavedDomv2-\n'
LIBVIRT = (b'libvirt-xml\n \0 \r', b'LibvirtxlSaveImg')
END, CHECKPOINT = 0, 14
LIBXL_CHECKPOINT_END, STATE_HEAD = 4, struct.pack('<II', 5, 4)


class Broken(Exception):
    """The octets are no image."""


class Record:
    """number: the first behind the headers is 1; offset: of the record's header in the file."""

    def __init__(self, number, kind, offset, body):
        self.number, self.kind, self.offset, self.body = number, kind, offset, body

    @property
    def body_offset(self):
        return self.offset + 8

    @property
    def octets(self):
        return 8 + padded(len(self.body))


def padded(length):
    return (length + 7) // 8 * 8


class Image:
    """records; pv; version; xen: (major, minor); libxl: whether a libxl stream is around it.

    complete: the number of the last CHECKPOINT whose checkpoint is complete, 0 without one.
    """

    def __init__(self, octets):
        self.octets = memoryview(octets)
        self.libxl = False
        self.begin = self.find(bytes(self.octets[:64]))
        self.headers()
        self.records, self.complete = [], 0
        self.end = self.walk(self.begin + 40)

    def find(self, head):
        """Where the marker stands."""
        if head.startswith(MARKER):
            return 0
        if head.startswith(b'LibxlFmt'):
            return self.in_libxl(0)
        if head.startswith(XL_MAGIC):
            return self.in_libxl(48 + struct.unpack_from('<I', head, 44)[0])
        if head.startswith(XENOPSD):
            return self.in_xenopsd(len(XENOPSD))
        at = bytes(self.octets[:1 << 22]).find(MARKER)
        if at < 0:
            raise Broken('no marker in the first 4 MiB')
        self.libxl = bytes(self.octets[max(at - 24, 0):at]).startswith(b'LibxlFmt')
        return at

    def in_libxl(self, at):
        self.libxl = True
        ident, version, _ = struct.unpack_from('>8sII', self.octets, at)
        kind, length = struct.unpack_from('<II', self.octets, at + 16)
        if ident != b'LibxlFmt' or version != 2 or (kind, length) != (1, 0):
            raise Broken('no LIBXC_CONTEXT at %#x' % at)
        return at + 24

    def in_xenopsd(self, at):
        while True:
            kind, length = struct.unpack_from('<QQ', self.octets, at)
            at += 16
            if kind == 0xF0:
                return at
            at += length

    def headers(self):
        marker, ident, self.version = struct.unpack_from('>8s4sI', self.octets, self.begin)
        if marker + ident != MARKER:
            raise Broken('no marker at %#x' % self.begin)
        kind, shift, _, major, minor = struct.unpack_from('<IHHII', self.octets, self.begin + 24)
        if kind not in (1, 2) or shift != 12:
            raise Broken('domain header')
        self.pv, self.xen = kind == 1, (major, minor)

    def walk(self, at):
        """All records; where they end. A checkpoint in a libxl stream is followed by records of libxl's own."""
        while at < len(self.octets):
            kind, length = struct.unpack_from('<II', self.octets, at)
            if at + 8 + length > len(self.octets):
                raise Broken('record at %#x is cut' % at)
            self.records.append(Record(len(self.records) + 1, kind, at, self.octets[at + 8:at + 8 + length]))
            at += 8 + padded(length)
            if kind == END:
                break
            if kind == CHECKPOINT:
                at = self.over_libxl(at) if self.libxl else self.is_complete(at)
        return at

    def over_libxl(self, at):
        while at + 8 <= len(self.octets):
            kind, length = struct.unpack_from('<II', self.octets, at)
            at += 8 + padded(length)
            if kind == LIBXL_CHECKPOINT_END:
                self.complete = len(self.records)
                break
        while self.octets[at:at + 8] == STATE_HEAD:
            at += 16  # COLO: no record of an image has this type and so few octets
        return at

    def is_complete(self, at):
        self.complete = len(self.records)
        return at

    def all(self, kind):
        return [record for record in self.records if record.kind == kind]
