"""xenverifier.py - Xen's own verify-stream-v2 as a peer: tools/fetch-xen unpacks it, nothing is installed."""
import os
import pathlib
import re
import subprocess
import sys

from verdict import SOURCE

VERDICTS = re.compile(r"^(?:xen\.[\w.]+\.)?(\w+Warning|\w+Error)\b:?(.*)$", re.M)


class XenVerifier:
    """ready: whether it can be had; why: the sentence that says why not."""

    def __init__(self):
        self.ready, self.why, self.library = False, "", None
        fetch = SOURCE / "tools" / "fetch-xen"
        try:
            run = subprocess.run([str(fetch)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            self.why = "tools/fetch-xen: %s" % error
            return
        if run.returncode:
            self.why = run.stderr.decode(errors="replace").strip() or "tools/fetch-xen failed"
            return
        self.library = pathlib.Path(run.stdout.decode().strip()) / "usr/lib/xen-4.17"
        self.ready = True

    def command(self, path, form="libxc"):
        return [sys.executable, str(self.library / "bin/verify-stream-v2"), "-f", form, "-i", str(path)]

    def environment(self):
        return dict(os.environ, PYTHONPATH=str(self.library / "lib/python"))

    def ask(self, path, form="libxc"):
        """('ok', ''), or the class of the exception with which it gave up, and its sentence."""
        run = subprocess.run(self.command(path, form), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=self.environment(), timeout=240, check=False)
        if run.returncode == 0:
            return "ok", ""
        found = VERDICTS.findall(run.stderr.decode(errors="replace"))
        name, sentence = found[-1] if found else ("exit status %d" % run.returncode, "")
        return {"OSError": "IOError"}.get(name, name), sentence

    def judge(self, path, form="libxc"):
        return self.ask(path, form)[0]
