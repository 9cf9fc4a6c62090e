//! Reading the text: precedence, names, and what is said about mistakes.

use super::super::{MAX_FAULTS, MAX_NESTING, MAX_NODES, MAX_TEXT, Names, parse};
use super::{bind, faults};

#[test]
fn operators_bind_as_in_mathematics() {
    for (text, value) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("-2^2", -4.0),
        ("2^-1", 0.5),
        ("2^3^2", 512.0),
        ("2^-1^2 * 8", 4.0),
        ("--2", 2.0),
        ("2 * -3", -6.0),
        ("10 - 4 - 3", 3.0),
        ("24 / 4 / 2", 3.0),
        (".5 + 2.5e-1 + 1E+0", 1.75),
        ("1 < 2", 1.0),
        ("1 >= 2", 0.0),
        ("1 + 1 == 2", 1.0),
        ("1 != 1 or 2 < 3 and 3 <= 3", 1.0),
        ("1 or 0 and 0", 1.0),
        ("not 1 < 2", 0.0),
        ("not 0 and 0", 0.0),
        ("not not 5", 1.0),
        ("min(3, 1, 2) + max(1, 2)", 3.0),
        ("clamp(7, 0, 5) + clamp(-7, 0, 5)", 5.0),
        ("if(2 > 1, 10, 20)", 10.0),
        ("abs(-2) + sqrt(9) + exp(0) + ln(1) + sin(0)", 6.0),
        (" ( ( 1 ) ) ", 1.0),
    ] {
        assert_eq!(bind(text).as_constant(), Some(value), "{text}");
    }
}

#[test]
fn every_use_of_a_name_is_listed_with_its_place() {
    let expr = parse("load + min(load, -ambient^2)", Names::Plain).expect("valid");
    let expected = [("load", 0..4), ("load", 11..15), ("ambient", 18..25)];
    assert_eq!(expr.names(), expected.map(|(name, span)| (name.to_owned(), span)));
}

#[test]
fn a_qualified_name_takes_its_hyphens_and_a_minus_stays_a_minus() {
    for (text, expected) in [
        ("P-101.vibration > 6", vec!["P-101.vibration"]),
        ("5 - P-101.x", vec!["P-101.x"]),
        ("5-P-101.x-acme_7.load", vec!["P-101.x", "acme_7.load"]),
        ("a-b", vec!["a", "b"]),
        ("a-1.5", vec!["a"]),
        ("a.b.c - d", vec!["a.b.c", "d"]),
        ("availability(P-101) < availability( P-102 )", vec!["availability(P-101)", "availability(P-102)"]),
        ("max(P-1.x, oee(line_2)) + oee", vec!["P-1.x", "oee(line_2)", "oee"]),
        ("min(a, b)", vec!["a", "b"]),
    ] {
        let expr = parse(text, Names::Qualified).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        let names: Vec<String> = expr.names().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected, "{text}");
    }
    assert_eq!(faults("load.x", Names::Plain), ["stray-character ."]);
}

#[test]
fn mistakes_are_named_at_their_place() {
    let plain = |text: &str, expected: &[&str]| assert_eq!(faults(text, Names::Plain), expected, "{text}");
    plain("", &["empty-expression "]);
    plain("  ", &["empty-expression   "]);
    plain("load +", &["missing-operand +"]);
    plain("load + * 2", &["missing-operand *"]);
    plain("* 2", &["missing-operand *"]);
    plain("()", &["missing-operand ()"]);
    plain("min(load, )", &["missing-operand )"]);
    plain("2 load", &["missing-operator load"]);
    plain("2(load)", &["missing-operator ("]);
    plain("2load", &["bad-number 2load"]);
    plain("1.2.3 + 1e + 0x10", &["bad-number 1.2.3", "bad-number 1e", "bad-number 0x10"]);
    plain("1e999", &["number-too-large 1e999"]);
    plain("(load + (ambient)", &["unclosed-parenthesis ("]);
    plain("min(load, 2", &["unclosed-parenthesis ("]);
    plain("load) + 2", &["unmatched-parenthesis )"]);
    plain("load, 2", &["stray-comma ,"]);
    plain("(load, 2) * 3", &["stray-comma ,"]);
    plain("load # 2", &["stray-character #"]);
    plain("load ?? $ 2 @", &["stray-character ??", "stray-character $", "stray-character @"]);
    plain("0 < load < 1", &["chained-comparison <"]);
    plain("1 + not load", &["misplaced-not not"]);
    plain("clamp(load) + min(1)", &["argument-count clamp(load)", "argument-count min(1)"]);
    plain("sine(load) * wurzel(2)", &["unknown-function sine", "unknown-function wurzel"]);
}

