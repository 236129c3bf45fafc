"""Runs godwit on images of this suite, and says what is wrong with what it made of them."""

import os
import pathlib
import re
import subprocess
import sys

import facts
from converted import Converted, compare, wanted
from inside.image import Broken
from verdict import LIMIT, Verdict, godwit, verify

GODWIT = os.environ.get('GODWIT') or 'godwit'
PEAK = pathlib.Path(__file__).resolve().parents[1] / 'golden' / 'peak.py'
# What cannot be done, why, and possibly what to do.
SENTENCE = re.compile(r"\Agodwit: cannot convert '[^\n]*'\nbecause [^\n]{10,400}\n?([^\n]{1,400}\n?)?\Z")


class Conversion:
    """status, text (standard error), octets of the output or None."""

    def __init__(self, status, text, octets):
        self.status, self.text, self.octets = status, text, octets

    def decoded(self):
        """Converted, or None with the reason in self.why."""
        if self.status != 0 or self.octets is None:
            self.why = 'exit status %d: %s' % (self.status, self.text[:600])
            return None
        try:
            return Converted(self.octets)
        except (Broken, ValueError, IndexError) as error:
            self.why = 'its output is no image: %s' % error
            return None


class Runner:
    """folder: a temporary one, of which each job has its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def write(self, name, octets):
        path = self.folder / name
        path.write_bytes(octets)
        return path

    def convert(self, source, *options, data=None):
        """source: a path, or '-' with data for a pipe."""
        target = self.folder / 'converted'
        target.unlink(missing_ok=True)
        run = godwit('convert', *options, source, target, data=data)
        octets = target.read_bytes() if target.exists() else None
        return Conversion(run.returncode, run.stderr.decode(errors='replace'), octets)

    def convert_octets(self, octets, *options):
        return self.convert(self.write('image', octets), *options)

    def form(self, form, *options):
        """'' or what is wrong with the conversion of a generated form: against the state that it has to leave."""
        conversion = self.convert_octets(form.octets, *options)
        return self.against(conversion, form.state)

    def against(self, conversion, state, device=True):
        decoded = conversion.decoded()
        if decoded is None:
            return conversion.why
        want = wanted(facts.of_state(state), device)
        stale = {pfn: want.pages.pop(pfn) for pfn in state.stale if pfn in want.pages}
        want.allocated = set()
        said = [compare(want, decoded, stale), *decoded.faults[:10]]
        if dict(state.store()) != decoded.store and device:
            said.append('xenstore: %s, not %s' % (decoded.store, dict(state.store())))
        if state.pv and decoded.levels != state.levels:
            said.append('%d levels' % decoded.levels)
        return '\n'.join(filter(None, said))

    def refused(self, octets, *words, options=()):
        """'' or how the refusal is not one: exit status 1, one sentence with one of the words, nothing left behind."""
        path = octets if isinstance(octets, pathlib.Path) else self.write('image', octets)
        conversion = self.convert(path, *options)
        return refusal(conversion.status, conversion.text, conversion.octets, words)

    def left_behind(self):
        return sorted(path.name for path in self.folder.iterdir() if path.name not in ('image', 'converted'))

    def peak(self, *command):
        """The greatest resident size of a run, in octets."""
        done = subprocess.run([sys.executable, '-S', '-E', PEAK, GODWIT, *map(str, command)], capture_output=True,
                              text=True, timeout=LIMIT, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return int(done.stdout)


def refusal(status, text, octets, words=()):
    if status != 1:
        return 'exit status %d: %s' % (status, text[:400])
    if octets is not None:
        return 'an output of %d octets was left behind' % len(octets)
    if not SENTENCE.match(text):
        return 'not one sentence:\n%s' % text[:600]
    if words and not any(word in text for word in words):
        return 'the sentence has none of %s: %s' % (', '.join(words), text)
    return ''


__all__ = ['Conversion', 'Runner', 'Verdict', 'godwit', 'refusal', 'verify']
