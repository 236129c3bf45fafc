"""One faulty stream and what is to be found in it."""

import pathlib
import re

RULES = pathlib.Path(__file__).resolve().parents[2] / 'src' / 'verify'


class Case:
    """A stream in which a rule is broken.

    rule     the id, or a set of ids of which at least one must be found (where the format leaves open which)
    source   an Image, a Libxl, octets, or a function that gives one of them
    also     further ids that are found with it and can not be avoided; the case says why
    may      ids that may be found as well: the format's reference does not say whether they hold
    record   the number of the record in which rule is found, where it is known (0: in none)
    size     the file's length, when it is longer than the octets (the rest is a hole)
    highest  the highest pfn that is named, for the bound on memory
    """

    def __init__(self, name, rule, source, options=(), also=(), may=(), record=None, size=None, highest=0):
        self.name, self.source, self.options = name, source, list(options)
        self.rules = {rule} if isinstance(rule, str) else set(rule)
        self.also, self.may, self.record, self.size, self.highest = set(also), set(may), record, size, highest

    def octets(self):
        source = self.source() if callable(self.source) else self.source
        return source if isinstance(source, (bytes, bytearray)) else source.octets()

    def write(self, path):
        with open(path, 'wb') as file:
            file.write(self.octets())
            if self.size is not None:
                file.truncate(self.size)


def known_rules():
    """id -> severity, as the tables in rules*.h have them."""
    text = ''.join(path.read_text(encoding='ascii') for path in sorted(RULES.glob('rules*.h')))
    found = dict(re.findall(r'R\([A-Z0-9_]+,\s*"([a-z0-9-]+)",\s*([A-Z]+),', text))
    if len(found) < 100:
        raise ValueError('%s does not look like the table of rules' % RULES)
    return {rule: severity.lower() for rule, severity in found.items()}


def put(image, kind, *records, nth=0):
    """The image with these records in place of the nth one of that type."""
    return image.replace(image.find(kind, nth), *records)


def before(image, kind, *records, nth=0):
    return image.insert(image.find(kind, nth), *records)


def behind(image, kind, *records, nth=0):
    return image.insert(image.find(kind, nth) + 1, *records)


def without(image, *kinds):
    return image.drop(*[index for kind in kinds for index in image.all(kind)])
