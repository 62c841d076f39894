//! The list of cases. A case is named by its file and its function.

// Every case has the same shape, also those that need nothing from the platform.
#![allow(clippy::extra_unused_type_parameters)]

use crate::{Needs, Platform};

mod exit;
mod keys;

/// A case's name and needs, the same on every platform.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// File and function: `keys::zero_key`.
    pub name: &'static str,
    /// What the platform must have.
    pub needs: Needs,
}

/// The suite as compiled for one platform.
#[derive(Debug)]
pub struct Suite<P>(core::marker::PhantomData<P>);

macro_rules! cases {
    ($($file:ident { $($case:ident $(($($need:ident)|+))?),+ $(,)? })+) => {
        /// Every case.
        pub const CASES: &[Case] = &[$($(
            Case {
                name: concat!(stringify!($file), "::", stringify!($case)),
                needs: Needs::empty()$($(.union(Needs::$need))+)?,
            },
        )+)+];

        impl<P: Platform> Suite<P> {
            /// The function of each case, in the order of [`CASES`].
            pub const RUN: &'static [fn()] = &[$($($file::$case::<P>,)+)+];
        }
    };
}

cases! {
    keys {
        zero_key,
        wild_keys,
        n_creates_then_full,
    }
    exit {
        value_is_null_in_its_destructor,
        killed_thread_runs_destructors(KILL),
    }
}
