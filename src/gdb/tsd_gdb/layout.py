"""Where in a table and in a thread's structure everything is.

A layout is known by the size of a pointer and the number of keys: ABI 1 of the library. Debug information, where there
is some, must agree.
"""

from .problem import Problem
from .target import type_name, word_bytes

# TSD_ABI in <tsd/symbols.h>. The end of each symbol of an archive has it.
ABI = 1

# The paths of fields in Rust and in C, and the layout's name for where they are.
TABLE_FIELDS = {
    "entries": "entries",
    "names": "names",
    "indexes.used": "used",
    "indexes.reserved": "reserved",
    "indexes.retired": "retired",
    "indexes.high_water": "high_water",
    "indexes.statics": "statics",
    "rounds": "rounds",
}
C_TABLE_FIELDS = {path.split(".")[-1]: name for path, name in TABLE_FIELDS.items()}
SLOTS_FIELDS = {
    "slots": "slots",
    "progress.taking": "taking",
    "progress.round": "round",
    "pending.summary": "summary",
    "pending.bound": "bound",
}
C_THREAD_FIELDS = {
    "slots": "slots",
    "taking": "taking",
    "round": "round",
    "pending": "summary",
    "bound": "bound",
    "function_count": "functions",
}
FUNCTIONS_FIELDS = {"counts.length": "length", "registrations": "registrations"}


class Layout:
    """The layout for a number of keys."""

    def __init__(self, keys):
        word = word_bytes()
        bits = word * 8
        pairs = 2 * word * keys
        bitmap = -(-keys // bits) * word
        self.keys = keys
        self.word = word
        self.pair = 2 * word
        # log2 of the size of a slot, and the number of bits that hold the index.
        self.shift = self.pair.bit_length() - 1
        self.index_bits = (keys - 1).bit_length()
        # A table.
        self.entries = 0
        self.names = pairs
        self.used = 2 * pairs
        self.reserved = self.used + bitmap
        self.retired = self.reserved + word
        self.high_water = self.retired + word
        self.statics = self.high_water + word
        self.rounds = self.statics + word
        self.table_bytes = self.rounds + 4
        # A thread's slots.
        self.slots = 0
        self.taking = pairs
        self.round = self.taking + 2 * word
        self.summary = self.round + 2 * word
        self.bound = self.summary + word
        self.slots_bytes = self.bound + bitmap
        # What C's structure of a thread has after its slots: the last error, two links, the exit functions.
        self.functions = self.slots_bytes + 3 * word
        # A list of exit functions.
        self.length = 0
        self.registrations = 2 * word

    def check(self, kind, fields):
        """Fails unless the debug information of a type has its fields where this layout has them."""
        for path, name in fields.items():
            if offset_of(kind, path) != getattr(self, name):
                raise Problem(
                    f"{type_name(kind)} is not laid out as this script reads it: take the script of the library's version"
                )


def offset_of(kind, path):
    """The offset of a field in bytes; None if there is none."""
    offset = 0
    for name in path.split("."):
        kind = kind.strip_typedefs()
        found = [field for field in kind.fields() if field.name == name]
        if not found:
            return None
        offset += found[0].bitpos // 8
        kind = found[0].type
    return offset
