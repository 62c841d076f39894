//! Thread-specific data for kernels.
#![no_std]
