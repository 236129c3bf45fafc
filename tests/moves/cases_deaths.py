"""Deaths: of either side at every call that the world can notice, of receivers that are asked, of a guest that comes.

Behind each death the survivors settle: `owner settle` where the source died, a new receiver where all of the old one
died. die.c counts the calls.
"""
import os
import shutil
import signal

import hosts
import moves
import owners
import relay
from cases import Skip, alone, case, pick

TINY = 'process:mem=72K,threads=1,rate=400K,life=%d' % hosts.LIFE


def needs_die():
    if not os.path.exists(hosts.DIE):
        raise Skip('die.c is for the release build')


def calls(world, name='calls'):
    """Lines of die.c's log, taken away."""
    path = world.path(name)
    lines = owners.read(path).splitlines()
    if os.path.exists(path):
        os.unlink(path)
    return lines


def receiver_died(world, program, receiver, at):
    """Waits for the one that ends first. The receiver dies, soon, if its child came to that call."""
    moves.wait_first(program, receiver)
    if at == 0 or len(owners.read(world.path('calls')).splitlines()) < at:
        return False
    receiver.wait()
    return True


def last_state(program, side):
    return (program.states(side) or ['before the first state'])[-1]


# --- the source ------------------------------------------------------------------------------------------------------

def source_dies(at, how, options=(), spec=TINY):
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(spec)
        receiver = world.receive()
        env = world.dying('migrate', 'self', at, how, DIE_LOG=world.path('calls'))
        program = world.migrate(pid, receiver.address, *options, env=env)
        first, last = moves.finish(world, pid, program, receiver.address)
        lines, died = calls(world), program.wait() == -9
        where = last_state(program, 'source')
        states = receiver.states('destination')
    what = '%s in %s, then %s' % (first, where, last) if died else 'lived, ' + last
    return world.result(what, source=program.states('source'), destination=states, calls=lines, died=died)


def both_ways(num_calls, size, quick):
    rows = [(at, how) for at in range(1, num_calls + 1) for how in ('before', 'after')]
    return pick(rows, None if size == 'full' else quick)


@case('the source dies at every call')
def source_deaths(size):
    needs_die()
    for options in ((), ('--paused',)) if size == 'full' else ((),):
        num = len(alone(source_dies, 0, 'before', options)['calls'])
        for at, how in both_ways(num, size, 40):
            yield (at, how, options), source_dies, (at, how, options)


