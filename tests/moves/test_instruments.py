#!/usr/bin/env python3
"""The instruments of tests/moves themselves: the splitter, the relay, deaths at calls, and the view on guests.

Each could make the moves suite pass for nothing: so each is shown to see what it is for.
usage: test_instruments.py      environment: GODWIT = the program
"""
import contextlib
import os
import random
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'golden'))
sys.dont_write_bytecode = True
import chunks  # noqa: E402, found only by the line above
import hosts  # noqa: E402
import owners  # noqa: E402
import pool  # noqa: E402
import relay  # noqa: E402
import wire  # noqa: E402

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def talk():
    """A talk of known shape: its octets, and (letters, length of chunk, attached octets) of each."""
    octets, shape = b'', []
    for letters, values in chunks.SAID:
        chunk = chunks.chunk(letters, **values)
        attached = values['attached'] if letters == 'PAGE' else 0
        shape.append((letters, len(chunk), attached))
        octets += chunk + os.urandom(attached)
    return octets, shape


# --- the splitter ----------------------------------------------------------------------------------------------------

@test
def the_splitter_finds_each_chunk_and_what_is_attached():
    octets, shape = talk()
    assert [(c.letters, c.end - c.start, c.until - c.end) for c in wire.split(octets)] == shape
    assert [length for _, length in wire.contents(octets)] == [attached for *_, attached in shape if attached]


@test
def the_splitter_says_the_same_of_octets_in_any_pieces():
    octets, _ = talk()
    for size in (1, 7, 33, 4096):
        splitter, found = wire.Splitter(), []
        for at in range(0, len(octets), size):
            found += splitter.feed(octets[at:at + size])
            assert splitter.clear <= splitter.taken
        assert found == wire.split(octets) and splitter.clear == len(octets)


@test
def the_splitter_refuses_cuts_and_other_crcs():
    octets, _ = talk()
    for bad in (octets[:-1], octets[:-5] + b'x' + octets[-4:], octets + b'HELO'):
        try:
            wire.split(bad)
        except ValueError:
            continue
        raise AssertionError('accepted')


# --- the relay -------------------------------------------------------------------------------------------------------

