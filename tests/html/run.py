#!/usr/bin/env python3
"""The page of "godwit inspect --html": whole, true, bounded, harmless, and at work in a real browser.

What it says is held against --json and against the image's own octets (page.py); hostile names and sizes are made with
the independent writer of tests/golden. The browser (browser.py) is skipped where there is none.
Environment: GODWIT, GODWIT_SOURCE; GODWIT_PICTURES: a folder that keeps the pictures of the page.
"""
import json
import lzma
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "golden"), str(HERE.parent / "interop")]
import browser                                      # noqa: E402
import wrap                                         # noqa: E402
import xenf                                         # noqa: E402
from page import Map, Page, expand, judge, memory, numbers_in, numbers_of  # noqa: E402
from tap import Tap                                 # noqa: E402

SOURCE = pathlib.Path(os.environ.get("GODWIT_SOURCE") or HERE.parent.parent)
GODWIT = os.environ.get("GODWIT") or str(SOURCE / "build" / "godwit")
IMAGES = SOURCE / "tests" / "images"
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&<!--\x01\x1b[31m.xl"
# Images that are looked at, and whether their octets are read here too: bare or within xl, without checkpoints.
SHOWN = [("hvm-16-high", "img", True), ("hvm-16-live", "img", True), ("hvm-16-verify", "img", True),
         ("pv32-8", "img", True), ("pv64-8-live", "img", True), ("tiny64-3vcpus", "xl", True),
         ("tinyhvm-live", "migrate", True), ("tiny64-remus", "migrate", False)]


def inspect(*arguments):
    return subprocess.run([GODWIT, "inspect", *map(str, arguments)], capture_output=True, check=False)


def make(image, out, *options):
    """The page of an image, and the lines of --json of it."""
    done = inspect("--html", out, *options, image)
    assert done.returncode in (0, 1) and not done.stdout and not done.stderr, done
    lines = [json.loads(line) for line in inspect("--json", *options, image).stdout.splitlines()]
    return Page(out.read_text(encoding="ascii")), lines


def first(lines, kind):
    return next(line for line in lines if line["type"] == kind)


def number(text):
    return int(text.replace(",", ""))


# --- is it true ------------------------------------------------------------------------------------------------------


def wrong_types(page, lines):
    """The table of page types, and the map, against --json."""
    want = first(lines, "memory")["by_type"]
    rows = {row[0]: number(row[1]) for row in page.cells() if len(row) == 4 and row[3].endswith("%")}
    wrong = ["%s: %r, --json says %d" % (name, rows.get(name), num) for name, num in want.items()
             if rows.get(name) != num]
    shown, drawn = Map(page), {}
    for num, (kind, _, _, _, mixed) in shown.runs:
        if kind >= 0:
            drawn[shown.types[kind]] = drawn.get(shown.types[kind], 0) + num
        wrong += ["a cell of one pfn is mixed"] if mixed and shown.shift == 0 else []
    if shown.shift == 0 and drawn != want:
        wrong.append("the map has %r, --json says %r" % (drawn, want))
    return wrong + shown.faults()


def wrong_passes(page, lines):
    want = [[str(line["number"]) + (", for comparison" if line["verify"] else ""),
             "%d\u2013%d" % (line["first_record"], line["last_record"]),
             *("{:,}".format(line[key]) for key in ("entries", "contents", "again"))]
            for line in lines if line["type"] == "pass"]
    got = [row for row in page.cells() if len(row) == 5 and "\u2013" in row[1]]
    if len(want) == 1:
        return [] if not got and any("passes once" in text for text in page.text) else ["one pass wants a sentence"]
    return [] if got == want else ["%r, --json says %r" % (got, want)]


def wrong_records(page, lines):
    want = {line["name"]: (line["num"], line["octets"]) for line in lines if line["type"] == "records"}
    got = {row[0]: (number(row[2]), number(row[3])) for row in page.cells() if len(row) == 5 and row[0] in want}
    return [] if got == want else ["%r, --json says %r" % (got, want)]


def wrong_numbers(page, lines):
    """Every number that --json has of a structure stands in a row of that name."""
    rows = {}
    for row in page.cells():
        if len(row) == 3:
            rows.setdefault(re.sub(r"\[.*", "", row[0]), set()).update(numbers_in(row[1]))
            for name, value in re.findall(r"(\w+) (-?\d+|0x[0-9a-f]+)\b", row[1]):  # a small structure in one row
                rows.setdefault(name, set()).add(int(value, 0))
    explained = {"cpuid_leaf", "hvm_params", "hvm_msr", "x86_pv_vcpu_msrs", "msr_entry"}
    missing, told = [], 0
    for line in lines:
        if line["type"] != "structure" or line["layout"] in explained or line["name"] == "head":
            continue
        fields = line.get("fields", {})
        for one in fields if isinstance(fields, list) else [fields]:
            for names, value in numbers_of(one):
                told += 1
                if value != 0 and not any(value in rows.get(name, ()) for name in names):
                    missing.append("%s of %s: %#x" % (names[0], line["name"], value))
    return missing if told > 0 else ["--json told no number"]


def wrong_names(page, lines):
    """MSRs and parameters with their names and values."""
    rows = {(row[2].split(" ")[0], int(row[1], 0)) for row in page.cells() if len(row) == 3 and is_number(row[1])}
    return ["%s %r" % (line["name"], line["value"]) for line in lines if line["type"] in ("msr", "param")
            and (line["name"] or "unknown", whole(line["value"])) not in rows]


def wrong_asides(page, lines):
    """What stands beside the image, and the devices in a QEMU's state."""
    rows = [tuple(row) for row in page.cells() if len(row) == 5]
    wrong = ["no device %s" % line["name"] for line in lines if line["type"] == "device" and
             (line["name"], *(str(line[key]) for key in ("instance", "version", "length", "offset"))) not in rows]
    text = " ".join("".join(page.text).split())
    for line in lines:
        want = "%s \u00b7" % line.get("name")
        if line["type"] == "aside" and "layer" not in line and want not in text:
            wrong.append("no %s" % line["name"])
        if line["type"] == "config":
            wrong += ["no %s of the configuration" % key for key in ("name", "uuid") if line[key] not in text]
    return wrong


def is_number(text):
    return re.fullmatch(r"-?\d+|0x[0-9a-f]+", text) is not None


def whole(value):
    return int(value, 0) if isinstance(value, str) else value


def wrong_verdict(page, lines):
    verdict, findings = first(lines, "verdict"), [line for line in lines if line["type"] == "finding"]
    text = " ".join("".join(page.text).split())
    want = "%s \u00b7 %d error" % ("Valid" if verdict["valid"] else "Not valid", verdict["errors"])
    wrong = [] if want in text else ["it does not say %r" % want]
    rows = [(row[0], row[1]) for row in page.cells() if len(row) == 5]
    return wrong + ["no row for %s" % f["rule"] for f in findings if (f["severity"], f["rule"]) not in rows]


def wrong_memory(page, lines, octets):
    """The map against the image's own entries, pfn by pfn."""
    offset = whole(first(lines, "image")["offset"])
    want, passes = memory(octets, offset)
    got = expand(Map(page))
    wrong = ["pfn %#x is %r, the image says %r" % (pfn, got.get(pfn), want.get(pfn))
             for pfn in sorted(set(want) | set(got)) if got.get(pfn) != want.get(pfn)]
    said = [line["entries"] for line in lines if line["type"] == "pass"]
    return wrong[:10] + ([] if passes == said else ["passes of %r pfns, --json says %r" % (passes, said)])


def check_images(tap, scratch):
    for name, ending, is_read in SHOWN:
        octets = lzma.open(IMAGES / ("%s.%s.xz" % (name, ending))).read()
        image = scratch / (name + "." + ending)
        image.write_bytes(octets)
        page, lines = make(image, scratch / (name + ".html"), "--zero")
        checks = [("is well formed and allows itself alone", judge(page)),
                  ("has the types and the map that --json tells", wrong_types(page, lines)),
                  ("has the passes", wrong_passes(page, lines)), ("has the records", wrong_records(page, lines)),
                  ("has every number of every structure", wrong_numbers(page, lines)),
                  ("names MSRs and parameters", wrong_names(page, lines)),
                  ("has what stands beside the image", wrong_asides(page, lines)),
                  ("has the verdict and the findings", wrong_verdict(page, lines))]
        if is_read:
            checks.append(("maps each pfn as the image's octets say", wrong_memory(page, lines, octets)))
        for what, wrong in checks:
            tap.point(not wrong, "the page of %s %s" % (name, what), "\n".join(map(str, wrong)))


# --- is it harmless and bounded --------------------------------------------------------------------------------------


def small_image(entries):
    """A bare image of page data alone: not valid, and yet a page is made of it."""
    records = b"".join(xenf.page_data(entries[at:at + 1024]).octets() for at in range(0, len(entries), 1024))
    return xenf.image_header() + xenf.domain_header() + records + xenf.end().octets()


def check_hostile(tap, scratch):
    octets = lzma.open(IMAGES / "tiny64.xl.xz").read()
    stream = octets[octets.index(b"LibxlFmt"):]
    config = wrap.config("pv", 8192, 1)
    config["c_info"]["name"] = HOSTILE
    image = scratch / HOSTILE.replace("/", "\\")
    image.write_bytes(wrap.xl(stream, config))
    page, _ = make(image, scratch / "hostile.html")
    tap.point(not judge(page) and not page.all("img"), "hostile names become text", "\n".join(judge(page)))
    want = image.name.replace("\\", "\\x5c").replace("\x01", "\\x01").replace("\x1b", "\\x1b")
    tap.point(page.texts["h1"] == [want] and page.texts["title"][0] == want, "a hostile name is shown as it is",
              repr(page.texts["h1"]))
    text = "".join(page.text)
    tap.point("onerror=alert(1)" in text and HOSTILE not in page.raw and "\x01" not in page.raw,
              "the configuration's name is shown, escaped", "")
    return scratch / "hostile.html"


def check_stored(tap, scratch):
    """What fuzzers found becomes a page or is refused; a page is well formed."""
    out, wrong, pages = scratch / "stored.html", [], 0
    for room in ("reader", "wrap"):
        for path in sorted((SOURCE / "tests" / "fuzz" / "corpus" / room).iterdir()):
            out.unlink(missing_ok=True)
            done = inspect("--html", out, path)
            if done.returncode not in (0, 1) or out.exists() == bool(done.stderr):
                wrong.append("%s: exit status %d, %s" % (path.name, done.returncode, done.stderr[:200]))
            if out.exists():
                pages += 1
                wrong += ["%s: %s" % (path.name, fault) for fault in judge(Page(out.read_text(encoding="ascii")))]
    tap.point(pages > 0 and not wrong, "stored fuzz inputs become pages that are well formed", "\n".join(wrong))


def check_sizes(tap, scratch):
    top = (1 << 28) - 1
    sizes = {
        "a terabyte of few runs": [(pfn, xenf.XALLOC, None) for pfn in [*range(64), top]],
        "262144 alternating pfns": [(pfn, xenf.XALLOC if pfn % 2 else xenf.XTAB, None) for pfn in range(1 << 18)],
        "3 of 4 pfns, with steps": [(pfn, xenf.XALLOC if pfn * pfn % 7 < 3 else xenf.XTAB, None)
                                    for pfn in range(1 << 18) if pfn % 4],
    }
    for name, entries in sizes.items():
        image, out = scratch / "sized.img", scratch / "sized.html"
        image.write_bytes(small_image(entries))
        out.unlink(missing_ok=True)
        page, lines = make(image, out)
        shown = Map(page)
        wrong = judge(page) + wrong_types(page, lines)
        tap.point(not wrong and out.stat().st_size < 600_000 and len(shown.runs) <= 65536,
                  "the page of %s is bounded" % name,
                  "\n".join([*wrong, "%d octets, %d runs" % (out.stat().st_size, len(shown.runs))]))
        is_told = "shows what most of them are" in "".join(page.text)
        tap.point(is_told == (shown.shift > 0) and (shown.shift > 0) == (name[0] != "a"),
                  "the page of %s says how large its cells are" % name, "shift %d" % shown.shift)
    tap.point(any(folded for folded, _, _ in Map(make_few(scratch)).bands), "a long hole is folded")


def make_few(scratch):
    image, out = scratch / "few.img", scratch / "few.html"
    image.write_bytes(small_image([(0, xenf.XALLOC, None), (0xFEFFF, xenf.XALLOC, None)]))
    return make(image, out)[0]


# --- does it work ----------------------------------------------------------------------------------------------------

READ = "return document.querySelector('.readout').textContent"
BOX = "const b = document.querySelector('canvas').getBoundingClientRect(); return [b.left, b.top, b.width, b.height]"
LEVEL = "return document.querySelector('.level').textContent"


def pfn_at(text):
    found = re.match(r"pfn (0x[0-9a-f]+)", text)
    return int(found[1], 16) if found else None


def is_true(shown, text):
    """What the page says of a pfn is what its data say."""
    kind, last, _, zero, _ = shown.kind(pfn_at(text) >> shown.shift)
    name = "never named" if kind < 0 else shown.types[kind]
    told = re.search(r"last in pass (\d+)", text)
    return name in text and (int(told[1]) if told else 0) == last and ("all zero" in text) == bool(zero)


def check_hover(tap, window, shown, name):
    """Over a grid of places: each pfn is told as it is, rightwards and downwards they ascend, by cells and by rows."""
    left, top, width, height = window.run(BOX)
    said = []
    for down in range(4):
        for right in range(6):
            window.hover(left + width * (.2 + .15 * right), top + height * (.05 + .25 * down))
            said.append(window.run(READ))
    pfns = [pfn_at(text) for text in said]
    lies = [text for text in said if not is_true(shown, text)]
    steps = {b % shown.width - a % shown.width for row in range(0, 24, 6) for a, b in
             zip(pfns[row:row + 5], pfns[row + 1:row + 6])}
    tap.point(not lies and pfns == sorted(pfns) and max(steps) - min(steps) <= 1 and min(steps) > 0,
              "%s: hovering names the pfns under the pointer" % name, "%r\n%r\n%r" % (lies, pfns, steps))


def check_corners(tap, window, shown, name):
    """The last column and the last row are where the map ends."""
    left, top, width, height = window.run(BOX)
    window.hover(left + width - 2, top + 2)
    right = pfn_at(window.run(READ))
    window.hover(left + width - 2, top + height - 2)
    last = pfn_at(window.run(READ))
    tap.point((right, last) == (shown.width - 1, shown.pfns - 1), "%s: the corners are where they should be" % name,
              "%#x %#x" % (right, last))


def check_zoom(tap, window, shown, name):
    left, top, width, height = window.run(BOX)
    x, y = left + width * .6, top + height * .4
    window.hover(x, y, press=True)
    before = pfn_at(window.run(READ))
    for _ in range(4):
        window.wheel(x, y, -100)
    window.hover(x, y)
    window.settle()
    tap.point(float(window.run(LEVEL)[:-1]) > 2 and pfn_at(window.run(READ)) == before,
              "%s: the wheel zooms about the pointer" % name, "%s, %s" % (window.run(LEVEL), window.run(READ)))
    window.keys("0")
    window.settle()
    tap.point(window.run(LEVEL) == "1\u00d7", "%s: 0 shows the whole map" % name, window.run(LEVEL))
    window.run("document.querySelector('button[value=in]').click()")
    window.settle()
    tap.point(window.run(LEVEL) == "2\u00d7", "%s: a button zooms" % name, window.run(LEVEL))
    window.run("document.querySelector('button[value=all]').click()")


def check_keyboard(tap, window, shown, name):
    window.run("document.querySelector('canvas').focus()")
    window.keys("Home")
    seen = [pfn_at(window.run(READ))]
    for key in ("ArrowRight", "ArrowDown", "]", "End"):
        window.keys(key)
        seen.append(pfn_at(window.run(READ)))
    starts = [0]
    for num, _ in shown.runs:
        starts.append(starts[-1] + num)
    want = [0, 1, 1 + shown.width, next(at for at in starts if at > 1 + shown.width), shown.pfns - 1]
    tap.point(seen == want, "%s: keys go from cell to cell and run to run" % name, "%r, not %r" % (seen, want))
    window.run("const f = document.querySelector('form'); f.elements.pfn.value = '0x123'; f.requestSubmit()")
    tap.point(pfn_at(window.run(READ)) == 0x123, "%s: a pfn can be asked for" % name, window.run(READ))


def colour(window):
    """The colour that most of the map has, those that its types may have, as the style says, and how much has it."""
    return window.run("""
        const map = document.querySelector("canvas"), copy = new OffscreenCanvas(map.width, map.height);
        const pen = copy.getContext("2d", { willReadFrequently: true }), counts = new Map();
        pen.drawImage(map, 0, 0);
        const data = new Uint32Array(pen.getImageData(0, 0, map.width, map.height).data.buffer);
        data.forEach((pixel) => counts.set(pixel, (counts.get(pixel) || 0) + 1));
        const [most, times] = [...counts].sort((a, b) => b[1] - a[1])[0];
        const hex = (octet) => octet.toString(16).padStart(2, "0");
        const style = getComputedStyle(document.querySelector("#map"));
        return ["#" + [0, 8, 16].map(shift => hex(most >> shift & 255)).join(""),
                ["--t0", "--t14", "--t15"].map(name => style.getPropertyValue(name).trim()),
                times / data.length]""")


def check_looks(tap, window, name, pictures):
    """Light and dark, wide and narrow: nothing overflows, colours follow; pictures for who wants to look."""
    seen = {}
    for width, ratio in ((1400, 1), (420, 2)):
        for scheme in ("light", "dark"):
            window.window(width, 1000, ratio)
            window.media(scheme)
            window.settle()
            window.settle()
            seen[width, scheme] = colour(window)
            over = window.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            tap.point(over <= 0, "%s, %d wide, %s: nothing stands out" % (name, width, scheme), over)
            window.picture(pictures / ("%s-%d-%s.png" % (name, width, scheme)), whole=True)
    tap.point(all(most in types for most, types, _ in seen.values()) and
              seen[1400, "light"][0] != seen[1400, "dark"][0],
              "%s: the map is drawn anew when the system becomes dark" % name, seen)
    window.media("light")
    window.window(1000, 900)
    window.settle()


def check_legends(tap, window, name):
    window.run("document.querySelector('input[value=pass]').click()")
    window.settle()
    shown = window.run("return [...document.querySelectorAll('[data-of]')].filter(e => e.checkVisibility())"
                       ".map(e => e.dataset.of)")
    tap.point(shown == ["pass"], "%s: colours by pass have their legend" % name, shown)
    window.run("document.querySelector('input[value=type]').click()")


def check_contrast(tap, window, name):
    """WCAG AA: 4.5 for text, in both schemes."""
    script = """
        const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255)
            .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b; };
        const back = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
            if (c !== "rgba(0, 0, 0, 0)") return c; } return "rgb(255, 255, 255)"; };
        const poor = new Set();
        for (const e of document.querySelectorAll("body *")) {
            if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
                || !e.checkVisibility()) continue;
            const style = getComputedStyle(e), text = light(e instanceof SVGElement ? style.fill : style.color);
            const paper = light(back(e)), ratio = (Math.max(text, paper) + .05) / (Math.min(text, paper) + .05);
            if (ratio < 4.5) poor.add(e.tagName + "." + e.className + " " + ratio.toFixed(2));
        }
        return [...poor];"""
    for scheme in ("light", "dark"):
        window.media(scheme)
        window.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        poor = window.run(script)
        tap.point(not poor, "%s, %s: all text is readable (WCAG AA)" % (name, scheme), "\n".join(poor))
    window.media("light")


def check_small_cells(tap, window, scratch):
    """A gibibyte, four cells to a pixel: runs of one colour leave no gaps, runs of two are mixed."""
    again = range(0, 1 << 18, 37)
    pictures = {
        "one colour": [(pfn, xenf.XALLOC, None) for pfn in [*range(1 << 18), *again]],
        "two colours": [(pfn, xenf.XTAB if pfn < 1 << 16 and pfn % 4 < 2 else xenf.XALLOC, None)
                        for pfn in range(1 << 18)],
    }
    seen = {}
    window.window(500, 900)
    for what, entries in pictures.items():
        image, out = scratch / "small.img", scratch / "small.html"
        image.write_bytes(small_image(entries))
        out.unlink(missing_ok=True)
        shown = Map(make(image, out)[0])
        window.open(out.as_uri())
        window.settle()
        most, types, share = colour(window)
        seen[what] = shown.shift, shown.width, most == types[1], share
    window.window(1000, 900)
    one, two = seen["one colour"], seen["two colours"]
    tap.point(one[:3] == (0, 1024, True) and one[3] > .7, "cells smaller than a pixel leave no gaps", seen)
    tap.point(two[:3] == (0, 1024, True) and .4 < two[3] < one[3] - .15, "cells smaller than a pixel are mixed", seen)


def check_without_script(tap, window, address):
    window.scripts(False)
    window.open(address)
    window.scripts(True)  # for what follows; the page's own did not run
    still = window.run("return [document.querySelector('.still').checkVisibility(), "
                       "document.querySelector('canvas').checkVisibility(), "
                       "document.querySelector('.tools').checkVisibility(), "
                       "document.querySelectorAll('.still path').length]")
    tap.point(still[:3] == [True, False, False] and still[3] > 0, "without a script there is a still picture", still)


def check_browser(tap, scratch, hostile):
    pictures = pathlib.Path(os.environ.get("GODWIT_PICTURES") or scratch)
    with browser.Browser() as window:
        window.open("about:blank")
        window.console(), window.requests()  # of the browser's first page
        for name in ("hvm-16-live", "pv64-8-live"):
            address = (scratch / (name + ".html")).as_uri()
            shown = Map(Page((scratch / (name + ".html")).read_text()))
            window.window(1000, 900)
            window.open(address)
            window.run("document.querySelector('#map').scrollIntoView()")
            window.settle()
            check_hover(tap, window, shown, name)
            check_corners(tap, window, shown, name)
            check_zoom(tap, window, shown, name)
            check_keyboard(tap, window, shown, name)
            check_legends(tap, window, name)
            check_looks(tap, window, name, pictures)
            check_contrast(tap, window, name)
            console, asked = window.console(), [url for url in window.requests() if url != address]
            tap.point(not console and not asked, "%s: nothing is logged, nothing is asked for" % name,
                      "%r %r" % (console, asked))
        check_small_cells(tap, window, scratch)
        check_without_script(tap, window, address)
        window.open(hostile.as_uri())
        window.settle()
        tap.point(not window.console() and window.run("return document.images.length") == 0,
                  "hostile names do nothing in a browser")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="godwit-html-") as folder:
        scratch = pathlib.Path(folder)
        check_images(tap, scratch)
        hostile = check_hostile(tap, scratch)
        check_stored(tap, scratch)
        check_sizes(tap, scratch)
        lacking = browser.missing()
        if lacking:
            tap.skip("the page in a browser", lacking)
            return tap.done()
        try:
            check_browser(tap, scratch, hostile)
        except browser.Unusable as error:
            tap.skip("the page in a browser", "chromium does not start here: %s" % error)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
