//! What is looked for on a panel, worked out once: limits as planes of sixteen lanes, and for each lane how long a
//! deviation or a standstill must last before it cannot be the sensor's own noise.

use super::{Detector, JUDGES};
use crate::limits::{Level, LimitsPlan};
use crate::sensing::{LANES, PanelPlan, SensorPlan};
use crate::site::{DetectorPlan, ItemPlan, TimePlan};
use twinwright_model::time::SECOND;

/// No quantity in any unit is larger: beyond it a reading is out of range where no range is known. Its square is finite.
const WIDEST: f64 = 1e100;
/// A deviation is over when it is back within this part of what counts as one.
const CALM: f64 = 0.75;
/// So many readings in a row are a deviation at the least: fat-tailed noise gives single ones far out.
const ENOUGH: u16 = 5;
/// So many readings in a row beyond what a sensor can measure, or back.
const ODD: u16 = 3;
/// That noise stays on one value longer than a stuck time happens once in e^18.4 = 1e8 times.
const NEVER_BY_CHANCE: f64 = 18.4;

/// How long a sign must be there, in nanoseconds and in readings: both.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Delay {
    pub span: i64,
    pub readings: u16,
}

/// What is looked for on one panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelWatchPlan {
    /// What lanes are called and measured in.
    pub names: [Option<(String, String)>; LANES],
    pub used: u16,
    /// Beyond these some limit is passed, or the range is left.
    pub inner_low: [f64; LANES],
    pub inner_high: [f64; LANES],
    /// By level: where it is passed, and where it is left again. Infinite where there is none.
    pub limit: [[f64; LANES]; 4],
    pub back: [[f64; LANES]; 4],
    pub range_low: [f64; LANES],
    pub range_high: [f64; LANES],
    /// Standard deviations that are a deviation; infinite where none is looked for.
    pub residual: f64,
    pub residual_calm: f64,
    /// CUSUM: what is forgiven each time (all, where none is looked for), and what is an alarm.
    pub slack: f64,
    pub level: f64,
    /// Twice the memory of a lane's noise, in seconds: readings closer than that say little new.
    pub memory_s: [f64; LANES],
    /// A deviation's standard deviation is never below this: rounding alone makes as much.
    pub least_sd: [f64; LANES],
    /// How far rounding can shift the mean.
    pub bias: [f64; LANES],
    /// A value that stays so long, and over so many readings, is stuck. The greatest numbers where it is not judged.
    pub stuck_for: [i64; LANES],
    pub stuck_readings: [u32; LANES],
    /// Change per second; and the lanes that have a limit on it.
    pub rate: [f64; LANES],
    pub rated: u16,
    /// By detector and lane: how long before it begins, and before it ends.
    pub begin: [[Delay; LANES]; JUDGES],
    pub end: [[Delay; LANES]; JUDGES],
    /// Silence that makes a lane uncertain and bad, in nanoseconds; None: by its usual gap.
    pub uncertain: Option<i64>,
    pub bad: Option<i64>,
}

impl PanelWatchPlan {
    /// A panel on which nothing is looked for but range and silence.
    pub fn quiet(time: &TimePlan) -> PanelWatchPlan {
        let odd = [Delay { span: 0, readings: ODD }; LANES];
        let mut plan = PanelWatchPlan {
            names: Default::default(),
            used: 0,
            inner_low: [-WIDEST; LANES],
            inner_high: [WIDEST; LANES],
            limit: [
                [f64::NEG_INFINITY; LANES],
                [f64::NEG_INFINITY; LANES],
                [f64::INFINITY; LANES],
                [f64::INFINITY; LANES],
            ],
            back: [
                [f64::NEG_INFINITY; LANES],
                [f64::NEG_INFINITY; LANES],
                [f64::INFINITY; LANES],
                [f64::INFINITY; LANES],
            ],
            range_low: [-WIDEST; LANES],
            range_high: [WIDEST; LANES],
            residual: f64::INFINITY,
            residual_calm: f64::INFINITY,
            slack: 1e9,
            level: f64::INFINITY,
            memory_s: [0.0; LANES],
            least_sd: [0.0; LANES],
            bias: [0.0; LANES],
            stuck_for: [i64::MAX; LANES],
            stuck_readings: [u32::MAX; LANES],
            rate: [f64::INFINITY; LANES],
            rated: 0,
            begin: [[Delay::default(); LANES]; JUDGES],
            end: [[Delay::default(); LANES]; JUDGES],
            uncertain: time.uncertain.map(|span| span.0),
            bad: time.bad.map(|span| span.0),
        };
        plan.begin[Detector::OutOfRange as usize] = odd;
        plan.end[Detector::OutOfRange as usize] = odd;
        plan.end[Detector::Stuck as usize] = odd;
        plan
    }