class Echo:
    """Sends back what it gets; keeps it, and how the link ended."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.address = 'tcp://127.0.0.1:%d' % self.listener.getsockname()[1]
        self.got, self.ended = bytearray(), None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        end, _ = self.listener.accept()
        try:
            while True:
                octets = end.recv(1 << 16)
                if not octets:
                    break
                self.got += octets
                end.sendall(octets)
            self.ended = 'fin'
        except ConnectionError:
            self.ended = 'rst'
        end.close()


@contextlib.contextmanager
def through(*rules):
    """(echo, relay, our end)."""
    echo = Echo()
    with relay.Relay(echo.address, {0: list(rules)}) as link:
        end = relay.dial(link.address)
        end.settimeout(20)
        yield echo, link, end
        end.close()
    echo.listener.close()


def hear(end, num):
    got = bytearray()
    try:
        while len(got) < num:
            octets = end.recv(1 << 16)
            if not octets:
                return bytes(got), 'fin'
            got += octets
    except ConnectionError:
        return bytes(got), 'rst'
    return bytes(got), None


@test
def a_relay_without_rules_passes_everything_both_ways():
    octets = random.Random(1).randbytes(3 << 20)
    with through() as (echo, link, end):
        sender = threading.Thread(target=end.sendall, args=(octets,))
        sender.start()
        assert hear(end, len(octets)) == (octets, None)
        end.shutdown(socket.SHUT_WR)
        assert hear(end, 1) == (b'', 'fin')
        sender.join()
        assert echo.ended == 'fin' and echo.got == octets
        assert link.octets(0, relay.UP) == octets == link.octets(0, relay.DOWN)


@test
def a_cut_delivers_exactly_the_octets_before_it():
    octets = talk()[0]
    for how in ('rst', 'fin'):
        for number in (0, 1, 5000, len(octets) - 1):
            with through(relay.Rule(relay.UP, number, how)) as (echo, link, end):
                with contextlib.suppress(ConnectionError):
                    end.sendall(octets)
                assert hear(end, len(octets))[1] is not None
                echo.thread.join(20)
                assert echo.got == octets[:number] and echo.ended == how, (how, number, len(echo.got), echo.ended)
                assert len(link.octets(0, relay.UP)) == number


@test
def a_cut_on_the_way_back_delivers_exactly_the_octets_before_it():
    octets = talk()[0]
    with through(relay.Rule(relay.DOWN, 777, 'fin')) as (_, link, end):
        with contextlib.suppress(ConnectionError):
            end.sendall(octets)
        assert hear(end, len(octets))[0] == octets[:777] == link.octets(0, relay.DOWN)


@test
def a_rule_meets_its_chunk_wherever_that_stands():
    octets, _ = talk()
    seen = wire.split(octets)
    runs = next(c for c in seen if c.letters == 'RUNS')
    page = [c for c in seen if c.letters == 'PAGE'][1]
    for at, number in ((('RUNS', 0, 0), runs.start), (('RUNS', 0, 3), runs.start + 3), (('RUNS', 0, 'end'), runs.end),
                       (('PAGE', 1, 'end'), page.until)):
        with through(relay.Rule(relay.UP, at, 'fin')) as (echo, _, end):
            for start in range(0, len(octets), 5):
                with contextlib.suppress(ConnectionError):
                    end.sendall(octets[start:start + 5])
            echo.thread.join(20)
            assert len(echo.got) == number, (at, number, len(echo.got))


@test
def a_stall_passes_nothing_more_and_ends_nothing():
    octets = talk()[0]
    with through(relay.Rule(relay.UP, 1000, 'stall')) as (echo, link, end):
        end.sendall(octets)
        end.settimeout(0.3)
        try:
            raise AssertionError(hear(end, 1001))
        except TimeoutError:
            assert echo.ended is None and len(link.octets(0, relay.UP)) == 1000


@test
def a_flip_changes_one_bit_and_nothing_else():
    octets = talk()[0]
    with through(relay.Rule(relay.UP, 4321, ('flip', 3))) as (_, _, end):
        sender = threading.Thread(target=end.sendall, args=(octets,))
        sender.start()
        got, _ = hear(end, len(octets))
        sender.join()
    assert got == octets[:4321] + bytes([octets[4321] ^ 8]) + octets[4322:]


@test
def a_rule_may_call_before_the_next_octet_passes():
    octets, called = talk()[0], []
    with through(relay.Rule(relay.UP, ('COMM', 0, 0), lambda: called.append(len(link_of[0].octets(0, relay.UP))))) as (
            _, link, end):
        link_of = [link]
        sender = threading.Thread(target=end.sendall, args=(octets,))
        sender.start()
        assert hear(end, len(octets))[0] == octets
        sender.join()
    assert called == [next(c for c in wire.split(octets) if c.letters == 'COMM').start]


# --- deaths at calls -------------------------------------------------------------------------------------------------

def saves(world, at, how, where='self', **more):
    """A save under die.c: (the program that ended, lines of its log)."""
    log = world.path('calls')
    if os.path.exists(log):
        os.unlink(log)
    program = world.run('save', hosts.SMALL, world.path('kept/image'), '--after', 'destroyed', '--force',
                        env=world.dying('save', where, at, how, DIE_LOG=log, **more))
    return program, owners.read(log).splitlines()


def needs_die():
    return hosts.SANITIZED and 'die.c is for the release build'


@test
def a_save_dies_at_each_of_its_calls_and_never_leaves_half_a_file():
    with hosts.World() as world:
        os.mkdir(world.path('kept'))
        image = world.path('kept/image')
        program, calls = saves(world, 0, 'before')
        assert program.code == 0 and any('renameat2' in call for call in calls), calls
        named = next(number for number, call in enumerate(calls, 1) if 'renameat2' in call)
        for number in range(1, len(calls) + 1):
            for how in ('before', 'after'):
                for name in os.listdir(world.path('kept')):
                    os.unlink(os.path.join(world.path('kept'), name))
                program, died = saves(world, number, how)
                assert program.code == -signal.SIGKILL and len(died) == number, (program.code, died)
                assert os.path.exists(image) == (number > named or (number == named and how == 'after')), number
        os.unlink(world.path('calls'))


a_save_dies_at_each_of_its_calls_and_never_leaves_half_a_file.skip = needs_die


@test
def a_call_in_a_folder_fails_as_it_is_told():
    with hosts.World() as world:
        os.mkdir(world.path('kept'))
        for number in (1, 2):
            program, _ = saves(world, number, 28, DIE_DIR=world.path('kept'), DIE_ONWARD=1)
            assert program.code == 3 and 'No space left on device' in program.text(), program.lines
        os.unlink(world.path('calls'))
        assert os.listdir(world.path('kept')) in ([], ['image.partial'])


a_call_in_a_folder_fails_as_it_is_told.skip = needs_die


@test
def a_child_dies_alone_or_with_its_parent():
    with hosts.World() as world:
        os.mkdir(world.path('kept'))
        program, calls = saves(world, 1, 'before', '1')
        assert program.code == 3 and len(calls) == 1 and 'sendmsg' in calls[0], (program.lines, calls)
        program, _ = saves(world, 1, 'before', '1', DIE_PARENT=1)
        assert program.code == -signal.SIGKILL
        os.unlink(world.path('kept/image.partial'))
        program, calls = saves(world, 1, 'before', '2')
        assert program.code == 0 and calls == [], (program.lines, calls)


a_child_dies_alone_or_with_its_parent.skip = needs_die


# --- the view on guests ----------------------------------------------------------------------------------------------

@test
def a_guest_is_seen_to_run_to_stand_and_to_end():
    with hosts.World() as world:
        guest = world.watch.guest(world.guest())
        assert guest.runs and guest.works() and guest.want == 4
        assert (guest.pages, guest.rate, guest.incarnation) == (32, 400 << 10, 0)
        for after, runs, alive, want in (('run', True, True, 6), ('suspended', False, True, 7)):
            done = world.run('save', 'process:pid=%d' % guest.pid, world.path('kept'), '--after', after, '--force')
            assert done.code == 0 and (guest.runs, guest.alive, guest.want) == (runs, alive, want), guest.seen()
        os.unlink(world.path('kept'))
        guest.kill()
        assert not guest.alive and not guest.runs


def play(*wants):
    """Guests with these (alive, want), as judge() sees them; the first is the source's."""
    class Played:
        def __init__(self, pid, alive, want):
            self.pid, self.alive, self.want = pid, alive, want
            self.runs = alive and want % 2 == 0
    guests = [Played(number, *row) for number, row in enumerate(wants)]
    return owners.judge(guests[0], guests[1:])


