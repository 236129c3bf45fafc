"""Runs a command, its output thrown away, and prints the greatest resident size that it had, in octets."""

import os
import sys

nowhere = os.open(os.devnull, os.O_WRONLY)
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_DUP2, nowhere, 1), (os.POSIX_SPAWN_DUP2, nowhere, 2)])
_, status, usage = os.wait4(child, 0)
if os.waitstatus_to_exitcode(status) not in (0, 1):
    sys.exit('exit status %d' % os.waitstatus_to_exitcode(status))
print(usage.ru_maxrss * 1024)
