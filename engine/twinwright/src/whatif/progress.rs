//! The progress line of a study: futures done of those asked for. Silent when nobody watches.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// Shows how far a study is.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    begun: Instant,
}

impl Progress {
    /// `futures` of all runs together.
    pub fn new(futures: u64, quiet: bool) -> Progress {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(8) };
        let bar = ProgressBar::with_draw_target(Some(futures), target);
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {human_pos} futures  {per_sec}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress { bar, begun: Instant::now() }
    }

    pub fn show(&self, futures: u64) {
        self.bar.set_position(futures);
    }

    /// Seconds that it took.
    pub fn finish(self) -> f64 {
        self.bar.finish_and_clear();
        self.begun.elapsed().as_secs_f64()
    }
}
