"""Where the table is, and what its layout is.

The archive's symbols end in what its layout depends on, as in `tsd_table_v1_k128_f16_r4`; in Rust the type of the key
space has the number of keys. Where a kernel has several key spaces, the user names one.
"""

import re

import gdb

from .layout import ABI, C_TABLE_FIELDS, C_THREAD_FIELDS, TABLE_FIELDS, Layout
from .problem import Problem
from .target import evaluate, followed, type_name

# The last part is the thread pointer that it was installed with, if with one.
CONFIGURATION = r"_v(\d+)_k(\d+)_f(\d+)_r(\d+)((?:_[a-z]+(?:_el\d)?(?:_\d+)+)?)"
SUFFIX = re.compile(CONFIGURATION + r"\b")
MINIMAL = re.compile(CONFIGURATION + r"_minimal\b")
KEY_SPACE = re.compile(r"^tsd::key_space::KeySpace<.*>$")
KEY_TABLE = re.compile(r"^tsd::table::KeyTable<(\d+)(?:usize)?>$")

# What the user has said: tsd set table EXPR.
chosen = None

# What gdb has listed of the program's symbols, by command. To go through those of a large program takes seconds.
lists = {}


class Place:
    """The address of a table, its layout, whether it is an archive's, and the end of that one's symbols that names the
    thread pointer."""

    def __init__(self, address, layout, is_archive, pointer=""):
        self.address = address
        self.layout = layout
        self.is_archive = is_archive
        self.pointer = pointer


def find():
    """The place of the table."""
    if chosen is not None:
        return of_value(evaluate(chosen), chosen)
    return of_archive() or of_rust()


def of_value(value, expression):
    """The place of the table that is a value, or lies in one."""
    value = followed(value)
    name = type_name(value.type)
    if KEY_SPACE.match(name):
        value = value["table"]
        name = type_name(value.type)
    keys = KEY_TABLE.match(name)
    if keys:
        layout = Layout(int(keys[1]))
        layout.check(value.type, TABLE_FIELDS)
        return Place(int(value.address), layout, False)
    if name == "tsd_table":
        layout = Layout(value["entries"].type.range()[1] + 1)
        layout.check(value.type, C_TABLE_FIELDS)
        return Place(int(value.address), layout, True)
    raise Problem(f"{expression} is no table and no key space: its type is {name or value.type}")


def of_archive():
    """The place of the table of libtsd.a, if that is linked."""
    digits = "[0-9][0-9]*"
    names = listed("functions", f"^tsd_[a-z_]*_v{digits}_k{digits}_f{digits}_r{digits}")
    suffixes = {found[0] for found in SUFFIX.finditer(names)}
    if not suffixes:
        if MINIMAL.search(names):
            raise Problem("the kernel's libtsd.a is one of install --minimal, which leaves nothing to show but values")
        return None
    if len(suffixes) > 1:
        raise Problem(f"archives of different builds are linked: {', '.join(sorted(suffixes))}")
    suffix = suffixes.pop()
    *numbers, pointer = SUFFIX.match(suffix).groups()
    abi, keys, _, _ = map(int, numbers)
    if abi != ABI:
        raise Problem(f"the kernel's libtsd.a has ABI {abi} and this script reads ABI {ABI}: take that archive's script")
    layout = Layout(keys)
    for kind, fields in (("tsd_table", C_TABLE_FIELDS), ("tsd_thread", C_THREAD_FIELDS)):
        try:
            kind = gdb.lookup_type(f"struct {kind}")
        except gdb.error:
            # No debug information has the type. The symbols say enough.
            continue
        layout.check(kind, fields)
    return Place(address_of(f"tsd_table{suffix}"), layout, True, pointer)


def address_of(name):
    """The address of a static of C, with debug information or without."""
    symbol = gdb.lookup_global_symbol(name)
    if symbol is not None:
        return int(symbol.value().address)
    found = re.search(rf"^0x([0-9a-f]+) +{name}$", listed("variables", f"^{name}$"), re.MULTILINE)
    if found is None:
        raise Problem(f"the kernel has no symbol {name}: name the table with tsd set table EXPR")
    return int(found[1], 16)


def of_rust():
    """The place of a Rust kernel's only key space."""
    # Of Rust's statics gdb names only the types, unless it is to print them as C++ has them.
    found = listed("variables", "-n -t ^tsd::key_space::KeySpace<", "with language c++ -- ")
    names = sorted(re.findall(r"^\d+:\t.* (\S+);$", found, re.MULTILINE))
    if not names:
        raise Problem(
            "no table is found: there is no libtsd.a with symbols, and no key space with debug information "
            "(debug = 2 in Rust); tsd set table EXPR names one"
        )
    if len(names) > 1:
        raise Problem(f"there are {len(names)} key spaces, choose one by tsd set table: {', '.join(names)}")
    return of_value(evaluate(names[0]), names[0])


def listed(what, wanted, prefix=""):
    """What gdb lists of the program's symbols, asked once."""
    command = f"{prefix}info {what} -q {wanted}"
    if command not in lists:
        try:
            lists[command] = gdb.execute(command, to_string=True)
        except gdb.error:
            lists[command] = ""
    return lists[command]


def forget(_event):
    """Another program, or one that has been loaded elsewhere."""
    lists.clear()


gdb.events.new_objfile.connect(forget)
gdb.events.clear_objfiles.connect(forget)