#[test]
fn habits_from_elsewhere_are_answered_with_what_to_write() {
    for (text, instead) in [
        ("load && heat", "`and`"),
        ("load || heat", "`or`"),
        ("load ** 2", "`^`"),
        ("load = 2", "`==`"),
        ("!load", "`not`"),
        ("2×load", "`*`"),
        ("load²", "`^2`"),
        ("load ≤ 2", "`<=`"),
        ("2load", "2 * load"),
        ("température", "names of the letters a to z, digits and _"),
    ] {
        let found = parse(text, Names::Plain).expect_err(text);
        assert_eq!((found.len(), found[0].expected.as_deref()), (1, Some(instead)), "{text}");
    }
}

#[test]
fn a_misspelt_function_is_answered_with_the_nearest() {
    let found = parse("sqtr(load)", Names::Plain).expect_err("unknown function");
    assert_eq!(found[0].nearest.as_deref(), Some("sqrt"));
    let expr = parse("sqtr(load)", Names::Qualified).expect("reads like a measure of a machine");
    let found = expr.bind(&mut |_| None, &["availability(P-1)"]).expect_err("unknown name");
    assert_eq!((found[0].code, found[0].nearest.as_deref()), ("unknown-name", Some("sqrt")));
}

#[test]
fn all_mistakes_come_at_once_and_in_order() {
    let text = "2load + sine(1) + (ambient";
    assert_eq!(faults(text, Names::Plain), ["bad-number 2load", "unknown-function sine", "unclosed-parenthesis ("]);
    assert_eq!(faults(&"1e999 + ".repeat(100), Names::Plain).len(), MAX_FAULTS);
}

#[test]
fn limits_hold_at_their_edge_and_say_so_beyond() {
    let code = |text: &str| parse(text, Names::Plain).err().map(|found| (found.len(), found[0].code));
    for (open, close) in [("(", ")"), ("-", ""), ("abs(", ")"), ("not ", ""), ("2^", "")] {
        let nest = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(code(&nest(MAX_NESTING)), None, "{open}");
        assert_eq!(code(&nest(MAX_NESTING + 1)), Some((1, "too-deep")), "{open}");
    }
    let chain = |nodes: usize| format!("1{}", "+1".repeat((nodes - 1) / 2));
    assert_eq!(code(&chain(MAX_NODES - 1)), None);
    assert_eq!(code(&chain(MAX_NODES + 1)), Some((1, "too-large")));
    assert_eq!(code(&" ".repeat(MAX_TEXT + 1)), Some((1, "too-long")));
    let umlauts = "ü".repeat(MAX_TEXT);
    assert_eq!(code(&umlauts), Some((1, "too-long")));
    assert_eq!(code(&"(".repeat(MAX_TEXT)), Some((1, "too-deep")));
}

#[test]
fn the_widest_and_deepest_text_fits_a_small_stack() {
    let level = "0 or 1 and 2 < 3 + 4 * (";
    let deep = format!("{}load{}", level.repeat(MAX_NESTING), ")".repeat(MAX_NESTING));
    let long = format!("load{}", "+load".repeat(MAX_NODES / 2 - 1));
    let work = move || {
        for text in [deep, long] {
            let bound = bind(&text);
            assert!(bound.eval(&[1.0; 6]).is_finite());
            assert!(bound == bound.clone() && bound.slots().len() == 1);
            super::super::linear::split(&bound);
            super::super::Tape::new(6).push(&bound, 0);
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).expect("a thread").join().expect("no overflow");
}