def settler_dies(at, how):
    """The source died behind LETGO; the one that settles it dies too; the next one settles."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive()
        with relay.Relay(receiver.address, {0: []}) as link:
            program = world.migrate(pid, link.address)
            link.plans[0] = [relay.Rule(relay.DOWN, ('RUNS', 0, 0), lambda: program.send(signal.SIGKILL))]
            program.wait()
            env = world.dying('owner', 'self', at, how, DIE_LOG=world.path('calls'))
            died = world.settle(env=env).code == -9
            first = world.judge(pid)
            last = moves.settle(world, pid)
            moves.prove(world, pid, last, receiver.address)
            lines = calls(world)
    return world.result('%s, then %s' % (first, last) if died else 'lived, ' + last, calls=lines, died=died)


@case('who settles it dies too, at every call')
def settler_deaths(size):
    needs_die()
    num = len(alone(settler_dies, 0, 'before')['calls'])
    for at, how in both_ways(num, size, 10):
        yield (at, how), settler_dies, (at, how)


# --- the destination -------------------------------------------------------------------------------------------------

def destination_dies(where, at, how, with_parent, options=()):
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        more = {'DIE_PARENT': '1'} if with_parent else {}
        receiver = world.receive('unix:' + world.path('socket'),
                                 env=world.dying('receive', where, at, how, DIE_LOG=world.path('calls'), **more))
        program = world.migrate(pid, receiver.address, *options, wait=20)
        again = receiver
        if not with_parent:
            program.wait()
            state = last_state(receiver, 'destination')
        elif receiver_died(world, program, receiver, at):
            again = world.receive(receiver.address)
        first, last = moves.finish(world, pid, program, again.address)
        lines = calls(world)
    state = state if not with_parent else last_state(receiver, 'destination')
    return world.result('%s in %s' % (last if first == last else first + ', then ' + last, state), calls=lines,
                        source=program.states('source'), destination=receiver.states('destination'))


def destination_jobs(size, where, with_parent, quick):
    num = len(alone(destination_dies, where, 0, 'before', with_parent)['calls'])
    for at, how in both_ways(num, size, quick):
        yield (where, at, how, with_parent), destination_dies, (where, at, how, with_parent)


@case('the child that serves the move dies at every call; the receiver goes on')
def child_deaths(size):
    needs_die()
    yield from destination_jobs(size, '1', False, 30)


@case('the receiver dies with the child at every call; a new one comes')
def receiver_deaths(size):
    needs_die()
    yield from destination_jobs(size, '1', True, 30)


@case('the child that answers questions dies at every call')
def answerer_deaths(size):
    needs_die()
    num = len(alone(answerer_dies, 0, 'before')['calls'])
    for at, how in both_ways(num, size, 8):
        yield (at, how), answerer_dies, (at, how)


def answerer_dies(at, how):
    """COMM is lost; the second link's child, that is asked, dies."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive(env=world.dying('receive', '2', at, how, DIE_LOG=world.path('calls')))
        with relay.Relay(receiver.address, {0: [relay.Rule(relay.UP, ('COMM', 0, 0), 'rst')]}) as link:
            program = world.migrate(pid, link.address, wait=30)
            first, last = moves.finish(world, pid, program, receiver.address)
            lines = calls(world)
    return world.result(last if first == last else first + ', then ' + last, calls=lines,
                        source=program.states('source'), destination=receiver.states('destination'))


# --- two receivers ---------------------------------------------------------------------------------------------------

def kill_group(program):
    os.killpg(program.pid, signal.SIGKILL)


