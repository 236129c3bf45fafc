"""Two hosts on this machine: godwit as a program, its state directories, what it prints, and what it may not leave.

A World is one fresh folder with a source's and a destination's state directory, and a watch over all guests that come
to be. All waiting is bounded; nothing here sleeps for an outcome. It must not know what a case wants to show.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import owners

GODWIT = os.environ.get('GODWIT', '')
BUILD = os.environ.get('GODWIT_BUILD', os.path.dirname(GODWIT))
SANITIZED = os.environ.get('GODWIT_FLAVOUR') == 'sanitize'
DIE = os.path.join(BUILD, 'tests', 'libdie.so')
LATE = 90   # seconds after which a command has failed to end
LIFE = 150  # seconds after which a guest that a test forgot ends
CHECKED = 'process:check=1,life=%d' % LIFE
SMALL = 'process:mem=128K,threads=1,rate=400K,life=%d' % LIFE
KEPT_ENV = ('PATH', 'ASAN_OPTIONS', 'LSAN_OPTIONS', 'UBSAN_OPTIONS')
REPORT_EXIT, REPORT = 86, re.compile('(Address|Leak|UndefinedBehavior)Sanitizer|: runtime error: ')  # a sanitizer's


class Late(Exception):
    """Something did not happen in time."""


class Program:
    """A godwit that runs: its lines as they come."""

    def __init__(self, arguments, env, stdout=subprocess.PIPE):
        self.arguments = arguments
        self.lines, self.hooks, self.heard = [], [], threading.Condition()
        self.process = subprocess.Popen([GODWIT, *arguments], env=env, stdin=subprocess.DEVNULL, stdout=stdout,
                                        stderr=subprocess.PIPE, start_new_session=True)
        streams = [stream for stream in (self.process.stdout, self.process.stderr) if stream]
        self.readers = [threading.Thread(target=self.listen, args=(stream,), daemon=True) for stream in streams]
        for reader in self.readers:
            reader.start()

    @property
    def pid(self):
        return self.process.pid

    def listen(self, stream):
        for line in stream:
            text = line.decode('utf-8', 'replace').rstrip('\n')
            try:
                value = json.loads(text)
            except ValueError:
                value = text
            for hook in list(self.hooks):
                hook(value)
            with self.heard:
                self.lines.append(value)
                self.heard.notify_all()

    def all(self, kind):
        with self.heard:
            return [line for line in self.lines if isinstance(line, dict) and line.get('type') == kind]

    def one(self, kind):
        return (self.all(kind) or [None])[0]

    def text(self):
        """What it said that is no JSON."""
        with self.heard:
            return '\n'.join(line for line in self.lines if isinstance(line, str))

    def states(self, side):
        return [line['state'] for line in self.all('state') if line.get('side') == side]

    def wait_line(self, kind, seconds=LATE):
        until = time.monotonic() + seconds
        while True:
            found = self.one(kind)
            if found:
                return found
            with self.heard:
                if not self.heard.wait(min(0.2, max(0, until - time.monotonic()))) and self.process.poll() is not None \
                        and not any(reader.is_alive() for reader in self.readers):
                    raise Late('%s ended with %s without saying "%s": %s' % (
                        self.arguments[0], self.process.returncode, kind, self.lines[-5:]))
            if time.monotonic() > until:
                raise Late('%s did not say "%s" in %d s: %s' % (self.arguments[0], kind, seconds, self.lines[-5:]))

    def wait(self, seconds=LATE):
        """The exit status; negative: the signal. All that it said is there then."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Late('%s did not end in %d s; it said %s' % (' '.join(self.arguments), seconds,
                                                               self.lines[-8:])) from None
        for reader in self.readers:
            reader.join(20)
        return code

    def send(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)

    def told(self):
        lines = ['$ godwit ' + ' '.join(self.arguments)]
        for line in self.lines[-40:]:
            if isinstance(line, dict) and line.get('type') == 'state':
                lines.append('  %s: %s' % (line['side'], line['state']))
            elif not isinstance(line, dict) or line.get('type') not in ('progress', 'round'):
                lines.append('  ' + (line if isinstance(line, str) else json.dumps(line)))
        return lines + ['  exit %s' % self.process.poll()]


