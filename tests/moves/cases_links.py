"""Moves over links that break: cuts at every boundary, around the hand-over, silence, and octets that change.

Where to cut comes from the record of a move that was not disturbed, or from the chunk that is met.
"""
import random
import threading
import time

import hosts
import moves
import owners
import relay
import wire
from cases import Skip, alone, case, pick

STILL = 'process:mem=128K,threads=1,rate=0,life=%d' % hosts.LIFE
TINY = 'process:mem=72K,threads=1,rate=400K,life=%d' % hosts.LIFE
WAYS = (relay.UP, relay.DOWN)


def recorded(spec=STILL, options=()):
    octets = alone(moves.record, spec, options)['octets']
    return {way: bytes.fromhex(octets[way]) for way in WAYS}


@case('cuts at chunk and record boundaries, both ways')
def boundaries(size):
    num = {'smoke': 6, 'quick': 40, 'full': None}[size]
    for options in ((), ('--paused',)) if size == 'full' else ((),):
        octets = recorded(options=options)
        rows = [(way, offset, how) for way in WAYS for offset in wire.boundaries(octets[way])
                for how in (('rst', 'fin') if size == 'full' else ('rst',))]
        for row in pick(rows, num):
            yield (options, row), moves.through_relay, ({0: [row]}, STILL, options)


@case('cuts at random octets, both ways')
def random_cuts(size):
    num = {'smoke': 2, 'quick': 60, 'full': 1000}[size]
    octets, chance = recorded(TINY), random.Random(4)
    for _ in range(num):
        way = chance.choice(WAYS)
        # As many in the few octets of control as in the contents of memory.
        last = len(octets[way])
        at = chance.randrange(last) if chance.random() < 0.5 else max(0, last - 1 - chance.randrange(min(last, 4000)))
        row = (way, at, chance.choice(('rst', 'fin')))
        yield row, moves.through_relay, ({0: [row]}, TINY)


# --- the hand-over ---------------------------------------------------------------------------------------------------

LENGTH = {'COMM': 36, 'RUNS': 44, 'REDY': 60, 'DONE': 60, 'ASKS': 37, 'TELL': 33, 'HELO': 32}


def points(letters, way, steps):
    """Places in and around that chunk."""
    return [(way, (letters, 0, delta)) for delta in sorted({*range(0, LENGTH[letters], steps), 1, LENGTH[letters] - 1})
            ] + [(way, (letters, 0, 'end'))]


def handover_rows(size):
    """Plans: something in [LETGO written .. RUNS read] on the first link, and perhaps something on the next one."""
    steps = 1 if size == 'full' else 12
    up = points('COMM', relay.UP, steps) + points('DONE', relay.UP, 30)
    down = points('RUNS', relay.DOWN, steps) + points('REDY', relay.DOWN, max(steps, 10))
    seconds = [None, ('up', ('ASKS', 0, 0)), ('up', ('ASKS', 0, 'end')), ('down', ('TELL', 0, 0)),
               ('down', ('TELL', 0, 5)), ('down', ('RUNS', 0, 0))]
    for first in (up, down):
        rows = [({0: [(*point, how)]} if second is None else {0: [(*point, how)], 1: [(*second, how)]})
                for second in seconds for how in ('rst', 'fin') for point in first]
        yield rows


@case('cuts between LETGO and RUNS, on the first link and on the next')
def handover(size):
    num = {'smoke': 2, 'quick': 12, 'full': 250}[size]
    for rows in handover_rows(size):
        for plan in pick(rows, num):
            yield plan, moves.through_relay, (plan, TINY, ('--wait', '20'))


@case('a link that falls silent, from the first octet to the last word')
def silence(size):
    rows = [(relay.UP, 0), (relay.UP, ('OFFR', 0, 'end')), (relay.UP, ('PAGE', 0, 'end')), (relay.UP, ('DONE', 0, 0)),
            (relay.DOWN, ('REDY', 0, 0)), (relay.DOWN, ('REDY', 0, 'end')), (relay.UP, ('COMM', 0, 'end')),
            (relay.UP, ('COMM', 0, 7)), (relay.DOWN, ('RUNS', 0, 0)), (relay.DOWN, ('RUNS', 0, 20)), (relay.DOWN, 0)]
    for row in pick(rows, {'smoke': 0, 'quick': 8, 'full': None}[size]):
        yield row, moves.through_relay, ({0: [(*row, 'stall')]}, TINY, ('--wait', '30'))
    if size == 'full':
        for row in rows[5:10]:
            plan = {0: [(*row, 'stall')], 1: [(relay.UP, ('ASKS', 0, 'end'), 'stall')]}
            yield plan, moves.through_relay, (plan, TINY, ('--wait', '40'))


