#!/usr/bin/env python3
"""The man pages against the program: linted, and nothing that one of them says or leaves out about options, commands,
rules and limits differs from what the program itself says.

Needs GODWIT and GODWIT_BUILD. One TAP point per fact.
"""
import glob
import os
import re
import shutil
import subprocess
import tempfile

GODWIT = os.environ["GODWIT"]
BUILD = os.environ["GODWIT_BUILD"]
points = []

# Which page tells the options of which commands.
PAGES = {
    "godwit.1": ["info", "digest"],
    "godwit-restore.1": ["restore"],
    "godwit-save.1": ["save"],
    "godwit-verify.1": ["verify"],
}


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
    has = {line.rstrip("=") for line in out(GODWIT, "--dump-options", command).split()}
    in_help = set(re.findall(r"--[a-z][a-z-]*", out(GODWIT, command, "--help")))
    told = set(re.findall(r"^\s+(?:-\w, )?(--[a-z][a-z-]*)", text, re.M))
    point("%s tells every option of %s" % (page, command), sorted(has - told))
    point("%s --help tells every option" % command, sorted(has - in_help))
    return has, told


def all_options(commands):
    known, told = set(), set()
    for page, names in PAGES.items():
        for name in names:
            has, tells = options(page, plain(page), name)
            known |= has
            told |= tells
    point("the options of every command stand in a page", sorted(set(commands) - set(sum(PAGES.values(), []))))
    point("no man page tells an option that is not there", sorted(told - known - {"--help", "--version"}))


def unknown_table():
    with tempfile.TemporaryFile("w+") as page:
        page.write('.\\" @NOTHING-FILLS-THIS\n')
        page.seek(0)
        run = subprocess.run([GODWIT, "--fill-man"], stdin=page, capture_output=True, text=True)
    point("a page that asks for a table that nothing fills is not made",
          [] if run.returncode != 0 and "@NOTHING-FILLS-THIS" in run.stderr else [run.stdout + run.stderr])


def main():
    if not shutil.which("mandoc"):
        print("1..0 # SKIP mandoc is not installed")
        return
    lint(sorted(glob.glob(os.path.join(BUILD, "*.[1-8]"))))
    first, second = plain("godwit.1"), plain("godwit-verify.1")
    commands = out(GODWIT, "--dump-options").split()
    point("godwit(1) tells every command", [c for c in commands if not re.search(r"godwit %s\b" % c, first)])
    all_options(commands)
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
