#!/usr/bin/env python3
"""The talk of two godwits by an independent writer and reader, against the C codec, in both directions.

    chunks.py [--write DIR]      DIR: writes the chunks as files instead, one each (first inputs for the fuzzer)

It shares nothing with src/chunk: fields are from formats/chunks.md, the CRC is zlib's. GODWIT_BUILD names the build
directory (for tests/chunkdump). Prints TAP.
"""
import os
import random
import struct
import subprocess
import sys
import zlib

# Per type its fields: name and kind. A kind is a format of struct, or str, octets (u32 length in front), rest, or a
# list of fields, of which there are as many as the field before it says.
ID = '16s'
TOTALS = [('pages_digest', '16s'), ('records_digest', '16s'), ('pages', '>Q'), ('records', '>Q')]
FIELDS = {
    'HELO': [('protocol', '>I'), ('max_control', '>I'), ('program', 'str'), ('version', 'str'),
             ('capabilities', 'str')],
    'OFFR': [('session', ID), ('epoch', '>Q'), ('guest', 'str'), ('kind', 'str'), ('pfns', '>Q'), ('ram_pfns', '>Q'),
             ('live', 'B'), ('image', 'octets')],
    'ACPT': [('session', ID), ('capabilities', 'str'), ('token', '16s')],
    'DENY': [('num', '>I'), ('reasons', [('code', '>I'), ('sentence', 'str')])],
    'PAGE': [('round', '>I'), ('count', '>I'), ('encoding', 'B'), (None, '7x'), ('attached', '>Q'),
             ('entries', [('entry', '>Q'), ('check', '>Q')])],
    'ROUN': [('round', '>I'), ('pages', '>Q'), ('contents', '>Q'), ('dirty', '>Q'), ('ns', '>Q')],
    'SEEN': [('round', '>I'), ('good', '>Q'), ('landed', '>Q'), ('num', '>I'),
             ('ranges', [('first', '>Q'), ('count', '>Q')])],
    'RECD': [('record', '>I'), ('body', 'rest')],
    'DONE': TOTALS,
    'REDY': TOTALS,
    'COMM': [('session', ID), ('epoch', '>Q')],
    'RUNS': [('session', ID), ('wall', '>Q'), ('since_comm', '>Q')],
    'ASKS': [('session', ID), ('epoch', '>Q'), ('may_go_on', 'B')],
    'TELL': [('session', ID), ('answer', 'B'), ('sentence', 'str')],
    'STOP': [('code', '>I'), ('sentence', 'str')],
    'ALIV': [],
    'prOg': [('json', 'rest')],
    'cpUs': [('cpu', 'str')],
    'tiMe': [('wall', '>Q'), ('monotonic', '>Q')],
}


# --- writing ---------------------------------------------------------------------------------------------------------

def frame(letters, data, length=None, crc=None):
    covered = letters.encode('latin-1') + data
    return (struct.pack('>I', len(data) if length is None else length) + covered +
            struct.pack('>I', zlib.crc32(covered) if crc is None else crc))


def write_field(kind, value):
    if isinstance(kind, list):
        return b''.join(write_fields(kind, item) for item in value)
    if kind in ('str', 'octets'):
        octets = value.encode() if isinstance(value, str) else value
        return struct.pack('>I', len(octets)) + octets
    if kind == 'rest':
        return value
    return struct.pack(kind) if kind == '7x' else struct.pack(kind, value)


def write_fields(fields, values):
    return b''.join(write_field(kind, values.get(name)) for name, kind in fields)


def chunk(letters, **values):
    return frame(letters, write_fields(FIELDS[letters], values))


# --- reading ---------------------------------------------------------------------------------------------------------

def read_frames(octets):
    """[(letters, data)]; raises ValueError where the octets are no chunks."""
    frames, at = [], 0
    while at < len(octets):
        length, letters = struct.unpack_from('>I4s', octets, at)
        data = octets[at + 8:at + 8 + length]
        (crc,) = struct.unpack_from('>I', octets, at + 8 + length)
        if crc != zlib.crc32(letters + data):
            raise ValueError('crc at %d' % at)
        frames.append((letters.decode('ascii'), data))
        at += 12 + length
    return frames


