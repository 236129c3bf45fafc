#!/usr/bin/env python3
"""Completion, asked in each shell: bash, zsh and fish complete real command lines, and what they offer is compared with
what the program says of its options.

Needs GODWIT and GODWIT_BUILD. One TAP point per fact and shell; a shell that is not there is skipped.
"""
import os
import pty
import re
import shutil
import subprocess
import tempfile

GODWIT = os.environ["GODWIT"]
FOLDER = os.path.join(os.environ["GODWIT_BUILD"], "completion")
END = "=end="

BASH = r"""
source "$0/godwit.bash"
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
while read -r COMP_LINE; do
    COMP_LINE=${COMP_LINE%"|"}
    COMP_POINT=${#COMP_LINE}
    COMPREPLY=()
    _godwit
    printf '%s\n' "${COMPREPLY[@]}" =end=
done
"""

FISH = r"""
source $argv[1]/godwit.fish
while read -l line
    complete -C (string replace -r '\|$' '' -- $line) | string replace -r '\t.*' ''
    echo =end=
end
"""

# Under a terminal of its own: the widget behind control-t asks for each line of the file, and leaves.
ZSH = r"""
fpath=($1 $fpath)
autoload -Uz compinit
compinit -D -u
compadd() {
    local -a hits
    if [[ " ${@[1,(i)(-|--)]} " != *' -'[OAD]' '* ]]; then
        builtin compadd -A hits "$@"
        print -rl -- $hits >>$2
    fi
    builtin compadd "$@"
}
ask() {
    local line
    for line in ${(f)"$(<$1)"}; do
        BUFFER=${line%'|'} CURSOR=${#BUFFER}
        zle list-choices
        print '=end=' >>$2
    done
    exit
}
"""


