//! One quiet stretch of a machine: its numbers while nothing happens, and what it used and made meanwhile.

use super::steady::Steady;
use crate::drivers::Source;
use crate::economy::Meters;
use crate::plan::{Model, Plan, slot};
use crate::wear::WearState;
use crate::world::patches::{Patch, What};
use crate::world::{Machine, Slots, Wears};

/// Power, pieces and bad pieces of an hour.
type Rates = [f64; 3];

/// Where a sum over ticks may be taken along a parabola through three of them: the middle lies this near to the
/// straight line between the ends. What is left out is smaller still.
const NEARLY_STRAIGHT: f64 = 1e-6;

/// The longest part of a life that is summed in one go.
const LONGEST: f64 = 1.0 / 64.0;

/// A model with what must be worked out of it.
#[derive(Debug, Clone, Copy)]
pub struct Kind<'a> {
    pub plan: &'a Plan,
    pub model: &'a Model,
    pub steady: &'a Steady,
}

impl Kind<'_> {
    /// Works out drivers, stress and rates at a tick. Wears and `running` stand in their slots.
    pub fn drive(&self, tick: u32, slots: &mut Slots, patches: &[Patch]) {
        let steady = self.steady;
        if steady.is_constant() {
            return;
        }
        // Behind the slots the tape needs room for what it works out on the way.
        let room = steady.tape.columns().max(slots.0.len());
        slots.0.resize(room, 0.0);
        for &(index, push) in &steady.drivers {
            let driver = &self.model.drivers[index as usize];
            match (&driver.source, push) {
                (Source::Held { slot }, _) => slots.0[driver.slot as usize] = slots.0[*slot as usize],
                (Source::Duty { duty, column }, _) => {
                    let duty = &self.model.duties[*duty];
                    let phase = duty.phase_at(i64::from(tick) * self.plan.tick.0);
                    slots.0[driver.slot as usize] = duty.values[*column][phase];
                }
                (_, Some(push)) => steady.tape.run_from_to(push, push + 1, slots.0.as_chunks_mut::<1>().0),
                _ => {}
            }
            if !patches.is_empty() {
                self.patch(index, driver.slot, tick, slots, patches);
            }
        }
        steady.tape.run_from_to(steady.after, steady.tape.pushes(), slots.0.as_chunks_mut::<1>().0);
    }

    /// What was set from outside, and shifts by faults: in the order of every tick.
    fn patch(&self, driver: u16, slot: u16, tick: u32, slots: &mut Slots, patches: &[Patch]) {
        let value = &mut slots.0[slot as usize];
        for patch in patches.iter().filter(|patch| patch.driver == driver) {
            if let What::Set(to) = patch.what {
                *value = to;
            }
        }
        for patch in patches.iter().filter(|patch| patch.driver == driver) {
            if let What::Shift { by, envelope } = patch.what {
                let nanos = i64::from(tick) * self.plan.tick.0 - i64::from(envelope.start) * self.plan.tick.0;
                *value += by * envelope.level(nanos as f64);
            }
        }
    }

    fn rates(&self, slots: &Slots) -> Rates {
        let economy = &self.model.economy;
        let of = |slot: Option<u16>| slot.map_or(0.0, |slot| slots.0[slot as usize]);
        let made = of(economy.rate);
        [of(economy.power), made, made * of(economy.scrap).clamp(0.0, 1.0)]
    }

    /// Books the ticks of a stretch, at rates that stay.
    pub fn book(&self, machine: &Machine, ran: bool, ticks: u32, slots: &Slots, meters: &mut Meters) {
        let economy = &self.model.economy;
        if economy.power.is_some() || economy.rate.is_some() {
            let hours = f64::from(ticks) * self.plan.tick.hours();
            add(meters, self.rates(slots).map(|rate| rate * hours));
        }
        if economy.rate.is_none() && economy.takes.is_some() && ran {
            meters.work(economy, &slots.0, &machine.dice, i64::from(ticks) * self.plan.tick.0);
        }
    }

    /// Books the ticks from `from` to before `end` where rates follow wears: on each piece of their paths rates are
    /// looked at at both ends and in the middle. `leap` takes a wear to a tick before `end`.
    pub fn book_bent(
        &self,
        (from, end): (u32, u32),
        slots: &mut Slots,
        wears: &mut Wears,
        patches: &[Patch],
        meters: &mut Meters,
        leap: &mut impl FnMut(usize, &mut WearState, u32) -> bool,
    ) {
        let nanos = self.plan.tick.0 as f64;
        let mut at = from;
        while at < end {
            let pieces = wears.0.iter().map(|wear| wear.same_piece(nanos, (at, end), LONGEST));
            let next = pieces.min().unwrap_or(end);
            let mut look = |tick: u32| {
                for (wear, plan) in wears.0.iter().zip(&self.model.wears) {
                    slots.0[plan.slot as usize] = wear.shown(plan, tick, nanos);
                }
                self.drive(from, slots, patches);
                self.rates(slots)
            };
            let sum = sum_of_ticks(at, next - 1, &mut look);
            add(meters, sum.map(|rate| rate * self.plan.tick.hours()));
            // To the end a wear goes only once: what reached 1 there would wander on.
            for (index, wear) in wears.0.iter_mut().enumerate().filter(|_| next < end) {
                leap(index, wear, next);
            }
            at = next;
        }
    }
}