def read_field(kind, data, at):
    if kind in ('str', 'octets'):
        (length,) = struct.unpack_from('>I', data, at)
        value = data[at + 4:at + 4 + length]
        if len(value) != length:
            raise ValueError('string of %d octets' % length)
        return (value.decode() if kind == 'str' else value), at + 4 + length
    if kind == 'rest':
        return data[at:], len(data)
    found = struct.unpack_from(kind, data, at)
    return (found[0] if found else None), at + struct.calcsize(kind)


def read_fields(fields, data, at=0):
    values, before = {}, 0
    for name, kind in fields:
        if isinstance(kind, list):
            values[name] = []
            for _ in range(values['num' if 'num' in values else 'count']):
                item, at = read_fields(kind, data, at)
                values[name].append(item)
        else:
            before, at = read_field(kind, data, at)
            if name:
                values[name] = before
    return values, at


def text(letters, values):
    """The line that chunkdump prints."""
    words = [letters]
    for name, kind in FIELDS[letters]:
        if isinstance(kind, list):
            words += ['%s=%d' % (field, item[field]) if part.startswith('>') else
                      '%s=%s' % (field, item[field].encode().hex()) for item in values[name] for field, part in kind]
        elif name and isinstance(values[name], int):
            words.append('%s=%d' % (name, values[name]))
        elif name:
            octets = values[name].encode() if isinstance(values[name], str) else values[name]
            words.append('%s=%s' % (name, octets.hex()))
    return ' '.join(words)


# --- what is said ----------------------------------------------------------------------------------------------------

SESSION, TOKEN = bytes(range(0xA0, 0xB0)), bytes(range(16))
ZERO, HELD = 1 << 52, 1 << 53
STATIC = b'\xff' * 8 + b'XENF' + bytes(28)


def entries(*words):
    return [{'entry': word, 'check': 0x0123456789ABCDEF ^ word} for word in words]


def page(words, encoding=0, attached=None, number=1):
    carried = sum(word >> 60 < 13 and not word & (ZERO | HELD) for word in words)
    return {'round': number, 'count': len(words), 'encoding': encoding, 'entries': entries(*words),
            'attached': 4096 * carried if attached is None else attached}


def totals(number):
    return {'pages_digest': bytes([number]) * 16, 'records_digest': SESSION, 'pages': 2**40 + number, 'records': 17}


SAID = [
    ('HELO', {'protocol': 1, 'max_control': 1 << 20, 'program': 'godwit', 'version': '0.2',
              'capabilities': 'zero have zstd multi=4 resume'}),
    ('HELO', {'protocol': 1, 'max_control': 65536, 'program': '', 'version': '', 'capabilities': ''}),
    ('OFFR', {'session': SESSION, 'epoch': 0, 'guest': 'd\u00e4b \u4e00 \U0001f426', 'kind': 'hvm', 'pfns': 2**20,
              'ram_pfns': 2**19, 'live': 1, 'image': STATIC}),
    ('ACPT', {'session': SESSION, 'capabilities': 'zero multi=2', 'token': TOKEN}),
    ('DENY', {'num': 0, 'reasons': []}),
    ('DENY', {'num': 2, 'reasons': [{'code': 1, 'sentence': 'no room'}, {'code': 2**32 - 1, 'sentence': ''}]}),
    ('PAGE', page([0, 1, 2 | ZERO, 3 | HELD, 0xC << 60 | 4, 0xF << 60 | 5, 2**52 - 1])),
    ('PAGE', page([7 | ZERO])),
    ('PAGE', page([1, 2, 3], encoding=1, attached=1000)),
    ('PAGE', page([1, 2, 3], encoding=2, attached=12288)),
    ('PAGE', page([1, 2 | ZERO], encoding=3, attached=1, number=2**32 - 1)),
    ('ROUN', {'round': 1, 'pages': 4, 'contents': 16384, 'dirty': 2**64 - 1, 'ns': 1}),
    ('SEEN', {'round': 1, 'good': 4, 'landed': 16384, 'num': 0, 'ranges': []}),
    ('SEEN', {'round': 1, 'good': 3, 'landed': 12288, 'num': 2,
              'ranges': [{'first': 5, 'count': 1}, {'first': 2**52 - 3, 'count': 3}]}),
    ('RECD', {'record': 9, 'body': bytes(range(256))}),
    ('RECD', {'record': 0x80475703, 'body': b''}),
    ('DONE', totals(1)),
    ('REDY', totals(2)),
    ('COMM', {'session': SESSION, 'epoch': 1}),
    ('RUNS', {'session': SESSION, 'wall': 1257893000 * 10**9, 'since_comm': 31 * 10**6}),
    ('ASKS', {'session': SESSION, 'epoch': 1, 'may_go_on': 0}),
    ('TELL', {'session': SESSION, 'answer': 2, 'sentence': 'runs since 12:00'}),
    ('STOP', {'code': 3, 'sentence': 'cancelled'}),
    ('ALIV', {}),
    ('prOg', {'json': b'{"round":1}'}),
    ('cpUs', {'cpu': 'Bar-tailed 11000'}),
    ('tiMe', {'wall': 2**63, 'monotonic': 5}),
]


