//! The error numbers of calls, with Linux's values.

/// A call's result: a number, or an error.
pub(super) type Result = core::result::Result<usize, Errno>;

/// An error number of Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Errno(pub(super) u16);

pub(super) const EPERM: Errno = Errno(1);
pub(super) const ESRCH: Errno = Errno(3);
pub(super) const EINTR: Errno = Errno(4);
pub(super) const EBADF: Errno = Errno(9);
pub(super) const EAGAIN: Errno = Errno(11);
pub(super) const ENOMEM: Errno = Errno(12);
pub(super) const EFAULT: Errno = Errno(14);
pub(super) const EINVAL: Errno = Errno(22);
pub(super) const ENOTTY: Errno = Errno(25);
pub(super) const ESPIPE: Errno = Errno(29);
pub(super) const ENOSYS: Errno = Errno(38);
pub(super) const ETIMEDOUT: Errno = Errno(110);
