//! The progress line of a run: simulated time, speed, time left. Silent when nobody watches.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};
use twinwright_core::Plan;
use twinwright_model::Span;

/// How fast a run was.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Speed {
    pub wall_seconds: f64,
    /// Simulated seconds per second, all machines together counted once.
    pub times_real: f64,
    pub readings_per_second: f64,
}

/// Shows how far a run is.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    begun: Instant,
    tick: Span,
    sensors_per_tick: u64,
    ticks: u64,
    start: twinwright_model::Time,
}

impl Progress {
    pub fn new(plan: &Plan, quiet: bool) -> Progress {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(8) };
        let bar = ProgressBar::with_draw_target(Some(u64::from(plan.ticks)), target);
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(250));
        let sensors = plan.machines.iter().map(|machine| plan.models[machine.model as usize].sensors.len() as u64);
        let sensors_per_tick = sensors.sum::<u64>() * u64::from(plan.futures);
        Progress { bar, begun: Instant::now(), tick: plan.tick, sensors_per_tick, ticks: 0, start: plan.start }
    }

    /// `ticks` are done; `note` says what else a person should know.
    pub fn advance(&mut self, ticks: u64, note: &str) {
        self.ticks = ticks;
        let speed = self.speed();
        let now = self.start + Span(self.tick.0.saturating_mul(ticks as i64));
        self.bar.set_position(ticks);
        self.bar.set_message(format!(
            "{}  {}x real time  {} readings/s  {note}",
            &now.to_string()[..16],
            grouped(speed.times_real),
            grouped(speed.readings_per_second)
        ));
    }

    fn speed(&self) -> Speed {
        let wall_seconds = self.begun.elapsed().as_secs_f64().max(1e-9);
        let simulated = self.tick.seconds() * self.ticks as f64;
        Speed {
            wall_seconds,
            times_real: simulated / wall_seconds,
            readings_per_second: self.sensors_per_tick as f64 * self.ticks as f64 / wall_seconds,
        }
    }

    pub fn finish(self) -> Speed {
        self.bar.finish_and_clear();
        self.speed()
    }
}

/// A number with its thousands apart: `12 345`.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    if number < -0.5 { format!("-{text}") } else { text }
}
