"""Moves that nobody disturbs: every transport, there and back, one after the other; refusals; and a late reader.

What is reported at both ends is compared; a destination with check=1 recomputes all memory before the guest starts.
"""
import fcntl
import os
import threading
import time

import hosts
import moves
import owners
import relay
from cases import Skip, case

F_SETPIPE_SZ = 1031
MIB = 1 << 20


def destination(world, transport):
    """(a receiver or None, the address to move to)."""
    if transport == 'exec':
        command = '%s receive --stdio --json --guest %s --state-dir %s' % (hosts.GODWIT, hosts.CHECKED,
                                                                           world.destination)
        return None, 'exec:' + command
    listen = 'unix:' + world.path('socket') if transport == 'unix' else 'tcp://127.0.0.1:0'
    receiver = world.receive(listen)
    return receiver, receiver.address


def compare(world, program, said, pages, paused):
    """The report of the source and the line of the destination. Live, a page may change while it is sent."""
    moved = program.one('moved')
    world.expect(moved and said, 'no report: %s, %s' % (moved, said))
    if not (moved and said):
        return
    for field in ('session', 'pages_digest', 'records_digest'):
        world.expect(moved[field] == said[field], '%s: %s here, %s there' % (field, moved[field], said[field]))
    world.expect(len(moved['session']) == 32 and len(moved['pages_digest']) == 32, 'ids are not 32 digits: %s' % moved)
    world.expect(moved['pages_proven'] == said['pages'] == pages, 'pages: %s, %s, %d' % (moved, said, pages))
    world.expect(not (paused and moved['resent']), 'pages were sent again: %s' % moved)
    world.expect(moved['octets'] <= moved['wire_octets'] and moved['rounds'] >= 1 and
                 0 < moved['downtime_ns'] <= moved['total_ns'], 'numbers that cannot be: %s' % moved)
    rounds = program.all('round')
    world.expect(len(rounds) in (0, moved['rounds'] - 1, moved['rounds']), '%d lines for %d rounds' % (
        len(rounds), moved['rounds']))


def there_and_back(transport, paused, pages):
    with hosts.World() as world:
        spec = 'process:mem=%dK,threads=2,rate=2M,life=%d' % (pages * 4, hosts.LIFE)
        pid = world.guest(spec)
        states, theirs = [], []
        for _ in range(2):
            receiver, address = destination(world, transport)
            program = world.migrate(pid, address, *(['--paused'] if paused else []))
            _, last = moves.finish(world, pid, program, None)
            world.expect(last == 'moved', 'it did not move')
            said = (receiver.wait_line('runs') if receiver else program.one('runs'))
            compare(world, program, said, pages, paused)
            states += program.states('source')
            theirs += (receiver or program).states('destination')
            guest = next((guest for guest in list(world.watch.guests.values()) if guest.runs), None)
            if guest is None or world.wrong:
                break
            world.expect(owners.pid_of(said['again']) == guest.pid, 'again: %s' % said)
            forget(world, pid)
            pid = guest.pid
            if receiver:
                receiver.send(15)
                world.expect(receiver.wait() == 0, 'receive does not end')
        world.expect(guest and guest.incarnation == 2, 'the guest has not moved twice')
    return world.result(last, source=states, destination=theirs)


def forget(world, pid):
    """A guest that has moved, so that the next move is judged alone."""
    guest = world.watch.guests.pop(pid)
    guest.close()


@case('moves over tcp, unix and exec, live and paused, there and back, both reports equal')
def plain(size):
    transports = ('tcp', 'unix', 'exec') if size != 'smoke' else ('tcp', 'exec')
    for transport in transports:
        for paused in (False, True):
            for pages in (34, 1000) if size == 'full' else (34,):
                yield (transport, paused, pages), there_and_back, (transport, paused, pages)


# --- one after the other ---------------------------------------------------------------------------------------------

