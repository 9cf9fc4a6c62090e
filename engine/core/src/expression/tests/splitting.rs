//! The split into base, gains and derived terms.

use super::super::linear::split;
use super::{Dice, bind, random_text, try_bind};

/// Base, gains and derived terms as one line.
fn shown(text: &str) -> String {
    let linear = split(&bind(text));
    let mut line = format!("{}", linear.base);
    linear.gains.iter().for_each(|(slot, gain)| line += &format!(" + {gain}*s{slot}"));
    linear.derived.iter().for_each(|(term, gain)| line += &format!(" + {gain}*[{term}]"));
    line
}

#[test]
fn what_is_linear_becomes_gains_and_the_rest_derived_terms() {
    for (text, expected) in [
        ("ambient + 28*heat + 35*bearing^1.5", "0 + 1*s1 + 28*s3 + 35*[(s2^1.5)]"),
        ("0.8 + 0.5*load + 6*bearing^2", "0.8 + 0.5*s0 + 6*[(s2^2)]"),
        ("3*(load - 2*(heat + 1)) - -load/4", "-6 + 3.25*s0 + -6*s3"),
        ("2*load*fouling", "0 + 2*[(s0 * s5)]"),
        ("-(load*fouling)/4 + 3*(load*fouling)", "0 + 2.75*[(s0 * s5)]"),
        ("4/load + load/(2*heat)", "0 + 4*[(1.0 / s0)] + 0.5*[(s0 / s3)]"),
        ("(load + 1)*(heat + 2)", "0 + 1*[((s0 + 1.0) * (s3 + 2.0))]"),
        ("5*if(running, load, 2*heat)", "0 + 5*[if(s4, s0, (2.0 * s3))]"),
        ("120 * load * running", "0 + 120*[(s0 * s4)]"),
        ("heat + load + heat", "0 + 2*s3 + 1*s0"),
        ("7", "7"),
        ("load - load", "0 + 0*s0"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn a_factor_that_would_overflow_stays_in_its_term() {
    let bound = bind("1e300*(load*1e300)");
    let value = split(&bound).eval(&[1e-300]);
    assert_eq!(value.to_bits(), bound.eval(&[1e-300]).to_bits());
}

#[test]
fn the_split_agrees_with_the_expression() {
    let mut dice = Dice(77);
    let mut compared = 0;
    for _ in 0..4000 {
        let terms: Vec<String> = (0..dice.below(1..5)).map(|_| random_text(&mut dice, 3)).collect();
        let factor = dice.number();
        let Ok(bound) = try_bind(&format!("({factor:?})*({})/3 - load", terms.join(" - "))) else { continue };
        let slots: Vec<f64> = (0..6).map(|_| dice.number()).collect();
        let (linear, exact) = (split(&bound), bound.eval(&slots));
        let terms = linear.gains.iter().map(|(slot, gain)| gain * slots[usize::from(*slot)]);
        let terms = terms.chain(linear.derived.iter().map(|(term, gain)| gain * term.eval(&slots)));
        let largest = terms.fold(linear.base.abs(), |largest, term| largest.max(term.abs()));
        if exact.is_finite() && largest.is_finite() {
            let difference = (linear.eval(&slots) - exact).abs();
            assert!(difference <= 1e-12 * largest.max(exact.abs()), "{bound}: {linear:?} {exact}");
            compared += 1;
        }
    }
    assert!(compared > 1000, "only {compared} were finite");
}
