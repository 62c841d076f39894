"""A thread's values, and how far its exit has come; where the kernel's threads are.

Kernels keep their threads as they like. So the user names them, each time or once, or gives a function: `hook`.
"""

import re

import gdb

from . import pointer
from .keys import Tag
from .layout import FUNCTIONS_FIELDS, SLOTS_FIELDS, offset_of
from .problem import Problem
from .target import Memory, evaluate, followed, symbol, type_name

SLOTS = re.compile(r"^tsd::slots::Slots<(\d+)(?:usize)?>$")
FUNCTIONS = re.compile(r"^tsd::exit_functions::ExitFunctions<(\d+)(?:usize)?>$")

# Bits of the summary word: src/pending.rs.
EXITING = 1 << 1
INITIALISING = 1 << 3
# The word `taking` in a thread-exit function: src/progress.rs.
IN_FUNCTION = 2
# The tags of slots that are bound to no key: src/tag.rs.
NO_KEY = (0, 2)
# How deep in a thread control block the library's parts are looked for.
DEPTH = 4

# What the user has said: tsd set threads EXPR.
chosen = None

# A kernel's own script may set it to a function without arguments that yields pairs: a thread's name, and the gdb.Value
# of its control block. It has the say where the user names no threads.
hook = None


class Thread:
    """A thread's part of the library, as it is now."""

    def __init__(self, name, address, functions, table):
        layout = table.layout
        self.name = name
        self.address = address
        self.table = table
        # Most blocks of an array are not in use, which a few words tell.
        self.words = Memory(address + layout.taking, layout.slots_bytes - layout.taking)
        self.functions = functions
        self.count = Memory(functions, layout.word).word(0) if functions else None
        self.slots = None

    def word(self, offset):
        return self.words.word(offset - self.table.layout.taking)

    def is_new(self):
        """Whether it has nothing at all: no thread, or one that has not used the library."""
        layout = self.table.layout
        return self.word(layout.taking) == 0 and self.word(layout.summary) == 0 and not self.count

    def values(self):
        """The live keys under which it has a value, each with that."""
        found = ((key, self.value(key)) for key in self.table.live())
        return [(key, value) for key, value in found if value]

    def value(self, key):
        """The value under a live key, or 0."""
        layout = self.table.layout
        tag = self.slot_words().word(key.index * layout.pair)
        value = self.slot_words().word(key.index * layout.pair + layout.word)
        return value if key.kind == "static" or tag == key.tag.word else 0

    def slot_words(self):
        if self.slots is None:
            self.slots = Memory(self.address, self.table.layout.taking)
        return self.slots

    def is_plausible(self):
        """Whether each slot is bound to no key, or to one of its own index, as in no other memory."""
        tags = [Tag(self.slot_words().word(n * self.table.layout.pair), self.table.layout) for n in range(self.table.layout.keys)]
        return all(tag.index() == n if tag.is_live() else tag.word in NO_KEY for n, tag in enumerate(tags))

    def in_words(self):
        """What it is at."""
        words = "exiting" if self.is_exiting() else "not exiting"
        if self.word(self.table.layout.summary) & INITIALISING:
            words += ", in an initialiser"
        words += self.callee()
        if self.count is not None:
            words += f", {self.count} exit function{'' if self.count == 1 else 's'}"
        return words

    def is_exiting(self):
        return self.word(self.table.layout.summary) & EXITING != 0

    def callee(self):
        """The destructor or function in which it is, if any."""
        layout = self.table.layout
        taking = self.word(layout.taking)
        if taking == 0:
            return ""
        if taking == IN_FUNCTION:
            return ", in an exit function"
        # The complement of the tag stands there once the value has been taken.
        tag = Tag(taking if taking & 1 else ~taking & (1 << layout.word * 8) - 1, layout)
        key = self.table.with_handle(tag.handle())
        named = key.named() if key else f"key {tag.handle():#x}, which was deleted"
        return f", in the destructor of {named}, round {self.word(layout.round)}"

    def pending_functions(self):
        """A line for each thread-exit function, in the order in which they will be called."""
        layout = self.table.layout
        if not self.count:
            return []
        if self.count > 1 << 16:
            return ["these are not exit functions: the block is no thread's, or damaged"]
        registered = Memory(self.functions + layout.registrations, self.count * layout.pair)
        pairs = [[registered.word(n * layout.pair + part * layout.word) for part in (0, 1)] for n in range(self.count)]
        # One without a function was taken while an interrupt handler registered another.
        return [
            f"exit function {function:#x}{symbol(function)} argument {argument:#x}"
            for function, argument in reversed(pairs)
            if function
        ]