def two_receivers(holder_dies, source_dies_too, at):
    """The second receiver of a state directory is asked about the first one's session."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        holder, other = world.receive('unix:' + world.path('one')), world.receive('unix:' + world.path('two'))
        order = [holder.address]

        def cut():
            if holder_dies:
                kill_group(holder)
            order.append(other.address)
            if source_dies_too:
                program.send(signal.SIGKILL)
            link.links[0].cut('fin')

        with relay.Relay(lambda number: order[-1]) as link:
            link.plans[0] = [relay.Rule(*at, cut)]
            program = world.migrate(pid, link.address, wait=30)
            first, last = moves.finish(world, pid, program, None)
        moves.prove(world, pid, last, other.address)
        if holder_dies and os.path.exists(world.path('one')):
            os.unlink(world.path('one'))  # its socket: it could not
    what = 'holder %s, source %s at %s: %s' % ('dead' if holder_dies else 'alive', 'dead' if source_dies_too else
                                               'alive', at[1][0], last)
    return world.result(what, source=program.states('source'),
                        destination=holder.states('destination') + other.states('destination'))


@case('two receivers on one state directory: the other one is asked')
def other_receiver(size):
    places = [(relay.UP, ('COMM', 0, 0)), (relay.UP, ('COMM', 0, 'end')), (relay.DOWN, ('RUNS', 0, 0))]
    for at in places:
        for holder in (False, True):
            for source in (False, True):
                for number in range(10 if size == 'full' else 1):
                    yield (at, holder, source, number), two_receivers, (holder, source, at)


# --- the destination goes for good, or cannot start ------------------------------------------------------------------

def host_goes(receiver, link):
    """And nothing that it still sent arrives."""
    kill_group(receiver)
    link.links[0].cut('fin')


def dies_after(at, comes_back):
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive('unix:' + world.path('socket'))
        with relay.Relay(receiver.address) as link:
            link.plans[0] = [relay.Rule(*at, lambda: host_goes(receiver, link))]
            program = world.migrate(pid, link.address, wait=20 if comes_back else 2)
            receiver.wait()
            again = world.receive(receiver.address) if comes_back else None
            first, last = moves.finish(world, pid, program, again and again.address, may_be_held=not comes_back)
        if not comes_back:
            last = without_it(world, pid, last, receiver)
    return world.result('%s: %s' % ('it comes back' if comes_back else 'it stays away', last),
                        source=program.states('source'), destination=receiver.states('destination'))


def without_it(world, pid, last, receiver):
    """Held until a person makes sure that the destination is dead; then its host comes back, and knows.

    A guest may have started there before its host went. It is dead with it when the person says so: the one here goes
    on from where it stood, as the person was told, and never beside the other.
    """
    there = world.watch.others(pid)
    for guest in there:
        guest.kill()  # the host is gone, and all that ran there
    if last in ('held', 'untaken'):
        world.expect(not world.watch.guest(pid).runs, 'it goes on before a person has said so')
        world.settle_without()
        world.expect(world.watch.guest(pid).works(), 'it does not go on by word of a person')
        ran = any(guest.want != owners.NEVER_RAN for guest in there)
        last = 'held, then kept by word of a person%s' % (', though it ran there' if ran else '')
    again = world.receive(receiver.address)
    world.expect(again.address == receiver.address, 'it listens elsewhere')
    world.expect(len(world.watch.others(pid)) == len(there), 'it was started there again')
    return last


@case('the destination dies behind REDY, and comes back, or stays away')
def gone_destination(size):
    places = [(relay.DOWN, ('REDY', 0, 0)), (relay.DOWN, ('REDY', 0, 'end')), (relay.UP, ('COMM', 0, 'end')),
              (relay.DOWN, ('RUNS', 0, 0))]
    for at in places:
        for comes_back in (True, False):
            for number in range(10 if size == 'full' else 1):
                yield (at, comes_back, number), dies_after, (at, comes_back)


def start_fails(sure):
    """The guest there does not start: surely, or nobody knows."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive(guest='model:fail=start:1,sure=%d' % sure)
        program = world.migrate(pid, receiver.address, wait=3)
        first, last = moves.finish(world, pid, program, None, may_be_held=not sure)
        if last == 'held':
            receiver.send(signal.SIGTERM)
            receiver.wait()
            world.receivers.remove(receiver)
            world.settle_without()
            world.expect(world.judge(pid) == 'kept', 'it does not go on')
            shutil.rmtree(world.destination)  # its files stand as they are: it does not know
    return world.result('surely not started: %s' % last if sure else 'unsure: %s' % last,
                        source=program.states('source'), destination=receiver.states('destination'))


@case('a start that fails: surely not, and unsure')
def failed_starts(size):
    for number in range(10 if size == 'full' else 2):
        for sure in (1, 0):
            yield (number, sure), start_fails, (sure,)


def host_dies(at, how):
    """All of the destination dies at that call, its guests too; then it comes back with its files.

    A guest that ran there may not be resumed here: it has moved, and died with its host, or nobody can know.
    """
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        env = world.dying('receive', '1', at, how, DIE_PARENT=1, DIE_LOG=world.path('calls'))
        receiver = world.receive('unix:' + world.path('socket'), env=env)
        program = world.migrate(pid, receiver.address, wait=4)
        if receiver_died(world, program, receiver, at):
            for guest in world.watch.others(pid):
                guest.kill()
            receiver = world.receive(receiver.address)
        program.wait()
        ran = [guest.pid for guest in world.watch.others(pid) if guest.want != owners.NEVER_RAN]
        world.settle(wait=4)
        outcome = after_host(world, pid, ran, receiver)
        lines = calls(world)
    return world.result(outcome, calls=lines, source=program.states('source'),
                        destination=receiver.states('destination'))


def after_host(world, pid, ran, receiver):
    here = world.watch.guest(pid)
    world.expect(not (here.runs and ran), 'guest %d goes on here, and %s ran there' % (pid, ran))
    world.expect(here.alive or ran, 'the guest is lost, and never ran there')
    if here.alive and not here.runs:
        shown = world.show(world.source)
        world.expect(len(shown) == 1, 'it is held, and owner show tells %s' % shown)
        refused = world.settle('--destination-is-dead', shown[0]['session'], wait=2)
        world.expect(refused.code == 3 and not here.runs, 'dead, though it answers: exit %d' % refused.code)
        receiver.send(signal.SIGTERM)
        receiver.wait()
        world.settle_without()
        world.expect(here.works(), 'it does not go on by word of a person')
        shutil.rmtree(world.destination)
        return 'in doubt, %s' % ('it ran there' if ran else 'it never ran there')
    return 'kept' if here.runs else 'moved' if any(g.runs for g in world.watch.others(pid)) else 'died there'


