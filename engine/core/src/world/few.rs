//! A set in order that mostly holds a few: a line of them in place, and a tree where they are many.
//!
//! What waits for hands, what is due and whose mode may change is a handful in most plants; a tree's nodes would be made
//! and dropped with each of them. Both forms answer alike.

use smallvec::SmallVec;
use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

/// As many lie in place.
const FEW: usize = 16;

/// An ordered set.
#[derive(Debug, Clone)]
pub struct Few<T: Ord + Copy> {
    /// The last one first, so that the first is taken from the end. Empty when `many` is not.
    few: SmallVec<[T; FEW]>,
    many: BTreeSet<T>,
}

impl<T: Ord + Copy> Default for Few<T> {
    fn default() -> Few<T> {
        Few { few: SmallVec::new(), many: BTreeSet::new() }
    }
}

impl<T: Ord + Copy> Few<T> {
    pub fn insert(&mut self, item: T) {
        if !self.many.is_empty() {
            self.many.insert(item);
            return;
        }
        let place = self.few.partition_point(|other| *other > item);
        if self.few.get(place) == Some(&item) {
            return;
        }
        if self.few.len() < FEW {
            self.few.insert(place, item);
        } else {
            self.many.extend(self.few.drain(..));
            self.many.insert(item);
        }
    }

    pub fn extend(&mut self, items: impl IntoIterator<Item = T>) {
        items.into_iter().for_each(|item| self.insert(item));
    }

    pub fn first(&self) -> Option<T> {
        self.few.last().or_else(|| self.many.first()).copied()
    }

    /// The first one after this.
    pub fn after(&self, item: T) -> Option<T> {
        if self.many.is_empty() {
            let place = self.few.partition_point(|other| *other > item);
            place.checked_sub(1).map(|place| self.few[place])
        } else {
            self.many.range((Excluded(item), Unbounded)).next().copied()
        }
    }

    pub fn pop_first(&mut self) -> Option<T> {
        self.few.pop().or_else(|| self.many.pop_first())
    }

    pub fn remove(&mut self, item: T) {
        self.few.retain(|other| *other != item);
        self.many.remove(&item);
    }

    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.few.retain(|item| keep(item));
        self.many.retain(keep);
    }

    pub fn clear(&mut self) {
        self.few.clear();
        self.many.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.few.is_empty() && self.many.is_empty()
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.few.iter().rev().chain(&self.many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::{Dice, Purpose};

    #[test]
    fn it_answers_as_a_tree_does_however_many_there_are() {
        let mut luck = Dice::of(7, 0, "set").stream(Purpose::named("few"), 0);
        let (mut ours, mut tree) = (Few::default(), BTreeSet::new());
        for round in 0..20_000 {
            let item = luck.choice(40) as u32;
            // Phases of growing and of shrinking, so that it changes its form many times.
            match luck.choice(if round / 500 % 2 == 0 { 3 } else { 6 }) {
                0 | 1 => {
                    ours.insert(item);
                    tree.insert(item);
                }
                2 => {
                    ours.remove(item);
                    tree.remove(&item);
                }
                3 => assert_eq!(ours.pop_first(), tree.pop_first()),
                4 => {
                    ours.retain(|other| other % 5 != item % 5);
                    tree.retain(|other| other % 5 != item % 5);
                }
                _ => assert_eq!(ours.after(item), tree.range(item + 1..).next().copied()),
            }
            assert_eq!((ours.first(), ours.is_empty()), (tree.first().copied(), tree.is_empty()));
            assert!(ours.iter().eq(&tree));
        }
    }
}
