//! How far a new path of a wear goes before it fails: what a future asks of a wear of which only the present level is known.

use super::WearPlan;
use super::path::Piece;
use crate::dice::Dice;

/// After so many nodes a path that has not failed is taken for one that never will.
const MOST_NODES: u32 = 1 << 17;

/// The `s` at which a path that begins at `from` reaches 1; infinite where it does not.
pub fn passage(plan: &WearPlan, dice: &Dice, from: f64) -> f64 {
    if from >= 1.0 {
        return 0.0;
    }
    let mut piece = Piece::first(plan, dice, 0, from);
    let mut node = 0;
    while node < MOST_NODES {
        if let Some(s) = piece.straight_to(1.0).filter(|s| *s <= piece.until) {
            return s.max(0.0);
        }
        let until = piece.until;
        if !until.is_finite() {
            break;
        }
        if piece.advance(plan, dice, (0, &mut node), until) {
            return until;
        }
    }
    f64::INFINITY
}

#[cfg(test)]
mod tests {
    use super::passage;
    use crate::dice::{Dice, Purpose};
    use crate::files::numbers::Draw;
    use crate::wear::{Law, WearPlan};

    fn plan(law: Law) -> WearPlan {
        WearPlan {
            name: "w".to_owned(),
            law,
            life: Draw::Fixed(1.0),
            starts_at: Draw::Fixed(0.0),
            stress: 0,
            slot: 0,
            path: Purpose::named("wear.w"),
            repair: None,
        }
    }

    #[test]
    fn passages_have_the_mean_and_the_spread_of_the_closed_forms() {
        // Wiener: inverse Gaussian, mean `left` and cv spread / sqrt(left), late by the grid. Shocks of a fixed size are an
        // Erlang time.
        let cases = [
            (Law::Wiener { spread: 0.2 }, 0.4, 0.6 + 0.58 * 0.2 / 32.0, 0.2 * f64::sqrt(0.6), 0.01),
            (Law::Shock { rate: 2.0, jump: Draw::Fixed(0.3) }, 0.2, 1.5, f64::sqrt(3.0) / 2.0, 0.01),
        ];
        for (law, from, mean, sd, near) in cases {
            let plan = plan(law);
            let many: Vec<f64> = (0..4000).map(|future| passage(&plan, &Dice::of(1, future, "m"), from)).collect();
            let seen = many.iter().sum::<f64>() / many.len() as f64;
            let spread = (many.iter().map(|s| (s - seen) * (s - seen)).sum::<f64>() / many.len() as f64).sqrt();
            assert!((seen - mean).abs() < near + 3.5 * sd / 63.0, "{:?}: {seen}", plan.law);
            assert!((spread / sd - 1.0).abs() < 0.08, "{:?}: {spread}", plan.law);
        }
    }

    #[test]
    fn what_has_failed_fails_now_and_what_never_grows_never_does() {
        let dice = Dice::of(1, 0, "m");
        assert_eq!(passage(&plan(Law::Gamma { spread: 0.2 }), &dice, 1.0), 0.0);
        assert_eq!(passage(&plan(Law::Shock { rate: 2.0, jump: Draw::Fixed(0.0) }), &dice, 0.5), f64::INFINITY);
    }
}
