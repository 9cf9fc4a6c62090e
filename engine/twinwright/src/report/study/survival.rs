//! How long it takes to the first failure: the part of futures that had none yet, with its interval.

use super::*;
use crate::report::frame::{ABOVE, BELOW, Frame};
use crate::report::legend::{self, Entries};
use crate::report::scale::plain;
use statrs::distribution::{ContinuousCDF, Normal};

/// Steps of a curve that a drawing can show.
const MOST_STEPS: usize = 240;

/// The part that survived from a time on, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    hours: f64,
    part: f64,
    low: f64,
    high: f64,
}

pub(super) fn section_of(data: &ReportData, what_if: &WhatIf) -> String {
    let runs: Vec<&RunOutcome> = what_if.runs.iter().filter(|run| !run.first_failures.is_empty()).take(HUES).collect();
    let hours = (data.end.0 - data.start.0) as f64 / 3.6e12;
    if runs.is_empty() || hours <= 0.0 {
        return String::new();
    }
    let z = Normal::standard().inverse_cdf(0.5 + what_if.confidence.clamp(0.0, 0.999_999) / 2.0);
    let curves: Vec<Vec<Step>> = runs.iter().map(|run| curve(&run.first_failures, run.survived, z)).collect();
    let drawn = Svg::both("part of futures without a failure", WIDTH, |width| draw(&runs, &curves, hours, width));
    let all = what_if.runs.iter().filter(|run| !run.first_failures.is_empty()).count();
    let more = if all > runs.len() { format!(" The first {} of {all} runs.", runs.len()) } else { String::new() };
    let note = format!(
        "Kaplan-Meier over futures, to the first failure of any machine; futures without one are censored at the end. \
         Bands: {} intervals by log(-log).{more}",
        confidence(what_if.confidence)
    );
    section("Time to the first failure", &note, &drawn)
}

/// Nothing is censored before the end, so Greenwood's variance of the part S of n futures is S (1 - S) / n; the interval
/// is taken of log(-log S), which stays within 0 and 1.
fn curve(failures: &[f64], survived: u32, z: f64) -> Vec<Step> {
    let n = failures.len() as f64 + f64::from(survived);
    let mut steps = vec![Step { hours: 0.0, part: 1.0, low: 1.0, high: 1.0 }];
    let mut failed = 0.0;
    for same in failures.chunk_by(|a, b| a == b) {
        failed += same.len() as f64;
        let part = 1.0 - failed / n;
        let (low, high) = if part > 0.0 {
            let spread = z * ((1.0 - part) / (n * part)).sqrt() / part.ln();
            (part.powf((-spread).exp()), part.powf(spread.exp()))
        } else {
            (0.0, 0.0)
        };
        steps.push(Step { hours: same[0], part, low, high });
    }
    steps
}

/// The time by which half of the futures had failed.
fn median(curve: &[Step]) -> Option<f64> {
    curve.iter().find(|step| step.part <= 0.5).map(|step| step.hours)
}

fn draw(runs: &[&RunOutcome], curves: &[Vec<Step>], hours: f64, width: f64) -> Svg {
    let (unit, factor) = if hours > 96.0 { ("d", 1.0 / 24.0) } else { ("h", 1.0) };
    let entry = |(place, (run, curve)): (usize, (&&RunOutcome, &Vec<Step>))| {
        let name = crate::report::lettering::cut(&short(run), 28);
        let half = match median(curve) {
            Some(median) => format!("median {} {unit}", plain(median * factor)),
            None => format!("{:.0} % without", 100.0 * curve.last().map_or(1.0, |step| step.part)),
        };
        (format!("h{}", place % HUES), format!("{name}, {half}"))
    };
    let entries: Entries = runs.iter().zip(curves).enumerate().map(entry).collect();
    let top = 4.0 + legend::height(&entries, 0.0, width);
    let manners = (Manner::of("", unit), Manner::of("availability", ""));
    let frame = Frame::new(width, (top, 210.0), ((0.0, hours * factor), (0.0, 1.0)), manners);
    let mut svg = Svg::new(width, top + ABOVE + 210.0 + BELOW);
    legend::draw(&mut svg, &entries, 0.0, width, 4.0);
    let unit = if unit == "d" { "days" } else { "hours" };
    frame.draw(&mut svg, &format!("{unit} from the start"), "futures without a failure, %");
    for (place, curve) in curves.iter().enumerate() {
        let hue = place % HUES;
        let thin = thinned(curve);
        let stairs = |height: &dyn Fn(&Step) -> f64| {
            let mut points: Vec<(f64, f64)> = Vec::new();
            for step in &thin {
                let (x, y) = frame.at(step.hours * factor, height(step));
                if let Some(&(_, before)) = points.last() {
                    points.push((x, before));
                }
                points.push((x, y));
            }
            if let Some(&(_, y)) = points.last() {
                points.push((frame.right(), y));
            }
            points
        };
        let mut band = stairs(&|step| step.high);
        band.extend(stairs(&|step| step.low).into_iter().rev());
        svg.path(&band, &format!("band h{hue}"), true);
        svg.path(&stairs(&|step| step.part), &format!("line h{hue}"), false);
    }
    svg
}

/// Of many steps those that can be told apart, with the first and the last.
fn thinned(curve: &[Step]) -> Vec<Step> {
    let every = curve.len().div_ceil(MOST_STEPS).max(1);
    let last = curve.len() - 1;
    curve.iter().enumerate().filter(|(at, _)| at % every == 0 || *at == last).map(|(_, step)| *step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_and_its_band_are_those_of_scipy() {
        // Five failures at 10, 20, 20, 35, 50 and three futures censored at 100: scipy 1.x,
        // stats.ecdf(stats.CensoredData([10, 20, 20, 35, 50], right=[100] * 3)).sf and its
        // confidence_interval(0.95, "log-log").
        let steps = curve(&[10.0, 20.0, 20.0, 35.0, 50.0], 3, 1.959_963_984_540_054);
        let truth = [
            (10.0, 0.875, 0.387_000_01, 0.981_392_97),
            (20.0, 0.625, 0.229_333_32, 0.860_698_28),
            (35.0, 0.5, 0.152_035_89, 0.774_865_01),
            (50.0, 0.375, 0.087_006_23, 0.674_363_33),
        ];
        assert_eq!(steps.len(), truth.len() + 1);
        for (step, (hours, part, low, high)) in steps[1..].iter().zip(truth) {
            let near = |a: f64, b: f64| (a - b).abs() < 1e-7;
            assert!(step.hours == hours && near(step.part, part), "{step:?}");
            assert!(near(step.low, low) && near(step.high, high), "{step:?}");
        }
        assert_eq!(median(&steps), Some(35.0));
    }
}
