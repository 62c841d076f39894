//! The list of a kernel's static keys with types.

/// Declares a key space together with its typed static keys, which it numbers in the order of the list: 0, 1, 2, …
///
/// A static key is there before anything runs and can't be deleted, so its value is one load away from the thread's
/// slots: no key to create, no tag to compare. It takes one of the table's keys, whether it is used or not.
///
/// The first line is the key space, as it would stand without the list: with `KeySpace::new(PORT)` or
/// `KeySpace::with_table(PORT, TABLE)`, whose table has no static keys yet. Each further line is an
/// [`OwnedKey`](crate::OwnedKey) or a [`SharedKey`](crate::SharedKey) without its location. `= for_threads` makes a
/// `SharedKey` for values that are not `Sync` (see [`ThreadsOnly`](crate::ThreadsOnly)); `, last_phase` puts a key in
/// the last phase of exit. Types are written without a path. A key under a `#[cfg]` that does not hold keeps its number.
/// A list of more than a hundred keys wants a `#![recursion_limit = "512"]` of its crate.
///
/// # Safety
///
/// The word `unsafe` in the first line is that of [`KeySpace::new`](crate::KeySpace::new), whose duty it stands for. The
/// lint `unsafe_code` does not see it there.
///
/// # Examples
///
/// ```
/// # use tsd::{Port, Slots};
/// # struct Kernel;
/// # static SLOTS: Slots<8> = Slots::new();
/// # // SAFETY: there is one thread.
/// # unsafe impl Port for Kernel {
/// #     type Slots = Slots<8>;
/// #     unsafe fn current(&self) -> Option<&Slots<8>> { Some(&SLOTS) }
/// # }
/// use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
///
/// tsd::static_keys! {
///     // SAFETY: the only key space of these threads.
///     static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };
///
///     /// Why the thread's last call failed.
///     pub static LAST_ERROR: OwnedKey<u16>;
///     static CALLS: SharedKey<&'static mut AtomicU32>, last_phase;
/// }
///
/// LAST_ERROR.replace(2)?;
/// assert_eq!(LAST_ERROR.get(), Some(2));
/// CALLS.with_or_init(|| Box::leak(Box::default()), |calls| calls.fetch_add(1, Relaxed))?;
/// assert_eq!(KEYS.table().keys().map(|key| key.name).collect::<Vec<_>>(), ["LAST_ERROR", "CALLS"]);
/// # Ok::<(), tsd::Error>(())
/// ```
///
/// A list with more keys than the table has room for is refused at compile time:
///
/// ```compile_fail,E0080
/// # use tsd::{Port, Slots};
/// # struct Kernel;
/// # static SLOTS: Slots<1> = Slots::new();
/// # unsafe impl Port for Kernel {
/// #     type Slots = Slots<1>;
/// #     unsafe fn current(&self) -> Option<&Slots<1>> { Some(&SLOTS) }
/// # }
/// tsd::static_keys! {
///     static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };
///     static FIRST: OwnedKey<u16>;
///     static SECOND: OwnedKey<u16>;
/// }
/// ```
/// Nor is there a way around the word `unsafe`, by which code that may not use it would declare a second key space:
///
/// ```compile_fail,E0133
/// # use tsd::{Port, Slots};
/// # struct Kernel;
/// # static SLOTS: Slots<8> = Slots::new();
/// # unsafe impl Port for Kernel {
/// #     type Slots = Slots<8>;
/// #     unsafe fn current(&self) -> Option<&Slots<8>> { Some(&SLOTS) }
/// # }
/// tsd::static_keys! {
///     static KEYS: KeySpace<Kernel> = const { KeySpace::new(Kernel) };
/// }
/// ```
#[macro_export]
macro_rules! static_keys {
    (
        $(#[$attribute:meta])*
        $visibility:vis static $space:ident: KeySpace<$port:ty> = $unsafe:tt { KeySpace::new($value:expr) };
        $($keys:tt)*
    ) => {
        $crate::static_keys! {
            $(#[$attribute])*
            $visibility static $space: KeySpace<$port> =
                $unsafe { KeySpace::with_table($value, $crate::KeyTable::new()) };
            $($keys)*
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis static $space:ident: KeySpace<$port:ty> =
            $unsafe:tt { KeySpace::with_table($value:expr, $table:expr) };
        $($keys:tt)*
    ) => {
        $crate::static_keys! {
            @ [$(#[$attribute])* $visibility static $space: $port = $unsafe, $value, $table] (0) [] $($keys)*
        }
    };
    // A key: declared, and its options added to the list.
    (
        @ [$($head:tt)*] ($number:expr) [$($list:tt)*]
        $(#[$attribute:meta])*
        $visibility:vis static $name:ident: $kind:ident<$owner:ty> $(= $how:ident)? $(, $option:ident)*;
        $($keys:tt)*
    ) => {
        $crate::static_keys! {
            @key [$($head)*] ($number) [$(#[$attribute])* $visibility] $name, $kind, $owner, ($($how)?), ($($option)*)
        }
        $crate::static_keys! {
            @ [$($head)*] ($number + 1)
            [$($list)* { $name, $kind, $owner, ($number), ($($option)*) }]
            $($keys)*
        }
    };
    // The end of the list: the key space.
    (
        @ [$(#[$attribute:meta])* $visibility:vis static $space:ident: $port:ty = $unsafe:tt, $value:expr, $table:expr]
        ($count:expr)
        [$({ $name:ident, $kind:ident, $owner:ty, ($number:expr), ($($option:ident)*) })*]
    ) => {
        $(#[$attribute])*
        $visibility static $space: $crate::KeySpace<$port> = {
            // A name that nothing in `$value` and `$table` means.
            const __TSD_STATIC_KEYS: [$crate::StaticKey; $count] = [$(
                $crate::static_keys!(@options $name, $kind, $owner, $port, ($number), ($($option)*))
            ),*];
            // With the word `unsafe` of whoever wrote the list.
            $unsafe {
                $crate::KeySpace::with_table($value, $crate::KeyTable::with_static_keys($table, &__TSD_STATIC_KEYS))
            }
        };
    };
    (
        @key
        [
            $(#[$space_attribute:meta])* $space_visibility:vis static $space:ident: $port:ty =
                $unsafe:tt, $value:expr, $table:expr
        ]
        ($number:expr) [$(#[$attribute:meta])* $visibility:vis] $name:ident, $kind:ident, $owner:ty, $how:tt, $option:tt
    ) => {
        $(#[$attribute])*
        $visibility static $name: $crate::$kind<$owner, $crate::Static<$port, { $number }>> = {
            // The list gives the key this number in the table of this space, and no other key the same.
            $unsafe {
                $crate::static_keys!(@make $kind $how (
                    &$space,
                    $crate::static_keys!(@options $name, $kind, $owner, $port, ($number), $option)
                ))
            }
        };
    };
    (@options $name:ident, $kind:ident, $owner:ty, $port:ty, ($number:expr), ($($option:ident)*)) => {
        $crate::StaticKey::new(
            $number,
            <$crate::$kind<$owner, $crate::Static<$port, { $number }>>>::options()
                .name(stringify!($name))$(.$option())*,
        )
    };
    (@make $kind:ident () ($($argument:expr),*)) => { $crate::$kind::in_table($($argument),*) };
    (@make $kind:ident (for_threads) ($($argument:expr),*)) => { $crate::$kind::in_table_for_threads($($argument),*) };
}
