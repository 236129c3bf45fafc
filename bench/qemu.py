"""qemu.py - a peer's rows: QEMU moves the same memory between two of its processes.

Both hold a paused machine without devices; the source has a copy of the guest's memory as its RAM, the destination
fresh RAM, as a destination has. What they use is counted from the word to migrate to the end.
"""
import json
import os
import shutil
import socket
import subprocess
import time

QEMU = "qemu-system-x86_64"
TICK = os.sysconf("SC_CLK_TCK")
SECONDS = 120       # for anything that one of them has to do


def missing():
    """None, or why there are no rows of QEMU."""
    return None if shutil.which(QEMU) else "%s is not installed (Debian: qemu-system-x86)" % QEMU


class Machine:
    """One QEMU and its monitor. ram: what -object says of its memory."""

    def __init__(self, folder, name, octets, ram, *options):
        path = os.path.join(folder, name + ".monitor")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(1)
            listener.settimeout(SECONDS)
            self.process = subprocess.Popen(
                [QEMU, "-nodefaults", "-vga", "none", "-display", "none", "-M", "pc,accel=tcg,memory-backend=ram",
                 "-m", "%dM" % (octets >> 20), "-S", "-object", "%s,id=ram,size=%d" % (ram, octets),
                 "-qmp", "unix:" + path, *options], stderr=subprocess.DEVNULL)
            self.socket = listener.accept()[0]
        os.unlink(path)
        self.socket.settimeout(SECONDS)
        self.lines = self.socket.makefile("r")
        self.lines.readline()
        self.status = ""
        self.say("qmp_capabilities")

    def say(self, command, fds=(), **arguments):
        line = json.dumps({"execute": command, "arguments": arguments}) + "\n"
        socket.send_fds(self.socket, [line.encode()], fds)
        while True:
            answer = json.loads(self.lines.readline())
            if "error" in answer:
                raise RuntimeError("QEMU: %s: %s" % (command, answer["error"]["desc"]))
            if "return" in answer:
                return answer["return"]
            self.note(answer)

    def note(self, event):
        if event.get("event") == "MIGRATION":
            self.status = event["data"]["status"]

    def wait(self):
        """Until the migration has ended."""
        while self.status not in ("completed", "failed"):
            self.note(json.loads(self.lines.readline()))
        if self.status == "failed":
            raise RuntimeError("QEMU: the migration failed")

    def cpu(self):
        fields = open("/proc/%d/stat" % self.process.pid).read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def close(self):
        self.process.kill()
        self.process.wait()
        self.lines.close()
        self.socket.close()


def prepare(machine, channels):
    machine.say("migrate-set-capabilities", capabilities=[
        {"capability": "events", "state": True}, {"capability": "multifd", "state": channels > 0}])
    limits = {"multifd-channels": channels} if channels else {}
    machine.say("migrate-set-parameters", **limits, **{"max-bandwidth": 1 << 40})


def listen(machine, folder, over):
    """Makes the destination listen; where."""
    if over == "unix":
        where = "unix:" + os.path.join(folder, "qemu.link")
        machine.say("migrate-incoming", uri=where)
        return where
    machine.say("migrate-incoming", uri="tcp:127.0.0.1:0")
    return "tcp:127.0.0.1:" + machine.say("query-migrate")["socket-address"][0]["port"]


class Qemu:
    """memory: a file with the guest's memory, which is copied: QEMU may write firmware into its RAM."""

    def __init__(self, folder, memory, octets):
        self.folder, self.octets = folder, octets
        self.copy = os.path.join(folder, "qemu.memory")
        shutil.copyfile(memory, self.copy)

    def source(self):
        return Machine(self.folder, "source", self.octets, "memory-backend-file,mem-path=%s,share=on" % self.copy)

    def move(self, over, channels=0):
        """(wall, CPU seconds of the source, of the destination)"""
        source = self.source()
        try:
            destination = Machine(self.folder, "destination", self.octets, "memory-backend-memfd,share=on",
                                  "-incoming", "defer")
            try:
                return self.between(source, destination, over, channels)
            finally:
                destination.close()
        finally:
            source.close()

    def between(self, source, destination, over, channels):
        prepare(source, channels)
        prepare(destination, channels)
        where = listen(destination, self.folder, over)
        used, begin = (source.cpu(), destination.cpu()), time.monotonic()
        source.say("migrate", uri=where)
        source.wait()
        destination.wait()
        wall = time.monotonic() - begin
        return wall, source.cpu() - used[0], destination.cpu() - used[1]

    def save(self, path):
        """The same into a file: (wall, CPU seconds, 0)."""
        source = self.source()
        try:
            prepare(source, 0)
            with open(path, "wb") as file:
                source.say("getfd", [file.fileno()], fdname="file")
            used, begin = source.cpu(), time.monotonic()
            source.say("migrate", uri="fd:file")
            source.wait()
            return time.monotonic() - begin, source.cpu() - used, 0.0
        finally:
            source.close()
