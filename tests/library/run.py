#!/usr/bin/env python3
"""libgodwit from outside: headers, symbols, man page, an installed copy, C++, and what the binary interface was.

    run.py                 all points, as TAP
    UPDATE=1 run.py        renews tests/abi/libgodwit.abi from the build: on purpose, see CONTRIBUTING.md

GODWIT_BUILD names the build directory (default: build); CC and CXX the compilers (cc, c++).
"""
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))
from tap import Tap                                 # noqa: E402

SOURCE = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("GODWIT_BUILD") or SOURCE / "build")
CC, CXX = os.environ.get("CC", "cc"), os.environ.get("CXX", "c++")
INCLUDES = (SOURCE / "include", BUILD / "include")
IMAGE = SOURCE / "tests/images/tiny64-3vcpus.xl.xz"
WARNINGS = ("-Wall", "-Wextra", "-pedantic", "-Werror")
C_DIALECTS = ("c89", "c99", "c11", "c17")
CXX_DIALECTS = ("c++98", "c++11", "c++20")
# What may be written to while the library runs, and why it is no state.
WRITABLE = {
    "requested": "the flag of gw_cancel_request(), which nothing in the library calls",
    "sha256": "OpenSSL's algorithm, looked up once",
    "gw_clock_real": "a table of two functions",
    "completed": "the compiler's",
    "__dso_handle": "the compiler's",
    "__TMC_END__": "the compiler's",
}
tap = Tap()


class Missing(Exception):
    """A tool is not there: the point is skipped."""


def run(*command, env=None, cwd=None):
    """Without the LD_LIBRARY_PATH of the test's own runner, which names the build."""
    if shutil.which(str(command[0])) is None:
        raise Missing("%s is not installed" % command[0])
    mine = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, cwd=cwd,
                          env=dict(mine, **env or {}))


def must(*command, **more):
    done = run(*command, **more)
    if done.returncode != 0:
        raise AssertionError("%s: exit status %d\n%s%s" % (command[0], done.returncode, done.stdout, done.stderr))
    return done.stdout


def point(name, function, *arguments):
    """function gives the lines of what is wrong, or fails, or misses a tool."""
    try:
        wrong = function(*arguments)
    except Missing as missing:
        return tap.skip(name, str(missing))
    except AssertionError as error:
        wrong = [str(error)]
    return tap.point(not wrong, name, "\n".join(wrong or []))


# --- what the headers declare ----------------------------------------------------------------------------------------

def headers():
    return sorted(list((SOURCE / "include/godwit").glob("*.h")) + list((BUILD / "include/godwit").glob("*.h")))


