"""SIGINT and SIGTERM to migrate in each of its states: up to LETTING_GO the guest stays; behind it it is too late.

A state is held by a link that falls silent in it, or by a guest that does not stop.
"""
import contextlib
import os
import signal

import hosts
import moves
import relay
from cases import case
from cases_deaths import TINY

# Its memory takes a while to be given back: a signal meets who waits for its end.
SLOW_TO_END = 'process:mem=256M,threads=1,rate=0,life=%d' % hosts.LIFE

# The state that is held: the rule that holds it on the first link; what may come of it.
HELD = {
    'OPENING': ((relay.DOWN, 0, 'stall'), ('kept',)),
    'COPYING': ((relay.UP, ('PAGE', 0, 40), 'stall'), ('kept',)),
    'STOPPED': ((relay.UP, ('RECD', 0, 0), 'stall'), ('kept',)),
    'PROVING': ((relay.DOWN, ('REDY', 0, 0), 'stall'), ('kept',)),
    'LET_GO': ((relay.UP, ('COMM', 0, 0), 'stall'), ('moved', 'kept')),
    'LET_GO, started': ((relay.DOWN, ('RUNS', 0, 0), 'stall'), ('moved',)),
}


def on_state(program, state, act):
    """Calls act once when migrate says that it is in that state."""
    done = []

    def hook(line):
        if isinstance(line, dict) and line.get('type') == 'state' and line.get('state') == state and not done:
            done.append(1)
            act()
    program.hooks.append(hook)
    for line in program.all('state'):
        hook(line)


def signalled(name, number):
    state = name.split(',')[0]
    rule, may = HELD[name]
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive()
        with relay.Relay(receiver.address, {0: [relay.Rule(*rule)]}) as link:
            program = world.migrate(pid, link.address, wait=30)
            on_state(program, state, lambda: program.send(number))
            _, last = moves.finish(world, pid, program, receiver.address)
        world.expect(last in may, 'the guest is %s' % last)
        world.expect(state in program.states('source'), 'it was never in %s: %s' % (state, program.states('source')))
    return world.result('%s: %s' % (name, last), source=program.states('source'),
                        destination=receiver.states('destination'))


def while_it_stops(number):
    """The guest's process stands still, so that it cannot stop as asked: the signal calls the suspend off."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive()
        program = world.migrate('process:pid=%d,wait=4000' % pid, receiver.address)
        on_state(program, 'COPYING', lambda: os.kill(pid, signal.SIGSTOP))
        on_state(program, 'SUSPENDING', lambda: program.send(number))
        program.wait()
        with contextlib.suppress(ProcessLookupError):  # it may have moved before it was stopped
            os.kill(pid, signal.SIGCONT)
        _, last = moves.finish(world, pid, program, receiver.address)
        world.expect(last in ('kept', 'moved'), 'the guest is %s' % last)
    return world.result('SUSPENDING: %s' % last, source=program.states('source'),
                        destination=receiver.states('destination'))


def while_it_asks(number):
    """Nobody answers: a cancel leaves the guest held, in doubt; then the destination answers."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive()
        plans = {0: [relay.Rule(relay.UP, ('COMM', 0, 'end'), 'rst')], 'rest': [relay.Rule(relay.UP, 0, 'rst')]}
        with relay.Relay(receiver.address, plans) as link:
            program = world.migrate(pid, link.address, wait=60)
            on_state(program, 'ASKING', lambda: program.send(number))
            world.expect(program.wait() == 3 and program.one('in_doubt'), 'not in doubt: %s' % program.lines[-3:])
            held = world.show(world.source)
            world.expect(len(held) == 1 and held[0]['side'] == 'source' and held[0]['what_to_do'],
                         'owner show: %s' % held)
            link.heal()
            last = moves.settle(world, pid)
            moves.prove(world, pid, last, receiver.address)
    return world.result('ASKING: in doubt, then %s' % last, source=program.states('source'),
                        destination=receiver.states('destination'))


def at_once(state, number, spec=TINY):
    """Nothing is held: the signal comes as soon as the state is told."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(spec)
        receiver = world.receive()
        program = world.migrate(pid, receiver.address)
        on_state(program, state, lambda: program.send(number))
        _, last = moves.finish(world, pid, program, receiver.address)
    return world.result('at once in %s: %s' % (state, last), source=program.states('source'),
                        destination=receiver.states('destination'))


@case('SIGINT and SIGTERM in each state of the source')
def signals(size):
    for number in (signal.SIGINT, signal.SIGTERM):
        for name in HELD:
            yield (name, number), signalled, (name, number)
        yield ('SUSPENDING', number), while_it_stops, (number,)
        yield ('ASKING', number), while_it_asks, (number,)
    for repeat in range(20 if size == 'full' else 3):
        yield ('MOVED', repeat), at_once, ('MOVED', signal.SIGINT, SLOW_TO_END)
    for repeat in range(20 if size == 'full' else 1):
        for state in ('OPENING', 'COPYING', 'SUSPENDING', 'STOPPED', 'PROVING', 'LETTING_GO', 'LET_GO'):
            yield ('at once', state, repeat), at_once, (state, signal.SIGINT)
