//! What became of each value: it is destroyed once, or taken once.

use core::{cell::RefCell, num::NonZero};

use critical_section::Mutex;

/// How many values there can be at a time.
const PLACES: usize = 32;
/// In a token, the bits of its place.
const PLACE: usize = 0xff;

/// A value: a number that comes once.
pub(crate) type Token = NonZero<usize>;

/// Of values that are under no key of an actor's own.
pub(crate) const NO_KEY: u32 = 0;

/// What became of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Its destructor ran.
    Destroyed,
    /// Whoever stored it, or whoever found it, has it back.
    Taken,
}

/// How many values there were, by what became of them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) made: u32,
    pub(crate) destroyed: u32,
    pub(crate) taken: u32,
}

/// A value that has not ended.
#[derive(Clone, Copy)]
struct Live {
    /// 0 where there is none.
    token: usize,
    /// That of the key under which it is stored.
    key: u32,
}

const NO_VALUE: Live = Live { token: 0, key: NO_KEY };

struct Ledger {
    live: [Live; PLACES],
    serial: usize,
    counts: Counts,
}

static LEDGER: Mutex<RefCell<Ledger>> = Mutex::new(RefCell::new(Ledger {
    live: [NO_VALUE; PLACES],
    serial: 0,
    counts: Counts { made: 0, destroyed: 0, taken: 0 },
}));

fn with<R>(work: impl FnOnce(&mut Ledger) -> R) -> R {
    critical_section::with(|section| work(&mut LEDGER.borrow(section).borrow_mut()))
}

/// A new value, which is to be stored under a key with this number.
pub(crate) fn make(key: u32) -> Token {
    with(|ledger| {
        let place = ledger.live.iter().position(|live| live.token == 0).expect("values are lost");
        ledger.serial += 1;
        ledger.counts.made += 1;
        let token = ledger.serial << PLACE.count_ones() | place;
        ledger.live[place] = Live { token, key };
        Token::new(token).expect("it has a serial number")
    })
}

/// The value ends.
pub(crate) fn end(token: usize, end: End) {
    with(|ledger| {
        let live = ledger.live.get_mut(token & PLACE).filter(|live| live.token == token);
        *live.unwrap_or_else(|| panic!("value {token:#x} has ended before")) = NO_VALUE;
        match end {
            End::Destroyed => ledger.counts.destroyed += 1,
            End::Taken => ledger.counts.taken += 1,
        }
    });
}

/// Whether the value has not ended.
pub(crate) fn is_live(token: Token) -> bool {
    with(|ledger| ledger.live.get(token.get() & PLACE).is_some_and(|live| live.token == token.get()))
}

/// No thread has any value now.
pub(crate) fn settle() {
    with(|ledger| {
        for live in &mut ledger.live {
            assert!(live.token == 0, "value {:#x} of key {:#x} is lost", live.token, live.key);
            *live = NO_VALUE;
        }
    });
}

pub(crate) fn counts() -> Counts {
    with(|ledger| ledger.counts)
}
