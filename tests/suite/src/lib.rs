//! The shared suite.
#![no_std]
