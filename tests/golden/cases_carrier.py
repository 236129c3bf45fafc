"""Faults of what stands around an image: compression, the xl header, the libxl stream."""

import json
import lzma
import struct

import wrap
import xenf
from case import Case, put
from guests import Hvm, Pv
from streams import checkpointed, plain
from wrap import L_CHECKPOINT_END, L_END, L_LIBXC_CONTEXT, XL_JSON, XL_LIBXL, config, libxl, xl, xl_header
from xenf import Record

MIB = 1 << 20
HVM, PV, PVH = plain(Hvm(3)), plain(Pv(3)), plain(Hvm(3, pvh=True))
QEMU = [wrap.emulator_context()]
STREAM, PV_STREAM = libxl(HVM, QEMU), libxl(PV)


def unpack_cases():
    packed = lzma.compress(HVM.octets())
    middle = len(packed) // 2
    # Unpacking goes in blocks of 64 KiB, and a block with a fault in it is lost: here the last one is full.
    filler = -(len(HVM.octets()) + 8) % 65536
    whole = lzma.compress(HVM.insert(HVM.find(xenf.END), xenf.Record(0x80000077, bytes(filler))).octets())
    flipped = packed[:middle] + bytes([packed[middle] ^ 0xFF]) + packed[middle + 1:]
    return [
        # Cut behind all of the image's octets, and not packed at all behind them.
        Case('unpack-trailing', 'unpack-trailing', whole[:-4]),
        Case('unpack-trailing-junk', 'unpack-trailing', whole + b'left over'),
        Case('unpack-damaged', 'unpack-damaged', packed[:-400]),
        Case('unpack-damaged-early', 'unpack-damaged', packed[:20]),
        # What comes out of damaged data may be cut or wrong in any way.
        Case('unpack-damaged-middle', 'unpack-damaged', flipped,
             may=['rec-truncated-body', 'rec-truncated-header', 'rec-end-missing', 'dhdr-truncated', 'ihdr-truncated']),
        Case('unpack-damaged-xl', 'unpack-damaged', lzma.compress(xl(PV_STREAM, config('pv')))[:-400]),
    ]


def xl_cases():
    octets = xl(STREAM)
    hvm_config = config('hvm')
    text = json.dumps(hvm_config).encode()
    bare = {'c_info': hvm_config['c_info']}
    file = STREAM.octets()
    return [
        Case('xl-truncated', 'xl-truncated', octets[:47]),
        Case('xl-truncated-magic', 'xl-truncated', octets[:33]),
        Case('xl-truncated-config', 'xl-truncated', octets[:100]),
        Case('xl-magic', 'xl-magic', xl(STREAM, magic=wrap.XL_MAGIC[:28] + b'\1' + wrap.XL_MAGIC[29:])),
        Case('xl-byteorder', 'xl-byteorder', xl(STREAM, byteorder=0x04030201)),
        Case('xl-byteorder-none', 'xl-byteorder', xl(STREAM, byteorder=0)),
        Case('xl-flags', 'xl-flags', xl(STREAM, flags=XL_JSON | XL_LIBXL | 4)),
        Case('xl-flags-high', 'xl-flags', xl(STREAM, flags=XL_JSON | XL_LIBXL | 1 << 31)),
        Case('xl-optional-flags', 'xl-optional-flags', xl(STREAM, optional=1)),
        Case('xl-optional-length', 'xl-optional-length', xl(STREAM, config_length=len(text) + 2)),
        Case('xl-optional-length-3', 'xl-optional-length',
             wrap.XL_MAGIC + struct.pack('<IIII', 0x01020304, 3, 0, 3) + bytes(3) + file),
        Case('xl-optional-length-huge', 'xl-optional-length', xl(STREAM, config_length=0xFFFFFFFF)),
        Case('xl-optional-more', 'xl-optional-more', xl(STREAM, more=b'more')),
        Case('xl-optional-limit', 'xl-optional-limit', xl(STREAM, length=32 * MIB + 1), size=34 * MIB),
        Case('xl-optional-limit-huge', 'xl-optional-limit', xl(STREAM, length=0xFFFFFFFF)),
        Case('xl-config-missing', 'xl-config-missing', xl_header() + file),
        Case('xl-config-nul', 'xl-config-nul', xl(STREAM, text)),
        Case('xl-config-json', 'xl-config-json', xl(STREAM, text[:-1] + b'\0')),
        Case('xl-config-json-array', 'xl-config-json', xl(STREAM, b'[]\0')),
        Case('xl-config-json-part', 'xl-config-json', xl(STREAM, bare)),
        Case('xl-stream', 'xl-stream', xl(HVM.octets())),
        Case('xl-stream-flag', 'ihdr-legacy', xl(STREAM, flags=XL_JSON)),
        Case('xl-handshake', 'xl-handshake', xl(STREAM.changed(tail=wrap.XL_GO))),
        Case('xl-after-end', 'rec-after-end', xl(STREAM.changed(tail=wrap.XL_GO[:-1]))),
        Case('libxl-after-end', 'rec-after-end', STREAM.changed(tail=bytes(8))),
        Case('xen-slots-summary', 'xen-slots-summary', xl(libxl(HVM), config('pv'))),
        Case('xen-slots-summary-hvm', 'xen-slots-summary', xl(PV_STREAM, config('hvm')),
             may=['libxl-emulator-missing']),
    ]


