//! What is being worked on, as a line on stderr. Silent when nobody watches.

use super::sizes::number;
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::time::Duration;

/// The line; it goes when this is dropped.
#[derive(Debug)]
pub struct Tale(ProgressBar);

impl Tale {
    pub fn begin() -> Tale {
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        line.enable_steady_tick(Duration::from_millis(250));
        Tale(line)
    }

    /// So many rows of a table are done.
    pub fn tell(&self, table: &str, rows: u64) {
        self.0.set_message(format!("{table}  {} rows", number(i64::try_from(rows).unwrap_or(i64::MAX))));
    }
}

impl Drop for Tale {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