def uncommented(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def arguments_of(text):
    """The arguments of a prototype; commas inside of brackets divide nothing."""
    found, depth = [""], 0
    for octet in text:
        depth += (octet == "(") - (octet == ")")
        if octet == "," and depth == 0:
            found.append("")
        else:
            found[-1] += octet
    return [" ".join(one.split()) for one in found]


def prototypes():
    """{function: "type name(argument, ...)"} of all headers."""
    found = {}
    for header in headers():
        for head, inside in re.findall(r"GODWIT_API\s+([^;(]*)\(([^;]*)\);", uncommented(header.read_text())):
            kind, name = re.fullmatch(r"(.*?)(\w+)", " ".join(head.split())).groups()
            found[name] = "%s %s(%s)" % (kind.strip(), name, ", ".join(arguments_of(inside)))
    return found


def same(what, want, got, other):
    return (["%s lacks %s" % (other, name) for name in sorted(set(want) - set(got))] +
            ["%s has %s, which %s lacks" % (other, name, what) for name in sorted(set(got) - set(want))])


def library():
    return next(path for path in BUILD.glob("libgodwit.so.*") if path.is_file() and not path.is_symlink())


def check_map():
    names = re.findall(r"^\s+(godwit_\w+);", (SOURCE / "src/api/libgodwit.map").read_text(), re.M)
    wrong = ["the map names %s twice" % name for name in set(names) if names.count(name) > 1]
    return wrong + same("the headers", prototypes(), names, "the map")


def check_exports():
    lines = must("nm", "-D", "--defined-only", library()).splitlines()
    names = [line.split()[2].split("@")[0] for line in lines if line.split()[1] != "A"]
    return same("the headers", prototypes(), names, "the library")


def check_comments():
    """Each declaration stands under a comment, alone or in a group that follows one."""
    wrong = []
    for header in headers():
        lines = header.read_text().splitlines()
        for number, line in enumerate(lines):
            if line.startswith(("GODWIT_API", "struct", "enum", "typedef")) and lines[number - 1] == "" and \
                    not re.match(r"struct \w+;", line):
                wrong.append("%s:%d: nothing says what this is" % (header.name, number + 1))
    return wrong


def check_called():
    """A function that no test calls is a promise that nobody looks after."""
    text = "".join(path.read_text() for pattern in ("unit/api*.c", "library/*.cc", "fuzz/library.c")
                   for path in sorted((SOURCE / "tests").glob(pattern)))
    return ["no test calls %s" % name for name in sorted(prototypes()) if not re.search(r"\b%s\(" % name, text)]


def told_in_man():
    """{function: prototype} of the man page's SYNOPSIS, and the functions that the rest names."""
    text = (SOURCE / "man/libgodwit.3.in").read_text()
    synopsis, rest = text.split(".Sh DESCRIPTION", 1)
    synopsis = re.sub(r'\n\.Fa "([^"]*)"', r' "\1"', synopsis).replace("\n.Fc", "").replace(".Fo ", ".Fn ")
    told = {name: '%s %s(%s)' % (kind.strip('"'), name, ", ".join(re.findall(r'"([^"]*)"', inside)))
            for kind, name, inside in re.findall(r'^\.Ft (.*)\n\.Fn (\w+) ?(.*)$', synopsis, re.M)}
    return told, set(re.findall(r"^\.Fn (godwit_\w+)", rest, re.M))


def check_man():
    told, explained = told_in_man()
    want = prototypes()
    wrong = same("the headers", want, told, "SYNOPSIS") + same("the headers", want, explained, "DESCRIPTION")
    return wrong + ["SYNOPSIS has %s, the header %s" % (told[name], want[name])
                    for name in sorted(set(want) & set(told)) if told[name] != want[name]]


def check_writable():
    """Symbols of .data, .bss and thread-local storage: what could be state outside of objects."""
    wrong = []
    for line in must("objdump", "-t", library()).splitlines():
        match = re.match(r"[0-9a-f]+ .{7} (\.data|\.bss|\.tdata|\.tbss)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)", line)
        if match and match[2] != match[1] and match[2].split(".")[0] not in WRITABLE:
            wrong.append("%s in %s can be written to" % (match[2], match[1]))
    return wrong


def check_dynamic():
    text = must("readelf", "-dW", library())
    wrong = [] if re.search(r"SONAME.*\[libgodwit\.so\.0\]", text) else ["the soname is not libgodwit.so.0"]
    return wrong + ["it has %s" % word for word in ("TEXTREL", "RPATH", "RUNPATH") if "(%s)" % word in text]


# --- compilers -------------------------------------------------------------------------------------------------------

def compile_header(compiler, language, dialect, header, folder):
    source = folder / ("alone.c" if language == "c" else "alone.cc")
    # Twice: a header guards itself. A function, for an empty unit is no unit.
    source.write_text("#include <godwit/%s>\n#include <godwit/%s>\nint alone(void);\nint alone(void)\n{\n"
                      "    return (int)sizeof(uint64_t);\n}\n" % (header, header))
    done = run(compiler, "-std=" + dialect, *WARNINGS, *["-I%s" % path for path in INCLUDES], "-fsyntax-only", source)
    return (done.stdout + done.stderr).splitlines() if done.returncode != 0 else []


def check_headers(compiler, language, dialect, folder):
    return [line for header in headers() for line in compile_header(compiler, language, dialect, header.name, folder)]


def check_cxx(folder):
    """Compiled, linked and run against the library of the build."""
    program = folder / "program"
    must(CXX, "-std=c++11", *WARNINGS, *["-I%s" % path for path in INCLUDES], HERE / "program.cc", "-o", program,
         "-L%s" % BUILD, "-lgodwit", "-Wl,-rpath,%s" % BUILD)
    out = must(program, IMAGE)
    want = ("1019 of ordinary\n", "1 of L4 table, pinned\n", "1 of type 7\n", "valid 1\n")
    return ["'%s' is not in what it printed:\n%s" % (line, out) for line in want if line not in out]


# --- an installed copy -----------------------------------------------------------------------------------------------

class Installed:
    """meson install into a folder of its own, and what pkg-config says of it from there."""

    def __init__(self, folder):
        self.root = folder / "root"
        must("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", self.root)
        self.clean = folder / "clean"
        self.clean.mkdir()

    def find(self, pattern):
        return next(iter(sorted(self.root.rglob(pattern))), None)

    def files(self):
        wrong = ["%s is not installed" % name for name in
                 ("libgodwit.so", "libgodwit.so.0", library().name, "libgodwit.pc", "libgodwit.3")
                 if self.find(name) is None]
        there = {path.name for path in self.root.rglob("include/godwit/*")}
        return wrong + same("the tree", {path.name for path in headers()}, there, "include/godwit")

    def pkg_config(self, *words):
        env = {"PKG_CONFIG_PATH": str(self.find("libgodwit.pc").parent), "PKG_CONFIG_SYSROOT_DIR": str(self.root)}
        return must("pkg-config", *words, "libgodwit", env=env).split()

    def version(self):
        version = re.search(r"version: '([^']*)'", (SOURCE / "meson.build").read_text())[1]
        said = self.pkg_config("--modversion")
        return [] if said == [version] else ["pkg-config says %s, the project %s" % (said, version)]

    def build(self, *more):
        """The example in a directory that holds nothing else."""
        shutil.copy(SOURCE / "docs/example/glance.c", self.clean)
        must(CC, "-std=c99", *WARNINGS, "-o", "glance", "glance.c", *self.pkg_config("--cflags", "--libs"), *more,
             cwd=self.clean)
        return self.clean / "glance"

    def example(self, way):
        libdir = self.find("libgodwit.so").parent
        if way == "rpath":
            program, env = self.build("-Wl,-rpath,%s" % libdir), None
        else:
            program, env = self.build(), {"LD_LIBRARY_PATH": str(libdir)}
        wrong = []
        for expected in sorted(HERE.glob("*.expected")):
            done = run(program, IMAGE.parent / (expected.stem + ".xz"), env=env, cwd=self.clean)
            if (done.returncode, done.stdout) != (0, expected.read_text()):
                wrong.append("%s: exit status %d\n%s%s" % (expected.stem, done.returncode, done.stdout, done.stderr))
        cut = self.clean / "cut"
        cut.write_bytes(IMAGE.read_bytes()[:-3000])
        done = run(program, cut, env=env, cwd=self.clean)
        return wrong + ([] if done.returncode == 1 and "verdict   NOT WHOLE\n" in done.stdout else
                        ["of a cut image: exit status %d\n%s%s" % (done.returncode, done.stdout, done.stderr)])


# --- the binary interface --------------------------------------------------------------------------------------------

BASELINE = SOURCE / "tests/abi/libgodwit.abi"


def abi(to):
    """What the library shows, without where it was built; types that no header tells are left out."""
    must("abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed",
         "--exported-interfaces-only", "--drop-private-types",
         *[word for path in INCLUDES for word in ("--headers-dir", path / "godwit")],
         "--out-file", to, library())
    to.write_text(re.sub(r" path='(?:[^']*/)?([^']*)'", r" path='\1'", to.read_text()))


def check_abi(folder):
    if platform.machine() != "x86_64":
        raise Missing("the kept interface is that of x86_64, this machine is %s" % platform.machine())
    if not re.search(r"\.debug_info", must("readelf", "-SW", library())):
        raise Missing("the library was built without debug information, which abidw reads")
    abi(folder / "now.abi")
    done = run("abidiff", BASELINE, folder / "now.abi")
    if done.returncode == 0:
        return []
    return ["the binary interface changed; if that is meant, see 'Change the library' in CONTRIBUTING.md",
            done.stdout + done.stderr]


def check_abi_notices(folder):
    """An instrument that finds nothing has to be shown something: a parameter, a member and a function less."""
    wrong = []
    text = BASELINE.read_text()
    for name, pattern in (("a function", r"<elf-symbol name='godwit_version'.*?/>"),
                          ("a member", r"<data-member[^>]*>\s*<var-decl name='wants_contents'.*?</data-member>"),
                          ("a parameter", r"(<function-decl name='godwit_image_run'.*?>)\s*<parameter .*?/>")):
        changed, times = re.subn(pattern, lambda m: m.group(1) if m.lastindex else "", text, 1, flags=re.S)
        (folder / "changed.abi").write_text(changed)
        if times != 1 or run("abidiff", folder / "changed.abi", BASELINE).returncode == 0:
            wrong.append("abidiff does not notice %s" % name)
    return wrong


def main():
    if os.environ.get("UPDATE"):
        abi(BASELINE)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        point("the map names what the headers declare", check_map)
        point("the library exports what the headers declare", check_exports)
        point("the man page tells each function as the headers declare it", check_man)
        point("every function is called by a test", check_called)
        point("every declaration in the headers has its comment", check_comments)
        point("nothing outside of objects can be written to", check_writable)
        point("the soname is libgodwit.so.0, and no path is in the library", check_dynamic)
        for dialect in C_DIALECTS:
            point("each header alone is %s" % dialect, check_headers, CC, "c", dialect, folder)
        for dialect in CXX_DIALECTS:
            point("each header alone is %s" % dialect, check_headers, CXX, "c++", dialect, folder)
        point("a C++ program compiles, links and runs", check_cxx, folder)
        try:
            installed = Installed(folder)
        except (Missing, AssertionError) as error:
            tap.point(False, "it installs", str(error))
            return tap.done()
        point("library, headers, man page and pkg-config file are installed", installed.files)
        point("pkg-config tells the project's version", installed.version)
        point("the example runs on an installed copy by LD_LIBRARY_PATH", installed.example, "path")
        point("the example runs on an installed copy by rpath", installed.example, "rpath")
        point("the binary interface is the one that is kept", check_abi, folder)
        point("abidiff notices what is taken away", check_abi_notices, folder)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
