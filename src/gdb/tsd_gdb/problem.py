"""One line that says what is wrong."""

import gdb


class Problem(gdb.GdbError):
    """Ends a command with its message alone."""