def all_of(table, expressions=()):
    """The threads that the expressions name; else those that the user has chosen; else those of the kernel's script."""
    if expressions:
        named = [(expression, evaluate(expression)) for expression in expressions]
    elif chosen is not None:
        named = [(chosen, evaluate(chosen))]
    elif hook is not None:
        named = list(hook())
    else:
        return None
    return [thread for name, value in named for thread in of_value(name, value, table)]


def wanted(table, expressions=()):
    """The same, or else those that are current by the thread pointer; where nothing says which, that is a problem."""
    found = all_of(table, expressions)
    if found is not None:
        return found
    current = pointer.current(table.pointer)
    if current is None:
        raise Problem("no threads are known: name their blocks, as in tsd threads EXPR..., or once with tsd set threads EXPR")
    return [thread for name, address in current for thread in plausible(name, address, table)]


def plausible(name, address, table):
    """The thread at an address, if there is one: the register of a CPU on which none has run may hold anything."""
    try:
        return [of_address(name, address, table)]
    except Problem:
        return []


def of_value(name, value, table):
    """The threads of a value: a control block, an array of them, or an address."""
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_INT:
        return [of_address(name, int(value), table)]
    if kind.code == gdb.TYPE_CODE_PTR and kind.target().strip_typedefs().code in (gdb.TYPE_CODE_VOID, gdb.TYPE_CODE_INT):
        return [of_address(name, int(value), table)]
    if is_null(value):
        raise Problem(f"{name} is NULL")
    value = followed(value)
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        low, high = kind.range()
        elements = [(f"{name}[{n}]", value[n]) for n in range(low, high + 1)]
        return [thread for its, element in elements if not is_null(element) for thread in of_value(its, element, table)]
    start, parts = int(value.address or 0), parts_of(kind, table, DEPTH)
    if "slots" not in parts:
        raise Problem(f"{name} has no tsd_thread_t and no tsd::Slots in it: its type is {kind.unqualified()}")
    functions = start + parts["functions"] if "functions" in parts else None
    return [Thread(name, start + parts["slots"], functions, table)]


def is_null(value):
    return value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR and int(value) == 0


def of_address(name, address, table):
    """The thread at an address: an archive's tsd_thread_t, or in Rust the slots, whose neighbours nobody knows."""
    thread = Thread(name, address, address + table.layout.functions if table.is_archive else None, table)
    if not thread.is_plausible():
        raise Problem(f"{name} is the address of no {'tsd_thread_t' if table.is_archive else 'tsd::Slots'}: {address:#x}")
    return thread


def parts_of(kind, table, depth):
    """The offsets of the slots and of the exit functions in a structure."""
    name = type_name(kind)
    slots = SLOTS.match(name)
    if slots or name == "tsd_thread":
        if slots:
            table.layout.check(kind, SLOTS_FIELDS)
        keys = int(slots[1]) if slots else offset_of(kind, "taking") // table.layout.pair
        if keys != table.layout.keys:
            raise Problem(f"{name} has {keys} slots and the table {table.layout.keys} keys: it is another table's")
        return {"slots": 0} if slots else {"slots": 0, "functions": table.layout.functions}
    if FUNCTIONS.match(name):
        table.layout.check(kind, FUNCTIONS_FIELDS)
        return {"functions": 0}
    parts = {}
    if depth and kind.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        for field in kind.strip_typedefs().fields():
            if hasattr(field, "bitpos"):
                found = parts_of(field.type, table, depth - 1)
                parts = {part: field.bitpos // 8 + offset for part, offset in found.items()} | parts
    return parts