def out(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def replies(text, lines):
    """line -> the set of what was offered, without what stood there before, and without what only ends a word."""
    blocks = text.split(END + "\n")
    assert len(blocks) == len(lines) + 1 and not blocks[-1].strip(), text[-2000:]
    trimmed = (block.replace("\\", "").split("\n") for block in blocks)
    return {line: {re.sub(r"^--[^=]*=(?=.)", "", word).rstrip("=/ ") or word for word in block if word}
            for line, block in zip(lines, trimmed)}


def ask_bash(lines, work):
    run = subprocess.run(["bash", "--norc", "-c", BASH, FOLDER], input="".join(line + "|\n" for line in lines),
                         capture_output=True, text=True, cwd=work, check=False)
    assert run.returncode == 0 and not run.stderr, run.stderr
    return replies(run.stdout, lines)


def ask_fish(lines, work):
    with tempfile.TemporaryDirectory(prefix="godwit-fish-") as home:
        env = dict(os.environ, HOME=home, XDG_CONFIG_HOME=home, XDG_DATA_HOME=home, TERM="dumb")
        run = subprocess.run(["fish", "--no-config", "-c", FISH, FOLDER], input="".join(x + "|\n" for x in lines),
                             capture_output=True, text=True, cwd=work, env=env, check=False)
    assert run.returncode == 0 and not run.stderr, run.stderr
    return replies(run.stdout, lines)


def ask_zsh(lines, work):
    with tempfile.TemporaryDirectory(prefix="godwit-zsh-") as scratch:
        asked, said, setup = (os.path.join(scratch, name) for name in ("asked", "said", "setup"))
        with open(asked, "w", encoding="ascii") as file:
            file.write("".join(line + "|\n" for line in lines))
        with open(setup, "w", encoding="ascii") as file:
            text = ZSH.replace("$1 $fpath", FOLDER + " $fpath").replace("$(<$1)", "$(<%s)" % asked)
            file.write(text.replace("$2", said) + "zle -N ask\nbindkey '^T' ask\nPS1='read''y: '\n")
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(work)
            os.environ.update(TERM="dumb", HOME=scratch, LC_ALL="C.UTF-8")
            os.execlp("zsh", "zsh", "-f", "-i")
        os.write(terminal, b"source %s\n" % setup.encode())
        seen, keyed = b"", False
        try:
            while octets := os.read(terminal, 65536):
                seen += octets
                if not keyed and b"ready: " in seen:
                    keyed = os.write(terminal, b"\x14") > 0
        except OSError:     # the terminal's other end is closed
            pass
        os.close(terminal)
        os.waitpid(child, 0)
        assert os.path.exists(said), seen.decode(errors="replace")[-2000:]
        with open(said, encoding="utf-8") as file:
            return replies(file.read(), lines)


def questions():
    """fact -> [(line, what has to be offered, and nothing else)]"""
    commands = out(GODWIT, "--dump-options").split()
    options = {command: out(GODWIT, "--dump-options", command).split() for command in commands}
    rules = [line.split()[1] for line in out(GODWIT, "verify", "--rules").splitlines()]
    choices = [(command, *option.split("=")) for command in commands for option in options[command]
               if option.partition("=")[2]]
    assert len(commands) > 9 and len(rules) > 200 and len(choices) > 10
    return {
        "every command is offered": [("godwit ", set(commands))],
        "the beginning of a command finds it": [("godwit ver", {"verify"})],
        "every option of every command is offered": [
            ("godwit %s --" % command, {option.split("=")[0] for option in options[command]}) for command in commands],
        "the words of every choice are offered": [
            ("godwit %s %s " % (command, option), set(words.split("|"))) for command, option, words in choices],
        "the words of every choice are offered behind =": [
            ("godwit %s %s=" % (command, option), set(words.split("|"))) for command, option, words in choices],
        "rules are offered by their id": [
            ("godwit verify --explain pag", {rule for rule in rules if rule.startswith("pag")}),
            ("godwit verify --explain=shi", {rule for rule in rules if rule.startswith("shi")})],
        "files are offered where a file may stand": [
            ("godwit verify im", {"image.save"}), ("godwit verify image.save fol", {"folder"}),
            ("godwit save model: im", {"image.save"}), ("godwit restore im", {"image.save"}),
            ("godwit convert --to xl -c im", {"image.save"}), ("godwit convert im", {"image.save"}),
            ("godwit compare image.save im", {"image.save"})],
        "directories alone are offered where a directory stands": [
            ("godwit receive --state-dir ", {"folder"})],
        "nothing is offered where a number stands": [("godwit migrate --downtime ", set())],
        "kinds of guests and addresses are offered": [
            ("godwit save pro", {"process:"}), ("godwit receive --guest mo", {"model:"}),
            ("godwit migrate model: ", {"tcp://", "unix:", "exec:"}), ("godwit receive -l ", {"tcp://", "unix:"}),
            ("godwit restore image.save ", {"process:", "model:"})],
        "words of a command are offered": [("godwit owner s", {"show", "settle"})],
        "an option and its value are no operands": [
            ("godwit save --live --after run model: im", {"image.save"}),
            ("godwit save --after=run -f pro", {"process:"})],
        "nothing is offered behind the last operand": [("godwit digest image.save ", set())],
    }


def offered(line, words):
    """Without the options that zsh tells where something else may stand, too."""
    is_option = line.split(" ")[-1].startswith("-")
    return {word.rstrip("/") for word in words if is_option or not word.startswith("-")}


def judge(shell, ask, facts, work):
    got = ask([line for asked in facts.values() for line, _ in asked], work)
    for fact, asked in facts.items():
        yield "%s: %s" % (shell, fact), [
            "%s|: offered %s, not %s" % (line, sorted(got[line]), sorted(want)) for line, want in asked
            if offered(line, got[line]) != offered(line, want)]


def lint():
    if not shutil.which("shellcheck"):
        return "shellcheck is not installed"
    run = subprocess.run(["shellcheck", os.path.join(FOLDER, "godwit.bash")], capture_output=True, text=True,
                         check=False)
    return run.stdout.splitlines()


def lacking(shell):
    """Why the shell cannot be asked here; None if it can."""
    if not shutil.which(shell):
        return "%s is not installed" % shell
    if shell == "zsh":      # its completion runs in its line editor alone, which wants a terminal
        try:
            for end in pty.openpty():
                os.close(end)
        except OSError as error:
            return "this system lends no terminals (%s)" % error
    return None


def main():
    points = [("shellcheck finds nothing in the completion for bash", lint())]
    facts = questions()
    for shell, ask in (("bash", ask_bash), ("zsh", ask_zsh), ("fish", ask_fish)):
        if lacking(shell):
            points.append(("%s completes" % shell, lacking(shell)))
            continue
        with tempfile.TemporaryDirectory(prefix="godwit-completion-") as work:
            os.mkdir(os.path.join(work, "folder"))
            with open(os.path.join(work, "image.save"), "wb"):
                points += judge(shell, ask, facts, work)
    print("1..%d" % len(points))
    for number, (name, wrong) in enumerate(points, 1):
        skipped = isinstance(wrong, str)
        print("%sok %d - %s%s" % ("not " if wrong and not skipped else "", number, name,
                                  " # SKIP " + wrong if skipped else ""))
        for line in [] if skipped else wrong:
            print("# " + line)


main()
