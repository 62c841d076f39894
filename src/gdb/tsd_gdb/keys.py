"""Tags, keys, the table. `src/tag.rs` tells what a tag is, `src/describe.rs` has the words."""

from . import place
from .problem import Problem
from .target import Memory, symbol, text

LIVE = 1
LAST_PHASE = 2


class Tag:
    """A tag of a table with this layout."""

    def __init__(self, word, layout):
        self.word = word
        self.layout = layout

    def is_live(self):
        return self.word & LIVE != 0

    def is_last_phase(self):
        return self.word & LAST_PHASE != 0

    def is_retired(self):
        return self.word == (1 << self.layout.word * 8) - 2

    def handle(self):
        return self.word & 0xFFFFFFFF

    def index(self):
        """The index of a live tag, which may be none of the table's if the tag is garbage."""
        return self.word >> self.layout.shift & (1 << self.layout.index_bits) - 1

    def generation(self):
        low_bits = self.layout.shift - 2
        low = self.word >> 2 & (1 << low_bits) - 1
        return self.word >> self.layout.shift + self.layout.index_bits << low_bits | low

    def generation_bits(self):
        """How many bits of the generation a handle has."""
        return 32 - 2 - self.layout.index_bits


class Key:
    """A live key."""

    def __init__(self, tag, index, destructor, name, is_typed, is_static):
        self.tag = tag
        self.index = index
        self.destructor = destructor
        self.name = name
        self.kind = "static" if is_static else "typed" if is_typed else "run-time"

    def in_words(self):
        phase = "last phase" if self.tag.is_last_phase() else "ordinary"
        facts = f"index {self.index}, generation {self.tag.generation()}, {phase}, {self.kind}"
        if self.destructor:
            return f"{self.named()}: {facts}, destructor {self.destructor:#x}{symbol(self.destructor)}"
        return f"{self.named()}: {facts}, no destructor"

    def named(self):
        return f'key {self.tag.handle():#x} "{self.name}"'


class Table:
    """The table as it is now."""

    def __init__(self, where=None):
        where = where or place.find()
        self.layout = where.layout
        self.is_archive = where.is_archive
        self.pointer = where.pointer
        self.memory = Memory(where.address, self.layout.table_bytes)
        self.statics = self.memory.word(self.layout.statics)
        if self.statics > self.layout.keys:
            raise Problem(f"at {where.address:#x} is no table: it would have {self.statics} static keys")

    def tag(self, index):
        return Tag(self.memory.word(self.layout.entries + index * self.layout.pair), self.layout)

    def is_static(self, index):
        return index < self.statics

    def key(self, index):
        """The live key at an index, or None."""
        tag = self.tag(index)
        if not tag.is_live():
            return None
        destructor = self.memory.word(self.layout.entries + index * self.layout.pair + self.layout.word)
        at = self.layout.names + index * self.layout.pair
        start, length = self.memory.word(at), self.memory.word(at + self.layout.word)
        typed = 1 << self.layout.word * 8 - 1
        name = text(start, length & ~typed)
        return Key(tag, index, destructor, name, length & typed != 0, self.is_static(index))

    def live(self):
        """The live keys, by index."""
        return [key for key in map(self.key, range(self.layout.keys)) if key]

    def with_handle(self, handle):
        """The live key that has this handle, or None."""
        return next((key for key in self.live() if key.tag.handle() == handle), None)

    def in_words(self):
        layout = self.layout
        reserved, retired = self.memory.word(layout.reserved), self.memory.word(layout.retired)
        in_use, most = max(reserved - retired, 0), self.memory.word(layout.high_water)
        indexes = "index" if retired == 1 else "indexes"
        return f"{in_use} of {layout.keys} keys in use, at most {most} at once, {retired} {indexes} retired"

    def explained(self, handle):
        """What a number is as a key's handle."""
        if not 0 < handle < 1 << 32:
            return f"{handle:#x} was never a key: a key is a number of 32 bits and not 0"
        old = Tag(handle, self.layout)
        index = old.index()
        if not old.is_live():
            return f"{handle:#x} was never a key: bit 0 is clear"
        if index >= self.layout.keys:
            return f"{handle:#x} was never a key: its index would be {index}, and there are {self.layout.keys}"
        now = self.tag(index)
        key = self.key(index)
        if key and key.tag.handle() == handle:
            return f"{handle:#x} is live: {key.in_words()}"
        if now.is_retired():
            return f"{handle:#x} is stale: index {index} has used up its generations and is retired"
        return self.explained_dead(handle, old.generation(), now, key)

    def explained_dead(self, handle, generation, now, key):
        """The same for a handle that is not live, of a generation in as many bits as a handle has."""
        index = Tag(handle, self.layout).index()
        bits = now.generation_bits()
        behind = now.generation() - generation
        is_first_of_archive = self.is_archive and self.statics == 0 and generation == 0 and now.generation() >> bits == 0
        if self.is_static(index) or behind <= 0 or is_first_of_archive:
            return f"{handle:#x} was never a key: index {index} is at generation {now.generation()} and has had no such key"
        distinct = 1 << bits
        by = f"{behind % distinct} generation{'' if behind % distinct == 1 else 's'}"
        # A handle has the lower bits of a generation only.
        more = f", or by that and a multiple of {distinct}" if behind >= distinct else ""
        return f"{handle:#x} is stale by {by}{more}: index {index} now has {key.named() if key else 'no key'}"
