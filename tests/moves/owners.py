"""Who runs a guest, seen from outside: process guests by /proc and by their control blocks.

A guest's control block stays readable after its death, because a Watch keeps it: `want` is counted up at each stop and
each start, so its last value tells the whole story. 1: never ran. Even: runs, or ran when it died. Odd: stands. So two
that ran at the same time show also afterwards. The layout is that of src/guest/link.h; nothing else of godwit is known
here, and nothing is written.
"""
import collections
import ctypes
import mmap
import os
import re
import select
import signal
import struct
import threading
import time

COMM = 'godwit-guest'
CONTROL = '/memfd:godwit-guest-control (deleted)'
MAGIC = 0x32505747
WANT_AT, INCARNATION_AT, PAGES_AT, RATE_AT, THREADS_AT, TICKS_AT, TICKS_STEP = 4, 12, 24, 40, 52, 64, 64
NEVER_RAN = 1
PERIOD = 0.004  # between two looks for new guests

# What became of a guest.
Seen = collections.namedtuple('Seen', 'pid alive want ticks incarnation')


def become_subreaper():
    """Orphans among our descendants stay ours: so no guest can get away."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), 'prctl(PR_SET_CHILD_SUBREAPER)')


def read(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    except OSError:
        return ''


def comm(pid):
    return read('/proc/%d/comm' % pid).rstrip('\n')


def state_letter(pid):
    """Of /proc/PID/stat: R, S, Z ...; '' when it is gone."""
    text = read('/proc/%d/stat' % pid)
    return text.rsplit(')', 1)[1].split()[0] if ')' in text else ''


def children(pid):
    found = []
    try:
        threads = os.listdir('/proc/%d/task' % pid)
    except OSError:
        return found
    for thread in threads:
        found += map(int, read('/proc/%d/task/%s/children' % (pid, thread)).split())
    return found


def descendants(pid=None):
    """All that live or are still to be waited for, nearest first."""
    found, todo = [], [pid or os.getpid()]
    while todo:
        young = [child for parent in todo for child in children(parent)]
        found += young
        todo = young
    return found


def bury():
    """Waits for orphans that ended; others' children are theirs."""
    for pid in children(os.getpid()):
        if state_letter(pid) == 'Z' and comm(pid) == COMM:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


class Guest:
    """One guest process, alive or not."""

    def __init__(self, pid, process, control):
        self.pid, self.process, self.control = pid, process, control

    def number(self, layout, offset):
        return struct.unpack_from(layout, self.control, offset)[0]

    @property
    def want(self):
        return self.number('<I', WANT_AT)

    @property
    def ticks(self):
        return sum(self.number('<Q', TICKS_AT + TICKS_STEP * i) for i in range(self.number('<I', THREADS_AT)))

    @property
    def pages(self):
        return self.number('<Q', PAGES_AT)

    @property
    def rate(self):
        return self.number('<Q', RATE_AT)

    @property
    def incarnation(self):
        return self.number('<I', INCARNATION_AT)

    @property
    def alive(self):
        poll = select.poll()
        poll.register(self.process, select.POLLIN)
        return not poll.poll(0)

    @property
    def runs(self):
        return self.alive and self.want % 2 == 0

    def seen(self):
        return Seen(self.pid, self.alive, self.want, self.ticks, self.incarnation)

    def wait_end(self, seconds):
        poll = select.poll()
        poll.register(self.process, select.POLLIN)
        return bool(poll.poll(int(seconds * 1000)))

    def works(self, seconds=10):
        """It does not only say that it runs: ticks are made. Not for guests of rate 0."""
        first, until = self.ticks, time.monotonic() + seconds
        while self.ticks == first and self.runs and time.monotonic() < until:
            select.select([], [], [], 0.002)
        return self.ticks != first

    def kill(self):
        if self.alive:
            signal.pidfd_send_signal(self.process, signal.SIGKILL)
            self.wait_end(10)

    def close(self):
        self.control.close()
        os.close(self.process)


def map_control(pid):
    """The control block of that process, or None while it has none."""
    folder = '/proc/%d/fd' % pid
    try:
        for name in os.listdir(folder):
            if os.readlink(os.path.join(folder, name)) == CONTROL:
                fd = os.open(os.path.join(folder, name), os.O_RDONLY)
                try:
                    control = mmap.mmap(fd, os.fstat(fd).st_size, mmap.MAP_SHARED, mmap.PROT_READ)
                finally:
                    os.close(fd)
                return control if struct.unpack_from('<I', control)[0] == MAGIC else None
    except (OSError, ValueError):
        pass
    return None


def pid_of(again):
    """Of KIND:SPEC by which a process guest is found again; None if it is not one."""
    found = re.fullmatch(r'process:pid=(\d+)(,.*)?', again or '')
    return int(found.group(1)) if found else None


def take_hold(pid):
    """A Guest, or None: it is none (yet), or is gone."""
    if comm(pid) != COMM:
        return None
    try:
        process = os.pidfd_open(pid)
    except OSError:
        return None
    control = map_control(pid)
    if control is not None:
        return Guest(pid, process, control)
    os.close(process)
    return None


class Watch:
    """Finds every guest among our descendants, soon after it comes to be, and keeps what it can be judged by."""

    def __init__(self):
        self.guests = {}
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        become_subreaper()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()
        self.look()
        for guest in self.guests.values():
            guest.kill()
            guest.close()
        bury()

    def look(self):
        with self.lock:
            for pid in descendants():
                known = self.guests.get(pid)
                if known is not None and known.alive:
                    continue
                found = take_hold(pid)
                if found is not None:
                    self.guests[pid] = found

    def run(self):
        while not self.ending.wait(PERIOD):
            self.look()
            bury()

    def guest(self, pid):
        """Raises KeyError when no guest of that number is seen; one that changes its parent may be missed at first."""
        until = time.monotonic() + 5
        self.look()
        while pid not in self.guests and time.monotonic() < until:
            self.ending.wait(PERIOD)
            self.look()
        return self.guests[pid]

    def others(self, pid):
        self.look()
        return [guest for number, guest in list(self.guests.items()) if number != pid]


def unborn(guests):
    """Those that are there and never ran: halves of moves."""
    return [guest for guest in guests if guest.alive and guest.want == NEVER_RAN]


def judge(here, others):
    """(outcome, problems) of one guest that was to move from `here` to one of the others.

    moved: it runs there alone. untaken: it runs there, and what is left stands here. kept: it runs here, and never ran
    elsewhere. held: it stands here, and nothing runs.
    """
    problems = []
    there = [guest for guest in others if guest.runs]
    ran = [guest for guest in others if guest.want != NEVER_RAN]
    if here.want % 2 == 0 and ran:
        problems.append('two owners: guest %d was let run here, and %s ran there' % (here.pid, [g.pid for g in ran]))
    if len(ran) > 1:
        problems.append('guests %s ran at the destination' % [guest.pid for guest in ran])
    if here.runs:
        return 'kept', problems
    if there:
        return 'untaken' if here.alive else 'moved', problems
    if here.alive:
        return 'held', problems
    return 'lost', problems + ['the guest runs nowhere']
