"""Keys, threads and values of a kernel that uses tsd, in gdb: `source tsd.py`, then `help tsd`.

It reads the target's memory and calls nothing in it, so that a stopped CPU or a core file will do. docs/debugging.md
shows it at work. The parts are in `tsd_gdb`, beside this file.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(os.path.expanduser(__file__))))

try:
    import gdb
except ImportError:
    raise SystemExit("tsd: gdb has not found its own Python files: start it with --data-directory=/usr/share/gdb") from None

import tsd_gdb.commands
import tsd_gdb.printers

tsd_gdb.commands.register()
tsd_gdb.printers.register()
