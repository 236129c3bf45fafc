"""Faults of libvirt's save file and of xenopsd's suspend image."""

import wrap
from carriers import (X_DEMU, X_END, X_LIBXC, X_LIBXL, X_QEMU, X_QEMU_XEN, X_SWTPM, X_VARSTORED,
                      X_XENOPS, Item, Xenopsd, domain_xml, libvirt, vm_str, xenops_record, xenopsd)
from case import Case
from guests import Hvm, Pv
from streams import checkpointed, plain
from wrap import libxl
from xenf import NOTAB, PAGE, filled

MIB = 1 << 20
HVM, PV, PVH = plain(Hvm(3)), plain(Pv(3)), plain(Hvm(3, pvh=True))
STREAM = libxl(HVM, [wrap.emulator_context()])
QEMU = wrap.qemu_state()


def large_guest():
    """A guest of 4700 pages."""
    guest = Hvm(3, top=4799, special=4790)
    for pfn in range(4700):
        guest.memory[pfn] = (NOTAB, filled(pfn) if pfn < 16 else bytes(PAGE))
    return plain(guest)


def libvirt_cases():
    octets = libvirt(STREAM)
    xml = domain_xml()

    def bad(name, text):
        return Case('libvirt-xml-' + name, 'libvirt-xml', libvirt(STREAM, text))

    return [
        Case('libvirt-truncated', 'libvirt-truncated', octets[:63]),
        Case('libvirt-truncated-magic', 'libvirt-truncated', octets[:13]),
        Case('libvirt-truncated-xml', 'libvirt-truncated', octets[:100]),
        Case('libvirt-magic', 'libvirt-magic', libvirt(STREAM, magic=b'libvirt-xml\n \1 \r')),
        Case('libvirt-version-0', 'libvirt-version', libvirt(STREAM, version=0)),
        Case('libvirt-version-3', 'libvirt-version', libvirt(STREAM, version=3)),
        Case('libvirt-version-swapped', 'libvirt-version', libvirt(STREAM, version=2 << 24)),
        Case('libvirt-xml-length-0', 'libvirt-xml-length', libvirt(STREAM, length=0)),
        Case('libvirt-xml-length', 'libvirt-xml-length', libvirt(STREAM, length=16 * MIB + 1), size=18 * MIB),
        Case('libvirt-xml-length-huge', 'libvirt-xml-length', libvirt(STREAM, length=0xFFFFFFFF)),
        Case('libvirt-xml-nul', 'libvirt-xml-nul', libvirt(STREAM, nul=b'')),
        bad('root', xml.replace(b'domain', b'network')),
        bad('cut', xml[:-4]),
        bad('crossed', xml.replace(b'</vcpu>', b'</uuid>')),
        bad('two', xml + b'<domain/>'),
        bad('behind', xml + b'text'),
        bad('doctype', b'<!DOCTYPE domain [<!ENTITY a "b">]>' + xml),
        bad('attribute', xml.replace(b"type='xen'", b"type='xen")),
        bad('naked', xml.replace(b"type='xen'", b'type=xen')),
        bad('control', xml.replace(b'golden', b'gol\1den')),
        bad('utf8', xml.replace(b'golden', b'gol\xc3den')),
        bad('deep', domain_xml(more='<a>' * 80 + '</a>' * 80)),
        bad('comment', domain_xml(more='<!-- no end')),
        bad('empty', b''),
        Case('libvirt-unused', 'libvirt-unused', libvirt(STREAM, unused=bytes(39) + b'\1')),
        Case('libvirt-stream', 'libvirt-stream', libvirt(HVM.octets())),
        Case('libvirt-stream-legacy', 'ihdr-legacy', libvirt(STREAM, version=1)),
        Case('libvirt-type', 'xen-slots-summary', libvirt(libxl(HVM), domain_xml('pv'))),
        Case('libvirt-memory', 'page-memory-size',
             lambda: libvirt(libxl(large_guest(), [wrap.emulator_context()]), domain_xml(memory=1, unit='MiB'))),
        Case('libvirt-vcpus', 'ctx-instance', libvirt(STREAM, domain_xml(vcpus=1))),
    ]


