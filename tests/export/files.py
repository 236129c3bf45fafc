"""Readers of what export writes: ELF cores, LiME, raw; and the state of an image that it was made of.

They share nothing with the C code; the image is read by the independent decoder of tests/golden/inside.
"""

import mmap
import struct

PAGE = 4096
POPULATED = {0, 1, 2, 3, 4, 9, 10, 11, 12, 14}
PT_LOAD, PT_NOTE, PN_XNUM = 1, 4, 0xffff
BASIC, SHARED_INFO, CONTEXT = 4, 7, 9
ZEROS = bytes(PAGE)


class State:
    """What an image leaves behind: pfn -> contents of each page of memory."""

    def __init__(self, image, memory, records):
        self.image, self.records = image, records
        self.pages, self.image_types = {}, memory.types
        for pfn, kind in memory.types.items():
            if kind in POPULATED:
                at = memory.contents.get(pfn) if kind != 14 else None
                self.pages[pfn] = ZEROS if at is None else image.octets[at:at + PAGE]
        self.above = max(self.pages, default=-1) + 1

    def bodies(self, kind):
        return [bytes(record.body) for record in self.records if record.kind == kind]

    def runs(self):
        """[first, number] of neighbours."""
        found = []
        for pfn in sorted(self.pages):
            if found and found[-1][0] + found[-1][1] == pfn:
                found[-1][1] += 1
            else:
                found.append([pfn, 1])
        return found

    def registers(self):
        """[{name: value}] of each vCPU in the order of the image: instruction and stack pointer, RAX, CS."""
        if self.image.pv:
            return [self.of_pv(body[8:]) for body in self.bodies(BASIC) if len(body) > 8]
        found = []
        for body in self.bodies(CONTEXT):
            at = 0
            while at + 8 <= len(body):
                code, _, length = struct.unpack_from('<HHI', body, at)
                if code == 2:
                    rax, rsp, rip = (struct.unpack_from('<Q', body, at + 8 + where)[0]
                                     for where in (0x200, 0x238, 0x280))
                    found.append({'rax': rax, 'rsp': rsp, 'rip': rip,
                                  'cs': struct.unpack_from('<I', body, at + 8 + 0x2e0)[0]})
                at += 8 + length
        return found

    @staticmethod
    def of_pv(context):
        if len(context) >= 5168:
            at = 0x208
            rax, rip, rsp = (struct.unpack_from('<Q', context, at + where)[0] for where in (0x50, 0x80, 0x98))
            return {'rax': rax, 'rip': rip, 'rsp': rsp, 'cs': struct.unpack_from('<H', context, at + 0x88)[0]}
        at = 0x204
        rax, rip, rsp = (struct.unpack_from('<I', context, at + where)[0] for where in (0x18, 0x20, 0x2c))
        return {'rax': rax, 'rip': rip, 'rsp': rsp, 'cs': struct.unpack_from('<H', context, at + 0x24)[0]}


class File:
    """A file's octets, which may be many that are holes."""

    def __init__(self, path):
        self.file = open(path, 'rb')
        self.size = path.stat().st_size
        self.blocks = path.stat().st_blocks * 512
        self.octets = mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ) if self.size else b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.size:
            self.octets.close()
        self.file.close()


class Elf:
    """loads: (place, va, address, length); notes: (name, type, octets); sections: name -> (place, length, entry)."""

    def __init__(self, octets):
        self.octets = octets
        ident, kind, machine, version, _, programs, table, _, size, psize, count, ssize, sections, names = \
            struct.unpack_from('<16sHHIQQQIHHHHHH', octets, 0)
        assert ident[:7] == b'\x7fELF\2\1\1' and (kind, machine, version) == (4, 62, 1)
        assert (size, psize) == (64, 56) and (not sections or ssize == 64)
        headers = [struct.unpack_from('<IIQQQQIIQQ', octets, table + 64 * i) for i in range(sections)]
        if count == PN_XNUM:
            count = headers[0][7]
        self.loads, self.notes, self.sections = [], [], {}
        for i in range(count):
            kind, _, at, va, address, length, memory, align = \
                struct.unpack_from('<IIQQQQQQ', octets, programs + 56 * i)
            assert length == memory and align == 0 and at + length <= len(octets)
            if kind == PT_NOTE:
                self.notes += self.notes_in(at, length)
            elif kind == PT_LOAD:
                self.loads.append((at, va, address, length))
        for name, _, _, _, at, length, _, _, _, entry in headers[1:]:
            begin = headers[names][4] + name
            text = bytes(octets[begin:octets.find(b'\0', begin)]).decode()
            self.sections[text] = (at, length, entry)

    def notes_in(self, at, length):
        end, found = at + length, []
        while at < end:
            name_len, size, kind = struct.unpack_from('<III', self.octets, at)
            name = bytes(self.octets[at + 12:at + 12 + name_len - 1]).decode()
            at += 12 + (name_len + 3) // 4 * 4
            found.append((name, kind, bytes(self.octets[at:at + size])))
            at += (size + 3) // 4 * 4
        assert at == end
        return found

    def section(self, name):
        at, length, _ = self.sections[name]
        return bytes(self.octets[at:at + length])

    def physical(self):
        return [load for load in self.loads if load[1] == load[2]]

    def virtual(self):
        return [load for load in self.loads if load[1] != load[2]]

    def read(self, va, length):
        """Octets by virtual address."""
        found = b''
        while len(found) < length:
            for at, begin, _, size in self.loads:
                if begin <= va < begin + size:
                    part = bytes(self.octets[at + va - begin:at + min(va - begin + length - len(found), size)])
                    break
            else:
                raise KeyError(hex(va))
            found, va = found + part, va + len(part)
        return found

    def registers(self):
        found = []
        for name, kind, desc in self.notes:
            if (name, kind) == ('CORE', 1):
                assert len(desc) == 336
                regs = struct.unpack_from('<27Q', desc, 112)
                found.append({'rax': regs[10], 'rip': regs[16], 'cs': regs[17], 'rsp': regs[19],
                              'pid': struct.unpack_from('<I', desc, 32)[0]})
        return found


def lime(octets):
    """[(first address, last address, place)]."""
    at, found = 0, []
    while at < len(octets):
        magic, version, first, last, reserved = struct.unpack_from('<IIQQQ', octets, at)
        assert (magic, version, reserved) == (0x4C694D45, 1, 0)
        found.append((first, last, at + 32))
        at += 32 + last + 1 - first
    assert at == len(octets)
    return found
