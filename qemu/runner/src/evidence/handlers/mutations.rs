//! Changes of the mechanism by which exit and `set` survive interrupts. For each row of ARCHITECTURE.md's table at least one.

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
        from: "        if own::replace(&slot.tag, tag, tag::UNBOUND) {\n            compiler_fence(Ordering::SeqCst);\n            value = \
               slot.value.load(Relaxed);\n",
        to: "        let loaded = slot.value.load(Relaxed);\n        if own::replace(&slot.tag, tag, tag::UNBOUND) {\n            value = \
             loaded;\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit ends whichever binding there is",
        from: "        if own::replace(&slot.tag, tag, tag::UNBOUND) {\n            compiler_fence",
        to: "        slot.tag.store(tag::UNBOUND, Relaxed);\n        if true {\n            compiler_fence",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit leaves the slot bound to the key whose value it takes",
        from: "        if own::replace(&slot.tag, tag, tag::UNBOUND) {\n            compiler_fence",
        to: "        if own::replace(&slot.tag, tag, tag) {\n            compiler_fence",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit takes what is in the slot, whatever was set aside",
        from: "        if self.taking.load(Relaxed) != tag {\n            return self.displaced.load(Relaxed);\n        }\n",
        to: "",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind does not tell that it set something aside",
        from: "            self.pending.set(CONTESTED);\n        }\n",
        to: "        }\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit does not say which slot it takes from",
        from: "        self.taking.store(tag, Relaxed);\n        compiler_fence(Ordering::SeqCst);\n        if own::replace",
        to: "        if own::replace",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind sets nothing aside",
        from: "            self.displaced.store(old, Relaxed);\n",
        to: "",
    },
    Mutation {
        file: "src/slots.rs",
        what: "each handler's bind sets something aside, not the first alone",
        from: "            self.taking.store(!taking, Relaxed);\n",
        to: "            self.taking.store(taking | 1 << (usize::BITS - 1), Relaxed);\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind stores the value whatever a handler has stored",
        from: "                if own::replace_value(&slot.value, old, value) {\n                    return Some(old);\n                }\n                \
               continue;\n",
        to: "                slot.value.store(value, Relaxed);\n                return Some(old);\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind binds the slot whatever a handler has bound it to",
        from: "                own::replace(&slot.tag, seen, tag);\n",
        to: "                slot.tag.store(tag, Relaxed);\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind binds a slot with the value that is left in it",
        from: "            if old.is_null() || own::replace_value(&slot.value, old, ptr::null_mut()) {\n",
        to: "            if true {\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "bind does not look whether its key lives",
        from: "table_tag.is_some_and(|word| word.load(Relaxed) != tag)",
        to: "table_tag.is_some_and(|_| false)",
    },
    Mutation {
        file: "src/slots.rs",
        what: "a value is taken by a load and a store",
        from: "        own::swap(&self.value, self.value.load(Relaxed), ptr::null_mut())\n",
        to: "        let value = self.value.load(Relaxed);\n        self.value.store(ptr::null_mut(), Relaxed);\n        value\n",
    },
    Mutation {
        file: "src/slots.rs",
        what: "exit forgets what a handler stores under a static key at its end",
        from: "        if !slot.value.load(Relaxed).is_null() {\n            self.pending.note(index, tag);\n",
        to: "        if false {\n            self.pending.note(index, tag);\n",
    },
    Mutation {
        file: "src/pending.rs",
        what: "exit clears bits that it has not seen",
        from: "        own::clear_bits(self.word(word), bits);\n",
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
