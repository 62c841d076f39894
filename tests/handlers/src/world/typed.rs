//! Typed keys of each kind, by what can be done with them.

use tsd::{Capacity, Error, Inline, Location, OwnedKey, Port, SharedKey, Slots, Supported, TypedKey};

use crate::calls::Value;
use crate::destructors::Held;

/// A key whose values are taken out.
pub(crate) trait Owning {
    fn take(&self) -> Option<Held>;
    fn replace(&self, value: Held) -> Result<Option<Held>, Error>;
    fn with(&self, use_value: &mut dyn FnMut(&mut Held));
}

impl<P: Port<Slots = Slots<N>>, const N: usize> Owning for TypedKey<'static, Held, P>
where
    Capacity<N>: Supported,
{
    fn take(&self) -> Option<Held> {
        self.take()
    }

    fn replace(&self, value: Held) -> Result<Option<Held>, Error> {
        self.replace(value)
    }

    fn with(&self, use_value: &mut dyn FnMut(&mut Held)) {
        let _ = self.with(use_value);
    }
}

impl<K: Location> Owning for OwnedKey<Held, K> {
    fn take(&self) -> Option<Held> {
        self.take()
    }

    fn replace(&self, value: Held) -> Result<Option<Held>, Error> {
        self.replace(value)
    }

    fn with(&self, use_value: &mut dyn FnMut(&mut Held)) {
        let _ = self.with(use_value);
    }
}

/// A key whose values are lent.
pub(crate) trait Lending {
    fn with(&self, use_value: &mut dyn FnMut(Value));
    fn with_or_init(&self, make: &mut dyn FnMut() -> Held, use_value: &mut dyn FnMut(Value)) -> Result<(), Error>;
}

impl<K: Location> Lending for SharedKey<Inline<Held>, K> {
    fn with(&self, use_value: &mut dyn FnMut(Value)) {
        let _ = self.with(|held| use_value(held.value()));
    }

    fn with_or_init(&self, make: &mut dyn FnMut() -> Held, use_value: &mut dyn FnMut(Value)) -> Result<(), Error> {
        self.with_or_init(|| Inline(make()), |held| use_value(held.value()))
    }
}

impl<K: Location> Lending for SharedKey<Held, K> {
    fn with(&self, use_value: &mut dyn FnMut(Value)) {
        let _ = self.with(|value| use_value(*value));
    }

    fn with_or_init(&self, make: &mut dyn FnMut() -> Held, use_value: &mut dyn FnMut(Value)) -> Result<(), Error> {
        self.with_or_init(make, |value| use_value(*value))
    }
}
