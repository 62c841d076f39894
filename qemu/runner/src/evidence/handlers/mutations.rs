//! Changes of the mechanism by which exit and `set` survive interrupts. For each row of ARCHITECTURE.md's table at
//! least one.

use crate::error::{Error, Result};

/// A piece of text replaced by another.
#[derive(Debug)]
pub(super) struct Mutation {
    pub(super) file: &'static str,
    /// What the library does then.
    pub(super) what: &'static str,
    /// What is in the file once.
    from: &'static str,
    to: &'static str,
}

impl Mutation {
    /// The file's text with the change.
    ///
    /// # Errors
    /// The text that is changed is not in the file exactly once.
    pub(super) fn applied_to(&self, text: &str) -> Result<String> {
        match text.matches(self.from).count() {
            1 => Ok(text.replace(self.from, self.to)),
            count => Err(Error::failure(format!("{} has {count} times what is to change: {}", self.file, self.what))),
        }
    }
}

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        file: "src/slots.rs",
        what: "exit loads the value before it ends the binding",
        from: "        if !slot.rebind(tag, Tag::UNBOUND) {\n            return ptr::null_mut();\n        }\n        compiler_fence(Ordering::SeqCst);\n        let mut value = slot.value();\n",
        to: "        let mut value = slot.value();\n        if !slot.rebind(tag, Tag::UNBOUND) {\n            return ptr::null_mut();\n        }\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit does not look whether the key lives",
        from: "        if is_due { value } else { ptr::null_mut() }\n",
        to: "        let _ = is_due;\n        value\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit looks whether the key lives when it has ended the binding",
        from: "        if is_due { value } else { ptr::null_mut() }\n",
        to: "        let _ = is_due;\n        if entry.tag_after_destructor() == tag { value } else { ptr::null_mut() }\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "a deletion leaves word also of a value that exit has",
        from: "        let tag = self.slot(Index::of_key(key)).tag();\n",
        to: "        let tag = self.progress.tag().unwrap_or(Tag::UNBOUND);\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit leaves in the slot the value that it has taken",
        from: "        } else if slot.replace(value, ptr::null_mut()) {\n            self.give_back",
        to: "        } else if false {\n            self.give_back",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit keeps what a handler has stored again",
        from: "        if self.progress.displaced(tag) == Some(value) {\n            slot.replace",
        to: "        if false {\n            slot.replace",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit ends whichever binding there is",
        from: "        if !slot.rebind(tag, Tag::UNBOUND) {\n            return",
        to: "        slot.rebind(slot.tag(), Tag::UNBOUND);\n        if false {\n            return",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit leaves the slot bound to the key whose value it takes",
        from: "        if !slot.rebind(tag, Tag::UNBOUND) {\n            return",
        to: "        if !slot.rebind(tag, tag) {\n            return",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit takes what is in the slot, whatever was set aside",
        from: "        if let Some(displaced) = self.progress.displaced(tag) {\n            return displaced;\n        }\n",
        to: "",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind does not tell that it set something aside",
        from: "                self.contend();\n",
        to: "",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit does not say which slot it takes from",
        from: "        self.progress.begin(tag);\n        compiler_fence(Ordering::SeqCst);\n        let is_due",
        to: "        let is_due",
    },
    Mutation {
        file: "src/slots.rs",
        what: "a deletion leaves no word for the exit that it interrupts",
        from: "            self.progress.disown(tag);\n",
        to: "            let _ = tag;\n",
    },
    Mutation {
        file: "src/progress.rs",
        what: "bind sets nothing aside",
        from: "        self.displaced.store(old, Relaxed);\n",
        to: "        let _ = old;\n",
    },
    Mutation {
        file: "src/progress.rs",
        what: "each handler's bind sets something aside, not the first alone",
        from: "        self.seal(tag);\n        compiler_fence(Ordering::SeqCst);\n        self.displaced",
        to: "        self.displaced",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind sets aside what another thread may have taken",
        from: "if parts::SHARED_SLOTS && !old.is_null()",
        to: "if false && !old.is_null()",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind sets aside of shared slots what it has not taken",
        from: "== seen && slot.claim(old) {",
        to: "== seen && (slot.claim(old) || true) {",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind stores the value whatever a handler has stored",
        from: "                if slot.replace(old, value) {\n                    return Some(old);\n                }\n                continue;\n",
        to: "                slot.store(value);\n                return Some(old);\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind binds the slot whatever a handler has bound it to",
        from: "                slot.rebind(seen, tag);\n",
        to: "                slot.rebind(slot.tag(), tag);\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind binds a slot with the value that is left in it",
        from: "            if old.is_null() || slot.tag() == seen && slot.replace(old, ptr::null_mut()) {\n",
        to: "            if true {\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind does not look whether its key lives",
        from: "table_tag.is_some_and(|word| word.load(Relaxed) != tag.word())",
        to: "table_tag.is_some_and(|_| false)",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind keeps what it found before the slot was bound",
        from: "let kept = slot.value();",
        to: "let kept = old;",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind replaces the value that it shall keep",
        from: "if KEEPS && !old.is_null() {",
        to: "if false {",
    },
    Mutation {
        file: "src/location.rs",
        what: "each of those who create a key at once goes on with its own",
        from: "                <Slots<N>>::delete_tag(table, tag);\n",
        to: "                return Ok(tag);\n",
    },
    Mutation {
        file: "src/slot.rs",
        what: "a typed value is taken by a load and a store",
        from: "        self.swap(ptr::null_mut())\n",
        to: "        let value = self.value();\n        self.store(ptr::null_mut());\n        value\n",
    },
    Mutation {
        file: "src/slot.rs",
        what: "a static key's value is taken by a load and a store",
        from: "        local::swap(&self.value, self.value(), ptr::null_mut())\n",
        to: "        let value = self.value();\n        self.store(ptr::null_mut());\n        value\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit forgets what a handler stores under a static key at its end",
        from: "        if !slot.value().is_null() {\n            self.pending.note(index, tag.phase());\n",
        to: "        if false {\n            self.pending.note(index, tag.phase());\n",
    },
    Mutation {
        file: "src/pending.rs",
        what: "exit clears bits that it has not seen",
        from: "        local::clear_bits(self.word(word), bits);\n",
        to: "        self.word(word).store(0, Relaxed);\n",
    },
];

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace;

    #[test]
    fn each_mutation_can_be_made() {
        for mutation in MUTATIONS {
            let text = fs::read_to_string(workspace::root().join(mutation.file)).expect("the file is there");
            assert_ne!(mutation.applied_to(&text).expect("its text is there once"), text);
        }
    }
}
