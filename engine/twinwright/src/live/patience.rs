//! Waiting for a store that is away: longer each time, never in step with others, and never for ever without a word.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// How often trouble that goes on is said again.
const AGAIN: Duration = Duration::from_secs(60);

/// One spell of trouble.
#[derive(Debug)]
pub struct Patience {
    tries: u32,
    said: Option<Instant>,
    since: Instant,
}

impl Patience {
    pub fn new() -> Patience {
        Patience { tries: 0, said: None, since: Instant::now() }
    }

    /// Whether this trouble is worth a line: the first time, and then once a minute.
    pub fn speaks(&mut self) -> bool {
        let due = self.said.is_none_or(|said| said.elapsed() >= AGAIN);
        if due {
            self.said = Some(Instant::now());
        }
        due
    }

    /// How long it has lasted.
    pub fn lasted(&self) -> Duration {
        self.since.elapsed()
    }

    pub fn was_needed(&self) -> bool {
        self.tries > 0
    }

    /// Before the next try: double each time, of which a random half.
    pub async fn wait(&mut self) {
        let whole = FIRST.saturating_mul(1 << self.tries.min(10)).min(LONGEST);
        self.tries += 1;
        let part = RandomState::new().hash_one(self.tries) % 1_000;
        tokio::time::sleep(whole / 2 + whole.mul_f64(part as f64 / 2_000.0)).await;
    }
}
