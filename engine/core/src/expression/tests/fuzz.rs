//! No text makes parsing or binding panic, and every fault points into its text.

use super::super::{Bound, ExprFault, MAX_FAULTS, Names, Tape, linear, parse};
use super::{Dice, SLOTS, random_text, resolve};

const TOKENS: [&str; 48] = [
    "load",
    "heat",
    "laod",
    "P-101.x",
    "oee(P-1)",
    "half",
    "none",
    "0",
    "1",
    "2.5",
    "1e-3",
    "1e999",
    ".",
    ".5",
    "1.2.3",
    "2x",
    "+",
    "-",
    "*",
    "/",
    "^",
    "^-",
    "(",
    ")",
    "(",
    ")",
    ",",
    "<",
    "<=",
    "==",
    "=",
    "!=",
    "!",
    "and",
    "or",
    "not",
    "min(",
    "clamp(",
    "if(",
    "ln(",
    "foo(",
    "&&",
    "²",
    "é",
    "×",
    "\u{0}",
    "#",
    "\u{1F600}",
];

fn look_at(text: &str, names: Names) -> Option<Bound> {
    let check = |faults: &[ExprFault]| {
        assert!(!faults.is_empty() && faults.len() <= MAX_FAULTS, "{text:?}");
        for fault in faults {
            assert!(text.get(fault.span.clone()).is_some(), "{text:?}: {fault:?}");
            assert!(!fault.message.is_empty() && !fault.message.contains('\u{0}'), "{text:?}: {fault:?}");
        }
        assert!(faults.is_sorted_by_key(|fault| fault.span.start), "{text:?}");
    };
    match parse(text, names) {
        Ok(expr) => {
            for (name, span) in expr.names() {
                assert!(names == Names::Qualified || text[span] == name, "{text:?}");
            }
            expr.bind(&mut resolve, &SLOTS).map_err(|faults| check(&faults)).ok()
        }
        Err(faults) => {
            check(&faults);
            None
        }
    }
}

/// Takes away, doubles or replaces a piece of the text.
fn mutated(dice: &mut Dice, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..dice.below(1..4) {
        let at = dice.below(0..characters.len() + 1);
        let end = (at + dice.below(0..4)).min(characters.len());
        let piece: Vec<char> = match dice.below(0..3) {
            0 => Vec::new(),
            1 => characters[at..end].repeat(2),
            _ => dice.pick(&TOKENS).chars().collect(),
        };
        characters.splice(at..end, piece);
    }
    characters.into_iter().collect()
}

#[test]
fn no_text_makes_it_panic_and_every_fault_points_into_its_text() {
    let mut dice = Dice(2026);
    let mut valid = 0;
    for round in 0..20_000 {
        let text = if round % 2 == 0 {
            let length = dice.below(0..24);
            let glue = dice.pick(&["", " "]);
            (0..length).map(|_| dice.pick(&TOKENS)).collect::<Vec<_>>().join(glue)
        } else {
            let valid = random_text(&mut dice, 3);
            mutated(&mut dice, &valid)
        };
        let names = if dice.below(0..2) == 0 { Names::Plain } else { Names::Qualified };
        if let Some(bound) = look_at(&text, names) {
            valid += 1;
            bound.eval(&[0.5; SLOTS.len()]);
            linear::split(&bound);
            Tape::new(SLOTS.len()).push(&bound, 1);
        }
    }
    assert!(valid > 500, "only {valid} were valid: the fuzz looks at nothing deep");
}

#[test]
fn long_hostile_texts_are_answered_quickly() {
    for piece in TOKENS {
        for names in [Names::Plain, Names::Qualified] {
            look_at(&piece.repeat(4096 / piece.len()), names);
        }
    }
}