    /// A modelled panel of one machine: what its file says of its sensors, and what the site says beside it.
    pub fn of_panel(
        (number, panel, tick): (u8, &PanelPlan, i64),
        sensors: &[SensorPlan],
        detectors: &DetectorPlan,
        time: &TimePlan,
        machine: &str,
    ) -> PanelWatchPlan {
        let mut plan = PanelWatchPlan::quiet(time);
        let gap = tick as f64 / SECOND as f64 * f64::from(panel.every.max(1)) / f64::from(panel.per_tick.max(1));
        plan.compare_with(detectors);
        for sensor in sensors.iter().filter(|sensor| sensor.panel == number) {
            let lane = usize::from(sensor.lane);
            plan.names[lane] = Some((sensor.name.clone(), sensor.unit.clone()));
            plan.set_range(lane, f64::from(panel.low[lane]), f64::from(panel.high[lane]));
            if let Some(limits) = &sensor.limits {
                plan.set_limits(lane, limits);
            }
            let noise = Noise::of(panel, lane, gap);
            plan.set_noise(lane, &noise, detectors);
            plan.apply(lane, &sensor.name, detectors, machine, Some(&noise));
        }
        plan.close();
        plan
    }

    /// An item that no model knows takes a lane.
    pub fn add_stray(&mut self, lane: usize, item: (&str, &str), detectors: &DetectorPlan, machine: &str) {
        self.names[lane] = Some((item.0.to_owned(), item.1.to_owned()));
        self.apply(lane, item.0, detectors, machine, None);
        self.close();
    }

    /// How far from the expectation is too far.
    fn compare_with(&mut self, detectors: &DetectorPlan) {
        if let Some((deviations, _)) = detectors.residual {
            (self.residual, self.residual_calm) = (deviations, CALM * deviations);
        }
        if let Some((slack, level)) = detectors.cusum {
            (self.slack, self.level) = (slack, level);
        }
    }

    /// What the site says of an item; the later entry and the one that names the machine win.
    fn apply(&mut self, lane: usize, name: &str, detectors: &DetectorPlan, machine: &str, noise: Option<&Noise>) {
        let fits = |item: &&ItemPlan| item.item == name;
        let general = detectors.items.iter().filter(|item| item.machine.is_none()).filter(fits);
        let special = detectors.items.iter().filter(|item| item.machine.as_deref() == Some(machine)).filter(fits);
        for item in general.chain(special) {
            if let Some((low, high)) = item.range {
                self.set_range(lane, low, high);
            }
            if let Some(limits) = &item.limits {
                self.set_limits(lane, limits);
            }
            if let Some(rate) = item.rate {
                self.rate[lane] = rate / 3600.0;
                self.rated |= 1 << lane;
            }
            if let Some(span) = item.stuck {
                // Whoever asks for it knows that the value should move; noise that would not move it in time is waited for.
                let chance = noise.and_then(Noise::standstill).unwrap_or((0, 0));
                self.stuck_for[lane] = span.0.max(chance.0);
                self.stuck_readings[lane] = chance.1.max(u32::from(ENOUGH));
            }
        }
    }

    /// A float of the file is a little off its decimal: what reads as the end of the range is inside.
    fn set_range(&mut self, lane: usize, low: f64, high: f64) {
        let low = if low > -WIDEST { low - 1e-6 * low.abs() } else { -WIDEST };
        let high = if high < WIDEST { high + 1e-6 * high.abs() } else { WIDEST };
        (self.range_low[lane], self.range_high[lane]) = (low, high);
    }

    fn set_limits(&mut self, lane: usize, limits: &LimitsPlan) {
        for level in Level::ALL {
            let sign = if matches!(level, Level::LowLow | Level::Low) { -1.0 } else { 1.0 };
            let (row, at) = (level as usize, limits.at[level as usize].unwrap_or(sign * f64::INFINITY));
            self.limit[row][lane] = at;
            self.back[row][lane] = at - sign * limits.deadband;
            self.begin[row][lane] = Delay { span: limits.on_delay, readings: 0 };
            self.end[row][lane] = Delay { span: limits.off_delay, readings: 0 };
        }
    }

