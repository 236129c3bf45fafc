"""Stored images that move: image:file= as the source, a process or a model as what comes to be.

The guest is a process that was saved and destroyed, so that what runs at the destination can be watched and proven
(check=1). Its file is the one that is here: whatever happens it holds the same octets, and the guest runs at one place
or at none. None means that it was kept: then another move takes it there.
"""
import glob
import hashlib
import os
import tarfile

import hosts
import moves
import relay
from cases import Skip, alone, case
from cases_deaths import both_ways, calls, last_state, needs_die

SAVED = 'process:mem=128K,threads=1,rate=400K,life=%d' % hosts.LIFE
IMAGES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'images')
LEGACY = os.path.join(IMAGES, 'legacy', 'images.tar.xz')


def octets(path):
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


class Stored:
    """The image of a process guest that runs nowhere, and what becomes of it."""

    def __init__(self, world, name='image', packer=None):
        self.world = world
        os.makedirs(world.path('kept'), exist_ok=True)
        self.path = world.path(os.path.join('kept', name))
        done = world.run('save', SAVED, self.path, '--after', 'destroyed')
        world.expect(done.code == 0, 'no image: %s' % done.lines)
        for guest in list(world.watch.guests.values()):
            guest.wait_end(10)
        world.watch.look()
        self.before = set(world.watch.guests)
        self.name = 'image:file=' + self.path
        self.octets = octets(self.path)

    def there(self):
        """Guests that were let run since."""
        self.world.watch.look()
        return [guest for pid, guest in list(self.world.watch.guests.items())
                if pid not in self.before and guest.want % 2 == 0]

    def judge(self):
        """moved or kept; what is wrong is noted."""
        ran = self.there()
        self.world.expect(len(ran) <= 1, 'two owners: guests %s ran' % [guest.pid for guest in ran])
        self.world.expect(octets(self.path) == self.octets, 'the file was written to')
        return 'moved' if ran else 'kept'

    def prove(self, outcome, address):
        """What was kept is whole: it moves now."""
        if outcome == 'moved':
            self.world.expect(self.there()[0].works(), 'the guest runs, and makes no ticks')
            return
        again = self.world.migrate(self.name, address)
        self.world.expect(again.wait() == 0 and self.judge() == 'moved',
                          'what was kept could not be moved: %s' % again.told()[-6:])


def agree(world, program, code, outcome):
    told = [kind for kind in ('moved', 'kept', 'in_doubt') if program.one(kind)]
    world.expect(code == -9 or (code, told) in ((0, ['moved']), (1, ['kept']), (3, ['kept']), (3, ['in_doubt'])),
                 'migrate ended with %s and told %s' % (code, told))
    world.expect(told != ['moved'] or outcome == 'moved', 'migrate says that it moved, and it runs nowhere')
    world.expect(told != ['kept'] or outcome == 'kept', 'migrate says that it was kept, and it runs there')


def end(world, stored, program, address):
    """(outcome at the end of the migration, outcome after it was settled)."""
    code = program.wait()
    first = stored.judge()
    agree(world, program, code, first)
    last = first
    if code == -9 or program.one('in_doubt'):
        open_here = world.show(world.source)
        done = world.settle()
        last = stored.judge()
        hows = [line['how'] for line in done.all('settled')]
        wanted = {'moved': 'has moved; its file is here as before', 'kept': 'is here as before, and does not run'}
        nothing = 'had not begun, or was over; what it left is removed'
        world.expect(done.code == 0 and all(how in (wanted[last], nothing) for how in hows),
                     'owner settle of %s ended with %d: %s' % (open_here, done.code, hows))
        world.expect(not world.show(world.source), 'settled, and owner show still lists it')
    stored.prove(last, address)
    return first, last


def undisturbed(transport):
    with hosts.World() as world:
        stored = Stored(world, 'a,b:c=d')
        receiver = world.receive('unix:' + world.path('socket') if transport == 'unix' else 'tcp://127.0.0.1:0')
        asked = world.run('preflight', stored.name, receiver.address, '--json')
        world.expect(asked.code == 0 and stored.judge() == 'kept', 'preflight ended with %d' % asked.code)
        program = world.migrate(stored.name, receiver.address)
        _, last = end(world, stored, program, receiver.address)
        said, moved = receiver.wait_line('runs'), program.one('moved')
        world.expect(last == 'moved' and said['pages_digest'] == moved['pages_digest'] and
                     said['records_digest'] == moved['records_digest'] and moved['pages_proven'] == said['pages'],
                     'both ends tell different stories: %s, %s' % (moved, said))
        world.expect('left as it was' in program.text() + str(program.all('note')), 'no word of the file')
    return world.result(last, source=program.states('source'), destination=receiver.states('destination'))


def unpack_legacy(name, folder):
    with tarfile.open(LEGACY) as tar:
        tar.extract(name, folder)
    return os.path.join(folder, name)