impl WearState {
    /// The wear as expressions read it at a tick of the present piece.
    fn shown(&self, plan: &crate::wear::WearPlan, tick: u32, tick_nanos: f64) -> f64 {
        if self.stands_still() { self.now.max(0.0) } else { self.wear_on_piece(plan, tick, tick_nanos).max(0.0) }
    }
}

fn add(meters: &mut Meters, [energy, made, bad]: Rates) {
    meters.energy_kwh += energy;
    meters.pieces += made;
    meters.bad_pieces += bad;
}

/// The sum over the ticks from `first` to `last`, both counted.
fn sum_of_ticks(first: u32, last: u32, look: &mut impl FnMut(u32) -> Rates) -> Rates {
    let begin = look(first);
    if first == last {
        return begin;
    }
    let end = look(last);
    sum_between((first, begin), (last, end), look)
}

/// The same when the ends are known.
fn sum_between((first, begin): (u32, Rates), (last, end): (u32, Rates), look: &mut impl FnMut(u32) -> Rates) -> Rates {
    let ticks = last - first + 1;
    if ticks == 2 {
        return std::array::from_fn(|i| begin[i] + end[i]);
    }
    if ticks.is_multiple_of(2) {
        // An odd number of ticks has one in the middle.
        let before = look(last - 1);
        let rest = sum_between((first, begin), (last - 1, before), look);
        return std::array::from_fn(|i| rest[i] + end[i]);
    }
    let half = (ticks - 1) / 2;
    let middle = look(first + half);
    let bend: Rates = std::array::from_fn(|i| (begin[i] + end[i]) / 2.0 - middle[i]);
    let straight = |i: usize| bend[i].abs() <= NEARLY_STRAIGHT * (begin[i].abs() + end[i].abs() + middle[i].abs());
    if half == 1 || (0..3).all(straight) {
        // A parabola through the three, summed over whole numbers: with j from -half to half, j^2 adds up to
        // half (half + 1) (2 half + 1) / 3.
        let (n, half) = (f64::from(ticks), f64::from(half));
        return std::array::from_fn(|i| n * middle[i] + bend[i] * (half + 1.0) * n / (3.0 * half));
    }
    let left = sum_between((first, begin), (first + half, middle), look);
    let right = sum_between((first + half, middle), (last, end), look);
    std::array::from_fn(|i| left[i] + right[i] - middle[i])
}

/// `running` as a tick's numbers have it.
pub fn ran(slots: &Slots) -> bool {
    slots.0[slot::RUNNING as usize] == 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_curves_are_the_sums_of_their_ticks() {
        let curve = |tick: u32| {
            let t = f64::from(tick) / 10_000.0;
            [t, 1.0 + t * t, (3.0 * t - 1.0).max(0.0)]
        };
        for (first, last) in [(0, 0), (3, 4), (3, 5), (0, 7), (0, 10_000), (17, 9_998)] {
            let exact = (first..=last).map(curve).fold([0.0; 3], |a, b| std::array::from_fn(|i| a[i] + b[i]));
            let sum = sum_of_ticks(first, last, &mut |tick| curve(tick));
            for i in 0..3 {
                let error = (sum[i] - exact[i]).abs();
                assert!(error <= 1e-6 * exact[i].abs() + 1e-12, "{first} to {last}: {} is not {}", sum[i], exact[i]);
            }
        }
    }
}
