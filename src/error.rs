//! What can go wrong, and the POSIX number of each.

use core::fmt;

/// Why a call was refused. A refused call has changed nothing.
///
/// The low byte of each is its POSIX number, so that giving it to C takes neither a branch nor a table.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use tsd::{Error, Key, errno};
///
/// let key = KEYS.create(None)?;
/// KEYS.delete(key)?;
/// assert_eq!(KEYS.delete(key), Err(Error::DeletedKey));
/// assert_eq!(KEYS.delete(Key::default()), Err(Error::InvalidKey));
///
/// // For C they are the same; for a log they are not.
/// assert_eq!((Error::DeletedKey.errno(), Error::InvalidKey.errno()), (errno::EINVAL, errno::EINVAL));
/// assert_eq!(Error::DeletedKey.to_string(), "the key was deleted");
/// # Ok::<(), tsd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u16)]
pub enum Error {
    /// The number is no key of this table and never was one: zero, out of range, or from another table.
    InvalidKey = 1 << 8 | errno::EINVAL as u16,
    /// The key was deleted; perhaps its index has a new key since.
    DeletedKey = 2 << 8 | errno::EINVAL as u16,
    /// A static key lives as long as its table and can't be deleted.
    StaticKey = 3 << 8 | errno::EINVAL as u16,
    /// Every index of the table has a live key.
    TableFull = 4 << 8 | errno::EAGAIN as u16,
    /// Every free index of the table has used up its generations, so that a re-use could revive old values.
    TableWornOut = 5 << 8 | errno::EAGAIN as u16,
    /// A fixed-capacity list (thread-exit functions, notifications, a pool) has no room left.
    ListFull = 6 << 8 | errno::ENOMEM as u16,
    /// The kernel says that no thread is current: an interrupt handler or early boot.
    NoThread = 7 << 8 | errno::ESRCH as u16,
    /// The thread's slots hold something although the thread is only starting: they were not initialised, or the thread
    /// is attached already, or in its exit.
    NotInitialised = 9 << 8 | errno::EINVAL as u16,
    /// An initialiser, of a `once` control or of a thread's value, or an interrupt handler meanwhile, asked for what it
    /// initialises.
    Recursion = 10 << 8 | errno::EDEADLK as u16,
    /// A required pointer was NULL.
    NullPointer = 11 << 8 | errno::EINVAL as u16,
    /// A typed key's number; it is deleted when the [`TypedKey`](crate::TypedKey), [`OwnedKey`](crate::OwnedKey) or
    /// [`SharedKey`](crate::SharedKey) is dropped.
    TypedKey = 12 << 8 | errno::EINVAL as u16,
    /// The thread is in its exit, and nothing is initialised on it any more.
    Exiting = 13 << 8 | errno::ESRCH as u16,
}

impl Error {
    /// Returns the number that POSIX functions give for this error, as in Linux and newlib
    /// (`EDEADLK` is Linux's; newlib has 45).
    #[must_use]
    pub const fn errno(self) -> i32 {
        self as i32 & 0xff
    }
}

/// The numbers of POSIX errors that calls return.
pub mod errno {
    /// No such thread.
    pub const ESRCH: i32 = 3;
    /// A resource is used up for now.
    pub const EAGAIN: i32 = 11;
    /// No memory.
    pub const ENOMEM: i32 = 12;
    /// An invalid argument.
    pub const EINVAL: i32 = 22;
    /// The call would wait for itself.
    pub const EDEADLK: i32 = 35;
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::InvalidKey => "not a key of this table",
            Self::DeletedKey => "the key was deleted",
            Self::StaticKey => "a static key can't be deleted",
            Self::TableFull => "all keys of the table are in use",
            Self::TableWornOut => "the free indexes of the table have used up their generations",
            Self::ListFull => "the fixed-capacity list is full",
            Self::NoThread => "no thread is current here",
            Self::NotInitialised => "the thread structure was not initialised, or the thread is attached or exiting",
            Self::Recursion => "what is asked for is being initialised by this very thread",
            Self::NullPointer => "a required pointer is NULL",
            Self::TypedKey => "a typed key is deleted by dropping it",
            Self::Exiting => "the thread is in its exit",
        })
    }
}

impl core::error::Error for Error {}
