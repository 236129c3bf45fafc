"""Two decoded values as one: differences as paths. Numbers may be hex strings."""


def number(value):
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.startswith('0x'):
        return int(value, 16)
    return value


def same(one, two):
    """Are these single values one? An octet string may stand as an array of equally wide numbers."""
    if isinstance(one, str) and isinstance(two, list) and two:
        width = len(one) // 2 // len(two)
        return b''.join(number(part).to_bytes(width, 'little') for part in two).hex() == one
    return number(one) == number(two)


def short(value):
    text = hex(value) if isinstance(value, int) and abs(value) > 9 else repr(value)
    return text if len(text) < 80 else text[:77] + '...'


def differences(want, got, path=''):
    """Sentences: each names the path of a value that differs, is missing or is surplus. Padding may be left out."""
    if isinstance(want, dict) and isinstance(got, dict):
        found = []
        for key in {**want, **got}:
            here = path + '.' + str(key) if path else str(key)
            if key not in got:
                if not key.lstrip('_').startswith('pad'):
                    found.append('%s: missing, it is %s' % (here, short(want[key])))
            elif key not in want:
                found.append('%s: surplus, %s' % (here, short(got[key])))
            else:
                found += differences(want[key], got[key], here)
        return found
    if isinstance(want, list) and isinstance(got, list):
        if len(want) != len(got):
            return ['%s: %d elements, there are %d' % (path, len(got), len(want))]
        return [line for index, pair in enumerate(zip(want, got))
                for line in differences(*pair, '%s[%d]' % (path, index))]
    return [] if same(want, got) else ['%s: %s, it is %s' % (path, short(got), short(want))]