def random_said(seed, num):
    """Of each kind of list, long and short, with any values."""
    chance, found = random.Random(seed), []
    for _ in range(num):
        words = [chance.choice((0, 1, 2, 3, 4, 9, 12)) << 60 | chance.choice((0, ZERO, HELD)) | chance.getrandbits(52)
                 for _ in range(chance.randrange(1, 1025))]
        ranges = [{'first': chance.getrandbits(51), 'count': chance.getrandbits(40) + 1}
                  for _ in range(chance.randrange(0, 1023))]
        reasons = [{'code': chance.getrandbits(32), 'sentence': ''.join(
            chr(chance.choice((chance.randrange(1, 0xD800), chance.randrange(0xE000, 0x110000))))
            for _ in range(chance.randrange(40)))} for _ in range(chance.randrange(9))]
        found += [('PAGE', page(words, number=chance.getrandbits(32))),
                  ('SEEN', {'round': 9, 'good': chance.getrandbits(64), 'landed': 1, 'num': len(ranges),
                            'ranges': ranges}),
                  ('DENY', {'num': len(reasons), 'reasons': reasons}),
                  ('RECD', {'record': chance.randrange(2, 2**32), 'body': chance.randbytes(chance.randrange(9000))})]
    return found


ALIV = chunk('ALIV')

# Octets that are refused behind an ALIV, and what is said of them.
REFUSED = {
    'short-header': (b'\0\0\0\0ALI', 'needs 8 octets, 7 are there'),
    'short-data': (chunk('STOP', code=1, sentence='x')[:-5], 'header, data and crc need 21 octets, 16 are there'),
    'wrong-crc': (frame('ALIV', b'', crc=0), 'its octets have the crc 0xd8df946d, it says 0x00000000'),
    'crc-of-another-type': (frame('COMM', bytes(24), crc=zlib.crc32(b'DONE' + bytes(24))), 'COMM: its octets have'),
    'no-letters': (frame('AL1V', b''), "'AL1V' instead of four letters"),
    'reserved-bit': (frame('xyzw', b''), 'lower case, which is reserved'),
    'too-long': (frame('HELO', b'', length=2**20 + 1), 'at most 1048576'),
    'far-too-long': (frame('zzZz', b'', length=2**31), 'no chunk has more than 2^31 - 1'),
    'record-too-long': (frame('RECD', b'', length=2**26 + 1), 'at most 67108864'),
    'unknown-critical': (frame('NEWS', b''), "'NEWS' is critical and unknown"),
    'unknown-critical-private': (frame('NeWS', b'\4acme'), "'NeWS' is critical and unknown"),
    'protocol-2': (chunk('HELO', protocol=2, max_control=1, program='', version='', capabilities=''),
                   'speaks protocol 2, this program speaks 1'),
    'no-utf8': (chunk('STOP', code=1, sentence=b'\xff'), "field 'sentence' is no UTF-8"),
    'embedded-zero': (chunk('STOP', code=1, sentence=b'a\0b'), "field 'sentence' is no UTF-8"),
    'octets-behind': (frame('COMM', bytes(25)), 'COMM: 25 octets of data, at most 24'),
    'octets-behind-a-string': (frame('STOP', bytes(9)), '1 of its 9 octets of data stand behind the last field'),
    'count-that-lies': (frame('DENY', b'\xff' * 4 + bytes(40)), '4294967295 reasons need'),
    'attached-that-lies': (chunk('PAGE', **page([1], attached=8192)), 'do not fit the 1 pages'),
    'zero-and-held': (chunk('PAGE', **page([1 | ZERO | HELD])), 'which means nothing'),
    'page-data-as-record': (chunk('RECD', record=1, body=bytes(16)), 'page data do not travel'),
}

