"""Words of the target's memory, and expressions."""

import re

import gdb

from .problem import Problem


def word_bytes():
    """The size of a pointer."""
    return gdb.selected_inferior().architecture().integer_type(8, False).pointer().sizeof


class Memory:
    """A copy of a piece of the target's memory."""

    def __init__(self, address, length):
        self.word_bytes = word_bytes()
        self.order = "big" if "big endian" in gdb.execute("show endian", to_string=True) else "little"
        try:
            self.content = bytes(gdb.selected_inferior().read_memory(address, length))
        except gdb.error:
            raise Problem(f"there is no memory of {length} bytes at {address:#x}") from None

    def word(self, offset):
        return self.number(offset, self.word_bytes)

    def number(self, offset, length):
        return int.from_bytes(self.content[offset : offset + length], self.order)


def text(address, length):
    """The text of so many bytes. Where it can't be read, that: the rest of what is known matters all the more."""
    if length == 0:
        return ""
    if length > 4096:
        return f"{length} bytes at {address:#x}"
    try:
        name = Memory(address, length).content.decode(errors="replace")
        return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in name)
    except Problem:
        return f"unreadable at {address:#x}"


def symbol(address):
    """The function at an address, for people; empty if there is none."""
    try:
        shown = gdb.execute(f"info symbol {address:#x}", to_string=True).strip()
    except gdb.error:
        return ""
    # The compiler's hash at the end of a Rust function's name tells nothing.
    name = re.sub(r"::h[0-9a-f]{16}\b", "", shown.split(" in section ")[0])
    # On 32-bit Arm bit 0 of a function's address says that it is of the shorter instructions.
    if gdb.selected_inferior().architecture().name().startswith("arm"):
        name = name.removesuffix(" + 1")
    return "" if shown.startswith("No symbol") else f" <{name}>"


def evaluate(expression):
    """The value of an expression; of a static by its name, whatever the language of the current frame."""
    try:
        return gdb.parse_and_eval(expression)
    except gdb.error as error:
        found = gdb.lookup_static_symbol(expression) or gdb.lookup_global_symbol(expression)
        if found is None:
            hint = " (one with spaces in it wants quotes)" if "yntax" in str(error) else ""
            raise Problem(f"{expression}: {error}{hint}") from None
        return found.value()


TYPED_KEY = re.compile(r"^tsd::(typed_key::TypedKey|owned_key::OwnedKey|shared_key::SharedKey)<")


def is_key(value):
    """Whether a value is a key by its type, of which C has only the typedef's name."""
    if TYPED_KEY.match(type_name(value.type)):
        return True
    if value.type.name in ("tsd_key_t", "tsd_pthread_key_t", "tsd_tss_t"):
        return True
    # Where a C library is loaded, these are its own.
    if value.type.name in ("pthread_key_t", "tss_t"):
        return len(gdb.objfiles()) == 1
    return type_name(value.type) == "tsd::key::Key"


def number(expression):
    """The number that an expression stands for."""
    return number_of(evaluate(expression), expression)


def number_of(value, expression):
    """The number that a value is, or the handle of the typed key that it is."""
    if TYPED_KEY.match(type_name(value.type)):
        return handle_of_typed(value, expression)
    while (kind := value.type.strip_typedefs()).code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        # In Rust a key, or an atomic number, is a structure of one number. An enumeration is one with a discriminant.
        fields = [field for field in kind.fields() if field.artificial or field.type.sizeof]
        if kind.code == gdb.TYPE_CODE_UNION or len(fields) != 1 or fields[0].artificial:
            raise Problem(f"{expression} is no number: its type is {type_name(kind)}")
        value = value[fields[0]]
    try:
        return int(value)
    except gdb.error:
        raise Problem(f"{expression} is no number") from None


def handle_of_typed(value, expression):
    """The handle of a typed key; 0 if it was not created yet."""
    has = {field.name for field in value.type.strip_typedefs().fields()}
    state = value if "tag" in has else value["state"]
    if "tag" in {field.name for field in state.type.strip_typedefs().fields()}:
        tag = number_of(state["tag"], expression)
        return tag & 0xFFFFFFFF if tag & 1 else 0
    key = state["key"]
    phase = 2 if key["options"]["last_phase"] else 0
    return int(key["number"]) * 2 * word_bytes() | phase | 1


def followed(value):
    """What a value points to or refers to, if it does; else itself."""
    pointers = (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF)
    while value.type.strip_typedefs().code in pointers:
        try:
            value = value.referenced_value()
        except gdb.error:
            raise Problem(f"a pointer of type {value.type} leads nowhere") from None
    return value


def type_name(kind):
    """The name of a type as it was defined."""
    kind = kind.strip_typedefs().unqualified()
    return kind.name or kind.tag or ""
