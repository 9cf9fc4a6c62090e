//! `[sweep]`: the points at which every variant is run, all combinations of values or a Latin hypercube between bounds.

use super::{Axis, Setting};
use crate::dice::{Dice, EVERY_FUTURE, Purpose};
use crate::files::node::Key;
use crate::files::setting::steps;
use crate::files::sources::{Fault, Faults, Sources};
use crate::files::study::{Ends, SweepSpec};
use crate::files::{Cx, Node, Value, names, units};
use crate::plan::scenario::edits::Edit;

/// More runs than this are no study: each has its futures.
pub const MOST_RUNS: usize = 1_000;

/// The axes of a sweep and its points: for each axis an edit.
#[derive(Debug, Default)]
pub struct Sweep {
    pub axes: Vec<Axis>,
    pub points: Vec<Vec<(Setting, Edit)>>,
}

/// One axis while it is read: its values in the order of the file, or by stratum.
struct Line {
    path: String,
    values: Vec<(Setting, Edit)>,
}

impl Sweep {
    /// Reads a sweep; what is wrong is reported.
    pub fn read(spec: &SweepSpec, seed: u64, sources: &Sources, faults: &mut Faults) -> Sweep {
        let mut cx = Cx { sources, faults };
        if spec.axes.is_empty() {
            let fault = Fault::new(&spec.span, "sweep", "nothing is swept");
            cx.faults.add(fault.expected("a path with its values, such as `\"drivers.load\" = [0.7, 0.8, 0.9]`"));
        }
        let Some(count) = samples(spec, &mut cx) else {
            let lines: Vec<Line> = spec.axes.iter().filter_map(|(path, node)| listed(path, node, &mut cx)).collect();
            return Sweep::of(lines, every_combination, spec, &mut cx);
        };
        let lines = spec.axes.iter().filter_map(|(path, node)| sampled(path, node, count, seed, &mut cx)).collect();
        Sweep::of(lines, |lines| (0..count).map(|point| vec![point; lines.len()]).collect(), spec, &mut cx)
    }

    fn of(lines: Vec<Line>, places: impl Fn(&[Line]) -> Vec<Vec<usize>>, spec: &SweepSpec, cx: &mut Cx<'_>) -> Sweep {
        let most = lines.iter().fold(1usize, |product, line| product.saturating_mul(line.values.len()));
        if spec.sample.is_none() && most > MOST_RUNS {
            too_many(&spec.span, most, cx.faults);
            return Sweep::default();
        }
        let mut points: Vec<Vec<(Setting, Edit)>> = Vec::new();
        for place in places(&lines) {
            let point: Vec<(Setting, Edit)> =
                place.iter().zip(&lines).map(|(at, line)| line.values[*at].clone()).collect();
            let same = |other: &Vec<(Setting, Edit)>| other.iter().zip(&point).all(|(a, b)| a.0 == b.0);
            // Few whole numbers may be sampled more than once.
            if !point.is_empty() && !points.iter().any(same) {
                points.push(point);
            }
        }
        let axis = |line: Line| {
            let mut values: Vec<Setting> = line.values.into_iter().map(|(setting, _)| setting).collect();
            values.dedup();
            Axis { path: line.path, values }
        };
        Sweep { axes: lines.into_iter().map(axis).collect(), points }
    }

    /// What a point is called: each axis by its last words, by its whole path where two would be called the same.
    pub fn name_of(&self, point: &[(Setting, Edit)]) -> String {
        let short = |path: &str| path.split_once('.').map_or(path.to_owned(), |(_, rest)| rest.to_owned());
        let name = |axis: &Axis| {
            let twins = self.axes.iter().filter(|other| short(&other.path) == short(&axis.path)).count();
            if twins > 1 { axis.path.clone() } else { short(&axis.path) }
        };
        let parts: Vec<String> = self
            .axes
            .iter()
            .zip(point)
            .map(|(axis, (setting, _))| format!("{} = {}", name(axis), setting.text))
            .collect();
        parts.join(", ")
    }
}

pub fn too_many(span: &crate::files::sources::Bytes, count: usize, faults: &mut Faults) {
    let fault = Fault::new(span, "too-many", format!("these are {count} runs, variants times points"));
    faults.add(fault.expected(format!("at most {MOST_RUNS}")));
}

/// How many points are sampled; None when every combination is run.
fn samples(spec: &SweepSpec, cx: &mut Cx<'_>) -> Option<usize> {
    let Some(sample) = &spec.sample else {
        if let Some(count) = &spec.count {
            let fault =
                Fault::new(&count.span, "sweep", "`count` belongs to a sample: without one every combination is run");
            cx.faults.add(fault.expected("`sample = \"lhs\"` beside it"));
        }
        return None;
    };
    if sample.value != "lhs" {
        let fault = Fault::new(&sample.span, "sweep", format!("`{}` is not a way to sample", sample.value));
        cx.faults.add(fault.expected("`lhs`, a Latin hypercube").nearest(names::nearest(&sample.value, ["lhs"])));
    }
    let Some(count) = &spec.count else {
        cx.faults.say(&sample.span, "missing-key", "a sample needs `count`: how many points?");
        return Some(0);
    };
    if !(1..=MOST_RUNS as u64).contains(&count.value) {
        let fault = Fault::new(&count.span, "number", format!("{} points cannot be sampled", count.value));
        cx.faults.add(fault.expected(format!("1 to {MOST_RUNS}")));
        return Some(0);
    }
    Some(count.value as usize)
}

