//! The progress line of long work on a store. Silent when nobody watches.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far some work is.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new() -> Progress {
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(8));
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress(bar)
    }

    /// So much is done, of so much, of something.
    pub fn tell(&self, what: &str, done: u64, of: u64) {
        self.0.set_length(of.max(1));
        self.0.set_position(done.min(of));
        self.0.set_message(what.to_owned());
    }
}

impl Default for Progress {
    fn default() -> Progress {
        Progress::new()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
