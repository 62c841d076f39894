//! Which parts of the library there are: all, but under `--cfg minimal`.
//!
//! That is for the C archive of `tsd install --minimal`, on chips whose flash counts in bytes, and for nothing else: typed
//! keys have no mark there that keeps their handles from deleting them, so they are not sound. A kernel in Rust leaves out what
//! it does not call, and has no use for the cfg. It leaves out what the constants name: what there is, is this code.

#[cfg(all(minimal, any(feature = "alloc", feature = "pool")))]
compile_error!("--cfg minimal is for the C archive, which has no typed keys");

/// Keys that are known when the kernel is linked.
pub(crate) const STATIC_KEYS: bool = cfg!(not(minimal));

/// Keys whose destructors run after all others'.
pub(crate) const LAST_PHASE: bool = cfg!(not(minimal));

/// What listings show: names and typed keys' marks, how many keys there are and were, what exit did.
pub(crate) const LISTINGS: bool = cfg!(not(minimal));

/// Values that other threads take: FlsFree.
pub(crate) const SHARED_SLOTS: bool = cfg!(not(minimal));

/// Whether code that exit reaches from two places is there once, at the price of a call.
pub(crate) const IS_SHORT: bool = cfg!(minimal);
