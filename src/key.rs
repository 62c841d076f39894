//! Keys, and what a key is created with.

use core::ffi::c_void;
use core::fmt;

use bitflags::bitflags;

/// Called at thread exit with the value that the thread had under a key, which reads NULL by then.
///
/// It runs on the exiting thread ([`KeySpace::reap`](crate::KeySpace::reap): on the one that calls it), with no lock
/// held, and may create, delete, read and set keys. POSIX `pthread_key_create`, C11 `tss_dtor_t`.
///
/// Where the crate is compiled with unwinding, a foreign exception or a panic may pass through
/// [`KeySpace::exit`](crate::KeySpace::exit); elsewhere, as on bare metal, none may leave it.
pub type Destructor = unsafe extern "C-unwind" fn(value: *mut c_void);

/// The handle of a key: 32 bits, never 0, and rejected for ever after the key was deleted
/// (until 2^23 further keys were created at the same index, where N is 128).
///
/// `Key::default()` is 0 and never valid.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use tsd::{Error, Key};
///
/// let key = KEYS.create(None)?;
/// assert_eq!(Key::from_raw(key.raw()), key); // as C code keeps it
///
/// KEYS.delete(key)?;
/// let next = KEYS.create(None)?; // at the same index
/// assert_ne!(next, key);
/// assert_eq!(KEYS.delete(key), Err(Error::DeletedKey));
/// assert!(KEYS.get(Key::default()).is_null());
/// # Ok::<(), tsd::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Key(u32);

impl fmt::Debug for Key {
    /// As listings, panic dumps and the debugger write it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({:#x})", self.0)
    }
}

impl Key {
    /// Creates the handle with this number, of a valid key or not: every call checks it.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the number that C code holds.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

bitflags! {
    /// What kind of key it is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct KeyFlags: u32 {
        /// Its destructor runs after every ordinary key's rounds: for allocators and language runtimes.
        const LAST_PHASE = 1 << 0;
        /// Part of the table from the start; can't be deleted.
        const STATIC = 1 << 1;
        /// It has a destructor.
        const HAS_DESTRUCTOR = 1 << 2;
        /// A [`TypedKey`](crate::TypedKey), [`OwnedKey`](crate::OwnedKey) or [`SharedKey`](crate::SharedKey) owns it;
        /// it is deleted when that is dropped.
        const TYPED = 1 << 3;
    }
}

/// What [`KeyTable::create_with`](crate::KeyTable::create_with), [`StaticKey::new`](crate::StaticKey::new) and
/// [`TypedKey::new`](crate::TypedKey::new) make a key from.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use core::ffi::c_void;
/// use tsd::KeyOptions;
///
/// unsafe extern "C-unwind" fn give_back(_cache: *mut c_void) {}
///
/// const CACHE: KeyOptions = KeyOptions::new().destructor(give_back).last_phase().name("allocator: cache");
/// let key = KEYS.create_with(CACHE)?;
/// assert!(KEYS.table().is_live(key));
/// # Ok::<(), tsd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct KeyOptions {
    /// What runs at thread exit for each value that is not NULL.
    pub destructor: Option<Destructor>,
    /// Whether it runs in the last phase of thread exit, after every ordinary key's rounds: for allocators and language
    /// runtimes.
    pub last_phase: bool,
    /// The key's owner, for listings and panic dumps.
    pub name: &'static str,
}

impl KeyOptions {
    /// Creates the options of an ordinary key with no destructor and no name.
    #[must_use]
    pub const fn new() -> Self {
        Self { destructor: None, last_phase: false, name: "" }
    }

    /// Runs `destructor` at thread exit for each value that is not NULL.
    #[must_use]
    pub const fn destructor(mut self, destructor: Destructor) -> Self {
        self.destructor = Some(destructor);
        self
    }

    /// Puts the key in the last phase of thread exit: its destructor runs after every ordinary key's rounds.
    #[must_use]
    pub const fn last_phase(mut self) -> Self {
        self.last_phase = true;
        self
    }

    /// Names the key's owner, for listings and panic dumps.
    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }
}

impl Default for KeyOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// One live key, as listings and panic dumps show it: [`KeyTable::keys`](crate::KeyTable::keys),
/// [`info`](crate::KeyTable::info), [`values`](crate::KeyTable::values).
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use tsd::{KeyFlags, KeyOptions};
///
/// let key = KEYS.create_with(KeyOptions::new().name("network: buffers").last_phase())?;
/// let info = KEYS.table().keys().next().expect("there is a key");
/// assert_eq!((info.key, info.name), (key, "network: buffers"));
/// assert_eq!((info.flags, info.destructor), (KeyFlags::LAST_PHASE, None));
/// # Ok::<(), tsd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct KeyInfo {
    /// The handle.
    pub key: Key,
    /// Its index in the table.
    pub index: usize,
    /// How often the index was used before.
    pub generation: usize,
    /// What its owner called it; empty if nothing.
    pub name: &'static str,
    /// Its kind.
    pub flags: KeyFlags,
    /// What runs at thread exit.
    pub destructor: Option<Destructor>,
}
