//! Ratios instead of times, for criterion.

use criterion::Throughput;
use criterion::measurement::{Measurement, ValueFormatter};

/// A measurement that is made by `iter_custom` only: how long one implementation takes, compared with another that was
/// measured in the same moment.
pub(crate) struct Ratio;

impl Measurement for Ratio {
    type Intermediate = ();
    type Value = f64;

    fn start(&self) {
        unreachable!("ratios are measured by iter_custom");
    }

    fn end(&self, (): ()) -> f64 {
        unreachable!("ratios are measured by iter_custom");
    }

    fn add(&self, a: &f64, b: &f64) -> f64 {
        a + b
    }

    fn zero(&self) -> f64 {
        0.0
    }

    fn to_f64(&self, value: &f64) -> f64 {
        *value
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        self
    }
}

impl ValueFormatter for Ratio {
    fn scale_values(&self, _typical: f64, _values: &mut [f64]) -> &'static str {
        "x"
    }

    fn scale_throughputs(&self, _typical: f64, _throughput: &Throughput, _values: &mut [f64]) -> &'static str {
        "x"
    }

    fn scale_for_machines(&self, _values: &mut [f64]) -> &'static str {
        "x"
    }
}