def stream_cases():
    octets, last = STREAM.octets(), STREAM.index(L_END)
    qemu_at = len(octets) - 8 - len(QEMU[0])
    padded = wrap.emulator_context(wrap.qemu_state(301))
    padded.pad = 7
    return [
        Case('libxl-truncated-header', 'libxl-truncated', octets[:15]),
        Case('libxl-truncated-record', 'libxl-truncated', octets[:-3]),
        Case('libxl-truncated-body', 'libxl-truncated', octets[:qemu_at + 40]),
        Case('libxl-truncated-first', 'libxl-truncated', octets[:20]),
        Case('libxl-ident', 'libxl-ident', STREAM.changed(header=wrap.libxl_header(ident=b'LibxlFmu')),
             may=['ihdr-legacy']),
        Case('libxl-ident-in-xl', {'libxl-ident', 'xl-stream'},
             xl(STREAM.changed(header=wrap.libxl_header(ident=b'LibxlFmu')))),
        Case('libxl-version', 'libxl-version', STREAM.changed(header=wrap.libxl_header(version=1))),
        Case('libxl-big-endian', 'libxl-big-endian', STREAM.changed(header=wrap.libxl_header(options=1))),
        Case('libxl-options', 'libxl-options', STREAM.changed(header=wrap.libxl_header(options=4))),
        Case('libxl-options-high', 'libxl-options', STREAM.changed(header=wrap.libxl_header(options=1 << 31))),
        Case('libxl-converted', 'libxl-converted', STREAM.changed(header=wrap.libxl_header(options=2))),
        Case('libxl-type', 'libxl-type', STREAM.insert(last, Record(6, b'\1'))),
        Case('libxl-type-optional', 'libxl-type-optional', STREAM.insert(last, Record(0x80000001, b'\1'))),
        Case('libxl-padding', 'libxl-padding', STREAM.replace(2, padded)),
        Case('libxl-body-end', 'libxl-body', STREAM.replace(last, wrap.libxl_end(bytes(8)))),
        Case('libxl-body-context', 'libxl-body', STREAM.replace(0, Record(L_LIBXC_CONTEXT, bytes(8)))),
        Case('libxl-body-checkpoint', 'libxl-body', checkpoints(wrap.checkpoint_end(bytes(8)))),
        Case('libxl-context-none', 'libxl-context', wrap.Libxl([wrap.libxl_end()])),
        # The emulator's record comes before the one that has to be first: that is the wrong order as well.
        Case('libxl-context-late', 'libxl-context', wrap.Libxl([QEMU[0], *libxl(HVM).parts]), may=['libxl-order']),
        Case('libxl-end-missing', 'libxl-end-missing', STREAM.drop(last)),
        Case('libxl-end-missing-pv', 'libxl-end-missing', PV_STREAM.drop(PV_STREAM.index(L_END))),
        # The image inside is cut: there is no END of libxl behind it either.
        Case('libxl-image-cut', {'rec-truncated-body'}, octets[:100 + 56], may=['libxl-end-missing']),
        Case('libxl-length', 'libxl-length',
             STREAM.replace(2, Record(wrap.L_EMULATOR_CONTEXT, b'', length=32 * MIB + 8)), size=34 * MIB),
        Case('libxl-order', 'libxl-order', libxl(HVM, QEMU + [wrap.emulator_xenstore()])),
    ]