@case('the destination dies with its guests at every call, and comes back')
def host_deaths(size):
    needs_die()
    num = len(alone(host_dies, 0, 'before')['calls'])
    for at, how in both_ways(num, size, 16):
        yield (at, how), host_dies, (at, how)


# --- two at once -----------------------------------------------------------------------------------------------------

def two_settlers():
    """The source died behind LETGO; two settle it at the same time, and a third while it still asks."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive()
        with relay.Relay(receiver.address) as link:
            program = world.migrate(pid, link.address)
            link.plans[0] = [relay.Rule(relay.UP, ('COMM', 0, 'end'), lambda: program.send(signal.SIGKILL))]
            program.wait()
            settlers = [world.start('owner', 'settle', '--state-dir', world.source, '--wait', 10) for _ in range(3)]
            codes = sorted(settler.wait() for settler in settlers)
            world.expect(codes[0] == 0 and set(codes) <= {0, 1, 3}, 'they ended with %s' % codes)
            last = moves.settle(world, pid)
            moves.prove(world, pid, last, receiver.address)
    return world.result(last)


def hasty():
    """A person says that the destination is dead while a godwit is still asking it."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive()
        plans = {0: [relay.Rule(relay.UP, ('COMM', 0, 'end'), 'rst')], 'rest': [relay.Rule(relay.UP, 0, 'rst')]}
        with relay.Relay(receiver.address, plans) as link:
            program = world.migrate(pid, link.address, wait=60)
            receiver.wait_line('runs')
            session = receiver.one('runs')['session']
            done = world.settle('--destination-is-dead', session)
            world.expect(done.code == 3 and not world.watch.guest(pid).runs, 'it was believed: exit %d' % done.code)
            link.heal()
            _, last = moves.finish(world, pid, program, None)
        world.expect(last == 'moved', 'it is %s' % last)
    return world.result('left to it, then ' + last)


@case('several settle at once; a person settles while a godwit asks')
def settlers(size):
    for number in range({'smoke': 0, 'quick': 2, 'full': 20}[size]):
        yield ('three', number), two_settlers, ()
        yield ('hasty', number), hasty, ()


# --- a guest that is coming ------------------------------------------------------------------------------------------

def receiver_ends(at, number):
    """SIGKILL or a cancel of the receiver while the guest comes: nothing is left, also of its files."""
    with hosts.World() as world:
        world.disturbed = True
        pid = world.guest(TINY)
        receiver = world.receive('unix:' + world.path('socket'))
        with relay.Relay(receiver.address) as link:
            end = (lambda: kill_group(receiver)) if number == signal.SIGKILL else (lambda: receiver.send(number))
            link.plans[0] = [relay.Rule(*at, end)]
            program = world.migrate(pid, link.address, wait=20)
            code = receiver.wait()
            world.expect(code == (-9 if number == signal.SIGKILL else 0), 'receive ended with %s' % code)
            again = world.receive(receiver.address)
            _, last = moves.finish(world, pid, program, again.address)
    return world.result('%s at %s: %s' % (signal.Signals(number).name, at[1][0], last),
                        source=program.states('source'), destination=receiver.states('destination'))


@case('the receiver is killed or cancelled while a guest comes')
def coming(size):
    places = [(relay.UP, ('OFFR', 0, 'end')), (relay.UP, ('PAGE', 0, 'end')), (relay.UP, ('RECD', 0, 'end')),
              (relay.DOWN, ('ACPT', 0, 'end'))]
    for at in places:
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            for repeat in range(10 if size == 'full' else 1):
                yield (at, number, repeat), receiver_ends, (at, number)
