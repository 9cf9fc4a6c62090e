//! Sensors of a kind: panels, lanes and their coefficients.

use super::Maker;
use crate::expression::linear;
use crate::files::leaf::At;
use crate::files::numbers::{Lapse, Num};
use crate::files::sources::Fault;
use crate::limits::LimitsPlan;
use crate::limits::spec::LimitsSpec;
use crate::sensing::spec::{NoiseSpec, SensorSpec};
use crate::sensing::{LANES, PanelPlan, SensorPlan};

/// A sensor may be sampled at most so often in a tick.
const MOST_PER_TICK: i64 = 10_000;

impl Maker<'_> {
    pub(super) fn make_sensors(&mut self) {
        let spec = self.spec;
        for (name, sensor) in spec.sensors.iter() {
            self.make_sensor(name, sensor);
        }
    }

    fn make_sensor(&mut self, name: &At<String>, sensor: &SensorSpec) {
        let (every, per_tick) = self.sampling(&name.value, &sensor.every);
        let panel = self.panel_for(every, per_tick);
        let lane = self.model.panels[panel].used;
        self.model.panels[panel].used += 1;
        let value = self.bind(&sensor.value, false);
        let split = linear::split(&value);
        self.model.panels[panel].base[lane] = split.base;
        for (slot, gain) in split.gains {
            self.model.panels[panel].add_gain(slot, lane, gain);
        }
        for (term, gain) in split.derived {
            let slot = self.derived_slot(term);
            self.model.panels[panel].add_gain(slot, lane, gain);
        }
        self.set_lag(&name.value, sensor, panel, lane);
        if let Some(noise) = &sensor.noise {
            self.set_noise(&name.value, noise, panel, lane);
        }
        self.set_scale(&name.value, sensor, panel, lane);
        let limits = sensor.limits.as_ref().map(|limits| self.make_limits(&name.value, limits));
        if let Some(limits) = &limits {
            let plan = &mut self.model.panels[panel];
            let highest =
                |a: Option<f64>, b: Option<f64>| [a, b].into_iter().flatten().fold(f64::NEG_INFINITY, f64::max);
            let lowest = |a: Option<f64>, b: Option<f64>| [a, b].into_iter().flatten().fold(f64::INFINITY, f64::min);
            plan.alarm_low[lane] = at_least(highest(limits.at[0], limits.at[1]));
            plan.alarm_high[lane] = at_most(lowest(limits.at[2], limits.at[3]));
        }
        self.model.sensors.push(SensorPlan {
            name: name.value.clone(),
            unit: sensor.unit.clone().unwrap_or_default(),
            panel: panel as u8,
            lane: lane as u8,
            limits,
            value,
        });
    }

    /// A panel of this sampling with a free lane.
    fn panel_for(&mut self, every: u32, per_tick: u32) -> usize {
        let free = |panel: &PanelPlan| panel.every == every && panel.per_tick == per_tick && panel.used < LANES;
        self.model.panels.iter().position(free).unwrap_or_else(|| {
            if self.model.panels.len() >= super::MOST_PANELS {
                self.too_many(format!("at most {} panels: 16 sensors of one `every` share one", super::MOST_PANELS));
                self.model.panels.clear();
            }
            self.model.panels.push(PanelPlan::empty(every, per_tick));
            self.model.panels.len() - 1
        })
    }

    fn sampling(&mut self, name: &str, every: &Option<Lapse>) -> (u32, u32) {
        let Some(lapse) = every else { return (1, 1) };
        let nanos = self.fix_lapse(lapse, &format!("sensors.{name}.every")) as i64;
        let tick = self.frame.tick.0.max(1);
        if nanos >= tick && nanos % tick == 0 && nanos / tick <= i64::from(u32::MAX) {
            return ((nanos / tick) as u32, 1);
        }
        if nanos > 0 && tick % nanos == 0 && tick / nanos <= MOST_PER_TICK {
            return (1, (tick / nanos) as u32);
        }
        let fault = Fault::new(&lapse.span, "every", format!("`every` does not fit the tick of {}", self.frame.tick));
        self.faults.add(fault.expected(format!("a multiple of the tick, or the tick divided by 1 to {MOST_PER_TICK}")));
        (1, 1)
    }

    fn set_lag(&mut self, name: &str, sensor: &SensorSpec, panel: usize, lane: usize) {
        let Some(lapse) = &sensor.lag else { return };
        let tau = self.fix_lapse(lapse, &format!("sensors.{name}.lag"));
        self.require(tau >= 0.0, &lapse.span, "the lag", "a time of 0 or more");
        if tau > 0.0 {
            let step = self.frame.tick.0 as f64 / f64::from(self.model.panels[panel].per_tick);
            self.model.panels[panel].alpha[lane] = -libm::expm1(-step / tau);
        }
    }

    fn set_noise(&mut self, name: &str, noise: &NoiseSpec, panel: usize, lane: usize) {
        let sd = self.fix(&noise.sd, &format!("sensors.{name}.noise.sd"));
        self.require(sd >= 0.0, &noise.sd.span, "the sd", "0 or more");
        let (every, per_tick) = (self.model.panels[panel].every, self.model.panels[panel].per_tick);
        let step = self.frame.tick.0 as f64 * f64::from(every) / f64::from(per_tick);
        let (mut rho, mut fresh) = (0.0, sd);
        if let Some(lapse) = &noise.memory {
            let memory = self.fix_lapse(lapse, &format!("sensors.{name}.noise.memory"));
            self.require(memory >= 0.0, &lapse.span, "the memory", "a time of 0 or more");
            if memory > 0.0 {
                rho = libm::exp(-step / memory);
                fresh = sd * (-libm::expm1(-2.0 * step / memory)).sqrt();
            }
        }
        let tails = noise.tails.as_ref().map_or(0.0, |num| {
            let nu = self.fix(num, &format!("sensors.{name}.noise.tails"));
            self.require(nu > 2.0, &num.span, "the number of degrees of freedom", "above 2, for the sd to exist");
            if nu > 2.0 { nu } else { 0.0 }
        });
        let plan = &mut self.model.panels[panel];
        plan.sd[lane] = sd as f32;
        plan.rho[lane] = rho as f32;
        plan.fresh[lane] = fresh as f32;
        plan.tails[lane] = tails;
        plan.has_tails |= tails > 0.0;
    }

    fn set_scale(&mut self, name: &str, sensor: &SensorSpec, panel: usize, lane: usize) {
        if let Some(calibration) = &sensor.calibration {
            let mut part = |num: &Option<Num>, key: &str, default: f64| {
                num.as_ref().map_or(default, |num| self.fix(num, &format!("sensors.{name}.calibration.{key}")))
            };
            let (slope, offset) = (part(&calibration.slope, "slope", 1.0), part(&calibration.offset, "offset", 0.0));
            self.model.panels[panel].slope[lane] = slope as f32;
            self.model.panels[panel].offset[lane] = offset as f32;
        }
        if let Some(resolution) = &sensor.resolution {
            let step = self.fix(resolution, &format!("sensors.{name}.resolution"));
            self.require(step > 0.0 && step.is_finite(), &resolution.span, "the resolution", "above 0");
            if step > 0.0 {
                self.model.panels[panel].set_resolution(lane, step);
            }
        }
        if let Some(range) = &sensor.range {
            let low = self.fix(&range.0, &format!("sensors.{name}.range.low"));
            let high = self.fix(&range.1, &format!("sensors.{name}.range.high"));
            self.require(low < high, &range.2, "the range", "[lowest, highest], the lowest first");
            self.model.panels[panel].low[lane] = low as f32;
            self.model.panels[panel].high[lane] = high as f32;
        }
    }

    fn make_limits(&mut self, name: &str, limits: &LimitsSpec) -> LimitsPlan {
        let path = format!("sensors.{name}.limits");
        let given = [&limits.low_low, &limits.low, &limits.high, &limits.high_high];
        let keys = ["low_low", "low", "high", "high_high"];
        let mut at = [None; 4];
        let mut before: Option<(f64, &str)> = None;
        for (index, num) in given.into_iter().enumerate() {
            let Some(num) = num else { continue };
            let value = self.fix(num, &format!("{path}.{}", keys[index]));
            if let Some((lower, key)) = before {
                self.require(lower <= value, &num.span, &format!("`{}`", keys[index]), &format!("not below `{key}`"));
            }
            before = Some((value, keys[index]));
            at[index] = Some(value);
        }
        if before.is_none() && !self.faults.blames_inside(&limits.span) {
            let fault = Fault::new(&limits.span, "limits", "these limits limit nothing");
            self.faults.add(fault.expected("`low_low`, `low`, `high` or `high_high`"));
        }
        let deadband = limits.deadband.as_ref().map_or(0.0, |num| {
            let value = self.fix(num, &format!("{path}.deadband"));
            self.require(value >= 0.0, &num.span, "the deadband", "0 or more");
            value
        });
        let mut delay = |lapse: &Option<Lapse>, key: &str| {
            lapse.as_ref().map_or(0, |lapse| {
                let nanos = self.fix_lapse(lapse, &format!("{path}.{key}"));
                self.require(nanos >= 0.0, &lapse.span, "the delay", "a time of 0 or more");
                nanos as i64
            })
        };
        let (on_delay, off_delay) = (delay(&limits.on_delay, "on_delay"), delay(&limits.off_delay, "off_delay"));
        LimitsPlan { at, deadband, on_delay, off_delay }
    }
}

/// The smallest f32 that is not below a limit: a reading is below the limit exactly when it is below this.
fn at_least(limit: f64) -> f32 {
    let near = limit as f32;
    if f64::from(near) < limit { near.next_up() } else { near }
}

/// The largest f32 that is not above a limit.
fn at_most(limit: f64) -> f32 {
    let near = limit as f32;
    if f64::from(near) > limit { near.next_down() } else { near }
}
