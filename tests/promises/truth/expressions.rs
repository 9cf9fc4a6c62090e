//! Expressions: random trees over drivers and wear, as the engine works them out, against plain f64.
//!
//! The truth must agree within 1e-9 of the values on the way, the measured lane within 1e-5 of the sensor's span.

use super::seen::{Watched, units};
use std::fmt::Write;
use twinwright_core::dice::{Dice, Purpose, Stream};
use twinwright_tests::scenario;

/// Where a tree's leaves get their numbers.
const NAMES: [&str; 6] = ["a", "b", "c", "part", "seal", "running"];

/// An expression of this test's own: written for the engine, worked out here.
enum Tree {
    Number(f64),
    Name(usize),
    Call(&'static str, Vec<Tree>),
}

impl Tree {
    fn grow(luck: &mut Stream, depth: u32) -> Tree {
        if depth == 0 || luck.uniform() < 0.12 {
            return if luck.uniform() < 0.75 {
                Tree::Name(luck.choice(NAMES.len()))
            } else {
                Tree::Number((luck.uniform() * 800.0 - 300.0).round() / 100.0)
            };
        }
        let mut part = || Tree::grow(luck, depth - 1);
        let (one, two, three) = (part(), part(), part());
        let kinds = [
            "+", "-", "*", "+", "*", "/", "^2", "^1.5", "min", "max", "abs", "exp", "ln", "sqrt", "sin", "clamp", "if",
        ];
        let kind = kinds[luck.choice(kinds.len())];
        let parts = match kind {
            "+" | "-" | "*" | "/" | "min" | "max" => vec![one, two],
            "clamp" => vec![one],
            "if" => vec![one, two, three],
            _ => vec![one],
        };
        Tree::Call(kind, parts)
    }

    /// As a file has it. Domains are kept by writing them into the expression.
    fn text(&self) -> String {
        match self {
            Tree::Number(number) => format!("({number})"),
            Tree::Name(name) => NAMES[*name].to_owned(),
            Tree::Call(kind, parts) => {
                let parts: Vec<String> = parts.iter().map(Tree::text).collect();
                match *kind {
                    "/" => format!("({} / (0.5 + abs({})))", parts[0], parts[1]),
                    "^2" => format!("({})^2", parts[0]),
                    "^1.5" => format!("abs({})^1.5", parts[0]),
                    "exp" => format!("exp(min({}, 2))", parts[0]),
                    "ln" => format!("ln(1 + abs({}))", parts[0]),
                    "sqrt" => format!("sqrt(abs({}))", parts[0]),
                    "clamp" => format!("clamp({}, -1.25, 2)", parts[0]),
                    "if" => format!("if({} > 0.75, {}, {})", parts[0], parts[1], parts[2]),
                    "+" | "-" | "*" => format!("({} {kind} {})", parts[0], parts[1]),
                    call => format!("{call}({})", parts.join(", ")),
                }
            }
        }
    }

