"""The threads that are current, where the archive finds them by a thread pointer: its symbols say by which.

They end in `_gs_0_64` where the archive was installed with `--thread-pointer gs:0:64`: the register, at which offset from
it the pointer to the thread control block is, and where that has its `tsd_thread_t`; `_tp_64` where the register itself
leads to the block.
"""

import gdb

from .problem import Problem
from .target import Memory, evaluate, word_bytes

# What gdb calls the registers that are not of their own name.
REGISTERS = {"fs": ("fs_base",), "gs": ("gs_base",)}


def current(suffix):
    """The `tsd_thread_t` that is current on each CPU which has one: its name and its address. None if no register says."""
    if not suffix:
        return None
    register, numbers = split(suffix)
    selected, found = gdb.selected_thread(), []
    try:
        for cpu in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num):
            cpu.switch()
            base = value_of(register)
            if base is None:
                return None
            address = block(base, numbers)
            if address:
                found.append((f"of CPU {cpu.num}", address + numbers[-1]))
    finally:
        if selected is not None:
            selected.switch()
    return found


def split(suffix):
    """The register and the offsets that a symbol's end names."""
    parts = suffix.strip("_").split("_")
    names = [part for part in parts if not part.isdigit()]
    return "_".join(names), [int(part) for part in parts if part.isdigit()]


def value_of(register):
    """What it holds on the CPU that gdb has selected, or None where gdb does not show it."""
    for name in REGISTERS.get(register, (register, register.upper())):
        try:
            value = evaluate(f"${name}")
            if value.type.code != gdb.TYPE_CODE_VOID:
                return int(value) & (1 << word_bytes() * 8) - 1
        except (Problem, gdb.error):
            continue
    return None


def block(base, numbers):
    """The thread control block, or 0 where there is none: the register may hold anything before the first thread."""
    if len(numbers) == 1 or base == 0:
        return base
    try:
        return Memory(base + numbers[0], word_bytes()).word(0)
    except Problem:
        return 0
