//! The tape gives the bits of `eval` for any block length, however its work is shared and interrupted.

use super::super::{Bound, Tape};
use super::{Dice, SLOTS, bind, random_text, try_bind};

/// NaN is one value here: which one the hardware makes is not promised.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

fn columns<const N: usize>(dice: &mut Dice, tape: &Tape) -> Vec<[f64; N]> {
    (0..tape.columns()).map(|_| std::array::from_fn(|_| dice.number())).collect()
}

/// What these pushes do to one machine's slots, each result corrected by `patch`.
fn expected(pushes: &[(Bound, u16)], mut slots: Vec<f64>, patch: impl Fn(f64) -> f64) -> Vec<f64> {
    for (bound, out) in pushes {
        slots[usize::from(*out)] = patch(bound.eval(&slots));
    }
    slots
}

/// Some are pushed again, so that there is something to share and something that must not be.
fn random_pushes(dice: &mut Dice) -> Vec<(Bound, u16)> {
    let mut pushes: Vec<(Bound, u16)> = Vec::new();
    while pushes.len() < 5 {
        let out = dice.below(0..SLOTS.len()) as u16;
        if !pushes.is_empty() && dice.below(0..4) == 0 {
            let again = pushes[dice.below(0..pushes.len())].0.clone();
            pushes.push((again, out));
        } else if let Ok(bound) = try_bind(&random_text(dice, 3)) {
            pushes.push((bound, out));
        }
    }
    pushes
}

fn corrected(value: f64) -> f64 {
    value * 0.5 + 1.0
}

fn check<const N: usize>(seed: u64) {
    let mut dice = Dice(seed);
    for _ in 0..400 {
        let pushes = random_pushes(&mut dice);
        let mut tape = Tape::new(SLOTS.len());
        let numbers: Vec<usize> = pushes.iter().map(|(bound, out)| tape.push(bound, *out)).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        let before = columns::<N>(&mut dice, &tape);
        let (mut whole, mut patched) = (before.clone(), before.clone());
        tape.run(&mut whole);
        for (number, (_, out)) in pushes.iter().enumerate() {
            tape.run_from_to(number, number + 1, &mut patched);
            patched[usize::from(*out)] = patched[usize::from(*out)].map(corrected);
        }
        for lane in 0..N {
            let start: Vec<f64> = before[..SLOTS.len()].iter().map(|column| column[lane]).collect();
            let plain = expected(&pushes, start.clone(), |value| value);
            let patches = expected(&pushes, start, corrected);
            for slot in 0..SLOTS.len() {
                assert_eq!(bits(whole[slot][lane]), bits(plain[slot]), "{pushes:?}");
                assert_eq!(bits(patched[slot][lane]), bits(patches[slot]), "{pushes:?}");
            }
        }
    }
}

#[test]
fn every_block_length_gives_the_bits_of_eval() {
    check::<1>(1);
    check::<8>(2);
    check::<16>(3);
}

struct WideRun<'a>(&'a Tape, &'a mut [[f64; 16]]);

impl pulp::WithSimd for WideRun<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.0.run(self.1);
    }
}

#[test]
fn a_dispatched_run_gives_the_same_bits() {
    let mut dice = Dice(4);
    for _ in 0..300 {
        let Ok(bound) = try_bind(&random_text(&mut dice, 5)) else { continue };
        let mut tape = Tape::new(SLOTS.len());
        tape.push(&bound, 0);
        let mut plain = columns::<16>(&mut dice, &tape);
        let mut wide = plain.clone();
        tape.run(&mut plain);
        pulp::Arch::new().dispatch(WideRun(&tape, &mut wide));
        for (plain, wide) in plain[0].iter().zip(&wide[0]) {
            assert_eq!(bits(*plain), bits(*wide), "{bound}");
        }
    }
}

#[test]
fn common_parts_are_computed_once_until_a_slot_is_written() {
    let mut tape = Tape::new(6);
    tape.push(&bind("1 + load^2 * fouling"), 3);
    assert_eq!(tape.operations(), 3);
    tape.push(&bind("2 + load^2 * fouling"), 1);
    assert_eq!(tape.operations(), 4, "only the sum is new");
    tape.push(&bind("load + 1"), 0);
    tape.push(&bind("3 + load^2 * fouling"), 2);
    assert_eq!(tape.operations(), 8, "load has changed, nothing can be shared");
    tape.patched(5);
    tape.push(&bind("4 + load^2 * fouling"), 4);
    assert_eq!(tape.operations(), 10, "the square is shared, the product is not");
}

#[test]
fn an_output_that_the_caller_corrects_is_read_corrected() {
    let mut tape = Tape::new(6);
    let heat = bind("load^2");
    tape.push(&heat, 3);
    tape.push(&bind("heat + load^2"), 2);
    let mut columns = vec![[0.0; 4]; tape.columns()];
    columns[0] = [3.0; 4];
    tape.run_from_to(0, 1, &mut columns);
    assert_eq!(columns[3], [9.0; 4]);
    columns[3] = [100.0; 4];
    tape.run_from_to(1, 2, &mut columns);
    assert_eq!(columns[2], [109.0; 4]);
}

#[test]
fn numbers_and_slots_can_be_pushed_as_they_are() {
    let mut tape = Tape::new(6);
    tape.push(&bind("half"), 0);
    tape.push(&bind("load"), 1);
    tape.push(&bind("load"), 0);
    tape.push(&bind("if(load > 1, 7, ambient)"), 2);
    assert_eq!((tape.pushes(), tape.columns()), (4, 7));
    let mut columns = vec![[0.0; 2]; tape.columns()];
    tape.run(&mut columns);
    assert_eq!((columns[0], columns[1], columns[2]), ([0.5; 2], [0.5; 2], [0.5; 2]));
}

#[test]
fn columns_are_used_again() {
    let mut tape = Tape::new(6);
    for out in 0..6 {
        tape.push(&bind("((load + 1)*(heat + 2) + (ambient + 3)*(bearing + 4)) / (fouling + 5)"), out);
    }
    assert!(tape.columns() <= 6 + 6, "{} columns for {} operations", tape.columns(), tape.operations());
}
