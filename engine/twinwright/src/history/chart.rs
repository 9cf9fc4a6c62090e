//! A line of blocks: how a value went, small enough for a terminal.

use twinwright_io::store::queries::Stretch;
use twinwright_model::Time;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const COLUMNS: usize = 72;

/// Values of a stretch, gathered by column as they come.
#[derive(Debug, Clone)]
pub struct Chart {
    stretch: Stretch,
    columns: Vec<(f64, u64)>,
}

impl Chart {
    pub fn new(stretch: Stretch) -> Chart {
        Chart { stretch, columns: vec![(0.0, 0); COLUMNS] }
    }

    pub fn add(&mut self, time: Time, value: f64) {
        if !value.is_finite() || !self.stretch.contains(time) {
            return;
        }
        // In 128 bits: centuries of nanoseconds times columns.
        let (into, length) = (time.0 as i128 - self.stretch.from.0 as i128, self.length());
        let column = (into * COLUMNS as i128 / length).clamp(0, COLUMNS as i128 - 1) as usize;
        self.columns[column].0 += value;
        self.columns[column].1 += 1;
    }

    fn length(&self) -> i128 {
        (self.stretch.to.0 as i128 - self.stretch.from.0 as i128).max(1)
    }

    /// One block a column, from the lowest mean to the highest, a blank where nothing was said. Empty where there is
    /// nothing to see: fewer than two columns with values.
    pub fn line(&self) -> String {
        let means: Vec<Option<f64>> =
            self.columns.iter().map(|(sum, count)| (*count > 0).then(|| sum / *count as f64)).collect();
        let known = || means.iter().flatten().copied();
        if known().count() < 2 {
            return String::new();
        }
        let (low, high) = known().fold((f64::MAX, f64::MIN), |(low, high), mean| (low.min(mean), high.max(mean)));
        let block = |mean: f64| {
            let part = if high > low { (mean - low) / (high - low) } else { 0.5 };
            BLOCKS[((part * BLOCKS.len() as f64) as usize).min(BLOCKS.len() - 1)]
        };
        means.into_iter().map(|mean| mean.map_or(' ', block)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_climbs_a_gap_is_blank_and_a_constant_stays_in_the_middle() {
        let stretch = Stretch { from: Time(-720), to: Time(720) };
        let mut ramp = Chart::new(stretch);
        (-720..720).filter(|n| !(0..20).contains(n)).for_each(|n| ramp.add(Time(n), n as f64));
        let line: Vec<char> = ramp.line().chars().collect();
        assert_eq!((line.len(), line[0], line[36], line[71]), (72, '▁', ' ', '█'));
        assert!(line.iter().filter(|block| **block != ' ').is_sorted());
        let mut flat = Chart::new(stretch);
        (-720..720).for_each(|n| flat.add(Time(n), 3.5));
        assert_eq!(flat.line(), "▅".repeat(72));
        let mut one = Chart::new(stretch);
        one.add(Time(3), 1.0);
        one.add(Time(900), 1.0);
        one.add(Time(5), f64::INFINITY);
        assert_eq!(one.line(), "");
    }
}