    /// What noise does by itself is no finding.
    fn set_noise(&mut self, lane: usize, noise: &Noise, detectors: &DetectorPlan) {
        self.memory_s[lane] = 2.0 * noise.memory_s;
        self.least_sd[lane] = (noise.step / 12f64.sqrt()).max(1e-12);
        self.bias[lane] = noise.rounding_bias();
        if let Some((_, span)) = detectors.residual {
            // An excursion of noise with memory fades within a few memories, and takes neighbouring readings along.
            let wait = Delay { span: span.0 + (2.0 * noise.memory_s * SECOND as f64) as i64, readings: ENOUGH };
            self.begin[Detector::Residual as usize][lane] = wait;
            self.end[Detector::Residual as usize][lane] = wait;
        }
        if let (Some(span), Some((time, readings))) = (detectors.stuck, noise.standstill())
            && noise.sd > 0.0
        {
            self.stuck_for[lane] = span.0.max(time);
            self.stuck_readings[lane] = readings;
        }
    }

    /// Whether a detector has anything to look for on a lane.
    pub fn looks_for(&self, detector: Detector, lane: usize) -> bool {
        match detector {
            Detector::LowLow | Detector::Low | Detector::High | Detector::HighHigh => {
                self.limit[detector as usize][lane].is_finite()
            }
            Detector::Residual => self.residual.is_finite(),
            Detector::Cusum => self.level.is_finite(),
            Detector::Stuck => self.stuck_for[lane] != i64::MAX,
            Detector::Rate => self.rated >> lane & 1 == 1,
            Detector::OutOfRange | Detector::Missing | Detector::SignalLost => self.names[lane].is_some(),
        }
    }

    /// The one pair of bounds that tells whether a reading is worth a closer look.
    fn close(&mut self) {
        for lane in 0..LANES {
            self.used |= u16::from(self.names[lane].is_some()) << lane;
            self.inner_low[lane] = self.limit[0][lane].max(self.limit[1][lane]).max(self.range_low[lane]);
            self.inner_high[lane] = self.limit[2][lane].min(self.limit[3][lane]).min(self.range_high[lane]);
        }
    }
}

/// What is known of a sensor's noise.
struct Noise {
    sd: f64,
    memory_s: f64,
    /// What readings are rounded to; 0 where they are not.
    step: f64,
    gap_s: f64,
}

impl Noise {
    fn of(panel: &PanelPlan, lane: usize, gap_s: f64) -> Noise {
        let rho = f64::from(panel.rho[lane]);
        let memory_s = if rho > 0.0 && rho < 1.0 { -gap_s / libm::log(rho) } else { 0.0 };
        let rounds = panel.inverse[lane] > 0.0;
        let step = if rounds { f64::from(panel.up[lane]) / f64::from(panel.down[lane]) } else { 0.0 };
        Noise { sd: f64::from(panel.sd[lane] * panel.slope[lane].abs()), memory_s, step, gap_s }
    }

    /// The mean of rounded values is off by at most this: half a step without noise, next to nothing when noise moves a
    /// value over several steps (the first harmonic of the saw tooth; the others are covered by the factor).
    fn rounding_bias(&self) -> f64 {
        if self.step <= 0.0 {
            return 0.0;
        }
        let spread = std::f64::consts::PI * self.sd / self.step;
        0.5 * self.step * libm::exp(-2.0 * spread * spread)
    }

    /// The time in nanoseconds and the readings that noise does not stay on one value for. None: it may stay for ever.
    fn standstill(&self) -> Option<(i64, u32)> {
        if self.sd <= 0.0 {
            return None;
        }
        // Half a step in standard deviations; values without rounding repeat as good as never.
        let half = self.step / (2.0 * self.sd);
        let rho = if self.memory_s > 0.0 { libm::exp(-self.gap_s / self.memory_s) } else { 0.0 };
        let fresh = (1.0 - rho * rho).sqrt();
        let each = if fresh > 0.5 * half || self.memory_s == 0.0 {
            // One reading to the next: the fresh part of the noise alone must stay within the step.
            -libm::log(libm::erf(half / (fresh * std::f64::consts::SQRT_2)).max(1e-300))
        } else {
            // It creeps: the rate at which an Ornstein-Uhlenbeck path leaves a band of that half-width (exact for half = 1).
            let quarter_wave = std::f64::consts::FRAC_PI_2 / half;
            0.7 * (quarter_wave * quarter_wave - 0.5) * self.gap_s / self.memory_s
        };
        let readings = NEVER_BY_CHANCE / each;
        // Longer than a day at this pace, or for ever: nobody would call that stuck.
        if each <= 0.0 || readings * self.gap_s > 86_400.0 {
            return None;
        }
        let readings = libm::ceil(readings).max(f64::from(ENOUGH));
        let time = if self.memory_s > 0.0 { readings * self.gap_s * SECOND as f64 } else { 0.0 };
        Some((time as i64, readings as u32))
    }
}
