"""What stands around an image: the libxl stream, and the xl file around that."""

import json
import struct

from xenf import CHECKPOINT, Record

L_END, L_LIBXC_CONTEXT, L_EMULATOR_XENSTORE, L_EMULATOR_CONTEXT, L_CHECKPOINT_END, L_CHECKPOINT_STATE = range(6)
QEMU_UNKNOWN, QEMU_TRADITIONAL, QEMU_UPSTREAM = range(3)

XL_MAGIC = bytes.fromhex('58656e20736176656420646f6d61696e2c20786c20666f726d61740a2000200d')
XL_JSON, XL_LIBXL = 1, 2
XL_GO = b'domain is yours, you are cleared to unpause\0'  # what a migration's sender says behind the stream


def libxl_header(ident=b'LibxlFmt', version=2, options=0):
    return ident + struct.pack('>II', version, options)


def emulator(kind, blob, emulator_id=QEMU_UPSTREAM, index=0):
    return Record(kind, struct.pack('<II', emulator_id, index) + blob)


def qemu_state(size=300):
    """The beginning and the end of a QEMU state; the middle is of no interest to the stream."""
    first = b'QEVM' + struct.pack('>I', 3) + b'\4' + struct.pack('>IB', 0, 5) + b'timer' + struct.pack('>II', 0, 2)
    return (first + bytes(size))[:size - 1] + b'\0'


def emulator_context(blob=None, **fields):
    return emulator(L_EMULATOR_CONTEXT, qemu_state() if blob is None else blob, **fields)


def emulator_xenstore(pairs=None, **fields):
    if pairs is None:
        pairs = [('physmap/f0000000/start_addr', 'f0000000'), ('physmap/f0000000/size', '800000'),
                 ('physmap/f0000000/name', 'vga.vram')]
    data = b''.join(key.encode() + b'\0' + value.encode() + b'\0' for key, value in pairs)
    return emulator(L_EMULATOR_XENSTORE, data, **fields)


def libxl_end(body=b''):
    return Record(L_END, body)


def checkpoint_end(body=b''):
    return Record(L_CHECKPOINT_END, body)


def checkpoint_state(state=0, body=None):
    return Record(L_CHECKPOINT_STATE, struct.pack('<I', state) if body is None else body)


class Libxl:
    """A libxl stream: header, records (Record) and pieces of the image (bytes), in order, then an optional tail."""

    def __init__(self, parts, header=None, tail=b''):
        self.parts, self.tail = list(parts), tail
        self.header = libxl_header() if header is None else header

    def octets(self):
        parts = [part if isinstance(part, bytes) else part.octets() for part in self.parts]
        return b''.join([self.header] + parts + [self.tail])

    def index(self, kind, nth=0):
        found = [at for at, part in enumerate(self.parts) if isinstance(part, Record) and part.kind == kind]
        return found[nth]

    def changed(self, parts=None, header=None, tail=None):
        return Libxl(self.parts if parts is None else parts, self.header if header is None else header,
                     self.tail if tail is None else tail)

    def insert(self, at, *parts):
        return self.changed(self.parts[:at] + list(parts) + self.parts[at:])

    def replace(self, at, *parts):
        return self.changed(self.parts[:at] + list(parts) + self.parts[at + 1:])

    def drop(self, *indices):
        return self.changed([part for at, part in enumerate(self.parts) if at not in indices])


def pieces(image):
    """The image cut behind each CHECKPOINT; the last piece may be empty."""
    found, part = [], [image.headers()]
    for record in image.records:
        part.append(record.octets())
        if record.kind == CHECKPOINT:
            found.append(b''.join(part))
            part = []
    return found + [b''.join(part)]


def libxl(image, emulators=(), colo=False):
    """The stream that libxl writes: emulators are its records of each checkpoint, or of the plain image."""
    *cut, last = pieces(image)
    parts = [Record(L_LIBXC_CONTEXT)]
    for number, piece in enumerate(cut):
        if number and colo:
            parts.append(checkpoint_state())
        parts += [piece, *emulators, checkpoint_end()]
    if not cut:
        parts += [last, *emulators, libxl_end()]
    elif last:
        parts.append(last)
    return Libxl(parts)


def config(kind='hvm', max_memkb=65536, max_vcpus=2, video_memkb=None, **more):
    """A guest's configuration as libxl prints it."""
    build = {'max_vcpus': max_vcpus, 'avail_vcpus': list(range(max_vcpus)), 'max_memkb': max_memkb,
             'target_memkb': max_memkb}
    if video_memkb is not None:
        build['video_memkb'] = video_memkb
    build['type.' + kind] = {}
    return {'c_info': {'type': kind, 'name': 'golden', 'uuid': '00112233-4455-6677-8899-aabbccddeeff'},
            'b_info': build, 'disks': [], 'on_reboot': 'restart', **more}


def xl_header(cfg=None, flags=XL_JSON | XL_LIBXL, magic=XL_MAGIC, byteorder=0x01020304, optional=0, length=None,
              config_length=None, more=b''):
    """cfg: a configuration (dict), or octets, or None for no optional data at all; more: optional data behind it."""
    data = b''
    if cfg is not None:
        octets = cfg if isinstance(cfg, bytes) else json.dumps(cfg).encode() + b'\0'
        data = struct.pack('<I', len(octets) if config_length is None else config_length) + octets + more
    return magic + struct.pack('<IIII', byteorder, flags, optional, len(data) if length is None else length) + data


def xl(stream, cfg=None, **fields):
    """An xl file: stream is what libxl() gives, or octets."""
    octets = stream if isinstance(stream, bytes) else stream.octets()
    return xl_header(config() if cfg is None else cfg, **fields) + octets
