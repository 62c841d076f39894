//! Keys, tables and threads in words, as panic dumps print them.

use core::{
    ffi::c_void,
    fmt::{self, Write},
};

use tsd::{KeyOptions, KeyTable, Once, Slots, StaticKey};

use crate::{KeyCell, Log, Platform, exit_of, value};

/// Some text, without a heap.
struct Text {
    bytes: [u8; 600],
    length: usize,
}

impl Text {
    fn of(what: impl fmt::Display) -> Self {
        let mut text = Self { bytes: [0; 600], length: 0 };
        write!(text, "{what}").expect("it has room");
        text
    }

    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).expect("it was written as text")
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

static KEY: KeyCell = KeyCell::new();
static CALLS: Log = Log::new();

unsafe extern "C-unwind" fn nothing(_: *mut c_void) {}

/// How many keys there are, and a line for each with its owner and its destructor; nothing of keys that were deleted.
pub(super) fn full_table_says_who_holds_it<P: Platform>() {
    const ERRNO: StaticKey = StaticKey::new(0, KeyOptions::new().name("errno"));
    let table = KeyTable::<3>::new().with_static_keys(&[ERRNO]);
    let gone = table.create_with(KeyOptions::new().name("gone")).unwrap();
    table.delete(gone).unwrap();
    let log = table.create_with(KeyOptions::new().name("log").destructor(nothing)).unwrap();
    let arena = table.create_with(KeyOptions::new().last_phase()).unwrap();
    assert!(table.create(None).is_err());
    let [errno, log, arena] = [ERRNO.key(), log, arena].map(tsd::Key::raw);
    let destructor = nothing as *const () as usize;
    let wanted = Text::of(format_args!(
        "3 of 3 keys in use, at most 3 at once, 0 indexes retired\n\
         key {errno:#x} \"errno\": index 0, generation 0, ordinary, static, no destructor\n\
         key {log:#x} \"log\": index 1, generation 1, ordinary, run-time, destructor {destructor:#x}\n\
         key {arena:#x} \"\": index 2, generation 0, last phase, run-time, no destructor\n"
    ));
    assert_eq!(Text::of(&table).as_str(), wanted.as_str());

    let table = KeyTable::<1>::new().with_generation(KeyTable::<1>::LAST_GENERATION);
    table.delete(table.create(None).unwrap()).unwrap();
    assert_eq!(Text::of(table.usage()).as_str(), "0 of 1 keys in use, at most 1 at once, 1 index retired");
}

fn state<P: Platform>() -> Text {
    Text::of(P::space().table().thread_state(P::slots(), None))
}

/// In an initialiser, in an exit function, and how many of these there are.
pub(super) fn thread_says_what_it_is_at<P: Platform>() {
    unsafe extern "C-unwind" fn says_so<P: Platform>(_: *mut c_void) {
        assert_eq!(state::<P>().as_str(), "exiting, in an exit function");
        CALLS.add(1);
    }

    CALLS.clear();
    let _ = exit_of::<P>(|| {
        assert_eq!(state::<P>().as_str(), "not exiting");
        let in_initialiser = || assert_eq!(state::<P>().as_str(), "not exiting, in an initialiser");
        P::space().once(&Once::new(), in_initialiser).unwrap();
        // SAFETY: the function takes anything.
        unsafe { P::space().at_thread_exit(says_so::<P>, value(1)) }.unwrap();
    });
    CALLS.expect(&[1]);

    let (table, slots, functions) = (KeyTable::<1>::new(), Slots::<1>::new(), tsd::ExitFunctions::<2>::new());
    let said = || Text::of(table.thread_state(&slots, Some(functions.as_list())));
    assert_eq!(said().as_str(), "not exiting, 0 exit functions");
    // SAFETY: the function takes anything.
    unsafe { functions.as_list().push(nothing, value(1)) }.unwrap();
    assert_eq!(said().as_str(), "not exiting, 1 exit function");
}

/// The key's name, and the round, also when the destructor has deleted its key.
pub(super) fn thread_says_whose_destructor_it_is_in<P: Platform>() {
    unsafe extern "C-unwind" fn says_so<P: Platform>(round: *mut c_void) {
        let key = KEY.get();
        let (round, raw) = (round.addr(), key.raw());
        let wanted = Text::of(format_args!("exiting, in the destructor of key {raw:#x} \"says so\", round {round}"));
        assert_eq!(state::<P>().as_str(), wanted.as_str());
        if round == 1 {
            // SAFETY: this function takes any number.
            unsafe { P::space().set(key, value(2)) }.unwrap();
        } else {
            P::space().delete(key).unwrap();
            let text = format_args!("exiting, in the destructor of key {raw:#x}, which was deleted, round 2");
            assert_eq!(state::<P>().as_str(), Text::of(text).as_str());
        }
        CALLS.add(round);
    }

    CALLS.clear();
    KEY.put(P::space().create_with(KeyOptions::new().name("says so").destructor(says_so::<P>)).unwrap());
    // SAFETY: the destructor takes any number.
    let _ = exit_of::<P>(|| unsafe { P::space().set(KEY.get(), value(1)) }.unwrap());
    CALLS.expect(&[1, 2]);
}
