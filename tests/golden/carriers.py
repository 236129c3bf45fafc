"""What other toolstacks put around an image: libvirt's save file, xenopsd's suspend image."""

import struct

from wrap import pieces, qemu_state

LIBVIRT_MAGIC = b'libvirt-xml\n \0 \r'
XENOPSD_SIGNATURE = b'XenSavedDomv2-\n'
X_XENOPS, X_LIBXC, X_LIBXL, X_LIBXC_LEGACY, X_QEMU, X_QEMU_XEN, X_DEMU = 0xF, 0xF0, 0xF1, 0xF2, 0xF00, 0xF01, 0xF10
X_VARSTORED, X_SWTPM0, X_SWTPM, X_END = 0xF11, 0xF12, 0xF13, 0xFFFF
OS_TYPES = {'hvm': 'hvm', 'pv': 'linux', 'pvh': 'xenpvh'}


def domain_xml(kind='hvm', memory=65536, unit='KiB', vcpus=2, name='golden', more=''):
    """A domain's definition as libvirt stores it."""
    return (
        "<domain type='xen'>\n  <name>%s</name>\n  <uuid>00112233-4455-6677-8899-aabbccddeeff</uuid>\n"
        "  <memory unit='%s'>%d</memory>\n  <vcpu placement='static'>%d</vcpu>\n"
        "  <os>\n    <type arch='x86_64' machine='xenfv'>%s</type>\n  </os>\n%s</domain>\n" % (
            name, unit, memory, vcpus, OS_TYPES[kind], more)).encode()


def libvirt(stream, xml=None, magic=LIBVIRT_MAGIC, version=2, length=None, unused=bytes(40), nul=b'\0'):
    """stream: what libxl() gives, or octets; xml: octets without the zero at the end."""
    text = (domain_xml() if xml is None else xml) + nul
    octets = stream if isinstance(stream, bytes) else stream.octets()
    return magic + struct.pack('<II', version, len(text) if length is None else length) + unused + text + octets


def quoted(text):
    return '"%s"' % text.replace('\\', '\\\\').replace('"', '\\"')


def vm_str(kind='HVM', name='golden vm', memory=65536 << 10, vcpus=2):
    """xenopsd's description of a guest; an atom with a blank in it is quoted."""
    name = quoted(name) if ' ' in name else name
    return ('((id 00112233-4455-6677-8899-aabbccddeeff)(name %s)(ty(%s((hap true)(memory 7))))'
            '(memory_static_max %d)(vcpu_max %d))' % (name, kind, memory, vcpus))


def xenops_record(vm=None, time='2026-08-21T10:00:00Z', word_size=64, subtree='()'):
    vm = '' if vm is None else '(vm_str%s)' % quoted(vm)
    return ('((time %s)(word_size %d)%s(xs_subtree%s))' % (time, word_size, vm, subtree)).encode()


class Item:
    """One record of xenopsd's: length None counts the body, which an image is not part of."""

    def __init__(self, kind, body=b'', length=None):
        self.kind, self.body = kind, body
        self.length = length if length is not None else 0 if kind == X_LIBXC else len(body)

    def octets(self):
        return struct.pack('<QQ', self.kind, self.length) + self.body


class Xenopsd:
    """A suspend image: items in order, then an optional tail."""

    def __init__(self, items, signature=XENOPSD_SIGNATURE, tail=b''):
        self.items, self.signature, self.tail = list(items), signature, tail

    def octets(self):
        return b''.join([self.signature] + [item.octets() for item in self.items] + [self.tail])

    def index(self, kind):
        return next(at for at, item in enumerate(self.items) if item.kind == kind)

    def insert(self, at, *items):
        return Xenopsd(self.items[:at] + list(items) + self.items[at:], self.signature, self.tail)

    def replace(self, kind, *items):
        at = self.index(kind)
        return Xenopsd(self.items[:at] + list(items) + self.items[at + 1:], self.signature, self.tail)

    def with_tail(self, tail):
        return Xenopsd(self.items, self.signature, tail)


def xenopsd(image, record=None, qemu=None, between=()):
    """As xenopsd writes it: qemu is the device model's state; between: what stands behind the image and before that."""
    items = [Item(X_XENOPS, xenops_record() if record is None else record),
             Item(X_LIBXC, b''.join(pieces(image))), *between]
    if qemu is not None:
        items.append(Item(X_QEMU, qemu))
    return Xenopsd(items + [Item(X_END)])


__all__ = ['Item', 'Xenopsd', 'domain_xml', 'libvirt', 'qemu_state', 'vm_str', 'xenops_record', 'xenopsd']