# Octets that are heard, and the line that is said of them.
ODD = {
    'unknown-ancillary': (frame('nEWS', b'anything'), 'nEWS skipped'),
    'unknown-ancillary-private': (frame('neWs', b'\4acme\0'), 'neWs skipped'),
    'octets-behind-an-ancillary-chunk': (frame('tiMe', bytes(16) + b'more'), 'tiMe wall=0 monotonic=0'),
}


# --- the points ------------------------------------------------------------------------------------------------------

def dump(how, octets):
    program = os.path.join(os.environ['GODWIT_BUILD'], 'tests', 'chunkdump')
    done = subprocess.run([program, how], input=octets, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


def heard_as_said(said):
    code, out, err = dump('text', b''.join(chunk(letters, **values) for letters, values in said))
    want = [text(letters, values) for letters, values in said]
    lines = out.decode().splitlines()
    wrong = ['exit status %d: %s' % (code, err)] if code else []
    wrong += ['%s\n#   instead of %s' % (line, other) for line, other in zip(lines, want) if line != other]
    return wrong + (['%d lines instead of %d' % (len(lines), len(want))] if len(lines) != len(want) else [])


def said_again(said):
    """What godwit writes is read here, field by field; and is octet for octet what was written here."""
    octets = b''.join(chunk(letters, **values) for letters, values in said)
    code, out, err = dump('again', octets)
    frames = read_frames(out)
    wrong = ['exit status %d: %s' % (code, err)] if code else []
    wrong += ['not the same octets'] if out != octets else []
    for (letters, data), (want, values) in zip(frames, said):
        found, end = read_fields(FIELDS[letters], data)
        if (letters, found, end) != (want, values, len(data)):
            wrong.append('%s %s instead of %s %s' % (letters, found, want, values))
    return wrong + (['%d chunks instead of %d' % (len(frames), len(said))] if len(frames) != len(said) else [])


def refused(octets, sentence):
    code, out, err = dump('text', ALIV + octets)
    if code == 1 and out == b'ALIV\n' and sentence in err:
        return []
    return ['exit status %d, %r, %s' % (code, out, err)]


def heard(octets, line):
    code, out, err = dump('text', octets + ALIV)
    return [] if (code, out, err) == (0, (line + '\nALIV\n').encode(), '') else ['%d %r %s' % (code, out, err)]


def points():
    every = sorted(FIELDS) == sorted({letters for letters, _ in SAID})
    yield 'every-type-is-said', lambda: [] if every else ['a type is missing']
    yield 'godwit-hears-what-python-says', lambda: heard_as_said(SAID)
    yield 'python-hears-what-godwit-says', lambda: said_again(SAID)
    for seed in range(4):
        said = random_said(seed, 20)
        yield 'random-chunks-of-seed-%d-are-heard' % seed, lambda said=said: heard_as_said(said)
        yield 'random-chunks-of-seed-%d-are-said' % seed, lambda said=said: said_again(said)
    for name, (octets, sentence) in REFUSED.items():
        yield 'refused-' + name, lambda octets=octets, sentence=sentence: refused(octets, sentence)
    for name, (octets, line) in ODD.items():
        yield 'heard-' + name, lambda octets=octets, line=line: heard(octets, line)


def write_files(folder):
    os.makedirs(folder, exist_ok=True)
    files = {'%02d-%s' % (number, letters): chunk(letters, **values) for number, (letters, values) in enumerate(SAID)}
    files.update({'bad-' + name: octets for name, (octets, _) in REFUSED.items()})
    files.update({'odd-' + name: octets for name, (octets, _) in ODD.items()})
    for number, letters in enumerate(FIELDS):  # the fuzzer's other door: an octet that chooses the type, and its data
        data = [write_fields(FIELDS[letters], values) for other, values in SAID if other == letters][-1]
        files['data-' + letters] = bytes([number]) + data
    files['talk'] = b''.join(chunk(letters, **values) for letters, values in SAID)
    for name, octets in files.items():
        with open(os.path.join(folder, name), 'wb') as file:
            file.write(octets)


def main(arguments):
    if arguments[:1] == ['--write']:
        write_files(arguments[1])
        return 0
    rows, failed = list(points()), False
    print('1..%d' % len(rows))
    for number, (name, point) in enumerate(rows, 1):
        try:
            lines = point()
        except (ValueError, struct.error) as error:
            lines = ['cannot be read here: %s' % error]
        failed |= bool(lines)
        print('%sok %d - %s' % ('not ' if lines else '', number, name))
        for line in lines[:10]:
            print('# ' + line)
    return int(failed)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