def holds_a_minute():
    """
    The link is lost behind REDY, and none is made again, so that the source, which keeps its guest, cannot say so: the
    destination holds its half for 60 s, no longer.
    """
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive()
        plans = {0: [relay.Rule(relay.DOWN, ('REDY', 0, 0), 'rst')], 'rest': [relay.Rule(relay.UP, 0, 'rst')]}
        with relay.Relay(receiver.address, plans) as link:
            program = world.migrate(pid, link.address)
            begin = time.monotonic()
            moves.finish(world, pid, program, None)
            while owners.unborn(list(world.watch.guests.values())) and time.monotonic() < begin + 90:
                threading.Event().wait(0.1)
        seconds = time.monotonic() - begin
        world.expect(50 < seconds < 70, 'it held its half for %d s' % seconds)
    return world.result('gone after a minute')


@case('a destination that is ready waits a minute')
def minute(size):
    if size != 'full':
        raise Skip('it takes a minute: for the full size')
    yield '', holds_a_minute, ()


# --- flips -----------------------------------------------------------------------------------------------------------

def flipped(plan, options, letters, where):
    """The move with that flip; what it has to come to."""
    result = moves.through_relay(plan, STILL, options)
    if not result['hit']:
        return dict(result, outcome='not met')
    healed = result['outcome'] == 'moved' and result['report'].get('resent', 0) > 0
    if where == 'contents':
        if result['outcome'] == 'moved' and not healed:
            result['problems'].append('a flip in contents was not noticed: %s' % result['report'])
        return dict(result, outcome='healed' if healed else result['outcome'])
    if result['outcome'] == 'moved' and letters not in ('RUNS', 'STOP', 'ALIV'):
        result['problems'].append('a flip in %s was not noticed' % letters)
    return dict(result, outcome='%s at %s' % (result['outcome'], letters))


def relative(octets):
    """[(letters, nth, chunk)]: offsets alone may shift by the digits of a name."""
    seen, rows = {}, []
    for chunk in wire.split(octets):
        nth = seen[chunk.letters] = seen.get(chunk.letters, -1) + 1
        rows.append((chunk.letters, nth, chunk))
    return rows


@case('bits flipped in contents are found, and healed or refused')
def flips(size):
    num = {'smoke': 2, 'quick': 40, 'full': 1000}[size]
    chance = random.Random(5)
    for options in ((), ('--paused',)):
        pages = [row for row in relative(recorded(options=options)[relay.UP]) if row[2].until > row[2].end]
        for _ in range(num // 2):
            letters, nth, chunk = chance.choice(pages)
            delta = chance.randrange(chunk.end - chunk.start, chunk.until - chunk.start)
            plan = {0: [(relay.UP, (letters, nth, delta), ('flip', chance.randrange(8)))]}
            yield (options, plan), flipped, (plan, options, 'PAGE', 'contents')


def unchecked(plan):
    """Without checks a flip passes, but not a destination that recomputes all memory."""
    result = moves.through_relay(plan, STILL, ('--no-checks',))
    if result['hit'] and result['outcome'] != 'kept':
        result['problems'].append('it came to %s' % result['outcome'])
    return dict(result, outcome=result['outcome'] if result['hit'] else 'not met')


@case('without checks, flips are found by a destination that recomputes')
def unchecked_flips(size):
    octets = recorded(options=('--no-checks',))
    page = next(row for row in relative(octets[relay.UP]) if row[2].until > row[2].end)[2]
    for number in range({'smoke': 0, 'quick': 2, 'full': 50}[size]):
        at = ('PAGE', 0, page.end - page.start + 1 + number * (page.until - page.end) // 51)
        yield at, unchecked, ({0: [(relay.UP, at, ('flip', number % 8))]},)


@case('bits flipped anywhere else are found, and the guest has one owner')
def framing(size):
    num = {'smoke': 1, 'quick': 30, 'full': 1000}[size]
    chance, octets = random.Random(6), recorded()
    rows = []
    for way in WAYS:
        for letters, nth, chunk in relative(octets[way]):
            length = chunk.end - chunk.start
            rows += [(way, (letters, nth, delta)) for delta in sorted({0, 1, 2, 3, 4, 7, 8, length // 2, length - 1})]
    for way, at in pick(rows, num) if num < len(rows) else rows + chance.choices(rows, k=num - len(rows)):
        plan = {0: [(way, at, ('flip', chance.randrange(8)))]}
        yield plan, flipped, (plan, ('--wait', '30'), at[0], 'framing')


@case('a chunk that says by a flipped bit that it is longer holds nobody up')
def stretched(size):
    up, down = ('OFFR', 'PAGE', 'ROUN', 'RECD', 'DONE', 'COMM'), ('HELO', 'ACPT', 'SEEN', 'REDY')
    rows = [(relay.UP, letters) for letters in up] + [(relay.DOWN, letters) for letters in down]
    if size != 'full':
        rows = [row for row in rows if row[1] in ('RECD', 'SEEN')]
    for way, letters in rows:
        for octet, bit in ((0, 1), (1, 4), (2, 5), (2, 1), (3, 6)) if size == 'full' else ((2, 5),):
            plan = {0: [(way, (letters, 0, octet), ('flip', bit))]}
            yield plan, flipped, (plan, ('--wait', '30'), letters, 'framing')
