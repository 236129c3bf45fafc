#!/usr/bin/env python3
"""The man pages against the program: linted, and nothing that one of them says or leaves out about options, commands,
rules, limits, chunks and the hand-over differs from what the program itself says.

Needs GODWIT, GODWIT_GENDOC, GODWIT_BUILD and GODWIT_SOURCE. One TAP point per fact.
"""
import glob
import html.parser
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.parse
import zlib

GODWIT = os.environ["GODWIT"]
GENDOC = os.environ["GODWIT_GENDOC"]
BUILD = os.environ["GODWIT_BUILD"]
SOURCE = os.environ["GODWIT_SOURCE"]
points = []

def out(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def plain(page):
    """The page as a reader sees it, without overstrikes, in one line."""
    text = out("mandoc", "-T", "utf8", "-O", "width=500", os.path.join(BUILD, page))
    return re.sub(r".\x08", "", text)


def point(name, wrong):
    points.append((name, wrong))


def lint(pages):
    wrong = []
    for page in pages:
        run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True)
        wrong += run.stdout.splitlines()
    point("man pages are free of mandoc's warnings", wrong)


def options(page, text, command):
    """Both ways: what --help has the page has, and the page names no option that the command lacks."""
    has = {line.split("=")[0] for line in out(GODWIT, "--dump-options", command).split()}
    in_help = set(re.findall(r"--[a-z][a-z-]*", out(GODWIT, command, "--help")))
    told = set(re.findall(r"^\s+(?:-\w, )?(--[a-z][a-z-]*)", text, re.M))
    point("%s tells every option of %s" % (page, command), sorted(has - told))
    point("%s --help tells every option" % command, sorted(has - in_help))
    return has, told


def all_options(commands):
    known, told = set(), set()
    for name in commands:
        page = "godwit-%s.1" % name
        has, tells = options(page, plain(page), name)
        known |= has
        told |= tells
    point("no man page tells an option that is not there", sorted(told - known - {"--help", "--version"}))


# --- lines of JSON ----------------------------------------------------------------------------------------------------

IMAGES = ("tinyhvm.xl.xz", "tiny64.xl.xz", "tiny64-remus.migrate.xz", "hvm-16-zero.img")
ASKED = [["info", "FILE"], ["digest", "FILE"], ["verify", "FILE"], ["verify", "/dev/null"], ["verify", "--rules"],
         ["verify", "--limits"], ["inspect", "FILE"], ["inspect", "--fpu", "--hex", "--zero", "FILE"],
         ["inspect", "--record", "3", "FILE"], ["inspect", "--record", "6", "FILE"], ["inspect", "--pfn", "16", "FILE"],
         ["inspect", "--va", "0x1000", "FILE"], ["convert", "--to", "raw", "--lossy", "--force", "FILE", "OUT"],
         ["compare", "FILE", "FILE"], ["compare", "FILE", "OTHER"], ["export", "FILE", "OUT"]]
NAMED_ELSEWHERE = ("fields", "by_type")     # members whose own members are names of fields, and of types of pages