def chain(spec, num, options):
    """The same guest again and again; a move that was given up is counted."""
    with hosts.World() as world:
        pid, given_up, pauses = world.guest(spec), 0, []
        receiver = world.receive()
        for _ in range(num):
            program = world.migrate(pid, receiver.address, *options, may_give_up=True)
            code, outcome = program.wait(), world.judge(pid)
            moves.agree(world, program, code, outcome)
            if world.wrong:
                break
            if outcome == 'kept':
                given_up += 1
                world.expect(code == 1 and '--force' not in options, 'kept, with exit %d: %s' % (code, program.lines))
                continue
            pauses.append(program.one('moved')['downtime_ns'] / 1e6)
            forget(world, pid)
            pid = next(guest.pid for guest in list(world.watch.guests.values()) if guest.runs)
            guest = world.watch.guest(pid)
            world.expect(guest.rate == 0 or guest.works(), 'guest %d makes no ticks' % pid)
        pauses.sort()
        note = '%s %s: %d moves, %d given up, pause median %.1f ms, longest %.1f ms' % (
            spec, ' '.join(options), num, given_up, *((pauses[len(pauses) // 2], pauses[-1]) if pauses else (0, 0)))
    return world.result('%d moved, %d given up' % (len(pauses), given_up), notes=[note])


@case('consecutive live moves of a busy guest, all memory recomputed each time')
def consecutive(size):
    num = {'smoke': 1, 'quick': 5, 'full': 100}[size]
    mem, rate = ('64M', '200M') if size != 'smoke' else ('4M', '1M')
    spec = 'process:mem=%s,threads=2,rate=%s,life=%d' % (mem, rate, 600)
    yield 'as it comes', chain, (spec, num, ()), 1800
    if size != 'smoke':
        yield 'forced', chain, (spec, num, ('--force',)), 1800


@case('live moves of 1 GiB at 0, 100 and 1000 MB a second')
def large(size):
    num = {'smoke': 0, 'quick': 0, 'full': 10}[size]
    if num == 0:
        raise Skip('1 GiB guests are for the full size')
    for rate in ('0', '100M', '1000M'):
        spec = 'process:mem=1G,threads=2,rate=%s,life=1200' % rate
        yield rate, chain, (spec, num, ()), 3000
        if rate == '1000M':
            yield rate + ' forced', chain, (spec, num, ('--force',)), 3000


# --- what is refused -------------------------------------------------------------------------------------------------

def refusal(guest, options, taker, words, code):
    with hosts.World() as world:
        receiver = world.receive(guest=taker)
        program = world.migrate(guest, receiver.address, *options)
        done = program.wait()
        world.expect(done == code, 'migrate ended with %d, not %d' % (done, code))
        text = ' '.join(str(line) for line in program.lines)
        world.expect(all(word in text for word in words), 'no word of %s' % (words,))
    return world.result('exit %d' % done, source=program.states('source'))


@case('model guests move, or are refused with a reason')
def models(size):
    live, still, model = 'model:pages=64,zeros=8,holes=3', 'model:pages=64,live=0', 'model:'
    yield 'live', refusal, (live, (), model, (), 0)
    yield 'paused', refusal, (still, ('--paused',), model, (), 0)
    if size == 'smoke':
        return
    yield 'cannot be tracked', refusal, (still, (), model, ('tracked',), 1)
    for slot, num in (('create', 1), ('record', 1), ('place', 1), ('placed', 1), ('complete', 1), ('start', 1)):
        yield slot, refusal, (live, (), 'model:fail=%s:%d' % (slot, num), (), 1)


def asked_first(guest, taker, yes):
    with hosts.World() as world:
        receiver = world.receive(guest=taker)
        name = 'process:pid=%d' % world.guest() if guest is None else guest
        program = world.run('preflight', name, receiver.address, '--json')
        world.expect(program.code == (0 if yes else 1), 'preflight ended with %d' % program.code)
    return world.result('yes' if yes else 'no')


@case('preflight asks, and moves nothing')
def preflight(size):
    yield 'process', asked_first, (None, hosts.CHECKED, True)
    yield 'model', asked_first, ('model:pages=64', 'model:', True)
    yield 'refused', asked_first, ('model:pages=64', 'model:fail=create:1', False)
    yield 'image', image_first, (True,)
    yield 'image, refused', image_first, (False,)


def image_first(yes):
    """The same question about an image in a file."""
    with hosts.World() as world:
        os.mkdir(world.path('kept'))
        image = world.path('kept/image')
        world.run('save', hosts.SMALL, image, '--after', 'destroyed')
        receiver = world.receive(guest=hosts.CHECKED if yes else 'model:fail=create:1')
        program = world.run('preflight', image, receiver.address, '--json')
        world.expect(program.code == (0 if yes else 1), 'preflight ended with %d' % program.code)
    return world.result('yes' if yes else 'no')


# --- options ---------------------------------------------------------------------------------------------------------

def with_options(spec, options, outcome, code, least_seconds=0):
    with hosts.World() as world:
        pid = world.guest(spec)
        receiver = world.receive()
        program = world.migrate(pid, receiver.address, *options, may_give_up='--downtime' in options)
        first, last = moves.finish(world, pid, program, None)
        world.expect((last, program.wait()) == (outcome, code), 'exit %s, %s' % (program.wait(), last))
        moved = program.one('moved')
        world.expect(not moved or moved['total_ns'] >= least_seconds * 1e9, 'too fast: %s' % moved)
    return world.result('%s %s' % (' '.join(options), last), source=program.states('source'),
                        destination=receiver.states('destination'))


@case('options: policy, bandwidth, checks; rounds that do not converge are given up, or forced')
def options(size):
    busy = 'process:mem=16M,threads=2,rate=400M,pattern=random,life=%d' % hosts.LIFE
    yield 'xen', with_options, (hosts.SMALL, ('--policy', 'xen'), 'moved', 0)
    yield 'no checks', with_options, (hosts.SMALL, ('--no-checks',), 'moved', 0)
    large = 'process:mem=6M,rate=100K,life=%d' % hosts.LIFE
    yield 'bandwidth', with_options, (large, ('--bandwidth', '4M'), 'moved', 0, 1)
    if size != 'smoke':
        yield 'gives up', with_options, (busy, ('--bandwidth', '20M', '--downtime', '50'), 'kept', 1)
        yield 'forced', with_options, (busy, ('--bandwidth', '20M', '--downtime', '50', '--force'), 'moved', 0)


def two_movers():
    """While one godwit moves a guest, another cannot: and that disturbs nothing."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest()
        receiver = world.receive()
        with relay.Relay(receiver.address, {0: [relay.Rule(relay.UP, ('PAGE', 0, 40), 'stall')]}) as link:
            first = world.migrate(pid, link.address)
            until_stalled(link)
            second = world.migrate(pid, receiver.address)
            world.expect(second.wait() in (1, 3), 'the second one ended with %d' % second.wait())
            world.expect(world.watch.guest(pid).works(), 'the guest does not work')
            first.send(2)
            moves.finish(world, pid, first, receiver.address)
    return world.result('refused')


def until_stalled(link):
    until = time.monotonic() + 20
    while not (link.links and link.links[0].stalled) and time.monotonic() < until:
        threading.Event().wait(0.005)


@case('a guest that is being moved cannot be moved by another godwit')
def busy(size):
    for number in range({'smoke': 0, 'quick': 1, 'full': 10}[size]):
        yield number, two_movers, ()


# --- a late reader ---------------------------------------------------------------------------------------------------

def all_written(guest, pages):
    """Waits until the guest has written more pages than it has, several times over."""
    first = guest.ticks
    while guest.runs and guest.ticks < first + 8 * pages:
        threading.Event().wait(0.01)


def late_reader(live):
    """The image is whole inside a pipe, the saver has gone, the guest runs: only then somebody reads."""
    with hosts.World() as world:
        pages = 40 if live else 200  # a pipe has 1 MiB, and a live image several copies of a page
        pid = world.guest('process:mem=%dK,threads=2,rate=200M,pattern=seq,life=%d' % (pages * 4, hosts.LIFE))
        guest = world.watch.guest(pid)
        out, to = os.pipe()
        fcntl.fcntl(to, F_SETPIPE_SZ, MIB)
        program = world.start('save', 'process:pid=%d' % pid, '-', *(['--live'] if live else []), stdout=to)
        os.close(to)
        world.expect(program.wait() == 0 and guest.runs, 'the save failed: %s' % program.lines)
        all_written(guest, pages)
        os.mkdir(world.path('kept'))
        image = world.path('kept/image')
        with os.fdopen(out, 'rb') as source, open(image, 'wb') as file:
            file.write(source.read())
        for words in (('verify', '--strict', image), ('restore', image, hosts.CHECKED)):
            done = world.run(*words)
            world.expect(done.code == 0, '%s of what was read late: %s' % (words[0], done.lines))
    return world.result('right')


@case('an image that is read late from a pipe is as it was saved')
def late(size):
    for number in range({'smoke': 1, 'quick': 3, 'full': 30}[size]):
        for live in (False, True):
            yield (number, live), late_reader, (live,)


def ends_once(paused):
    """receive --once ends by itself; its status is the guest's fate."""
    with hosts.World() as world:
        pid = world.guest()
        receiver = world.receive('unix:' + world.path('socket'), '--once')
        program = world.migrate(pid, receiver.address, *(['--paused'] if paused else []))
        _, last = moves.finish(world, pid, program, None)
        code = receiver.wait()
        world.expect(code == 0, 'receive --once ended with %d' % code)
        world.expect(not os.path.exists(world.path('socket')), 'its socket is left')
    return world.result(last)


@case('receive --once ends with its guest')
def once(size):
    yield 'live', ends_once, (False,)
    yield 'paused', ends_once, (True,)
