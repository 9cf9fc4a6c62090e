//! How far the latest stretch is from the most similar one heard lately.
//!
//! Distances to all 2,047 earlier stretches are carried along: one value in, one out, so a row costs the same for short
//! and long stretches. Sums drift by rounding, so that one of them is made anew at every row.

use serde::{Deserialize, Serialize};

/// Stretches that are remembered, plus one.
const REACH: usize = 2048;
/// One pair of values never counts for more than this.
const MOST: f32 = 3.0;
const LANES: usize = 8;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Nearest {
    stretch: usize,
    /// The latest values, the newest last.
    values: Vec<f32>,
    /// Squared distances to the stretch that ended some rows ago; the last is that of one row ago.
    distances: Vec<f32>,
    renewed: usize,
}

impl Nearest {
    pub fn new(stretch: usize) -> Self {
        Nearest { stretch: stretch.clamp(2, REACH / 4), values: Vec::new(), distances: Vec::new(), renewed: 0 }
    }

    pub fn hear(&mut self, value: f32) -> Option<f64> {
        let kept = REACH + self.stretch;
        if self.values.len() >= 2 * kept {
            self.values.drain(..kept);
        }
        self.values.push(value);
        let newest = self.values.len() - 1;
        // The stretch that is compared must be whole, and the one a row before it too.
        let reach = (REACH - 1).min(newest.saturating_sub(self.stretch));
        if reach == 0 {
            return None;
        }
        self.carry(newest, reach);
        let near = reach.saturating_sub(self.stretch - 1);
        if reach < 2 * self.stretch { None } else { Some(f64::from(least(&self.distances[..near]).sqrt())) }
    }

    /// Moves every distance on by a row.
    fn carry(&mut self, newest: usize, reach: usize) {
        let left = newest - self.stretch;
        let (comes, goes) = (self.values[newest], self.values[left]);
        let known = self.distances.len();
        let from = newest - known;
        let others = &self.values[from..newest];
        let before = &self.values[from - self.stretch..];
        for ((distance, other), gone) in self.distances.iter_mut().zip(others).zip(before) {
            let moved = *distance + pair(comes, *other) - pair(goes, *gone);
            *distance = if moved > 0.0 { moved } else { 0.0 };
        }
        if known < reach {
            let far = self.anew(newest, known + 1);
            self.distances.insert(0, far);
        }
        self.renewed = (self.renewed + 1) % self.distances.len();
        let at = self.distances.len() - 1 - self.renewed;
        self.distances[at] = self.anew(newest, self.renewed + 1);
    }

    /// The squared distance between the newest stretch and the one that ended `rows` before.
    fn anew(&self, newest: usize, rows: usize) -> f32 {
        let stretch = |end: usize| &self.values[end + 1 - self.stretch..=end];
        stretch(newest).iter().zip(stretch(newest - rows)).map(|(a, b)| pair(*a, *b)).sum()
    }
}

fn pair(a: f32, b: f32) -> f32 {
    let square = (a - b) * (a - b);
    if square < MOST { square } else { MOST }
}

/// The least of all, in lanes: a plain minimum waits for the one before.
fn least(distances: &[f32]) -> f32 {
    let mut lanes = [f32::INFINITY; LANES];
    let chunks = distances.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, distance) in lanes.iter_mut().zip(chunk) {
            *lane = if *distance < *lane { *distance } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(f32::INFINITY, |least, distance| if *distance < least { *distance } else { least })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carried_distances_are_those_that_all_pairs_give() {
        let mut luck = 7u64;
        let mut nearest = Nearest::new(5);
        let mut all: Vec<f32> = Vec::new();
        for row in 0..9000 {
            luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = ((luck >> 40) as f32 / 16_777_216.0 - 0.5) * 6.0;
            all.push(value);
            let said = nearest.hear(value);
            // Every pair is slow: a few rows at the beginning, and a few after old values were let go.
            if !(15..40).contains(&row) && (row < 40 || row % 1777 != 0) {
                continue;
            }
            let stretch = |end: usize| &all[end - 4..=end];
            let distance = |end: usize| stretch(row).iter().zip(stretch(end)).map(|(a, b)| pair(*a, *b)).sum::<f32>();
            let first = 5.max(row.saturating_sub(REACH - 1));
            let least = (first..=row - 5).map(distance).fold(f32::INFINITY, f32::min);
            let said = said.expect("enough was heard");
            assert!((said * said - f64::from(least)).abs() < 1e-2, "row {row}: {said}^2 instead of {least}");
        }
    }
}
