"""Runs `godwit verify --json` over many streams and compares what it finds with what is to be found."""

import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

BATCH = 100  # files of one invocation
TIMEOUT = 300
PEAK = pathlib.Path(__file__).with_name('peak.py')


# Rules about what stands inside of state: what another Xen wrote is handed on, and warned of.
INSIDE = ('ctx-', 'vcpu-basic-', 'vcpu-ext-', 'vcpu-xsave-', 'pv-pte-', 'qemu-form')


class Found:
    """What godwit said of one file."""

    def __init__(self):
        self.findings, self.repeated, self.verdicts, self.trouble = [], [], [], []

    def rules(self, *severities):
        return {item['rule'] for item in self.findings if item['severity'] in severities}

    def records(self, rule):
        return {item.get('record') or 0 for item in self.findings if item['rule'] == rule}

    def counted(self, severity):
        """How often findings of this severity were made: told one by one, or counted."""
        many = {item['rule']: item['times'] for item in self.repeated if item['severity'] == severity}
        single = [item for item in self.findings if item['severity'] == severity and item['rule'] not in many]
        return len(single) + sum(many.values())

    def contradictions(self, known, strict):
        """Sentences on what does not fit together in the output itself."""
        if self.trouble:
            return list(self.trouble)
        if len(self.verdicts) != 1:
            return ['%d verdicts' % len(self.verdicts)]
        said, verdict = [], self.verdicts[0]
        for item in self.findings + self.repeated:
            severity = known.get(item['rule'], 'no such rule')
            if severity == 'strict' or (strict and severity == 'warning'):
                severity = 'error'
            if severity == 'error' and not strict and 'legacy' in (verdict['wrapping'] or ''):
                severity = 'warning' if item['rule'].startswith(INSIDE) else severity
            if item['severity'] != severity:
                said.append('%s is told as %s, in the table it is %s' % (item['rule'], item['severity'], severity))
        if any(not item.get('text') for item in self.findings):
            said.append('a finding without a sentence')
        for severity in ('error', 'warning', 'note'):
            if verdict[severity + 's'] != self.counted(severity):
                said.append('%d %ss told, the verdict counts %d' % (self.counted(severity), severity,
                                                                    verdict[severity + 's']))
        if verdict['valid'] != (verdict['errors'] == 0):
            said.append('valid is %s with %d errors' % (verdict['valid'], verdict['errors']))
        return said


def read_output(text, paths):
    found = {path: Found() for path in paths}
    for line in text.splitlines():
        item = json.loads(line)
        into = found[item['file']]
        {'finding': into.findings, 'repeated': into.repeated, 'verdict': into.verdicts}[item['type']].append(item)
    return found


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    told = [line for line in lines if 'ERROR' in line or 'runtime error' in line]
    return (told or lines or ['nothing'])[0 if told else -1]


def verify(godwit, paths, options):
    """path -> Found; when the process fails, each file is tried alone to find the culprit."""
    paths = [str(path) for path in paths]
    command = [godwit, 'verify', '--json', *options, *paths]
    trouble, found = None, None
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors='replace', timeout=TIMEOUT, check=False)
        if done.returncode not in (0, 1):
            trouble = 'exit status %d: %s' % (done.returncode, last_line(done.stderr))
        else:
            found = read_output(done.stdout, paths)
            valid = all(one.verdicts and one.verdicts[0]['valid'] for one in found.values())
            if done.returncode != (0 if valid else 1):
                trouble = 'exit status %d does not fit the verdicts' % done.returncode
    except subprocess.TimeoutExpired:
        trouble = 'no answer in %d s' % TIMEOUT
    except (ValueError, KeyError, TypeError) as error:
        trouble = 'output that can not be read: %s: %s' % (type(error).__name__, error)
    if trouble and len(paths) > 1:
        return {path: one for path in paths for path, one in verify(godwit, [path], options).items()}
    if trouble:
        found = {paths[0]: Found()}
        found[paths[0]].trouble.append(trouble)
    return found


def judge(case, found, exact):
    """Sentences on what is not as the case says. exact: nothing but what it names may be found."""
    bad, notes = found.rules('error', 'warning'), found.rules('note')
    said, hit = [], case.rules & (bad | notes)
    if case.rules and not hit:
        said.append('not found: %s' % ' or '.join(sorted(case.rules)))
    if case.also - bad:
        said.append('not found: %s' % ', '.join(sorted(case.also - bad)))
    surplus = bad - case.rules - case.also - case.may
    if surplus and (exact or not case.rules):
        said.append('found as well: %s' % ', '.join(sorted(surplus)))
    for rule in sorted(hit):
        if case.record is not None and case.record not in found.records(rule):
            said.append('%s told of record %s, it is in %d' % (
                rule, ', '.join(map(str, sorted(found.records(rule)))), case.record))
    return said


class Runner:
    """Writes streams to a directory and has them judged, on as many processes as there are processors."""

    def __init__(self, godwit, directory, known):
        self.godwit, self.directory, self.known = godwit, pathlib.Path(directory), known

    def batch(self, cases, options):
        paths = []
        for number, case in enumerate(cases):
            path = self.directory / ('%s.%d.img' % (case.name, number))
            case.write(path)
            paths.append(path)
        try:
            found = verify(self.godwit, paths, options)
        finally:
            for path in paths:
                path.unlink()
        return [(case, found[str(path)]) for case, path in zip(cases, paths)]

    def run(self, cases, extra=()):
        """(case, Found) for each case, in order; extra: further options for all."""
        alike = {}
        for case in cases:
            alike.setdefault(tuple(case.options) + tuple(extra), []).append(case)
        jobs = [(group[at:at + BATCH], options) for options, group in alike.items()
                for at in range(0, len(group), BATCH)]
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            results = [item for part in pool.map(lambda job: self.batch(*job), jobs) for item in part]
        order = {id(case): number for number, case in enumerate(cases)}
        return sorted(results, key=lambda item: order[id(item[0])])

    def complaints(self, cases, exact=True):
        """Lines that name each case which is not as it should be, with the reason."""
        lines = []
        for case, found in self.run(cases):
            said = found.contradictions(self.known, '--strict' in case.options)
            if not said and not getattr(case, 'unjudged', False):
                said = judge(case, found, exact)
            lines += ['%s: %s' % (case.name, sentence) for sentence in said]
        return lines

    def peak(self, case):
        """The greatest resident size, in octets, of a process that looks at this stream alone.

        A child begins with the size of its parent, and Linux remembers that: so a small process starts it.
        """
        path = self.directory / (case.name + '.peak.img')
        case.write(path)
        try:
            done = subprocess.run([sys.executable, '-S', '-E', PEAK, self.godwit, 'verify', '--json', *case.options,
                                   str(path)], capture_output=True, text=True, check=True)
        finally:
            path.unlink()
        return int(done.stdout)
