//! The axes: plotters' scales as one type, since a panel's form decides which of them it gets.

use std::ops::Range;

use plotters::coord::combinators::{LogCoord, WithKeyPoints};
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{BindKeyPoints, IntoLogRange};

use crate::panel::{Form, Panel};

pub(crate) enum Axis {
    /// The categories' places, 0, 1, 2, …, or 0, -1, -2, … where the first is above all others.
    Categories(WithKeyPoints<RangedCoordf64>),
    FromZero(RangedCoordf64),
    Logarithmic(WithKeyPoints<LogCoord<f64>>),
}

impl Axis {
    pub(crate) fn categories(panel: &Panel) -> Self {
        let count = panel.categories.len();
        let (low, high) = (-0.5, count as f64 - 0.5);
        let (range, sign) = if panel.is_upright() { (low..high, 1.0) } else { (-high..-low, -1.0) };
        Self::Categories(range.with_key_points((0..count).map(|place| sign * place as f64).collect()))
    }

    pub(crate) fn figures(panel: &Panel) -> Self {
        match panel.form {
            Form::Bars | Form::Lines { is_logarithmic: false } => {
                Self::FromZero((0.0..panel.numbers().fold(0.0, f64::max) * 1.05).into())
            }
            Form::Points | Form::Lines { is_logarithmic: true } => Self::logarithmic(panel),
        }
    }

    /// With labels at 1, 2 and 5 of each decade; of many one above the other, at 1 alone.
    fn logarithmic(panel: &Panel) -> Self {
        let numbers = || panel.numbers().filter(|number| *number > 0.0);
        let range = numbers().fold(f64::INFINITY, f64::min) / 1.3..numbers().fold(0.0, f64::max) * 1.3;
        let steps: &[f64] =
            if panel.is_upright() && range.end / range.start > 1000.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let labels = (-6..9).flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)));
        let labels = labels.filter(|label| range.contains(label)).collect();
        Self::Logarithmic(range.log_scale().with_key_points(labels))
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        match self {
            Self::Categories(scale) => scale.map(value, limit),
            Self::FromZero(scale) => scale.map(value, limit),
            // Nothing, as a ratio of almost nothing is rounded, has no place there: it stands at the scale's beginning.
            Self::Logarithmic(scale) => scale.map(&value.max(scale.range().start), limit),
        }
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match self {
            Self::Categories(scale) => scale.key_points(hint),
            Self::FromZero(scale) => scale.key_points(hint),
            Self::Logarithmic(scale) => scale.key_points(hint),
        }
    }

    fn range(&self) -> Range<f64> {
        match self {
            Self::Categories(scale) => scale.range(),
            Self::FromZero(scale) => scale.range(),
            Self::Logarithmic(scale) => scale.range(),
        }
    }
}
