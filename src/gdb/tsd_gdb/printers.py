"""How gdb prints the library's types."""

import re

import gdb
import gdb.printing

from . import place
from .keys import Table
from .problem import Problem
from .threads import of_value
from .target import is_key, number_of, type_name


def careful(words, otherwise):
    """Words that need the table; others where it can't be read."""
    try:
        return words()
    except (Problem, gdb.error) as problem:
        return f"{otherwise} ({problem})"


class KeyPrinter:
    """A key: what it is."""

    def __init__(self, value):
        self.handle = number_of(value, "it")

    def to_string(self):
        if self.handle == 0:
            return "0 (no key)"
        return careful(lambda: Table().explained(self.handle), f"{self.handle:#x}")


class TablePrinter:
    """A table, or a key space: its live keys."""

    def __init__(self, value):
        self.value = value

    def table(self):
        return Table(place.of_value(self.value, "this"))

    def to_string(self):
        return careful(lambda: self.table().in_words(), "a table")

    def children(self):
        try:
            return [(f"[{key.index}]", key.in_words()) for key in self.table().live()]
        except (Problem, gdb.error):
            return []


class ThreadPrinter:
    """A thread's slots: what it is at, and its values."""

    def __init__(self, value):
        self.value = value

    def thread(self):
        return of_value("this", self.value, Table())[0]

    def to_string(self):
        return careful(lambda: self.thread().in_words(), "a thread's values")

    def children(self):
        try:
            return [(f"[{key.named()}]", gdb.Value(value).cast(void())) for key, value in self.thread().values()]
        except (Problem, gdb.error):
            return []


def void():
    """The type of a value under a key."""
    return gdb.selected_inferior().architecture().integer_type(8, False).pointer()


# The patterns of type names and their printers, but for keys.
PRINTERS = (
    (re.compile(r"^(tsd::key_space::KeySpace<.*>|tsd::table::KeyTable<\d+(usize)?>|tsd_table)$"), TablePrinter),
    (re.compile(r"^(tsd::slots::Slots<\d+(usize)?>|tsd_thread)$"), ThreadPrinter),
)


def printer_of(value):
    """The printer for a value, or None."""
    if is_key(value):
        # It may be in a register; the others are where they are.
        return KeyPrinter(value)
    if value.type.strip_typedefs().code != gdb.TYPE_CODE_STRUCT or not value.address:
        return None
    name = type_name(value.type)
    return next((printer(value) for pattern, printer in PRINTERS if pattern.match(name)), None)


class Printers(gdb.printing.PrettyPrinter):
    """All of them, by one name for `info pretty-printer`."""

    def __init__(self):
        super().__init__("tsd")

    def __call__(self, value):
        return printer_of(value)


def register():
    """Makes gdb use them."""
    gdb.printing.register_pretty_printer(None, Printers(), replace=True)
