//! Capacities, from the environment of the build. What changes the layout of a thread is part of the symbols' names.

/// PTHREAD_KEYS_MAX: `TSD_KEYS`.
pub const KEYS: usize = number(option_env!("TSD_KEYS"), tsd::DEFAULT_KEYS as u32) as usize;

/// PTHREAD_DESTRUCTOR_ITERATIONS: `TSD_ROUNDS`.
pub const ROUNDS: u32 = number(option_env!("TSD_ROUNDS"), tsd::DEFAULT_ROUNDS);

/// Room for thread-exit functions in each thread: `TSD_EXIT_FUNCTIONS`.
pub const EXIT_FUNCTIONS: usize = number(option_env!("TSD_EXIT_FUNCTIONS"), 16) as usize;

/// Room for notifications that are registered at run time: `TSD_NOTIFICATIONS`.
pub const NOTIFICATIONS: usize = number(option_env!("TSD_NOTIFICATIONS"), 8) as usize;

/// 1 where the CPU may track indirect branches, so that assembly begins as compiled functions do: `TSD_IBT`.
pub const IBT: u32 = number(option_env!("TSD_IBT"), 0);

/// The decimal number in `text`.
pub(crate) const fn number(text: Option<&str>, default: u32) -> u32 {
    let Some(text) = text else { return default };
    match u32::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("the numbers in the environment of the build are decimal"),
    }
}