def members(value):
    """The names of all members, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*(members(inner) for name, inner in value.items() if name not in NAMED_ELSEWHERE))
    return set().union(*(members(inner) for inner in value)) if isinstance(value, list) else set()


def add_lines(found, text):
    """Adds the members of each line that is JSON: {type: members}."""
    for line in text.splitlines():
        if line.startswith("{"):
            line = json.loads(line)
            found[line["type"]] = found.get(line["type"], set()) | members(line) - {"type"}
    return found


def run_json(words, folder):
    return subprocess.run([GODWIT, words[0], "--json", *words[1:]], cwd=folder, capture_output=True, text=True,
                          check=False)


def of_images():
    """(command line, what it prints)"""
    for words in ASKED:
        found = {}
        for image in IMAGES if "FILE" in words else [""]:
            operands = {"FILE": os.path.join(SOURCE, "tests/images", image), "OUT": "/dev/null",
                        "OTHER": os.path.join(SOURCE, "tests/images/tiny64-3vcpus.xl.xz")}
            add_lines(found, run_json([operands.get(word, word) for word in words], None).stdout)
        yield words, found


def of_guests():
    """The same of the commands that have guests, and of receive, which is at the other end of migrate."""
    with tempfile.TemporaryDirectory(prefix="godwit-man-") as folder:
        there = "exec:%s receive --json --stdio --guest model: --state-dir there" % GODWIT
        for words in (["save", "model:", "saved"], ["index", "saved"], ["restore", "saved", "model:"],
                      ["preflight", "model:", there, "--state-dir", "here"],
                      ["migrate", "model:", "unix:nobody", "--state-dir", "here"],
                      ["migrate", "model:", there, "--state-dir", "here"]):
            run = run_json(words, folder)
            yield words[:2], add_lines({}, run.stdout)
        yield ["receive"], add_lines({}, run.stderr)


def untold(section, printed, kinds):
    """Sentences: what is printed and not told in the section, where an item for each kind tells its members."""
    for kind, names in sorted(printed.items()):
        _, found, tells = section.partition(".It Li %s\n" % kind)
        for other in kinds - {kind}:
            tells = tells.partition(".It Li %s\n" % other)[0]
        if not found:
            yield "no '%s'" % kind
        for name in sorted(names):
            if not re.search(r"(?<!\w)%s(?!\w)" % name, tells):
                yield "%s: no '%s'" % (kind, name)


def schemas(commands):
    """What is printed is told in the section of the command's page: each type, and with it each of its members."""
    told, kinds = {}, {}
    for name in commands:
        if "--json" in out(GODWIT, "--dump-options", name).split():
            with open(os.path.join(BUILD, "godwit-%s.1" % name), encoding="ascii") as file:
                told[name] = "\n".join(sections(file.read(), ".Sh ").get("OUTPUT AS JSON", []))
    point("the page of each command that has --json tells its lines", sorted(x for x in told if not told[x]))
    asked = [*of_images(), *of_guests()]
    for words, found in asked:
        kinds.setdefault(words[0], set()).update(found)
    for words, found in asked:
        point("all that 'godwit %s --json' prints is told in its page" % " ".join(words),
              list(untold(told[words[0]], found, kinds[words[0]])) if found else ["it prints nothing"])


# --- godwit-chunks(5), as mdoc ---------------------------------------------------------------------------------------

def sections(source, heading):
    """{title: lines} of .Sh or .Ss"""
    found, title = {}, None
    for line in source.splitlines():
        if line.startswith((".Sh ", ".Ss ")):
            title = line[4:] if line.startswith(heading) else None
        if title:
            found.setdefault(title, []).append(line)
    return found


def fewest(lines):
    """The octets of a chunk's fields when nothing is in its strings and lists."""
    sizes = [line.split(" Ta ")[0][len(".It "):] for line in lines if " Ta " in line]
    return sum(int(size.split(" + ")[0]) for size in sizes if size != "n" and not size.startswith("each "))


def chunks(source):
    table = {m[1]: (m[2], int(m[3] or 0)) for m in re.finditer(
        r"^\.It Sy (\w{4}) Pq \w+; (\w+); (?:(\d+) )?", source, re.M)}
    told = {title: lines for title, lines in sections(source, ".Ss ").items() if re.fullmatch(r"[A-Za-z]{4}", title)}
    point("godwit-chunks(5) has a section for each chunk of its table", sorted(set(table) - set(told)))
    point("godwit-chunks(5) has no section for a chunk that is not there", sorted(set(told) - set(table)))
    point("the fields of each critical chunk add up to its least data",
          ["%s: %d, not %d" % (name, fewest(told[name]), least) for name, (kind, least) in sorted(table.items())
           if kind == "critical" and name in told and fewest(told[name]) != least])


def example(source):
    octets = bytes.fromhex(re.search(r"^\.Dl ((?:[0-9a-f]{2} ?){12,})$", source, re.M)[1])
    is_whole = octets[:4] == (len(octets) - 12).to_bytes(4, "big")
    is_right = zlib.crc32(octets[4:-4]).to_bytes(4, "big") == octets[-4:]
    point("the chunk that godwit-chunks(5) shows is one", [] if is_whole and is_right else [octets.hex(" ")])