def real(path, is_legacy):
    """An image that a real Xen wrote, to a model: what comes has the pages and records of what is written anew."""
    with hosts.World() as world:
        os.makedirs(world.path('kept'))
        path = unpack_legacy(path, world.path('kept')) if is_legacy else path
        name, first = 'image:lossy=1,file=' + path, world.path('kept/first')
        receiver = world.receive(guest='model:')
        program = world.migrate(name, receiver.address)
        code = program.wait()
        saved = world.run('save', name, first)
        world.expect(code == saved.code, 'migrate ended with %s, save with %s' % (code, saved.code))
        if code == 0:
            again = world.migrate('image:file=' + first, receiver.address)
            world.expect(again.wait() == 0, 'what was written anew does not move: %s' % again.told()[-4:])
            one, two = program.one('moved'), again.one('moved')
            world.expect(one['pages_digest'] == two['pages_digest'] and one['records_digest'] == two['records_digest'],
                         'the image and its copy differ on the way')
    return world.result('moved' if code == 0 else 'refused')


@case('stored images move, and their files stay as they are')
def stored(size):
    yield 'tcp', undisturbed, ('tcp',)
    yield 'unix', undisturbed, ('unix',)
    names = sorted(glob.glob(os.path.join(IMAGES, 'tiny*.xz')))
    for path in names if size == 'full' else names[::3]:
        yield os.path.basename(path), real, (path, False)
    with tarfile.open(LEGACY) as tar:
        names = [name for name in tar.getnames() if name.endswith('.img')]
    for name in names if size == 'full' else names[::8]:
        yield name, real, (name, True)


def source_dies(at, how):
    with hosts.World() as world:
        world.disturbed = True
        stored = Stored(world)
        receiver = world.receive()
        env = world.dying('migrate', 'self', at, how, DIE_LOG=world.path('calls'))
        program = world.migrate(stored.name, receiver.address, env=env)
        first, last = end(world, stored, program, receiver.address)
        lines, died = calls(world), program.wait() == -9
    where = last_state(program, 'source')
    return world.result('%s in %s, then %s' % (first, where, last) if died else 'lived, ' + last, calls=lines,
                        source=program.states('source'), destination=receiver.states('destination'))


@case('the godwit that moves a stored image dies at every call')
def stored_deaths(size):
    needs_die()
    num = len(alone(source_dies, 0, 'before')['calls'])
    for at, how in both_ways(num, size, 24):
        yield (at, how), source_dies, (at, how)


def link_breaks(way, chunk):
    """The link is reset at that chunk; who is asked answers over another one."""
    with hosts.World() as world:
        world.disturbed = True
        stored = Stored(world)
        receiver = world.receive()
        with relay.Relay(receiver.address, {0: [relay.Rule(way, (chunk, 0, 0), 'rst')]}) as link:
            program = world.migrate(stored.name, link.address)
            program.wait()
            first, last = end(world, stored, program, receiver.address)
    return world.result(last if first == last else first + ', then ' + last, source=program.states('source'),
                        destination=receiver.states('destination'))


@case('links of stored images that break at each step')
def stored_links(size):
    ways = [(relay.UP, 'OFFR'), (relay.UP, 'DONE'), (relay.DOWN, 'REDY'), (relay.UP, 'COMM'), (relay.DOWN, 'RUNS')]
    for way, chunk in ways if size != 'smoke' else ways[3:]:
        yield (way, chunk), link_breaks, (way, chunk)


def in_doubt():
    """Let go, and the destination gone: nobody moves it elsewhere until a person has settled that."""
    with hosts.World() as world:
        world.disturbed = True
        stored = Stored(world)
        receiver = world.receive('unix:' + world.path('socket'))
        other = world.receive('unix:' + world.path('other'), state_dir=world.path('elsewhere'))
        plan = [relay.Rule(relay.UP, ('COMM', 0, 0), 'rst')]
        with relay.Relay(receiver.address, {0: plan, 'rest': [relay.Rule(relay.UP, 0, 'rst')]}) as link:
            program = world.migrate(stored.name, link.address, wait=1)
            world.expect(program.wait() == 3 and program.one('in_doubt'), 'it is not in doubt: %s' % program.lines[-3:])
            second = world.migrate(stored.name, other.address)
            world.expect(second.wait() == 1 and stored.judge() == 'kept', 'it was moved elsewhere meanwhile')
            world.settle_without(wait=1)
            outcome = stored.judge()
        world.expect(not world.show(world.source), 'settled, and owner show still lists it')
        stored.prove(outcome, receiver.address)
    return world.result('held, then ' + outcome, source=program.states('source'))


@case('a stored image in doubt is moved nowhere else')
def stored_in_doubt(size):
    del size
    yield 'dead', in_doubt, ()