class World:
    """with World() as world: ...; world.problems() behind it."""

    def __init__(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix='godwit-moves-'))
        self.source, self.destination = self.path('source'), self.path('destination')
        self.programs, self.receivers, self.wrong = [], [], []
        self.watch = owners.Watch()
        self.ever = set()         # guests that were seen
        self.disturbed = False    # the last word of a link may have been lost: what runs is remembered
        self.remembered = []      # files that stay for that

    def __enter__(self):
        self.watch.__enter__()
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.end()
        self.watch.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def env(self, more=None):
        env = {name: os.environ[name] for name in KEPT_ENV if name in os.environ}
        env.update(HOME=self.folder, TMPDIR=self.folder, LC_ALL='C.UTF-8', TZ='UTC', TERM='dumb')
        env.update(more or {})
        return env

    def start(self, *arguments, env=None, stdout=subprocess.PIPE):
        self.programs.append(Program([str(word) for word in arguments], self.env(env), stdout))
        return self.programs[-1]

    def run(self, *arguments, env=None):
        program = self.start(*arguments, env=env)
        program.code = program.wait()
        return program

    # --- guests

    def guest(self, spec=SMALL):
        """A guest that runs, held by nobody: its pid."""
        program = self.start('save', spec, '-', '--json', stdout=subprocess.DEVNULL)
        if program.wait() != 0:
            raise Late('no guest %s: %s' % (spec, program.lines))
        pid = owners.pid_of(program.one('saved')['again'])
        self.watch.guest(pid)
        return pid

    # --- commands

    def receive(self, listen='tcp://127.0.0.1:0', *more, guest=CHECKED, env=None, state_dir=None):
        program = self.start('receive', '--listen', listen, '--json', '--progress', 'json', '--guest', guest,
                             '--state-dir', state_dir or self.destination, *more, env=env)
        self.receivers.append(program)
        program.address = program.wait_line('listening')['address']
        return program

    def migrate(self, guest, to, *more, env=None, wait=5, may_give_up=False):
        """Giving up is to be looked at, or not to happen: under load the rounds of any guest may not converge."""
        more += () if may_give_up or '--force' in more else ('--force',)
        name = guest if isinstance(guest, str) else 'process:pid=%d' % guest
        return self.start('migrate', name, to, '--json', '--progress', 'json', '--state-dir', self.source, '--wait',
                          wait, *more, env=env)

    def settle(self, *more, state_dir=None, wait=15, env=None):
        return self.run('owner', 'settle', '--state-dir', state_dir or self.source, '--wait', wait, '--json', *more,
                        env=env)

    def settle_without(self, wait=3):
        """A person made sure that the destination is dead, and says so of each session that is held."""
        for line in self.show(self.source):
            done = self.settle('--destination-is-dead', line['session'], wait=wait)
            self.expect(done.code == 0, 'settle --destination-is-dead ended with %d: %s' % (done.code, done.lines))

    def show(self, state_dir):
        return self.run('owner', 'show', '--state-dir', state_dir, '--json').all('session')

    def dying(self, command, where, at, how, **more):
        """The environment in which that command dies, or fails, at that call (die.c)."""
        env = {'LD_PRELOAD': DIE, 'DIE_COMMAND': command, 'DIE_WHERE': where, 'DIE_AT': at, 'DIE_HOW': how, **more}
        return {name: str(value) for name, value in env.items()}

    # --- judging

    def judge(self, pid):
        """The outcome for the guest that ran as that process; what is wrong with it is noted."""
        self.watch.look()
        self.ever |= set(self.watch.guests)
        outcome, problems = owners.judge(self.watch.guest(pid), self.watch.others(pid))
        self.wrong += problems
        for program in self.receivers:
            for line in program.all('runs'):
                number = owners.pid_of(line['again'])
                if number is not None and number not in self.ever:
                    self.wrong.append('guest %d is said to run, and was never seen' % number)
        return outcome

    def expect(self, fact, sentence):
        if not fact:
            self.wrong.append(sentence)

    def end(self):
        """Ends the receivers, and looks what is left."""
        for program in self.receivers:
            program.send(signal.SIGTERM)
        for program in self.receivers:
            code = program.wait()
            died = program.arguments[0] == 'receive' and code in (-signal.SIGKILL,)
            if code != 0 and not died and '--once' not in program.arguments:
                self.wrong.append('receive ended with %s when it was asked to end' % code)
        for state_dir in (self.source, self.destination) if self.disturbed else ():
            done = self.settle(state_dir=state_dir)
            doubtful = [line['session'] for line in done.all('settled') if 'in doubt' in line['how']]
            if state_dir == self.destination and doubtful:
                done = self.settle('--guest-is-gone', *doubtful, state_dir=state_dir)  # godwit looks, too
            self.expect(done.code == 0, 'in the end owner settle ends with %d: %s' % (done.code, done.lines))
        self.remember()
        for program in self.programs:
            code = program.wait()
            if code == REPORT_EXIT or (code < 0 and code != -signal.SIGKILL) or REPORT.search(program.text()):
                self.wrong.append('%s ended with %d: %s' % (program.arguments[0], code, program.text()[-800:]))
        for line in self.left():
            self.wrong.append('left behind: ' + line)

    def files(self):
        return [os.path.join(folder, name) for folder, _, names in os.walk(self.folder) for name in names
                if '/kept/' not in folder + '/']

    def remember(self):
        """What a destination keeps of guests that run there until their source has said that it knows."""
        for line in self.show(self.destination) if self.disturbed else []:
            name = os.path.join(self.destination, 'destination', line['session'])
            if line['side'] == 'destination' and line['what_to_do'].startswith('nothing'):
                self.remembered += [name + end for end in ('.journal', '.decision', '.lock', '.hand')]

    def left(self):
        """Files of sessions, sockets, halves; processes that are no guests."""
        until = time.monotonic() + 5
        while True:
            found = [path for path in self.files() if path not in self.remembered]
            found += ['guest %d, which never ran' % guest.pid for guest in
                      owners.unborn(list(self.watch.guests.values()))]
            found += ['process %d (%s)' % (pid, owners.comm(pid)) for pid in owners.descendants()
                      if owners.comm(pid) != owners.COMM and owners.state_letter(pid) not in ('Z', '')]
            if not found or time.monotonic() > until:
                return found
            threading.Event().wait(0.02)

    def story(self):
        """What was run, and what was said: for a person."""
        return [line for program in self.programs for line in program.told()]

    def result(self, outcome, **more):
        return {'outcome': outcome, 'problems': self.wrong, 'story': self.story() if self.wrong else [], **more}