def rows(lines, events):
    """{(state, event): (outcome, next, actions)} of a table of rows; where a violation leads is not told there."""
    found, state = {}, None
    for line in lines:
        if line.startswith(".It Sy "):
            state = line[len(".It Sy "):]
        match = re.fullmatch(r"([A-Z_, ]+|all|all others)(?: \\\(-> (\w+))?(?:: ([A-Z_, ]+))?", line)
        if not match:
            continue
        which, after, what = match[1].split(", "), match[2] or state, (match[3] or "").split(", ")
        if which[0].startswith("all"):
            which = [event for event in events if (state, event) not in found]
        for event in which:
            found[state, event] = (what[0], None, None) if what[0] in OUTCOMES else ("MOVE", after, " ".join(what))
    return found


OUTCOMES = ("NOTHING", "LATER", "VIOLATION", "MISTAKE")


def expected(side):
    """The same from tests/unit/talk.txt, which the unit tests hold against the functions."""
    with open(os.path.join(SOURCE, "tests/unit/talk.txt"), encoding="ascii") as file:
        text = file.read()
    lines = re.search(r"^# %s: state, event.*?\n(.*?)\n\n" % side, text, re.M | re.S)[1].splitlines()
    found = {}
    for state, event, outcome, after, *what in (line.split() for line in lines):
        found[state, event] = (outcome, None, None) if outcome in OUTCOMES else (outcome, after, " ".join(what))
    return found


def hand_over(source):
    told = sections(source, ".Ss ")
    for side in ("source", "destination"):
        want = expected(side)
        got = rows(told["States of the " + side], sorted({event for _, event in want}))
        point("godwit-chunks(5) tells every pair of the %s's table" % side,
              ["%s %s: %s, not %s" % (*pair, got.get(pair), want.get(pair)) for pair in sorted(set(got) | set(want))
               if got.get(pair) != want.get(pair)])
        events = {line[len(".It Sy "):] for line in told["Events of the " + side] if line.startswith(".It Sy ")}
        point("godwit-chunks(5) tells every event of the " + side, sorted(events ^ {event for _, event in want}))


# --- godwit-stream(5) -------------------------------------------------------------------------------------------------

def structures(source):
    """{layout: rows of its section} of the page; a row is offset, octets, name."""
    row = re.compile(r"^\.It 0x([0-9a-f]+) Ta (each \d+|\d+ x \d+ of \d+|\d+ x \d+|\d+) Ta Li (\w+) Ta", re.M)
    told = {title: "\n".join(lines) for title, lines in sections(source, ".Ss ").items()}
    return {title: row.findall(text) for title, text in told.items() if re.fullmatch("[a-z0-9_]+", title)}


def declared():
    """The layouts that the headers of src/xenf list: {name: length}."""
    found = {}
    for path in glob.glob(os.path.join(SOURCE, "src/xenf/layout_*.h")):
        with open(path, encoding="ascii") as file:
            found.update((name, int(length)) for name, length in
                         re.findall(r"^    L\(\w+, (\w+), (\d+),", file.read(), re.M))
    return found


def too_long(rows, length):
    """Rows that end behind the structure's end."""
    for offset, octets, name in rows:
        most = 0 if octets.startswith("each") else 1  # there may be none
        for number in re.findall(r"\d+", re.sub(r"\d+ of ", "", octets)):
            most *= int(number)
        if int(offset, 16) + most > length:
            yield "%s ends at %d, behind %d" % (name, int(offset, 16) + most, length)


def stream(source):
    told = sections(source, ".Ss ")
    for title, length in (("Image header", 24), ("Domain header", 16)):
        got = fewest(told[title])
        point("godwit-stream(5): the fields of the %s add up" % title.lower(),
              [] if got == length else ["%d, not %d" % (got, length)])
    with open(os.path.join(SOURCE, "src/xenf/records.h"), encoding="ascii") as file:
        numbers = dict(re.findall(r"^    R\(0x([0-9a-f]+), (\w+),", file.read(), re.M))
    in_page = dict(re.findall(r"^\.It Sy (\w+) Pq 0x([0-9a-f]+);", source, re.M))
    point("godwit-stream(5) tells every record by its number",
          sorted(set(numbers.values()) ^ set(in_page)) + [name for number, name in numbers.items()
                                                          if int(in_page.get(name, "0"), 16) != int(number, 16)])
    rows, lengths = structures(source), declared()
    point("godwit-stream(5) tells every structure that there is a table for", sorted(set(lengths) ^ set(rows)))
    point("no structure has a field behind its end",
          ["%s: %s" % (name, why) for name in sorted(set(lengths) & set(rows))
           for why in too_long(rows[name], lengths[name])])


