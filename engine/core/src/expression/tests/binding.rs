//! Names become slots, constants fold, and numbers that cannot be are found.

use super::super::{Bound, Meaning, Names, parse};
use super::{Dice, bind, faults, random_text, try_bind};

fn plain(text: &str, expected: &[&str]) {
    assert_eq!(faults(text, Names::Plain), expected, "{text}");
}

#[test]
fn constants_fold_and_slots_stay() {
    for (text, expected) in [
        ("2 * half * load", "(1.0 * s0)"),
        ("load * 2 * half", "((s0 * 2.0) * 0.5)"),
        ("load + 0", "(s0 + 0.0)"),
        ("(load/0.8)^(1 + 2)", "((s0 / 0.8)^3)"),
        ("load^1", "s0"),
        ("load^0", "1.0"),
        ("load^0.3", "(s0 ^ 0.3)"),
        ("load^9", "(s0 ^ 9.0)"),
        ("load^ambient", "(s0 ^ s1)"),
        ("-(1 + half)", "(-1.5)"),
        ("min(load, 1, 2)", "min(min(s0, 1.0), 2.0)"),
        ("clamp(load, 0, 1)", "min(max(s0, 0.0), 1.0)"),
        ("if(half, load, 1/none)", "s0"),
        ("none and 1/none > 2", "0.0"),
        ("half or ln(none)", "1.0"),
        ("if(running, load, 0)", "if(s4, s0, 0.0)"),
    ] {
        assert_eq!(bind(text).to_string(), expected, "{text}");
    }
}

#[test]
fn an_unknown_name_is_said_once_with_the_nearest() {
    let found = try_bind("laod + ambeint * laod + xyz + LOAD").expect_err("unknown names");
    let told: Vec<_> = found.iter().map(|fault| (fault.span.clone(), fault.nearest.as_deref())).collect();
    assert_eq!(told, [(0..4, Some("load")), (7..14, Some("ambient")), (24..27, None), (30..34, Some("load"))]);
    assert_eq!(found[0].message, "there is no `laod` here");
    plain("(laod) + 1", &["unknown-name laod"]);
    let found = try_bind("sqrt * 2").expect_err("a function without arguments");
    assert_eq!(found[0].expected.as_deref(), Some("sqrt(x)"));
}

#[test]
fn a_division_by_a_constant_zero_is_found_where_it_stands() {
    plain("load / 0", &["division-by-zero 0"]);
    plain("1 / 0 + ln(load / none)", &["division-by-zero 0", "division-by-zero none"]);
    plain("load / (half - 0.5)", &["division-by-zero (half - 0.5)"]);
    plain("load / (load - load)", &[]);
}

#[test]
fn a_constant_that_is_no_number_is_found() {
    plain("load + ln(-1)", &["not-finite ln(-1)"]);
    plain("sqrt(0 - half) * 2", &["not-finite sqrt(0 - half)"]);
    plain("load * (0^-1)", &["not-finite (0^-1)"]);
    plain("1e300*1e300", &["not-finite 1e300*1e300"]);
    plain("exp(1000) + (-8)^0.3", &["not-finite exp(1000)", "not-finite (-8)^0.3"]);
    plain("clamp(load, 2, 1)", &["limits-swapped 2, 1"]);
    let expr = parse("a + 1", Names::Plain).expect("valid");
    let found = expr.bind(&mut |_| Some(Meaning::Number(f64::INFINITY)), &[]).expect_err("infinite parameter");
    assert_eq!(found[0].code, "not-finite");
}

#[test]
fn a_branch_that_is_ruled_out_may_divide_by_zero_but_not_misspell() {
    plain("if(none > 0, load/none, 0)", &[]);
    plain("if(none > 0, laod/none, 0)", &["unknown-name laod"]);
    plain("if(none == 0, load/none, 0)", &["division-by-zero none"]);
}

#[test]
fn slots_are_those_that_are_read() {
    let bound = bind("load^2 + if(running, heat, 2) + half");
    assert_eq!(bound.slots().into_iter().collect::<Vec<_>>(), [0, 3, 4]);
    assert_eq!((bound.as_constant(), bind("half * 4").as_constant()), (None, Some(2.0)));
}

#[test]
fn equality_is_by_bits() {
    assert_ne!(Bound::Number(0.0), Bound::Number(-0.0));
    assert_eq!(Bound::Number(f64::NAN), Bound::Number(f64::NAN));
    assert_ne!(bind("load + heat"), bind("heat + load"));
}

#[test]
fn a_power_by_steps_is_near_the_exact_one() {
    for halves in -16_i8..=16 {
        let exponent = f64::from(halves) / 2.0;
        let bound = bind(&format!("load^({exponent})"));
        for x in [0.01, 0.5, 0.85, 1.0, 3.7, 120.0] {
            let exact = libm::pow(x, exponent);
            assert!((bound.eval(&[x]) / exact - 1.0).abs() < 4e-15, "{x}^{exponent}");
        }
    }
}

#[test]
fn a_nan_is_passed_on_and_never_swallowed() {
    for text in ["min(load, 1)", "min(1, load)", "max(load, 1)", "max(1, load)", "clamp(load, 0, 1)", "load*0"] {
        assert!(bind(text).eval(&[f64::NAN]).is_nan(), "{text}");
    }
}

#[test]
fn what_is_displayed_reads_back_as_the_same_tree() {
    let mut dice = Dice(11);
    let mut read = 0;
    for _ in 0..2000 {
        let Ok(bound) = try_bind(&random_text(&mut dice, 4)) else { continue };
        let shown = bound.to_string();
        let expr = parse(&shown, Names::Plain).unwrap_or_else(|found| panic!("{shown}: {found:?}"));
        let mut resolve = |name: &str| name.strip_prefix('s')?.parse().ok().map(Meaning::Slot);
        assert_eq!(expr.bind(&mut resolve, &[]), Ok(bound), "{shown}");
        read += 1;
    }
    assert!(read > 1000, "only {read} were valid");
}

#[test]
fn folding_does_not_change_a_value() {
    let mut dice = Dice(5);
    for _ in 0..3000 {
        let expr = parse(&random_text(&mut dice, 4), Names::Plain).expect("valid");
        let slots: Vec<f64> = (0..6).map(|_| dice.number()).collect();
        let slot = |name: &str| super::SLOTS.iter().position(|known| *known == name);
        let kept = expr.bind(&mut |name| Some(Meaning::Slot(slot(name)? as u16)), &[]);
        let folded = expr.bind(&mut |name| Some(Meaning::Number(slots[slot(name)?])), &[]);
        // Exponents that became known are raised by steps instead of `pow`: equal but for rounding.
        if let (Ok(kept), Ok(folded)) = (kept, folded)
            && !kept.to_string().contains(" ^ ")
        {
            assert_eq!(folded.as_constant().map(f64::to_bits), Some(kept.eval(&slots).to_bits()), "{kept}");
        }
    }
}