/// An axis whose values the file lists.
fn listed(path: &crate::files::leaf::At<String>, node: &Node, cx: &mut Cx<'_>) -> Option<Line> {
    let Value::Array(items) = &node.value else {
        cx.wrong_sort(node, "a list of values, such as [0.7, 0.8, 0.9]");
        return None;
    };
    if items.is_empty() {
        cx.faults.add(Fault::new(&node.span, "sweep", "this list is empty").expected("at least one value"));
    }
    if items.len() > MOST_RUNS {
        too_many(&node.span, items.len(), cx.faults);
        return None;
    }
    let mut values: Vec<(Setting, Edit)> = Vec::new();
    for item in items {
        let setting = Setting::of(item);
        if values.iter().any(|(known, _)| *known == setting) {
            cx.faults.say(&item.span, "sweep", format!("`{}` comes twice", setting.text));
            continue;
        }
        values.push((setting, edit(path, item.clone())));
    }
    Some(Line { path: steps(&path.value).join("."), values })
}

fn edit(path: &crate::files::leaf::At<String>, value: Node) -> Edit {
    Edit { key: Key { text: path.value.clone(), span: path.span.clone() }, value }
}

/// An axis of a Latin hypercube: as many strata as points, each met once, in an order of its own.
fn sampled(
    path: &crate::files::leaf::At<String>,
    node: &Node,
    count: usize,
    seed: u64,
    cx: &mut Cx<'_>,
) -> Option<Line> {
    let ends = Ends::read(node, cx)?;
    let name = steps(&path.value).join(".");
    let mut luck = Dice::of(seed, EVERY_FUTURE, "").stream(Purpose::named(&format!("sweep.{name}")), 0);
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, luck.choice(last + 1));
    }
    let whole = takes_whole(&name);
    let values = order.into_iter().map(|stratum| {
        let text = value_in(stratum, count, &ends, whole, luck.uniform());
        let number: Option<f64> = text.parse().ok();
        let value = match (ends.unit, number) {
            (None, Some(number)) if whole => Value::Whole(number as i64),
            (None, Some(number)) => Value::Decimal(number),
            _ => Value::Text(text),
        };
        let node = Node { span: node.span.clone(), value };
        (Setting::of(&node), edit(path, node))
    });
    Some(Line { path: name, values: values.collect() })
}

/// Paths that take whole numbers only.
pub fn takes_whole(path: &str) -> bool {
    path.starts_with("maintenance.") && matches!(path.rsplit('.').next(), Some("crew" | "stock"))
}

/// A value somewhere in a stratum, with as few digits as tell a hundredth of the stratum.
fn value_in(stratum: usize, count: usize, ends: &Ends, whole: bool, within: f64) -> String {
    let size = ends.unit.map_or(1.0, |unit| {
        let nanos = units::UNITS.iter().find(|(name, _)| *name == unit).map_or(3600e9, |(_, nanos)| *nanos);
        nanos / 3600e9
    });
    let (low, high) = (ends.low / size, ends.high / size);
    if whole {
        let at = (stratum as f64 + within) / count as f64;
        return format!("{}", (low + (at * (high - low + 1.0)).floor()).min(high));
    }
    let width = (high - low) / count as f64;
    let (from, to) = (low + width * stratum as f64, low + width * (stratum as f64 + 1.0));
    let exact = from + width * within;
    let digits = (2.0 - libm::log10(width)).ceil().clamp(0.0, 17.0) as usize;
    // Rounding must not carry a value over the edge of its stratum.
    let texts = (digits..=17).map(|digits| format!("{exact:.digits$}"));
    let inside = |text: &String| text.parse::<f64>().is_ok_and(|value| from <= value && value < to);
    let text = texts.into_iter().find(inside).unwrap_or_else(|| format!("{exact:?}"));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    ends.unit.map_or(text.clone(), |unit| format!("{text} {unit}"))
}

/// All combinations, the last axis fastest.
fn every_combination(lines: &[Line]) -> Vec<Vec<usize>> {
    let mut places = vec![Vec::new()];
    for line in lines {
        let longer = |place: &Vec<usize>| {
            let place = place.clone();
            (0..line.values.len()).map(move |at| [place.as_slice(), &[at]].concat())
        };
        places = places.iter().flat_map(longer).collect();
    }
    places
}