# --- HTML -------------------------------------------------------------------------------------------------------------

class Page(html.parser.HTMLParser):
    """Where a page points to, and where in it one can point."""

    def __init__(self, path):
        super().__init__()
        self.refs, self.ids, self.foreign = set(), set(), set()
        with open(path, encoding="utf-8") as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        self.refs.update(attrs[name] for name in ("href", "src") if name in attrs)
        if tag in ("script", "iframe", "img"):
            self.foreign.add(tag)


def browser_pages():
    folder = os.path.join(BUILD, "man", "html")
    pages = {os.path.basename(path): Page(path) for path in glob.glob(os.path.join(folder, "*.html"))}
    if not pages:
        point("the man pages for a browser # SKIP the build was set up without mandoc; 'make html' makes them", [])
        return
    names = {os.path.basename(path) + ".html" for path in glob.glob(os.path.join(BUILD, "*.[1-8]"))}
    point("every man page is there for a browser", sorted(names ^ set(pages)))
    dangling = []
    for name, page in sorted(pages.items()):
        for ref in sorted(page.refs):
            file, _, anchor = ref.partition("#")
            there = os.path.exists(os.path.join(folder, file)) and "/" not in file
            if not there or (anchor and urllib.parse.unquote(anchor) not in pages[file or name].ids):
                dangling.append("%s: %s" % (name, ref))
    point("every link in them leads somewhere", dangling)
    point("they need nothing but their style", sorted(set().union(*(page.foreign for page in pages.values()))))


def unknown_table():
    with tempfile.TemporaryFile("w+") as page:
        page.write('.\\" @NOTHING-FILLS-THIS\n')
        page.seek(0)
        run = subprocess.run([GENDOC], stdin=page, capture_output=True, text=True)
    point("a page that asks for a table that nothing fills is not made",
          [] if run.returncode != 0 and "@NOTHING-FILLS-THIS" in run.stderr else [run.stdout + run.stderr])


def main():
    if not shutil.which("mandoc"):
        print("1..0 # SKIP mandoc is not installed")
        return
    lint(sorted(glob.glob(os.path.join(BUILD, "*.[1-8]"))))
    first, second = plain("godwit.1"), plain("godwit-verify.1")
    others = [os.path.basename(path) for path in glob.glob(os.path.join(BUILD, "*.[1-8]"))]
    point("godwit(1) names every other page", [name for name in sorted(others) if name != "godwit.1" and
                                               "%s(%s)" % (name[:-2], name[-1]) not in first])
    commands = out(GODWIT, "--dump-options").split()
    point("godwit(1) tells every command", [c for c in commands if not re.search(r"godwit %s\b" % c, first)])
    pages = {os.path.basename(path) for path in glob.glob(os.path.join(BUILD, "*.1"))}
    point("every command has a page", [c for c in commands if "godwit-%s.1" % c not in pages])
    all_options(commands)
    schemas(commands)
    with open(os.path.join(BUILD, "godwit-chunks.5"), encoding="ascii") as file:
        talk = file.read()
    chunks(talk)
    example(talk)
    hand_over(talk)
    with open(os.path.join(BUILD, "godwit-stream.5"), encoding="ascii") as file:
        stream(file.read())
    browser_pages()
    unknown_table()
    rules = [line.split()[1] for line in out(GODWIT, "verify", "--rules").splitlines()]
    point("godwit-verify(1) tells every rule", [r for r in rules if not re.search(r"^\s+%s \(" % r, second, re.M)])
    limits = [line.split()[0] for line in out(GODWIT, "verify", "--limits").splitlines()]
    point("godwit-verify(1) tells every limit", [x for x in limits if not re.search(r"^\s+%s \(" % x, second, re.M)])
    wide = [line for c in ["--help"] + [c + " --help" for c in commands]
            for line in out(GODWIT, *c.split()).splitlines() if len(line) > 100]
    point("no line of --help is wider than 100 columns", wide)
    print("1..%d" % len(points))
    for number, (name, wrong) in enumerate(points, 1):
        print("%sok %d - %s" % ("not " if wrong else "", number, name))
        for line in wrong:
            print("# " + line)


main()
