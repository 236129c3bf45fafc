"""What most cases are made of: one move under some disturbance, its settlement, and what must be true afterwards.

Whatever was done to the move: never two owners; and once the destination can be asked again, the guest runs at one of
the two places, its memory right (a guest that was kept proves it by a move without disturbance), and nothing is left.
"""
import os
import select
import signal

import hosts
import relay

PATIENCE = 45  # seconds in which a broken link shows, and a destination has been asked again
ENDS = ('KEPT', 'MOVED', 'IN_DOUBT')


def agree(world, program, code, outcome):
    """What migrate said, its status and what became of the guest are the same story."""
    told = [kind for kind in ('moved', 'kept', 'in_doubt') if program.one(kind)]
    if code == -9:
        return
    wanted = {'moved': (0, 'moved'), 'kept': (1, 'kept'), 'held': (3, 'in_doubt')}.get(outcome)
    if outcome == 'kept' and code == 3:
        wanted = (3, 'kept')  # the system failed
    world.expect(wanted and code == wanted[0], 'migrate ended with %s, and the guest is %s' % (code, outcome))
    world.expect(wanted and told == [wanted[1]], 'migrate told %s, and the guest is %s' % (told, outcome))
    last = (program.states('source') or [''])[-1]
    world.expect(not last or last in ENDS, 'migrate ended in state %s' % last)


def finish(world, pid, program, address, may_be_held=False):
    """Waits for the migration and settles it; returns (outcome at its end, outcome after settlement)."""
    code = program.wait()
    first = world.judge(pid)
    # Where the destination may be gone it may have started before it went: held all the same, for the source.
    agree(world, program, code, 'held' if may_be_held and first == 'untaken' and code == 3 else first)
    if code == -9 or first in ('held', 'untaken'):
        last = settle(world, pid, may_be_held)
    else:
        last = first
    prove(world, pid, last, address)
    return first, last


def settle(world, pid, may_be_held=False):
    """owner settle: the guest has one owner afterwards."""
    shown = world.show(world.source)
    done = world.settle()
    outcome = world.judge(pid)
    good = ('moved', 'kept', 'held', 'untaken') if may_be_held else ('moved', 'kept')
    world.expect(outcome in good, 'after owner settle (exit %d) the guest is %s' % (done.code, outcome))
    if outcome in ('moved', 'kept'):
        world.expect(done.code == 0 or (done.code == 1 and not shown),
                     'owner settle ended with %d, and the guest is %s' % (done.code, outcome))
        world.expect(not world.show(world.source), 'settled, and owner show still lists %s' % world.show(world.source))
    return outcome


def prove(world, pid, outcome, address):
    """The guest works; one that was kept can be moved, with all its memory right."""
    running = [guest for guest in list(world.watch.guests.values()) if guest.runs]
    for guest in running:
        world.expect(guest.rate == 0 or guest.works(), 'guest %d runs, and makes no ticks' % guest.pid)
    if outcome != 'kept' or address is None or len(running) != 1:
        return
    again = world.migrate(pid, address)
    code = again.wait()
    world.expect(code == 0 and world.judge(pid) == 'moved',
                 'the guest that was kept could not be moved afterwards: %s' % again.told()[-6:])


def wait_first(*programs, seconds=hosts.LATE):
    """Until one of them ended; returns those that did."""
    poll = select.poll()
    ends = {}
    for program in programs:
        try:
            ends[os.pidfd_open(program.pid)] = program
        except ProcessLookupError:
            return [program]
    for end in ends:
        poll.register(end, select.POLLIN)
    ready = [ends[fd] for fd, _ in poll.poll(int(seconds * 1000))]
    for end in ends:
        os.close(end)
    if not ready:
        raise hosts.Late('none of %s ended' % [program.arguments[0] for program in programs])
    return ready


def end_in_time(world, pid, program):
    """Nobody waits for ever for what does not come: else it is called off, and told."""
    try:
        program.wait(PATIENCE)
    except hosts.Late:
        state, guest = (program.states('source') or ['no state'])[-1], world.watch.guest(pid)
        world.expect(False, 'in %s for %d s, the guest %s' % (state, PATIENCE, 'runs' if guest.runs else 'stands'))
        program.send(signal.SIGINT)
        program.wait()


def through_relay(plans, spec=hosts.SMALL, options=(), guest=hosts.CHECKED, may_be_held=False, hook=None):
    """The scenario of a move through a relay with these plans: {connection: [(way, at, what)]}."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(spec)
        receiver = world.receive(guest=guest)
        made = {key: [relay.Rule(*row) for row in rows] for key, rows in plans.items()}
        with relay.Relay(receiver.address, made) as link:
            program = world.migrate(pid, link.address, *options)
            if hook:
                hook(world, pid, receiver, link, program)
            end_in_time(world, pid, program)
            link.heal()
            first, last = finish(world, pid, program, receiver.address, may_be_held)
        hit = [rule.done for key in made if key != 'rest' for rule in made[key]]
    return world.result('%s, then %s' % (first, last) if first != last else last, hit=all(hit),
                        source=program.states('source'), destination=receiver.states('destination'),
                        report=program.one('moved') or {}, remembered=len(world.remembered) // 4)


def record(spec=hosts.SMALL, options=(), guest=hosts.CHECKED):
    """The scenario of an undisturbed move; its octets, both ways, as hex."""
    with hosts.World() as world:
        pid = world.guest(spec)
        receiver = world.receive(guest=guest)
        with relay.Relay(receiver.address) as link:
            program = world.migrate(pid, link.address, *options)
            _, last = finish(world, pid, program, None)
            world.expect(last == 'moved', 'the move did not come about')
            octets = {way: link.octets(0, way).hex() for way in (relay.UP, relay.DOWN)}
    return world.result(last, octets=octets, source=program.states('source'),
                        destination=receiver.states('destination'))
