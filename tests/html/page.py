"""page.py - what stands in a page of "inspect --html", read with Python's own HTML parser; and the memory of an image,
read from its octets, to hold against it. Shares nothing with the C code and the page's script."""
import base64
import hashlib
import html.parser
import json
import re
import struct

VOID = {"meta", "input", "br", "link", "img"}
OPTIONAL = {"tr", "td", "th", "thead", "tbody", "li", "dt", "dd", "p", "option"}  # end tags that HTML may leave out
DRAWN = {"rect", "line", "path"}
LOADS = {"src", "href", "action", "data", "poster", "srcset", "background", "formaction", "ping", "xlink:href"}


class Page(html.parser.HTMLParser):
    """Elements with their attributes in order, text by element, and what is wrong with the page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.faults, self.open = [], [], []
        self.texts = {"style": [], "script": [], "title": [], "h1": []}
        self.rows, self.text = [], []
        self.raw = text
        self.feed(text)
        self.close()
        self.faults += ["<%s> is not closed" % tag for tag in self.open if tag not in OPTIONAL]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if len(attrs) != len(dict(attrs)):
            self.faults.append("<%s> has an attribute twice" % tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.faults.append("<%s %s>: the policy forbids it" % (tag, name))
            if name in LOADS and not (value or "").startswith("#"):
                self.faults.append("<%s %s=%r> would load something" % (tag, name, value))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)
        for name in self.texts:
            if tag == name:
                self.texts[name].append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in DRAWN:
            self.faults.append("<%s/> is no element of SVG" % tag)

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL:
            self.open.pop()
        if not self.open or self.open[-1] != tag:
            self.faults.append("</%s> closes nothing" % tag)
        else:
            self.open.pop()

    def handle_data(self, data):
        for name, texts in self.texts.items():
            if name in self.open[-1:]:
                texts[-1] += data
        if self.open[-1:] not in (["style"], ["script"]):
            self.text.append(data)
            if self.rows and self.rows[-1] and ("td" in self.open or "th" in self.open):
                self.rows[-1][-1] += data

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    def cells(self):
        """Rows of tables as stripped cells."""
        return [[" ".join(cell.split()) for cell in row] for row in self.rows]


def judge(page):
    """What is wrong with a page, as lines."""
    wrong = list(page.faults)
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    wrong += ["id %s stands twice" % name for name in set(ids) if ids.count(name) > 1]
    for _, attrs in page.elements:
        for name in ("aria-labelledby", "href"):
            if name in attrs and attrs[name].lstrip("#") not in ids:
                wrong.append("%s=%s leads nowhere" % (name, attrs[name]))
    if [len(page.texts["style"]), len(page.texts["script"])] != [1, 1]:
        wrong.append("%d styles, %d scripts" % (len(page.texts["style"]), len(page.texts["script"])))
    if not page.raw.isascii():
        wrong.append("an octet is not ASCII")
    return wrong + judge_policy(page)


def judge_policy(page):
    policy = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    if len(policy) != 1:
        return ["%d policies" % len(policy)]
    wanted = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}
    for element in ("style", "script"):
        digest = hashlib.sha256(page.texts[element][0].encode()).digest()
        wanted[element + "-src"] = "'sha256-%s'" % base64.b64encode(digest).decode()
    got = dict(part.strip().split(" ", 1) for part in policy[0].split(";"))
    return [] if got == wanted else ["the policy is %r, it should be %r" % (got, wanted)]


# --- the map ---------------------------------------------------------------------------------------------------------


class Map:
    """The data of figure #map: runs are (cells, (type, pass, shade, zero, mixed))."""

    def __init__(self, page):
        data = next(attrs for attrs in page.all("figure") if attrs.get("id") == "map")
        self.pfns, self.shift, self.width = (int(data["data-" + name]) for name in ("pfns", "shift", "width"))
        self.types = json.loads(data["data-types"])
        self.kinds = [tuple(map(int, kind.split(","))) for kind in data["data-kinds"].split(" ")]
        self.bands = [(text.startswith("f"), *map(int, text.lstrip("f").split("+")))
                      for text in data["data-bands"].split(" ")]
        numbers = list(varints(base64.b64decode(data["data-runs"], validate=True)))
        self.runs = [(num, self.kinds[kind]) for num, kind in zip(numbers[::2], numbers[1::2])]
        self.cells = sum(num for num, _ in self.runs)

    def kind(self, cell):
        for num, kind in self.runs:
            if cell < num:
                return kind
            cell -= num
        raise IndexError(cell)

    def faults(self):
        wrong = []
        if self.cells != -(-self.pfns >> self.shift):
            wrong.append("%d cells for %d pfns" % (self.cells, self.pfns))
        if self.width & (self.width - 1):
            wrong.append("%d cells in a row: no power of two" % self.width)
        if any(num < 1 for num, _ in self.runs) or any(a[1] == b[1] for a, b in zip(self.runs, self.runs[1:])):
            wrong.append("runs are empty, or equal neighbours")
        row = 0
        for _, first, num in self.bands:
            if first != row:
                wrong.append("a band begins at row %d, not %d" % (first, row))
            row = first + num
        if row != -(-self.cells // self.width):
            wrong.append("the bands end at row %d" % row)
        return wrong


def varints(octets):
    value = shift = 0
    for octet in octets:
        value |= (octet & 127) << shift
        shift += 7
        if octet < 128:
            yield value
            value = shift = 0


# --- an image --------------------------------------------------------------------------------------------------------


def memory(octets, offset):
    """{pfn: (type, pass)} of an image whose header is at that offset, without checkpoints; and pfns of each pass."""
    state, passes, highest, verifying = {}, [], None, False
    at = offset + 24 + 16
    while True:
        kind, length = struct.unpack_from("<II", octets, at)
        if kind == 13:
            verifying, highest = True, None
        if kind == 1:
            count = struct.unpack_from("<I", octets, at + 8)[0]
            for entry in struct.unpack_from("<%dQ" % count, octets, at + 16):
                pfn = entry & (1 << 52) - 1
                if highest is None or pfn <= highest:
                    passes.append(0)
                highest = pfn
                passes[-1] += 1
                if not verifying or pfn not in state:
                    state[pfn] = entry >> 60, min(len(passes), 255)
        if kind == 0:
            return state, passes
        at += 8 + (length + 7) // 8 * 8


def expand(memory_map):
    """{pfn: (type, pass)} of a map whose cells are pfns."""
    found, at = {}, 0
    for num, (kind, last, _, _, _) in memory_map.runs:
        if kind >= 0:
            found.update((pfn, (kind, last)) for pfn in range(at, at + num))
        at += num
    return found


# --- structures ------------------------------------------------------------------------------------------------------


MOST_VALUES = 64  # of an array that the page shows in one row


def numbers_of(fields, parent=None):
    """(names that its row may have, value) of each number that --json has among a structure's fields, at any depth."""
    for name, value in fields.items():
        for one in value[:MOST_VALUES] if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from numbers_of(one, name)
            elif isinstance(one, int) or isinstance(one, str) and re.fullmatch(r"0x[0-9a-f]+", one):
                yield (name, parent), int(one, 0) if isinstance(one, str) else one


def numbers_in(text):
    """The numbers of a cell; a bitmap's runs, "3-7", as all in them."""
    found = set()
    for first, last in re.findall(r"(?<![\w-])(\d+)-(\d+)(?!\w)", text):
        found.update(range(int(first), int(last) + 1))
    return found | {int(number, 0) for number in re.findall(r"(?<![\w.])(?:0x[0-9a-f]+|-?\d+)(?![\w.])", text)}
