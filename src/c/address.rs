//! Addresses of data that other members of the archive, or its assembly, define.
//!
//! A compiler that makes code for any address takes such an address from the global offset table, since it can't know
//! whether a shared library defines the symbol. Kernels have no such table, or assert that it is empty. So on x86_64,
//! where the compiler can't be told on stable, the instruction that needs no table is written out. Elsewhere targets
//! for bare metal use none.
//!
//! The symbols are hidden, so that a shared library can be linked with the archive, too.

/// The address of a static.
#[cfg(target_arch = "x86_64")]
macro_rules! address_of {
    ($symbol:path) => {{
        let address;
        // SAFETY: computes an address. `pure`, `nomem`: it is always the same. `nostack`, `preserves_flags`: `lea`
        // changes one register.
        unsafe {
            core::arch::asm!(
                ".hidden {symbol}",
                "lea {address}, [rip + {symbol}]",
                address = out(reg) address,
                symbol = sym $symbol,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        address
    }};
}

/// The address of a static.
#[cfg(not(target_arch = "x86_64"))]
macro_rules! address_of {
    ($symbol:path) => {
        &raw const $symbol
    };
}

pub(crate) use address_of;
