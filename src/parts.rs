//! Which parts of the library there are: all, but under `--cfg minimal`.
//!
//! That is for the C archive of `tsd install --minimal`, on chips whose flash counts in bytes. It leaves out what the
//! constants name and nothing else: what there is, is this code. No Rust API depends on it, so a kernel in Rust leaves
//! out what it does not call, and has no use for the cfg.

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
