"""State directories that cannot be written: full, read-only, broken; by die.c at each call, and for real on a tmpfs.

A side that cannot make its word durable does not say it: the move is refused, or has come about all the same.
"""
import errno
import os
import subprocess
import tempfile

import hosts
import moves
from cases import Skip, alone, case, pick
from cases_deaths import TINY, calls, needs_die

ERRORS = (errno.ENOSPC, errno.EROFS, errno.EIO)


def disk_fails(side, at, error, onward):
    """From that call on, or in that call alone, the state directory of that side fails."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        folder = world.source if side == 'source' else world.destination
        more = {'DIE_DIR': folder, 'DIE_ONWARD': onward, 'DIE_LOG': world.path('calls')}
        here = world.dying('migrate', 'self', at, error, **more) if side == 'source' else None
        there = world.dying('receive', '1', at, error, **more) if side == 'destination' else None
        receiver = world.receive(env=there)
        program = world.migrate(pid, receiver.address, env=here, wait=3)
        first, last = fails_and_is_settled(world, pid, program, receiver)
        lines = calls(world)
    return world.result(last if first == last else '%s, then %s' % (first, last), calls=lines,
                        source=program.states('source'), destination=receiver.states('destination'))


def fails_and_is_settled(world, pid, program, receiver):
    """The disk is well again when it is settled; status 0, 1 and 3 all may be, as long as they tell the truth."""
    code = program.wait()
    first = world.judge(pid)
    world.expect(code in (0, 1, 3), 'migrate ended with %s' % code)
    world.expect(code != 0 or first == 'moved', 'migrate ended with 0, and the guest is %s' % first)
    world.expect(code != 1 or first == 'kept', 'migrate ended with 1, and the guest is %s' % first)
    if code == 3:
        world.expect(program.text(), 'exit 3 without a sentence')
    receiver.send(15)
    receiver.wait()
    again = world.receive(receiver.address)
    last = moves.settle(world, pid)
    moves.prove(world, pid, last, again.address)
    return first, last


@case('the state directory fails at every call: full, read-only, broken')
def failing_disk(size):
    needs_die()
    for side in ('source', 'destination'):
        num = len(alone(disk_fails, side, 0, 0, 0)['calls'])
        rows = [(side, at, error, onward) for at in range(1, num + 1) for error in ERRORS for onward in (0, 1)]
        for row in pick(rows, {'smoke': 2, 'quick': 16, 'full': None}[size]):
            yield row, disk_fails, row


# --- durable before it is said ---------------------------------------------------------------------------------------

def owed(call, folder):
    """The path that has to be made durable because of that call, or None."""
    _, name, path = (call.split(' ', 2) + [''])[:3]
    if not path.startswith(folder + '/'):
        return None
    if name == 'write':
        return path
    return os.path.dirname(path) if name in ('link', 'rename', 'mkdir') else None


def said_early(calls, folder):
    """Words that were said on the link while something of the state directory was not durable."""
    debts, early = [], []
    for call in calls:
        name, path = (call.split(' ', 2) + [''])[1:3]
        if name == 'fsync':
            debts = [debt for debt in debts if debt != path]
        if name == 'writev' and path.startswith('socket:'):
            early += ['said before it is durable: ' + debt for debt in debts]
            debts = []
        debt = owed(call, folder)
        debts += [debt] if debt and debt not in debts else []
    return sorted(set(early))


def durable(side):
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        log = {'DIE_LOG': world.path('calls')}
        receiver = world.receive(env=world.dying('receive', '1', 0, 'before', **log) if side == 'destination' else None)
        env = world.dying('migrate', 'self', 0, 'before', **log) if side == 'source' else None
        program = world.migrate(pid, receiver.address, env=env)
        _, last = moves.finish(world, pid, program, None)
        lines = calls(world)
        world.expect(sum('.journal' in line for line in lines) > 3, 'nothing is known of its journal: %s' % lines)
        for line in said_early(lines, world.folder):
            world.expect(False, line.replace(world.folder, ''))
    return world.result('%s %s' % (side, last))


@case('what is written is durable before the next word is said')
def words(size):
    needs_die()
    for side in ('source', 'destination'):
        yield side, durable, (side,)


# --- for real --------------------------------------------------------------------------------------------------------

def mount(folder, options):
    done = subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'none', folder], capture_output=True, check=False)
    return done.returncode == 0


def fill(folder):
    with open(os.path.join(folder, 'filler'), 'wb', buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def real_disk(side, how):
    """A tmpfs that is full, or read-only, as the state directory; migrate and receive are refused with a sentence."""
    with hosts.World() as world:
        world.disturbed = True
        folder = world.source if side == 'source' else world.destination
        os.mkdir(folder)
        if not mount(folder, 'size=16k,nr_inodes=6'):
            return {'outcome': 'no mount', 'problems': []}
        try:
            if how == 'full':
                fill(folder)
            else:
                subprocess.run(['mount', '-o', 'remount,ro', folder], check=True)
            outcome = refused_by_disk(world, side)
        finally:
            subprocess.run(['umount', '-l', folder], check=True)
    return world.result('%s %s: %s' % (side, how, outcome))


def refused_by_disk(world, side):
    pid = world.guest(TINY)
    other = world.receive(state_dir=world.destination if side == 'source' else world.path('other'))
    address = other.address
    if side == 'destination':
        receiver = world.start('receive', '--listen', 'unix:' + world.path('socket'), '--json', '--progress', 'json',
                               '--state-dir', world.destination)
        try:
            address = receiver.wait_line('listening', 5)['address']
        except hosts.Late:
            world.expect(receiver.wait() == 3 and receiver.text(), 'receive ended without a sentence')
            return 'receive refuses'
        world.receivers.append(receiver)
    program = world.migrate(pid, address, wait=3)
    code, outcome = program.wait(), world.judge(pid)
    world.expect(code in (1, 3) and outcome == 'kept', 'exit %d, the guest is %s' % (code, outcome))
    text = program.text() + ' '.join(line.get('why', '') for line in program.all('kept'))
    world.expect('No space' in text or 'Read-only' in text or side == 'destination', 'no reason: %s' % text)
    moves.prove(world, pid, 'held', None)
    return outcome


@case('a full and a read-only state directory, for real')
def full_disk(size):
    if os.geteuid() != 0 or not can_mount():
        raise Skip('a tmpfs cannot be mounted here')
    for side in ('source', 'destination'):
        for how in ('full', 'read-only'):
            yield (side, how), real_disk, (side, how)


def can_mount():
    with tempfile.TemporaryDirectory(prefix='godwit-moves-') as folder:
        if not mount(folder, 'size=16k'):
            return False
        subprocess.run(['umount', folder], check=True)
    return True