@test
def the_judge_knows_moved_kept_held_lost_and_two_owners():
    assert play((False, 3), (True, 2)) == ('moved', [])
    assert play((True, 2)) == ('kept', []) == play((True, 4), (False, 1))
    assert play((True, 3), (False, 1)) == ('held', [])
    assert play((True, 3), (True, 2)) == ('untaken', [])
    for wants, outcome, word in (
            (((True, 4), (True, 2)), 'kept', 'two owners'), (((True, 4), (False, 2)), 'kept', 'two owners'),
            (((False, 2), (True, 2)), 'moved', 'two owners'), (((False, 3), (False, 1)), 'lost', 'nowhere'),
            (((False, 3), (False, 2)), 'lost', 'nowhere'),
            (((False, 3), (True, 2), (False, 2)), 'moved', 'ran at')):
        got, problems = play(*wants)
        assert got == outcome and any(word in problem for problem in problems), (wants, got, problems)


def forgets():
    with hosts.World() as world:
        os.makedirs(world.source)
        with open(os.path.join(world.source, 'x.journal'), 'w', encoding='ascii'):
            pass
        world.run('save', hosts.SMALL, world.path('x.img'))
    return world.result('done')


def hangs():
    threading.Event().wait()


def dies():
    os.kill(os.getpid(), signal.SIGKILL)


def leaves():
    os.posix_spawnp('sleep', ['sleep', '1000'], os.environ)
    return {'outcome': 'done', 'problems': []}


@test
def what_a_scenario_leaves_is_told_and_taken_away():
    results = dict(pool.run([('forgets', forgets, ()), ('dies', dies, ()), ('leaves', leaves, ())]))
    assert [line.rsplit('/', 1)[-1] for line in results['forgets']['problems']] == ['x.img', 'x.journal'], results
    assert results['dies']['outcome'] == 'broken', results
    assert 'sleep' in results['leaves']['problems'][0], results
    assert owners.children(os.getpid()) == []


@test
def a_scenario_that_hangs_is_ended():
    most, pool.SECONDS_MAX = pool.SECONDS_MAX, 1
    try:
        assert dict(pool.run([('hangs', hangs, ())]))['hangs']['outcome'] == 'hung'
    finally:
        pool.SECONDS_MAX = most


def main():
    print('1..%d' % len(TESTS))
    failed = False
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace('_', '-')
        skip = getattr(function, 'skip', lambda: None)()
        problems = [] if skip else run_alone(function)
        failed |= bool(problems)
        print('%sok %d - %s%s' % ('not ' if problems else '', number, name, ' # SKIP ' + skip if skip else ''))
        print(''.join('# %s\n' % line for line in problems), end='', flush=True)
    return 1 if failed else 0


def run_alone(function):
    def scenario():
        function()
        return {'outcome': 'done', 'problems': []}
    if function in (what_a_scenario_leaves_is_told_and_taken_away, a_scenario_that_hangs_is_ended):
        return list(direct(function))
    return next(pool.run([('', scenario, ())]))[1]['problems']


def direct(function):
    """These start scenarios themselves."""
    try:
        function()
    except AssertionError as failure:
        yield repr(failure)


if __name__ == '__main__':
    sys.exit(main())
