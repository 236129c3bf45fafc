"""Structures as text: one member a line, its offset by C's rules of alignment, checked against the reference's numbers.

    layout('hvm_hw_lapic', 24, '''
        u64 apic_base_msr
        u32 disabled timer_divisor
        u64 tdt_msr''')

A line names a type and members: NAME or NAME[COUNT]. Types: u8 u16 u32 u64 s8 s64; octets (an array of octets that is
printed as hex); bits (an array of octets that is a bitmap); vectors (256 bits, 32 of them in every 16 octets); text;
or the name of another layout. A line "@0x200" asserts the offset at which the next member begins; ">0x200" leaves
octets out up to there; "optional" says that a shorter form may end here.
"""

import re

WIDTHS = {'u8': 1, 'u16': 2, 'u32': 4, 'u64': 8, 's8': 1, 's64': 8, 'vectors': 128}
LAYOUTS = {}


def set_bits(octets):
    number = int.from_bytes(octets, 'little')
    return [bit for bit in range(8 * len(octets)) if number >> bit & 1]


class Field:
    """A member: count is None for a single one, 0 for as many as there are; inner: the layout of a nested structure."""

    def __init__(self, name, kind, offset, width, count):
        self.name, self.kind, self.offset, self.width, self.count = name, kind, offset, width, count
        self.inner = LAYOUTS.get(kind)
        self.end = offset + width * (1 if count is None else count)

    def read(self, octets, base):
        at = base + self.offset
        if self.kind == 'octets':
            return octets[at:at + self.count].hex()
        if self.kind == 'text':
            return bytes(octets[at:at + self.count]).split(b'\0')[0].decode('ascii', 'backslashreplace')
        if self.kind == 'bits':
            return set_bits(octets[at:at + self.count])
        if self.kind == 'vectors':
            return set_bits(b''.join(bytes(octets[at + 16 * part:at + 16 * part + 4]) for part in range(8)))
        if self.count is None:
            return self.one(octets, at)
        count = self.count or max(0, len(octets) - at) // self.width
        return [self.one(octets, at + index * self.width) for index in range(count)]

    def one(self, octets, at):
        if self.inner:
            return self.inner.decode(octets, at)
        return int.from_bytes(octets[at:at + self.width], 'little', signed=self.kind[0] == 's')


class Layout:
    """A structure of size octets; sizes: the legal shorter forms, longest first."""

    def __init__(self, name, size, text):
        self.name, self.size, self.fields, self.align = name, size, [], 1
        self.sizes = [size]
        at = 0
        for line in filter(None, map(str.strip, text.splitlines())):
            if line.startswith('>'):
                at = int(line[1:], 16)
            elif line.startswith('@'):
                assert at == int(line[1:], 16), '%s: %s, and it is %#x' % (name, line, at)
            elif line == 'optional':
                self.sizes.append(at)
            else:
                at = self.add(at, *line.split())
        assert (at + self.align - 1) // self.align * self.align == size, '%s: %d octets, not %d' % (name, at, size)
        self.sizes.sort(reverse=True)
        LAYOUTS[name] = self

    def add(self, at, kind, *members):
        inner = LAYOUTS.get(kind)
        width = inner.size if inner else WIDTHS.get(kind, 1)
        align = inner.align if inner else 1 if kind == 'vectors' else width
        self.align = max(self.align, align)
        for member in members:
            name, count = re.fullmatch(r'(\w+)(?:\[(\w+)\])?', member).groups()
            at = (at + align - 1) // align * align
            self.fields.append(Field(name, kind, at, width, int(count, 0) if count else None))
            at = self.fields[-1].end
        return at

    def decode(self, octets, base=0):
        """name -> value, of the members that lie wholly within the octets."""
        return {field.name: field.read(octets, base) for field in self.fields if base + field.end <= len(octets)}

    def field(self, name):
        return next(field for field in self.fields if field.name == name)

    def find(self, path):
        """The offset and the width of a member: 'rax', 'msr_mtrr_var[3]', 'channels[1].gate'. """
        layout, at, field = self, 0, None
        for name, index in re.findall(r'(\w+)(?:\[(\d+)\])?', path):
            field = layout.field(name)
            at += field.offset + field.width * int(index or 0)
            layout = field.inner
        return at, field.width

    def put(self, octets, **values):
        """A copy of the octets with these members changed; a list fills an array from its beginning.

        A path that is no name is given as put(octets, **{'channels[1].gate': 1}).
        """
        octets = bytearray(octets)
        for path, value in values.items():
            at, width = self.find(path)
            if isinstance(value, (bytes, bytearray)):
                octets[at:at + len(value)] = value
                continue
            for one in value if isinstance(value, (list, tuple)) else [value]:
                octets[at:at + width] = (one & (1 << 8 * width) - 1).to_bytes(width, 'little')
                at += width
        return bytes(octets)

    def make(self, **values):
        return self.put(bytes(self.size), **values)


def layout(name, size, text):
    return Layout(name, size, text)
