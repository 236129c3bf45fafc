"""A link between two godwits that does what it is told: pass octets on, cut, fall silent, flip bits.

A Relay listens, and connects each connection to the destination; plans[k] are the rules of its k-th connection, from 0.
It must not know why a cut is made where it is made. One thread serves all connections.
"""
import fcntl
import os
import select
import socket
import struct
import termios
import threading
import time

import wire

UP, DOWN = 'up', 'down'  # source to destination, and back
BLOCK = 1 << 16
SIOCOUTQ = termios.TIOCOUTQ


class Rule:
    """When all octets of `way` before `at` have passed: do `what`.

    at    an offset, or (letters, nth, delta): delta octets into, or 'end' for behind, the nth chunk of that type
    what  'rst', 'fin': both ways are cut; 'stall': nothing passes any more, either way; ('flip', bit): of the octet
          at `at`; or a function, called before the next octet passes
    """

    def __init__(self, way, at, what):
        self.way, self.at, self.what = way, at, what
        self.done = False

    def offset(self, chunks):
        """Where it is on the link; None while that is not known."""
        if isinstance(self.at, int):
            return self.at
        letters, nth, delta = self.at
        found = [chunk for chunk in chunks if chunk.letters == letters]
        if nth >= len(found):
            return None
        return found[nth].until if delta == 'end' else found[nth].start + delta


class Way:
    """One direction of a connection."""

    def __init__(self, name, source, sink, rules):
        self.name, self.source, self.sink = name, source, sink
        self.rules = [rule for rule in rules if rule.way == name]
        self.splitter = wire.Splitter()
        self.held = bytearray()  # taken, and not yet passed on
        self.passed = 0          # octets
        self.record = bytearray()
        self.ended = self.closed = False

    def take(self):
        try:
            octets = self.source.recv(BLOCK)
        except BlockingIOError:
            return
        except OSError:
            octets = b''
        self.ended = not octets
        self.splitter.feed(octets)
        self.held += octets

    def due(self):
        """(rule, offset) that comes first, among those whose place is known."""
        known = [(rule.offset(self.splitter.chunks), number, rule) for number, rule in enumerate(self.rules)
                 if not rule.done]
        known = sorted(row[:2] + (row[2],) for row in known if row[0] is not None and row[0] >= self.passed)
        return (known[0][2], known[0][0]) if known else (None, None)

    def limit(self):
        """How far octets may pass before a rule has to be looked at."""
        _, offset = self.due()
        clear = self.passed + len(self.held) if self.ended or not self.rules else self.splitter.clear
        return clear if offset is None else min(offset, clear)

    def flip(self, bit):
        if not self.held:
            return False
        self.held[0] ^= 1 << bit
        return True

    def push(self):
        """Passes on what may pass now."""
        num = min(self.limit() - self.passed, len(self.held))
        if num <= 0:
            return
        sent = self.sink.send(self.held[:num])
        self.record += self.held[:sent]
        del self.held[:sent]
        self.passed += sent


class Link:
    """One connection and its two ways."""

    def __init__(self, near, far, rules):
        self.near, self.far = near, far
        self.ways = (Way(UP, near, far, rules), Way(DOWN, far, near, rules))
        self.stalled = self.dead = False
        self.emptied = []  # ends that are shut, and still read

    def way(self, name):
        return self.ways[name == DOWN]

    def cut(self, how):
        """What passed is delivered; then the link is gone, by reset or in order; what still comes is thrown away."""
        for end in (self.near, self.far):
            if how == 'rst':
                drain(end)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                end.close()
            else:
                shut(end)
                self.emptied.append(end)
        self.dead = True

    def empty(self, end):
        try:
            if end.recv(BLOCK):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.emptied.remove(end)
        end.close()

    def act(self, rule, way):
        """False: the rule waits for an octet."""
        if isinstance(rule.what, tuple):
            rule.done = way.flip(rule.what[1])
            return rule.done
        rule.done = True
        if rule.what == 'stall':
            self.stalled = True
        elif rule.what in ('rst', 'fin'):
            self.cut(rule.what)
        else:
            rule.what()
        return True

    def work(self, way):
        while not (self.dead or self.stalled):
            rule, offset = way.due()
            if rule is not None and offset == way.passed:
                if not self.act(rule, way):
                    break
                continue
            before = way.passed
            way.push()
            if way.passed == before:
                break
        if not (self.dead or self.stalled) and way.ended and not way.held and not way.closed:
            way.closed = True
            shut(way.sink)

    def finished(self):
        return self.dead or all(way.closed for way in self.ways)


