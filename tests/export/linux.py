"""What a Linux kernel says of itself in its own memory: VMCOREINFO, kallsyms; and a namelist made of that.

crash and gdb want a vmlinux for the names of addresses. Debian's, for an image that somebody saved years ago, is hard
to come by; but the kernel carries all its names in memory (kallsyms, since Linux 2.6; the form read here is that of
4.6 to 6.1), and VMCOREINFO says where since Linux 6.0. So a file of symbols can be made that both programs take.
"""

import re
import struct

SECTIONS = ('', '.text', '.rodata', '.data', '.debug_abbrev', '.debug_info', '.symtab', '.strtab', '.shstrtab')
PROGBITS, SYMTAB, STRTAB = 1, 2, 3
ABSOLUTE = 0xfff1


def vmcoreinfo(text):
    """name -> address, of the symbols that it names."""
    return {name: int(value, 16) for name, value in re.findall(r'SYMBOL\((\w+)\)=([0-9a-f]+)', text)}


def kallsyms(read, where):
    """[(address, letter, name)]; read(address, length): octets of the guest's virtual memory."""
    count, = struct.unpack('<I', read(where['kallsyms_num_syms'], 4))
    index = struct.unpack('<256H', read(where['kallsyms_token_index'], 512))
    table = read(where['kallsyms_token_table'], index[255] + 256)
    tokens = [table[at:table.index(b'\0', at)] for at in index]
    offsets = struct.unpack('<%di' % count, read(where['kallsyms_offsets'], 4 * count))
    base, = struct.unpack('<Q', read(where['kallsyms_relative_base'], 8))
    names = read(where['kallsyms_names'], where['kallsyms_token_table'] - where['kallsyms_names'])
    symbols, at = [], 0
    for offset in offsets:
        length, at = names[at], at + 1
        if length & 0x80:       # since 6.1
            length, at = length & 0x7f | names[at] << 7, at + 1
        text = b''.join(tokens[token] for token in names[at:at + length]).decode()
        at += length
        symbols.append((offset if offset >= 0 else base - 1 - offset, text[0], text[1:]))
    return symbols


def debug_info():
    """The least that crash counts as debugging data: one unit of C that has a struct task_struct."""
    name, size, language = 3, 0x0b, 0x13
    string, data4, data1 = 8, 6, 0x0b
    abbrev = bytes([1, 0x11, 1, name, string, language, data1, 0, 0,
                    2, 0x13, 1, name, string, size, data4, 0, 0,
                    3, 0x24, 0, name, string, size, data4, 0x3e, data1, 0, 0,
                    4, 0x0d, 0, name, string, 0x49, 0x13, 0x38, data4, 0, 0, 0])
    head = struct.pack('<HIB', 4, 0, 8)
    unit = b'\x01none\0\x0c'
    number = 4 + len(head) + len(unit)
    unit += b'\x03int\0' + struct.pack('<IB', 4, 5)
    unit += b'\x02task_struct\0' + struct.pack('<I', 4) + b'\x04pid\0' + struct.pack('<II', number, 0) + b'\0\0'
    return abbrev, struct.pack('<I', len(head) + len(unit)) + head + unit


def namelist(path, symbols, read):
    """Writes an ELF file with these symbols, the banner and the kernel's code, which crash wants to have contents."""
    address = {name: at for at, _, name in symbols}
    text = read(address['_stext'], address['_etext'] - address['_stext'])
    banner = read(address['linux_banner'], 512).split(b'\0')[0] + b'\0'
    places = {'.text': address['_stext'], '.rodata': address['linux_banner'], '.data': address['_sdata']}
    abbrev, info = debug_info()
    table, strings = bytearray(24), bytearray(b'\0')
    for at, letter, name in symbols:
        section = ABSOLUTE if at < places['.text'] else 1 if letter in 'tT' else 2 if name == 'linux_banner' else 3
        kind = 2 if letter in 'tT' else 1
        table += struct.pack('<IBBHQQ', len(strings), 1 << 4 | kind, 0, section, at, 0)
        strings += name.encode() + b'\0'
    names = b''.join(name.encode() + b'\0' for name in SECTIONS)
    contents = [b'', text, banner, bytes(4096), abbrev, info, table, strings, names]
    flags = {'.text': 6, '.rodata': 2, '.data': 3}
    headers, body, begin = bytearray(), bytearray(), 64 + 3 * 56
    programs = bytearray()
    for name, octets in zip(SECTIONS, contents):
        body += bytes(-len(body) % 16)
        at = begin + len(body)
        kind = {'': 0, '.symtab': SYMTAB, '.strtab': STRTAB, '.shstrtab': STRTAB}.get(name, PROGBITS)
        headers += struct.pack('<IIQQQQIIQQ', names.index(name.encode() + b'\0'), kind, flags.get(name, 0),
                               places.get(name, 0), at, len(octets),
                               *((7, 1, 8, 24) if kind == SYMTAB else (0, 0, 1, 0)))
        if name in places:
            programs += struct.pack('<IIQQQQQQ', 1, 7, at, places[name], places[name] & 0x7fffffff, len(octets),
                                    len(octets), 1)
        body += octets
    head = b'\x7fELF\2\1\1' + bytes(9) + struct.pack('<HHIQQQIHHHHHH', 2, 62, 1, places['.text'], 64,
                                                     begin + len(body), 0, 64, 56, 3, 64, len(SECTIONS),
                                                     len(SECTIONS) - 1)
    with open(path, 'wb') as out:
        out.write(head + programs + body + headers)
