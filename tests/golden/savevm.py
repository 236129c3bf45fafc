"""QEMU's device state: written as QEMU would, in each version, with and without what it may say about itself."""

import json
import struct

EOF, START, PART, END, FULL, SUBSECTION, DESCRIPTION, CONFIGURATION, COMMAND = range(9)
FOOTER = 0x7E


def counted(name):
    octets = name.encode() if isinstance(name, str) else name
    return struct.pack('>B', len(octets)) + octets


class Field:
    """A field as QEMU describes it: octets for each element, or inner fields; repeat writes array_len."""

    def __init__(self, name, kind, octets=b'', inner=None, repeat=None, index=None):
        self.name, self.kind, self.inner, self.repeat, self.index = name, kind, inner, repeat, index
        self.one = octets if inner is None else inner.octets()

    def octets(self):
        return self.one * (1 if self.repeat is None else self.repeat)

    def described(self):
        told = {'name': self.name, 'type': self.kind, 'size': len(self.one)}
        if self.repeat is not None:
            told['array_len'] = self.repeat
        if self.index is not None:
            told['index'] = self.index
        if self.inner is not None:
            told['struct'] = self.inner.described()
        return told

    def listed(self, at, depth):
        """(depth, name, type, index, offset, length) of all that is shown of it."""
        found = []
        for number in range(1 if self.repeat is None else self.repeat):
            index = number if self.repeat is not None else self.index
            found.append((depth, self.name, self.kind, index, at, len(self.one)))
            if self.inner is not None:
                found += self.inner.listed(at, depth + 1)
            at += len(self.one)
        return found


class Part:
    """A structure, or a subsection: fields, then subsections."""

    def __init__(self, vmsd, fields, subsections=(), version=1):
        self.vmsd, self.fields, self.subsections, self.version = vmsd, list(fields), list(subsections), version

    def octets(self):
        heads = [b'\5' + counted(part.vmsd) + struct.pack('>I', part.version) + part.octets()
                 for part in self.subsections]
        return b''.join([field.octets() for field in self.fields] + heads)

    def described(self):
        told = {'vmsd_name': self.vmsd, 'version': self.version, 'fields': [f.described() for f in self.fields]}
        if self.subsections:
            told['subsections'] = [part.described() for part in self.subsections]
        return told

    def listed(self, at, depth):
        found = []
        for field in self.fields:
            found += field.listed(at, depth)
            at += len(field.octets())
        for part in self.subsections:
            head = 2 + len(part.vmsd) + 4
            found.append((depth, part.vmsd, 'subsection', None, at, head))
            found += part.listed(at + head, depth + 1)
            at += head + len(part.octets())
        return found


class Device(Part):
    """A whole device."""

    def __init__(self, ident, name, fields, subsections=(), instance=0, version=1):
        super().__init__(name.rsplit('/', 1)[-1], fields, subsections, version)
        self.ident, self.name, self.instance = ident, name, instance

    def head(self):
        numbers = struct.pack('>II', self.instance, self.version)
        return struct.pack('>BI', FULL, self.ident) + counted(self.name) + numbers

    def described(self):
        return {'name': self.name, 'instance_id': self.instance, **super().described()}


def blob(name, octets):
    return Field(name, 'buffer', octets)


def description(devices):
    text = json.dumps({'page_size': 4096, 'devices': [device.described() for device in devices]}).encode()
    return struct.pack('>BI', DESCRIPTION, len(text)) + text


def configuration(machine='pc-i440fx-7.2', more=b''):
    return struct.pack('>BI', CONFIGURATION, len(machine)) + machine.encode() + more


def state(devices, version=3, footers=False, described=False, config=b'', ended=True, tail=b''):
    """The octets, and where each device begins."""
    parts, places = [b'QEVM' + struct.pack('>I', version), config], []
    at = 8 + len(config)
    for device in devices:
        octets = device.head() + device.octets()
        if footers:
            octets += struct.pack('>BI', FOOTER, device.ident)
        places.append(at)
        parts.append(octets)
        at += len(octets)
    parts.append(b'\0' if ended else b'')
    if described:
        parts.append(description(devices))
    return b''.join(parts) + tail, places


def old_state(devices, version=1, total=None, tail=b''):
    """Versions 1 and 2: every device has its length."""
    body, places, at = b'', [], 8 if version == 1 else 16
    for device in devices:
        octets = device.octets()
        head = counted(device.name) + struct.pack('>III', device.instance, device.version, len(octets))
        places.append(at + len(body))
        body += head + octets
    size = struct.pack('>Q', len(body) if total is None else total) if version == 2 else b''
    return b'QEVM' + struct.pack('>I', version) + size + body + tail, places


def small_machine():
    """A few devices with all that a description knows; none of their octets looks like a header."""
    tlb = Part('tlb', [Field('tag', 'uint32', b'\0\0\0\x09'), Field('way', 'uint8', b'\x77')])
    return [
        Device(3, 'timer', [Field('ticks', 'int64', bytes(range(16, 24))), Field('unused', 'unused_buffer', b'')],
               version=2),
        Device(4, 'cpu', [Field('regs', 'uint64', b'\xAA' * 8, repeat=3), Field('tlb', 'struct', inner=tlb, repeat=2),
                          Field('way', 'uint8', b'\x01', index=0), Field('way', 'uint8', b'\x02', index=1)],
               [Part('cpu/poll', [Field('control', 'uint64', b'\xBB' * 8)],
                     [Part('cpu/poll/deep', [blob('data', b'\xCC' * 5)], version=3)])], version=12),
        Device(7, '0000:00:01.1/ide', [blob('data', bytes(40))], version=3),
        Device(9, 'serial', [blob('data', b'\x7e' * 9)], instance=1, version=3),
    ]