    /// The value, and the largest number met on the way: what rounding is measured by.
    fn value(&self, of: &[f64; 6]) -> (f64, f64) {
        match self {
            Tree::Number(number) => (*number, number.abs()),
            Tree::Name(name) => (of[*name], of[*name].abs()),
            Tree::Call(kind, parts) => {
                let values: Vec<(f64, f64)> = parts.iter().map(|part| part.value(of)).collect();
                let x = |i: usize| values[i].0;
                let value = match *kind {
                    "+" => x(0) + x(1),
                    "-" => x(0) - x(1),
                    "*" => x(0) * x(1),
                    "/" => x(0) / (0.5 + x(1).abs()),
                    "^2" => x(0) * x(0),
                    "^1.5" => x(0).abs().powf(1.5),
                    "min" => x(0).min(x(1)),
                    "max" => x(0).max(x(1)),
                    "abs" => x(0).abs(),
                    "exp" => x(0).min(2.0).exp(),
                    "ln" => (1.0 + x(0).abs()).ln(),
                    "sqrt" => x(0).abs().sqrt(),
                    "sin" => x(0).sin(),
                    "clamp" => x(0).clamp(-1.25, 2.0),
                    _ if x(0) > 0.75 => x(1),
                    _ => x(2),
                };
                (value, values.iter().map(|v| v.1).fold(value.abs(), f64::max))
            }
        }
    }
}

/// A sensor's span: what its expression covers where its names may stand, found by sampling.
fn span_of(tree: &Tree, luck: &mut Stream) -> (f64, f64) {
    let values = (0..400).map(|_| {
        let mut uniform = |low: f64, high: f64| low + (high - low) * luck.uniform();
        let running = f64::from(u8::from(uniform(0.0, 1.0) > 0.3));
        let point =
            [uniform(0.2, 1.4), uniform(-4.0, 4.0), uniform(-3.0, 3.0), uniform(0.0, 1.0), uniform(0.0, 1.0), running];
        tree.value(&point).0
    });
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

const MACHINE: &str = "[drivers]\na = { mean = 0.8, swing = 0.6, period = \"7 h\" }\n\
    b = { walk = { mean = 0, sd = 1, memory = \"1 h\" } }\nc = { duty = \"d\" }\n\
    [duty.d]\ncycle = [ { for = \"5 h\", c = -3 }, { for = \"3 h\", c = 0.3, mode = \"idle\" }, { for = \"4 h\", c = 3 } ]\n\
    [wear.part]\nlaw = \"gamma\"\nlife = \"300 h\"\nspread = 0.2\nrepair = { takes = \"3 h\" }\n\
    [wear.seal]\nlaw = \"exponential\"\nlife = \"90 h\"\nrepair = { takes = \"2 h\" }\n\
    [sensors.a_is]\nvalue = \"a\"\n[sensors.b_is]\nvalue = \"b\"\n[sensors.c_is]\nvalue = \"c\"\n\
    [sensors.part_is]\nvalue = \"part\"\n[sensors.seal_is]\nvalue = \"seal\"\n[sensors.running_is]\nvalue = \"running\"\n";

#[test]
fn sensors_read_their_expressions() {
    let (kinds, of_each) = (units(100), 40);
    let dice = Dice::of(20_260_101, 0, "expressions");
    let (mut judged, mut worst): (usize, f64) = (0, 0.0);
    for kind in 0..kinds {
        let mut luck = dice.stream(Purpose::named("trees"), u64::from(kind));
        let mut machine = MACHINE.to_owned();
        let mut trees = Vec::new();
        while trees.len() < of_each {
            let tree = Tree::grow(&mut luck, 4);
            let (low, high) = span_of(&tree, &mut luck);
            // A sensor that never moves has no span, and no f32 holds a small span far from zero.
            if high - low > 0.05 * low.abs().max(high.abs()) && high - low < 1e6 {
                let _ = write!(machine, "[sensors.s{}]\nvalue = \"{}\"\n", trees.len(), tree.text());
                trees.push((tree, high - low));
            }
        }
        let mut watched = Watched::new(&machine, &scenario(3, "150 h", "30 min", ""));
        for _ in 0..=300 {
            watched.tick();
            let (readings, truth) = watched.rows();
            for row in 0..3 {
                let point: [f64; 6] = std::array::from_fn(|name| truth.values[name][row]);
                for (number, (tree, span)) in trees.iter().enumerate() {
                    let (expected, size) = tree.value(&point);
                    let found = truth.values[6 + number][row];
                    let off = (found - expected).abs();
                    assert!(off <= 1e-9 * size.max(1.0), "{found} and not {expected} at {point:?}: {}", tree.text());
                    let off = (f64::from(readings.values[6 + number][row]) - expected).abs() / span;
                    worst = worst.max(off);
                    assert!(off <= 1e-5, "{off:e} of the span {span}: {}", tree.text());
                    judged += 1;
                }
            }
        }
    }
    assert!(worst > 0.0 && judged > 100_000);
}

#[test]
fn an_expression_that_is_no_number_for_a_while_leaves_its_value_where_it_was() {
    let machine = "[drivers]\nx = { mean = 0, swing = 1, period = \"1 h\" }\n\
                   [sensors.root]\nvalue = \"sqrt(x)\"\n[sensors.beside]\nvalue = \"2*x\"\n";
    let seen = super::seen::see(machine, &scenario(1, "1 h", "1 min", ""));
    let (root, beside) = (seen.true_values(0, "root"), seen.true_values(0, "beside"));
    for row in 0..=60 {
        let x = beside[row] / 2.0;
        let expected = if x >= 0.0 { x.sqrt() } else { root[row - 1] };
        assert!((root[row] - expected).abs() < 1e-12, "row {row}: {} and not {expected}", root[row]);
    }
}