def shut(end):
    try:
        end.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def drain(end):
    """Waits until the other side's kernel has all; a reset would drop it."""
    until = time.monotonic() + 2
    while end.family != socket.AF_UNIX and time.monotonic() < until:
        if struct.unpack('i', fcntl.ioctl(end, SIOCOUTQ, bytes(4)))[0] == 0:
            return
        select.select([], [], [], 0.001)


def dial(address):
    if address.startswith('unix:'):
        end = socket.socket(socket.AF_UNIX)
        end.connect(address[5:])
        return end
    host, port = address[len('tcp://'):].rsplit(':', 1)
    end = socket.create_connection((host.strip('[]'), int(port)))
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return end


class Relay:
    """with Relay(destination, plans) as relay: ... relay.address

    destination: an address, or a function that gives the address for the k-th connection. The rules
    under 'rest' are those of all connections without a plan.
    """

    def __init__(self, destination, plans=None, path=None):
        self.destination, self.plans = destination, plans or {}
        self.path = path
        self.links = []
        self.accepted = 0
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.address = 'unix:' + path
        else:
            self.listener = socket.socket()
            self.listener.bind(('127.0.0.1', 0))
            self.address = 'tcp://127.0.0.1:%d' % self.listener.getsockname()[1]
        self.listener.listen(8)
        self.bell, self.ringer = socket.socketpair()
        self.ending = False
        self.failure = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.ringer.send(b'x')
        self.thread.join(20)
        for end in (self.listener, self.bell, self.ringer):
            end.close()
        for link in self.links:
            link.near.close()
            link.far.close()
        if self.path and os.path.exists(self.path):
            os.unlink(self.path)
        if self.failure:
            raise RuntimeError('the relay failed') from self.failure

    def heal(self):
        """From now on connections are not disturbed."""
        self.plans = {}

    def octets(self, number, way):
        """What has passed on that connection, that way."""
        return bytes(self.links[number].way(way).record) if number < len(self.links) else b''

    def accept(self):
        near, _ = self.listener.accept()
        number = self.accepted
        self.accepted += 1
        rules = self.plans[number] if number in self.plans else self.rest()
        try:
            far = dial(self.destination(number) if callable(self.destination) else self.destination)
        except OSError:
            near.close()  # nobody there: as if the relay were not there either
            return
        for end in (near, far):
            end.setblocking(False)
        if near.family != socket.AF_UNIX:
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.links.append(Link(near, far, rules))
        for way in self.links[-1].ways:
            self.links[-1].work(way)

    def rest(self):
        """Rules are used up: each connection has its own."""
        return [Rule(rule.way, rule.at, rule.what) for rule in self.plans.get('rest', [])]

    def wanted(self):
        """What to poll for: {descriptor: [mask, [(link, way, is source)]]}; for an end that
        is emptied (link, end, None)."""
        wanted = {}
        for link in self.links:
            for end in link.emptied:
                wanted[end.fileno()] = [select.POLLIN, [(link, end, None)]]
            if link.finished() or link.stalled:
                continue
            for way in link.ways:
                if not way.ended and len(way.held) < BLOCK:
                    row = wanted.setdefault(way.source.fileno(), [0, []])
                    row[0] |= select.POLLIN
                    row[1].append((link, way, True))
                if way.held and way.limit() > way.passed:
                    row = wanted.setdefault(way.sink.fileno(), [0, []])
                    row[0] |= select.POLLOUT
                    row[1].append((link, way, False))
        return wanted

    def serve(self, link, way, is_source):
        if is_source is None:
            link.empty(way)
        elif not (link.dead or link.stalled):
            self.pass_on(link, way, is_source)

    def pass_on(self, link, way, is_source):
        try:
            if is_source:
                way.take()
            link.work(way)
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            link.cut('rst')

    def turn(self):
        wanted = self.wanted()
        poll = select.poll()
        for fd, (mask, _) in wanted.items():
            poll.register(fd, mask)
        poll.register(self.listener, select.POLLIN)
        poll.register(self.bell, select.POLLIN)
        for fd, _ in poll.poll():
            if fd == self.listener.fileno():
                self.accept()
            for link, way, is_source in wanted.get(fd, (0, ()))[1]:
                self.serve(link, way, is_source)

    def run(self):
        try:
            while not self.ending:
                self.turn()
        except Exception as failure:  # told where the relay is left
            self.failure = failure
