//! What a machine file says about its sensors.

use crate::files::leaf::{Formula, Pair};
use crate::files::numbers::{Lapse, Num};
use crate::limits::spec::LimitsSpec;
use crate::spec;

spec! {
    /// A sensor: what its true value follows, and how the measured value differs from it.
    pub struct SensorSpec {
        /// The true value, an expression over drivers, parameters, wear and `running`.
        value: Formula,
        /// The unit.
        unit: Option<String>,
        /// The true value follows its expression with this time constant.
        lag: Option<Lapse>,
        /// Measurement noise.
        noise: Option<NoiseSpec>,
        /// What the calibration makes of the raw value: slope * raw + offset.
        calibration: Option<CalibrationSpec>,
        /// Lowest and highest reading; beyond them the limit is read and the quality is uncertain.
        range: Option<Pair>,
        /// Readings are rounded to multiples of this.
        resolution: Option<Num>,
        /// How often it is sampled: a divisor or a multiple of the tick (default: each tick).
        every: Option<Lapse>,
        /// Alarm limits on the measured value.
        limits: Option<LimitsSpec>,
    }
}

spec! {
    /// Measurement noise.
    pub struct NoiseSpec {
        /// Standard deviation.
        sd: Num,
        /// Correlation time: an AR(1) of the same standard deviation.
        memory: Option<Lapse>,
        /// Degrees of freedom of Student-t tails (above 2); without it the noise is normal.
        tails: Option<Num>,
    }
}

spec! {
    /// Calibration of a sensor.
    pub struct CalibrationSpec {
        /// Factor (default 1).
        slope: Option<Num>,
        /// Added after the factor (default 0).
        offset: Option<Num>,
    }
}
