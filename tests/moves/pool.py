"""Runs scenarios, each in a process of its own that no descendant gets away from, some at a time.

A scenario is a function that returns a dict: 'outcome' (counted), 'problems' (a list of sentences; empty is good), and
what else its case wants to know. A scenario that raises, dies or takes too long has a problem.
"""
import json
import os
import select
import signal
import sys
import time
import traceback

import owners

SECONDS_MAX = 180
SCENARIOS = set()  # processes of ours that are scenarios


class Job:
    def __init__(self, key, function, arguments, seconds=None):
        self.key = key
        self.output = bytearray()
        self.seconds = seconds or SECONDS_MAX
        self.until = time.monotonic() + self.seconds
        self.end, child_end = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.end)
            SCENARIOS.clear()
            live(function, arguments, child_end)
        SCENARIOS.add(self.pid)
        os.close(child_end)

    def read(self):
        """False at the end."""
        octets = os.read(self.end, 1 << 16)
        self.output += octets
        return bool(octets)

    def finish(self, hung):
        left = end_all(self.pid) if hung else []
        os.close(self.end)
        _, status = os.waitpid(self.pid, 0)
        SCENARIOS.discard(self.pid)
        if status != 0:
            end_below()
        if hung:
            return {'outcome': 'hung', 'problems': ['still ran after %d s, with %s' % (self.seconds, left)]}
        try:
            return json.loads(self.output)
        except ValueError:
            return {'outcome': 'broken', 'problems': ['the scenario ended with status %d' % status]}


def live(function, arguments, end):
    """The life of the child."""
    try:
        owners.become_subreaper()
        result = function(*arguments)
    except BaseException:  # whatever it is, it is the scenario's result
        result = {'outcome': 'broken', 'problems': ['the scenario failed:'] + traceback.format_exc().splitlines()}
    left = end_below()
    if left:
        result['problems'].append('left behind: ' + ', '.join(left))
    with os.fdopen(end, 'w', encoding='ascii') as file:
        json.dump(result, file)
    os._exit(0)


def end_below():
    """Kills all our descendants but scenarios, waits for them, and says what they were."""
    found = []
    while True:
        young = [pid for pid in owners.children(os.getpid()) if pid not in SCENARIOS]
        if not young:
            return found
        for pid in young:
            if owners.state_letter(pid) != 'Z':
                found.append('%d %s' % (pid, owners.comm(pid)))
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except OSError:
                pass


def end_all(pid):
    """Kills a scenario and all below it: it stands still first, so that nothing new comes."""
    os.kill(pid, signal.SIGSTOP)
    below = owners.descendants(pid)
    found = ['%d %s' % (number, owners.comm(number)) for number in below]
    for number in [*below, pid]:
        try:
            os.kill(number, signal.SIGKILL)
        except OSError:
            pass
    return found


def run(jobs, at_once=None):
    """jobs: (key, function, arguments) each, and the seconds it may take where 180 are too few.

    Yields (key, result) as they end.
    """
    at_once = at_once or int(os.environ.get('GODWIT_MOVES_JOBS', '0')) or (os.cpu_count() or 1) * 3
    owners.become_subreaper()
    jobs, living = iter(jobs), {}
    while True:
        while len(living) < at_once:
            job = next(jobs, None)
            if job is None:
                break
            started = Job(*job)
            living[started.end] = started
        if not living:
            return
        nearest = min(job.until for job in living.values())
        ready, _, _ = select.select(list(living), [], [], max(0, nearest - time.monotonic()))
        for end in ready:
            if not living[end].read():
                job = living.pop(end)
                yield job.key, job.finish(False)
        for end in [end for end, job in living.items() if job.until <= time.monotonic()]:
            job = living.pop(end)
            yield job.key, job.finish(True)
