"""Faults of what stands beside an image for its device model: QEMU's state, libxl's pairs for xenstore."""

import carriers
import savevm
import wrap
from case import Case
from guests import Hvm
from streams import plain
from wrap import emulator_context, emulator_xenstore, libxl

HVM = plain(Hvm(3))
MACHINE = savevm.small_machine()


def stream(*records):
    return libxl(HVM, records or [emulator_context()])


def model(name, rule, octets, **more):
    """The same state in a libxl stream and in a file of xenopsd."""
    return [Case(name, rule, stream(emulator_context(octets)), **more),
            Case(name + '-xenopsd', rule, carriers.xenopsd(HVM, qemu=octets), **more)]


def state_cases():
    whole, _ = savevm.state(MACHINE)
    start = b'\1' + (2).to_bytes(4, 'big') + savevm.counted('ram') + bytes(7) + b'\4' + bytes(16)
    return [
        *model('qemu-form', 'qemu-form', b'QEVN' + whole[4:]),
        *model('qemu-form-empty', 'qemu-form', b''),
        *model('qemu-form-short', 'qemu-form', b'QEVM\0\0\0'),
        *model('qemu-form-1', 'qemu-form', savevm.old_state(MACHINE)[0]),
        *model('qemu-form-2', 'qemu-form', savevm.old_state(MACHINE, version=2)[0]),
        *model('qemu-form-4', 'qemu-form', b'QEVM\0\0\0\4' + whole[8:]),
        *model('qemu-form-libxl', 'qemu-form', b'DeviceModelRecord0002' + len(whole).to_bytes(4, 'little') + whole),
        *model('qemu-form-xend', 'qemu-form', b'QemuDeviceModelRecord\n' + len(whole).to_bytes(4, 'big') + whole),
        *model('qemu-first', 'qemu-first', whole[:8] + b'\2' + bytes(8) + whole[8:]),
        *model('qemu-first-none', 'qemu-first', b'QEVM\0\0\0\3\0'),
        *model('qemu-end', 'qemu-end', whole[:-1]),
        *model('qemu-end-tail', 'qemu-end', savevm.state(MACHINE, footers=True, tail=b'old')[0]),
        *model('qemu-foreign-footers', 'qemu-foreign', savevm.state(MACHINE, footers=True)[0]),
        *model('qemu-foreign-configuration', 'qemu-foreign',
               savevm.state(MACHINE, config=savevm.configuration())[0]),
        *model('qemu-foreign-description', 'qemu-foreign', savevm.state(MACHINE, described=True)[0]),
        # What stands behind the first element is memory to QEMU: the kind of that element is odd under Xen as well.
        *model('qemu-ram', 'qemu-ram', savevm.state(MACHINE, config=start)[0], also=['qemu-first']),
    ]


def store_cases():
    good = [('physmap/f0000000/start_addr', 'f0000000'), ('physmap/f0000000/size', '800000'),
            ('physmap/f0000000/name', 'vga.vram')]

    def raw(name, rule, octets, **more):
        return Case(name, rule, stream(wrap.emulator(wrap.L_EMULATOR_XENSTORE, octets), emulator_context()), **more)

    def pairs(name, rule, items, **more):
        return Case(name, rule, stream(emulator_xenstore(items), emulator_context()), **more)

    return [
        raw('libxl-store-key-open', 'libxl-store', b'physmap/1/size'),
        raw('libxl-store-value-open', 'libxl-store', b'physmap/1/size\0' + b'800'),
        raw('libxl-store-value-missing', 'libxl-store', b'physmap/1/size\0'),
        raw('libxl-store-key-empty', 'libxl-store', b'\0value\0'),
        raw('libxl-store-key-root', 'libxl-store', b'/physmap/1/size\0' + b'800\0'),
        pairs('libxl-store-key-up', 'libxl-store-key', good + [('physmap/../secret', '1')]),
        pairs('libxl-store-key-odd', 'libxl-store-key', good + [('physmap/a b', '1')]),
        pairs('libxl-store-key-other', 'libxl-store-key', good + [('vnc-port', '5900')]),
        pairs('libxl-physmap-two', 'libxl-physmap', good[:2]),
        pairs('libxl-physmap-one', 'libxl-physmap', good + [('physmap/1/name', 'lone')]),
        pairs('libxl-physmap-number', 'libxl-physmap', [good[0], ('physmap/f0000000/size', '0x800'), good[2]]),
        pairs('libxl-physmap-address', 'libxl-physmap', good + [('physmap/g/size', '1')]),
        pairs('libxl-physmap-part', 'libxl-physmap', good + [('physmap/f0000000/colour', '1')]),
        pairs('libxl-physmap-many', 'libxl-physmap',
              [(key.replace('f0000000', '%x' % at), value) for at in range(300) for key, value in good]),
    ]


def cases():
    return state_cases() + store_cases()

