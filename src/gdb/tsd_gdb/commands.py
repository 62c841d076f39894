"""What the user types."""

import gdb

from . import place, threads
from .keys import Table
from .problem import Problem
from .target import evaluate, is_key, number, number_of


class Command(gdb.Command):
    """A command whose errors are one line."""

    NAME = "tsd"
    IS_PREFIX = False

    def __init__(self):
        super().__init__(self.NAME, gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION, self.IS_PREFIX)

    def invoke(self, argument, from_tty):
        try:
            for line in self.lines(gdb.string_to_argv(argument)):
                print(line)
        except Problem:
            raise
        except (gdb.error, gdb.MemoryError) as error:
            raise Problem(str(error)) from None
        except Exception as error:
            # The script's own fault, or that of a kernel's hook: not at the cost of a page of Python.
            raise Problem(f"{self.NAME} has failed: {type(error).__name__}: {error}") from None

    def lines(self, words):
        raise NotImplementedError


class Tsd(Command):
    """Keys, threads and values of a kernel that uses tsd.

    tsd keys               the live keys
    tsd key INDEX          one of them, and who has a value under it; a variable that is a key will do
    tsd threads [EXPR...]  the threads: their values, exit functions, and how far their exit has come
    tsd explain HANDLE     what a number is as a key: live, stale, never one
    tsd set table EXPR     the table or key space, where there are several
    tsd set threads EXPR   where the threads are: a control block, a pointer to one, or an array

    Nothing in the target is called or changed."""

    IS_PREFIX = True

    def lines(self, words):
        raise Problem("tsd wants keys, key, threads, explain or set: see help tsd")


class Keys(Command):
    """tsd keys: how full the table is, and a line for each live key."""

    NAME = "tsd keys"

    def lines(self, words):
        if words:
            raise Problem("tsd keys takes no arguments")
        table = Table()
        known = threads.all_of(table)
        yield table.in_words()
        for key in table.live():
            yield f"{key.in_words()}{set_in(key, known)}"


def set_in(key, known):
    """In how many of the known threads a key has a value."""
    if known is None:
        return ""
    count = sum(thread.value(key) != 0 for thread in known if not thread.is_new())
    return f", set in {count} thread{'' if count == 1 else 's'}"


class OneKey(Command):
    """tsd key INDEX: the key at an index, and the threads that have a value under it.

    INDEX may be a key by its type, such as a variable of tsd_key_t."""

    NAME = "tsd key"

    def lines(self, words):
        if len(words) != 1:
            raise Problem("tsd key wants the index of a key")
        table, value = Table(), evaluate(words[0])
        index = number_of(value, words[0])
        if is_key(value):
            key = table.with_handle(index)
            if key is None:
                raise Problem(table.explained(index))
            index = key.index
        if not 0 <= index < table.layout.keys:
            raise Problem(f"there is no index {index}: the table has {table.layout.keys} (tsd explain takes handles)")
        key, known = table.key(index), threads.all_of(table)
        if key is None:
            tag = table.tag(index)
            state = "is retired" if tag.is_retired() else f"has no key, and is at generation {tag.generation()}"
            handle = None if tag.is_retired() else table.with_handle(index)
            yield f"index {index} {state}{f'; as a handle it is {handle.named()}' if handle else ''}"
            return
        yield f"{key.in_words()}{set_in(key, known)}"
        for thread in known or ():
            if not thread.is_new() and thread.value(key):
                yield f"  thread {thread.name} value {thread.value(key):#x}"


class Threads(Command):
    """tsd threads [EXPR...]: the threads with their values.

    EXPR is a thread control block in which tsd_thread_t or tsd::Slots is embedded, a pointer to one, an array of them,
    or the address of a tsd_thread_t. Without any: those of tsd set threads, or of the kernel's own script, or those that
    are current by the thread pointer that the archive was installed with."""

    NAME = "tsd threads"

    def lines(self, words):
        table = Table()
        found = threads.wanted(table, words)
        for thread in found:
            # Those that the user has named one by one are shown, whatever they hold.
            if thread.is_new() and len(found) > max(len(words), 1):
                continue
            yield f"thread {thread.name}: {thread.in_words()}"
            for key, value in thread.values():
                yield f"  {key.named()} value {value:#x}"
            for line in thread.pending_functions():
                yield f"  {line}"
        new = sum(thread.is_new() for thread in found)
        if new and len(found) > max(len(words), 1):
            yield f"{new} more {'has' if new == 1 else 'have'} nothing"


class Explain(Command):
    """tsd explain HANDLE: whether a number is a live key, was one, and for how many generations it is none any more."""

    NAME = "tsd explain"

    def lines(self, words):
        if not words:
            raise Problem("tsd explain wants a key")
        table = Table()
        return [table.explained(number(word)) for word in words]


class Set(Command):
    """tsd set table EXPR, tsd set threads EXPR; without EXPR as if never set."""

    NAME = "tsd set"

    def lines(self, words):
        where = {"table": place, "threads": threads}.get(words[0] if words else "")
        if where is None or len(words) > 2:
            raise Problem("tsd set wants table or threads, and one expression (in quotes if it has spaces)")
        if len(words) == 2:
            value = evaluate(words[1])
            if where is place:
                # What it is, not what its memory holds: the target may not run yet.
                place.of_value(value, words[1])
        where.chosen = words[1] if len(words) == 2 else None
        return []


def register():
    """Makes gdb know the commands."""
    for command in (Tsd, Keys, OneKey, Threads, Explain, Set):
        command()