def emulator_cases():
    context, short = wrap.L_EMULATOR_CONTEXT, Record(wrap.L_EMULATOR_CONTEXT, b'\2\0\0\0')
    unknown = wrap.emulator_context(emulator_id=wrap.QEMU_UNKNOWN)
    old = [wrap.emulator_context(emulator_id=wrap.QEMU_TRADITIONAL)]
    remus = libxl(checkpointed(Hvm(3)), QEMU)
    return [
        Case('libxl-emulator-guest', 'libxl-emulator-guest', libxl(PV, QEMU)),
        Case('libxl-emulator-guest-pvh', 'libxl-emulator-guest', xl(libxl(PVH, QEMU), config('pvh'))),
        Case('libxl-emulator-missing', 'libxl-emulator-missing', libxl(HVM)),
        Case('libxl-emulator-missing-xl', 'libxl-emulator-missing', xl(libxl(HVM))),
        Case('libxl-emulator-missing-checkpoint', 'libxl-emulator-missing', remus.drop(remus.index(context, 1))),
        Case('libxl-emulator-duplicate', 'libxl-emulator-duplicate', libxl(HVM, QEMU + QEMU)),
        Case('libxl-emulator-duplicate-checkpoint', 'libxl-emulator-duplicate',
             remus.insert(remus.index(context, 1), *QEMU)),
        # A record without its header is the state of no emulator.
        Case('libxl-emulator-short', 'libxl-emulator-short', libxl(HVM, [short]), may=['libxl-emulator-missing']),
        Case('libxl-emulator-short-store', 'libxl-emulator-short',
             libxl(HVM, [Record(wrap.L_EMULATOR_XENSTORE, b''), *QEMU])),
        Case('libxl-emulator-id', 'libxl-emulator-id', libxl(HVM, [wrap.emulator_context(emulator_id=3)])),
        Case('libxl-emulator-id-index', 'libxl-emulator-id', libxl(HVM, [wrap.emulator_context(index=1)])),
        Case('libxl-emulator-unknown', 'libxl-emulator-unknown', libxl(HVM, [unknown])),
        Case('libxl-emulator-target', 'libxl-emulator-target', libxl(HVM, old)),
        Case('libxl-emulator-target-4.21', 'libxl-emulator-target', libxl(HVM, old), options=['--for-xen', '4.21']),
    ]


def checkpoints(end_record, nth=1):
    stream = libxl(checkpointed(Hvm(3)), QEMU)
    return stream.replace(stream.index(L_CHECKPOINT_END, nth), end_record)


def checkpoint_cases():
    stream = libxl(checkpointed(Hvm(3)), QEMU)
    ended = stream.index(L_CHECKPOINT_END)
    image = checkpointed(Pv(2))
    again = put(image, xenf.CHECKPOINT, xenf.checkpoint(), nth=0)
    cut = again.offset(again.find(xenf.CHECKPOINT) + 1)
    octets = again.octets()
    headers = [Record(L_LIBXC_CONTEXT), octets[:cut], wrap.checkpoint_end(), octets[:40] + octets[cut:]]

    def state(record):
        return stream.insert(ended + 1, record)

    return [
        Case('libxl-ckpt-end', 'libxl-ckpt', STREAM.insert(STREAM.index(L_END), wrap.checkpoint_end())),
        Case('libxl-ckpt-state-in-plain', 'libxl-ckpt', STREAM.insert(STREAM.index(L_END), wrap.checkpoint_state())),
        Case('libxl-ckpt-state-place', 'libxl-ckpt', stream.insert(ended, wrap.checkpoint_state())),
        Case('libxl-ckpt-state-plain', 'libxl-ckpt-state',
             STREAM.insert(STREAM.index(L_END), wrap.checkpoint_state(body=b'')), also=['libxl-ckpt']),
        Case('libxl-ckpt-state-empty', 'libxl-ckpt-state', state(wrap.checkpoint_state(body=b''))),
        Case('libxl-ckpt-state-long', 'libxl-ckpt-state', state(wrap.checkpoint_state(body=bytes(8)))),
        Case('libxl-ckpt-state-id', 'libxl-ckpt-state', state(wrap.checkpoint_state(4))),
        # With the carrier's third checkpoint missing, what follows the headers is incomplete at most.
        Case('carrier-no-newheader-libxl', 'carrier-no-newheader', wrap.Libxl(headers), may=['ckpt-incomplete']),
        # A checkpoint counts once libxl's part of it is there.
        Case('ckpt-incomplete-libxl', 'ckpt-incomplete', stream.drop(stream.index(L_CHECKPOINT_END, 2)),
             may=['libxl-end-missing']),
        Case('ckpt-incomplete-libxl-cut', 'ckpt-incomplete', stream.octets()[:-30]),
    ]


def cases():
    return unpack_cases() + xl_cases() + stream_cases() + emulator_cases() + checkpoint_cases()
