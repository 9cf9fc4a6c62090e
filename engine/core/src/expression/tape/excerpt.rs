//! What a tape reads and writes, and a shorter tape of some of its pushes: for those who need a few numbers only.

use super::placing::Placed;
use super::{Source, Tape, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

impl Tape {
    fn range(&self, push: usize) -> Range<usize> {
        let start = if push == 0 { 0 } else { self.ends[push - 1] };
        start..self.ends[push]
    }

    /// The slot that a push writes; None where it only names the slot itself.
    pub fn writes(&self, push: usize) -> Option<u16> {
        self.steps[self.range(push)].iter().find_map(|step| match step.target {
            Target::Slot(slot) => Some(slot),
            Target::Intermediate => None,
        })
    }

    /// The slots that a push reads, also through what other pushes have worked out for it.
    pub fn reads(&self, push: usize) -> BTreeSet<u16> {
        let mut steps = BTreeSet::from_iter(self.range(push));
        let mut slots = BTreeSet::new();
        while let Some(step) = steps.pop_last() {
            for source in self.steps[step].sources {
                match source {
                    Source::Slot { slot, .. } => drop(slots.insert(slot)),
                    Source::Made(earlier) => drop(steps.insert(earlier)),
                    Source::Number(_) => {}
                }
            }
        }
        slots
    }

    /// The program of some pushes alone, in ascending order. What they share with others is worked out for the first of
    /// them that needs it: nothing that it reads is written in between, or it would not be shared.
    pub fn excerpt(&self, pushes: &BTreeSet<usize>) -> Tape {
        let mut open: BTreeSet<usize> = pushes.iter().flat_map(|&push| self.range(push)).collect();
        let mut kept = BTreeSet::new();
        while let Some(step) = open.pop_last() {
            kept.insert(step);
            let made = self.steps[step].sources.iter().filter_map(|source| match *source {
                Source::Made(earlier) => Some(earlier),
                _ => None,
            });
            open.extend(made.filter(|earlier| !kept.contains(earlier)));
        }
        let mut tape = Tape { versions: self.versions.clone(), ..Tape::default() };
        let mut place: BTreeMap<usize, usize> = BTreeMap::new();
        let mut rest = kept.into_iter().peekable();
        for &push in pushes {
            while let Some(old) = rest.next_if(|&step| step < self.ends[push]) {
                let mut step = self.steps[old];
                for source in &mut step.sources {
                    if let Source::Made(earlier) = source {
                        *earlier = place[&*earlier];
                    }
                }
                place.insert(old, tape.steps.len());
                tape.steps.push(step);
            }
            tape.ends.push(tape.steps.len());
        }
        tape.placed = Placed::place(tape.versions.len(), &tape.steps);
        tape
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Bound, Meaning, Names, parse};

    fn bound(text: &str) -> Bound {
        let mut resolve = |name: &str| Some(Meaning::Slot(name[1..].parse().unwrap()));
        parse(text, Names::Plain).unwrap().bind(&mut resolve, &[]).unwrap()
    }

    #[test]
    fn an_excerpt_gives_what_the_whole_gives() {
        let texts = ["s0^2 + s1", "s0^2 * s2", "exp(s0^2) + s3", "s4 + exp(s0^2)"];
        let mut tape = Tape::new(8);
        for (at, text) in texts.iter().enumerate() {
            tape.push(&bound(text), at as u16 + 4);
        }
        assert_eq!(tape.reads(3), BTreeSet::from([0, 4]));
        assert_eq!(tape.writes(2), Some(6));
        let slots: Vec<f64> = (0..8).map(|at| 0.3 + f64::from(at)).collect();
        let run = |tape: &Tape| {
            let mut columns: Vec<[f64; 1]> = slots.iter().map(|&value| [value]).collect();
            columns.resize(tape.columns().max(8), [0.0]);
            tape.run(&mut columns);
            columns
        };
        let whole = run(&tape);
        for pushes in [vec![0, 3], vec![2], vec![1, 2], vec![0, 1, 2, 3]] {
            let part = run(&tape.excerpt(&pushes.iter().copied().collect()));
            for push in pushes {
                assert_eq!(part[push + 4], whole[push + 4], "push {push}");
            }
        }
    }
}