def record_cases():
    """Faults of xenopsd's framing."""
    whole = xenopsd(HVM, qemu=QEMU)
    octets = whole.octets()
    end = whole.index(X_END)
    kinds = [Case('xenopsd-kind-%x' % kind, 'xenopsd-kind', whole.insert(at, Item(kind, bytes(8))))
             for kind in (X_LIBXL, X_QEMU_XEN, 0x0F14, 1 << 40) for at in (1, end)]
    for number, case in enumerate(kinds):
        case.name += '-%d' % (number % 2)
    return kinds + [
        Case('xenopsd-truncated', 'xenopsd-truncated', octets[:-3]),
        Case('xenopsd-truncated-signature', 'xenopsd-truncated', octets[:14]),
        Case('xenopsd-truncated-record', 'xenopsd-truncated', octets[:40]),
        Case('xenopsd-truncated-qemu', 'xenopsd-truncated', octets[:-20]),
        Case('xenopsd-truncated-image', 'rec-end-missing', octets[:-16 - len(QEMU) - 16 - 8]),
        Case('xenopsd-length', 'xenopsd-length', whole.replace(X_XENOPS, Item(X_XENOPS, length=16 * MIB + 1)),
             size=18 * MIB),
        Case('xenopsd-length-huge', 'xenopsd-length',
             whole.replace(X_XENOPS, Item(X_XENOPS, length=(1 << 64) - 1))),
        Case('xenopsd-records', 'xenopsd-records', whole.insert(end, *[Item(X_VARSTORED, b'vars')] * 64),
             may=['xenopsd-duplicate', 'xenopsd-order']),
        Case('xenopsd-end-missing', 'xenopsd-end-missing', octets[:-16]),
        Case('xenopsd-libxc-none', 'xenopsd-libxc', Xenopsd([Item(X_XENOPS, xenops_record()), Item(X_END)])),
        Case('xenopsd-libxc-two', 'xenopsd-libxc', whole.insert(end, Item(X_LIBXC, HVM.octets()))),
        Case('xenopsd-length-field', 'xenopsd-length-field', whole.replace(X_END, Item(X_END, length=1))),
        Case('xenopsd-length-field-libxc', 'xenopsd-length-field',
             whole.replace(X_LIBXC, Item(X_LIBXC, HVM.octets(), length=len(HVM.octets())))),
        Case('xenopsd-duplicate', 'xenopsd-duplicate', whole.insert(end, Item(X_QEMU, QEMU))),
        Case('xenopsd-order', 'xenopsd-order', whole.insert(end, Item(X_VARSTORED, b'vars'))),
        Case('xenopsd-order-swtpm', 'xenopsd-order',
             xenopsd(HVM, qemu=QEMU, between=[Item(X_SWTPM, b'dHBt'), Item(X_VARSTORED, b'vars')])),
        Case('xenopsd-demu', 'xenopsd-demu', whole.insert(2, Item(X_DEMU, b'opaque', length=0)),
             may=['xenopsd-trailing']),
        Case('xenopsd-trailing', 'xenopsd-trailing', whole.with_tail(bytes(4096))),
        Case('xenopsd-trailing-old', 'xenopsd-trailing', whole.with_tail(octets)),
    ]


def content_cases():
    """What stands in the records, beside the image."""
    long = wrap.qemu_state(MIB + 1)

    def bad(name, record):
        return Case('xenopsd-record-' + name, 'xenopsd-record', xenopsd(HVM, record, QEMU))

    return [
        bad('open', xenops_record()[:-1]),
        bad('more', xenops_record() + b'()'),
        bad('atom', b'time'),
        bad('empty', b''),
        bad('closed', b')('),
        bad('quote', b'((time "2026)(word_size 64))'),
        bad('no-time', b'((word_size 64)(xs_subtree()))'),
        bad('no-word-size', b'((time 2026)(xs_subtree((word_size 64))))'),
        bad('zeros', bytes(64)),
        bad('deep', b'(' * 300 + b'time' + b')' * 300),
        Case('xenopsd-record-none', 'xenopsd-record', Xenopsd([Item(X_LIBXC, PV.octets()), Item(X_END)])),
        Case('xenopsd-type', 'xenopsd-type', xenopsd(PV, xenops_record(vm_str('PVH')))),
        Case('xenopsd-type-hvm', 'xenopsd-type', xenopsd(PVH, xenops_record(vm_str('PV')))),
        Case('xenopsd-memory', 'page-memory-size',
             lambda: xenopsd(large_guest(), xenops_record(vm_str(memory=1 << 20)), QEMU)),
        Case('xenopsd-vcpus', 'vcpu-id-range', xenopsd(PV, xenops_record(vm_str('PV', vcpus=1)))),
        Case('xenopsd-checkpoint', 'xenopsd-checkpoint', xenopsd(checkpointed(Pv(3)))),
        Case('xenopsd-qemu-limit', 'xenopsd-qemu-limit', xenopsd(HVM, qemu=long)),
        Case('xenopsd-qemu-missing', 'xenopsd-qemu-missing', xenopsd(HVM)),
        Case('xenopsd-qemu-missing-vm', 'xenopsd-qemu-missing', xenopsd(HVM, xenops_record(vm_str()))),
        Case('xenopsd-qemu-guest', 'xenopsd-qemu-guest', xenopsd(PV, qemu=QEMU)),
        Case('xenopsd-qemu-guest-pvh', 'xenopsd-qemu-guest', xenopsd(PVH, xenops_record(vm_str('PVinPVH')), QEMU)),
    ]


def cases():
    return libvirt_cases() + record_cases() + content_cases()
