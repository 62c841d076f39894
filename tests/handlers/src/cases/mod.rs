//! What is interrupted: a call, from a state.

#[cfg(handlers)]
mod states;

#[cfg(handlers)]
use crate::actions::{self, Action};
#[cfg(handlers)]
use crate::machine::Machine;

/// A call from a state, and what handlers do.
#[cfg(handlers)]
pub(crate) struct Case {
    /// Its name, `routine::state`.
    pub(crate) name: &'static str,
    /// What they do where there are one or two in a run, and where there are three.
    pub(crate) actions: [&'static [Action]; 2],
    /// Makes the state; what is interrupted is returned.
    pub(crate) state: fn() -> (&'static dyn Machine, Routine),
}

/// The interrupted call.
#[cfg(handlers)]
pub(crate) type Routine = fn(&dyn Machine);

/// Declares the cases: routine and state, what up to two handlers in a run do, and what three do.
macro_rules! cases {
    ($($routine:ident::$state:ident($two:ident, $three:ident);)*) => {
        /// The name of every case.
        pub const NAMES: &[&str] = &[$(concat!(stringify!($routine), "::", stringify!($state))),*];

        #[cfg(handlers)]
        pub(crate) const CASES: &[Case] = &[$(Case {
            name: concat!(stringify!($routine), "::", stringify!($state)),
            actions: [actions::$two, actions::$three],
            state: states::$routine::$state,
        }),*];
    };
}

cases! {
    exit::one_value(COMMON, COMMON_FEW);
    exit::two_values(COMMON, COMMON_FEW);
    exit::last_phase_value(COMMON, COMMON_FEW);
    exit::value_of_a_predecessor(COMMON, COMMON_FEW);
    exit::value_without_destructor(COMMON, COMMON_FEW);
    exit::destructor_that_sets(COMMON, COMMON_FEW);
    exit::destructor_that_sets_its_own(COMMON, COMMON_FEW);
    exit::indexes_of_two_words(COMMON, COMMON_FEW);
    exit::functions(DUTIES, DUTIES);
    exit::pointers_used_again(USED_AGAIN, COMMON_FEW);
    exit::static_value(STATIC, STATIC_FEW);
    exit::static_last_phase_value(STATIC, STATIC_FEW);
    exit::shared_values(SHARED, SHARED_FEW);
    exit::shared_static_value(STATIC, STATIC_FEW);
    exit::typed_value(TYPED, TYPED);
    exit::owned_value(TYPED, TYPED);
    exit::static_owned_value(TYPED, TYPED);
    exit::lent_value(LENT, LENT);
    exit::static_lent_value(LENT, LENT);
    exit::inline_value(LENT_INLINE, LENT_INLINE);
    exit::destructor_that_initialises(LENT, LENT_FIRST);
    set::first(COMMON, COMMON);
    set::bound(COMMON, COMMON);
    set::null(COMMON, COMMON);
    set::after_exit(COMMON, COMMON);
    set::after_exit_and_free(USED_AGAIN, USED_AGAIN);
    set::over_a_predecessor(COMMON, COMMON);
    set::last_phase_first(COMMON, COMMON);
    set::indexes_of_two_words(COMMON, COMMON);
    set::shared(SHARED, SHARED);
    set::static_first(STATIC, STATIC);
    set::static_bound(STATIC, STATIC);
    set::static_first_by_number(STATIC, STATIC);
    set::static_after_exit(STATIC, STATIC);
    get::bound(COMMON, COMMON);
    get::never_set(COMMON, COMMON);
    get::value_of_a_predecessor(COMMON, COMMON);
    get::static_bound(STATIC, STATIC);
    take::shared(TAKERS, TAKERS);
    typed::take(TYPED, TYPED);
    typed::replace(TYPED, TYPED);
    typed::replace_first(TYPED, TYPED);
    typed::with(TYPED, TYPED);
    owned::first_use(OWNED_FIRST, OWNED_FIRST);
    owned::with_value(TYPED, TYPED);
    owned::static_replace(TYPED, TYPED);
    owned::static_replace_first(TYPED, TYPED);
    owned::static_take(TYPED, TYPED);
    owned::static_with(TYPED, TYPED);
    lent::first_use(LENT_FIRST, LENT_FIRST);
    lent::first_use_over_a_predecessor(LENT_FIRST, LENT_FIRST);
    lent::unset(LENT, LENT);
    lent::set(LENT, LENT);
    lent::static_unset(LENT, LENT);
    lent::static_set(LENT, LENT);
    lent::inline_unset(LENT_INLINE, LENT_INLINE);
    lent::inline_after_exit(LENT_INLINE, LENT_INLINE);
    keys::delete(KEYS, KEYS);
    keys::create(KEYS, KEYS);
    keys::create_one_of_two(KEYS, KEYS);
    death::in_exit(DEATHS, DEATHS_FEW);
    death::in_exit_with_last_phase(DEATHS, DEATHS_FEW);
    death::in_exit_with_static(STATIC_DEATHS, STATIC_DEATHS_FEW);
    death::in_destructor_that_sets(DEATHS, DEATHS_FEW);
    death::in_set(DEATHS, DEATHS);
    death::in_set_over_a_predecessor(DEATHS, DEATHS);
    death::in_static_set(STATIC_DEATHS, STATIC_DEATHS_FEW);
    death::in_create(DEATHS, DEATHS_FEW);
    death::in_delete(DEATHS, DEATHS_FEW);
    duties::once(DUTIES, DUTIES);
    duties::at_thread_exit(DUTIES, DUTIES);
}

/// What the names of cases have that are about parts which the minimal library has not.
const NOT_MINIMAL: [&str; 9] =
    ["static", "last_phase", "shared", "typed", "owned", "lent", "inline", "initialises", "functions"];

/// The cases of keys, values, exit and reaping alone.
pub fn minimal_names() -> impl Iterator<Item = &'static str> {
    let is_minimal = |name: &&&str| !name.starts_with("duties") && !NOT_MINIMAL.iter().any(|part| name.contains(part));
    NAMES.iter().filter(is_minimal).copied()
}
