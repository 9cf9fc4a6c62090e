//! A few of many: every n-th thing of a stream whose length nobody knows, n doubling as it grows. Bounded, and the same
//! things for the same stream.

/// At most so many things, evenly spread.
#[derive(Debug, Clone)]
pub(super) struct Sampled<T> {
    items: Vec<T>,
    most: usize,
    every: u64,
    seen: u64,
}

impl<T> Sampled<T> {
    pub(super) fn new(most: usize) -> Sampled<T> {
        Sampled { items: Vec::new(), most: most.max(2), every: 1, seen: 0 }
    }

    /// Makes the thing only where it is kept.
    pub(super) fn offer(&mut self, make: impl FnOnce() -> T) {
        if self.seen.is_multiple_of(self.every) {
            if self.items.len() == self.most {
                let mut place = 0;
                self.items.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.every *= 2;
            }
            if self.seen.is_multiple_of(self.every) {
                self.items.push(make());
            }
        }
        self.seen += 1;
    }

    pub(super) fn into_items(self) -> Vec<T> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nth_is_kept_and_never_more_than_asked() {
        let mut few = Sampled::new(8);
        for number in 0..1_000_u64 {
            few.offer(|| number);
            assert!(few.items.len() <= 8);
        }
        let every = few.every;
        let kept = few.into_items();
        assert!(
            kept.len() > 4 && kept.iter().enumerate().all(|(place, number)| *number == place as u64 * every),
            "{kept:?}"
        );
    }
}
