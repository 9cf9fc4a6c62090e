//! The answer to a study in one sentence with its interval: the same words on the screen and in the report.

use super::outcome::{Difference, Interval, MeasureOutcome, RunOutcome, Step, WhatIf};
use crate::report::figure::Manner;
use crate::report::lettering::cut;
use crate::run::progress::grouped;
use twinwright_core::plan::study::{Better, OPTIMUM};

/// Letters of a name in the sentence.
const LONGEST_NAME: usize = 60;

/// A piece of the sentence. Names come from files, so whoever shows them keeps them apart from what is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    Said(String),
    Name(String),
    Number(String),
}

/// The sentence as text.
pub fn answer(what_if: &WhatIf) -> String {
    words(what_if)
        .into_iter()
        .map(|word| match word {
            Word::Said(text) | Word::Number(text) => text,
            Word::Name(name) => cut(&name.replace(|c: char| c.is_control(), " "), LONGEST_NAME),
        })
        .collect()
}

/// The measure that the study is about: what is optimised, else what an expectation or the stop rule names first,
/// else cost where anything costs, else availability.
pub fn headline(what_if: &WhatIf) -> Option<&str> {
    let base = what_if.runs.first()?;
    let known = |name: &str| base.measures.iter().find(|measure| measure.name == name).map(|found| found.name.as_str());
    let walked = what_if.walk.as_ref().and_then(|walk| known(&walk.measure));
    // A measure that can be better says more than one that only has to be in order.
    let named = || what_if.verdicts.iter().filter_map(|verdict| first_named(base, &verdict.text));
    let judged = |name: &&str| measure_of(base, name).is_some_and(|measure| measure.better.is_some());
    let expected = || named().find(judged).or_else(|| named().next());
    let stopped = || what_if.stopped.as_ref().and_then(|stopped| known(&stopped.measure));
    let costs = |run: &RunOutcome| measure_of(run, "cost").is_some_and(|measure| measure.figure.mean != 0.0);
    let cost = || what_if.runs.iter().any(costs).then(|| known("cost")).flatten();
    let first = || base.measures.first().map(|measure| measure.name.as_str());
    walked.or_else(expected).or_else(stopped).or_else(cost).or_else(|| known("availability")).or_else(first)
}

/// One measure of a run.
pub fn measure_of<'a>(run: &'a RunOutcome, name: &str) -> Option<&'a MeasureOutcome> {
    run.measures.iter().find(|measure| measure.name == name)
}

/// The measure that stands first in a text, the longest where several begin there.
fn first_named<'a>(base: &'a RunOutcome, text: &str) -> Option<&'a str> {
    let within = |c: char| c.is_alphanumeric() || c == '_';
    let place = |name: &str| {
        text.match_indices(name).map(|(at, _)| at).find(|&at| {
            let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
            !before.is_some_and(within) && !after.is_some_and(within)
        })
    };
    let named = base.measures.iter().filter_map(|measure| Some((place(&measure.name)?, measure)));
    named.min_by_key(|(at, measure)| (*at, usize::MAX - measure.name.len())).map(|(_, measure)| measure.name.as_str())
}

/// The sentence piece by piece.
pub fn words(what_if: &WhatIf) -> Vec<Word> {
    let mut said = Sentence { words: Vec::new() };
    let Some(headline) = headline(what_if) else {
        said.say("Nothing was measured.");
        return said.words;
    };
    if what_if.partial {
        said.say("Ended early, after ").number(grouped(f64::from(what_if.done)));
        said.say(" of ").number(grouped(f64::from(what_if.asked))).say(" futures: ");
    }
    let best = what_if.walk.as_ref().and_then(|walk| walk.best.as_ref());
    let compared = best_compared(what_if, headline);
    match (best, compared) {
        (Some(best), compared) => {
            said.optimum(what_if, best);
            if let Some((run, measure, difference, _)) = compared.filter(|_| !what_if.partial) {
                said.say("; against ").name(baseline_of(what_if, run)).say(", ").name(&run.name).say(" ");
                said.change(measure, difference);
            }
        }
        (None, Some((run, measure, difference, of))) => {
            let is_clear = difference.interval.is_some_and(|of| of.low > 0.0 || of.high < 0.0);
            if is_clear && gain(measure, difference) < 0.0 {
                said.say("Nothing is gained: ");
            }
            said.name(&run.name).say(" ");
            said.change(measure, difference);
            said.say(" against ").name(baseline_of(what_if, run));
            said.aside(what_if, measure, difference);
            if of > 1 {
                said.say(", the best of ").number(grouped(of as f64)).say(" compared");
            }
        }
        (None, None) => said.value(what_if, headline),
    }
    said.say(".");
    said.words
}

/// What a run is compared with; the point of the sweep is not said twice.
fn baseline_of<'a>(what_if: &'a WhatIf, run: &RunOutcome) -> &'a str {
    let base = &what_if.runs[run.baseline];
    if !base.point.is_empty() && base.point == run.point { &base.variant } else { &base.name }
}

/// The run whose difference is best, its measure, and of how many.
fn best_compared<'a>(
    what_if: &'a WhatIf,
    headline: &str,
) -> Option<(&'a RunOutcome, &'a MeasureOutcome, Difference, usize)> {
    // Beside an optimum, what else is compared is another question.
    let walked = |run: &&RunOutcome| what_if.walk.is_none() || run.variant == OPTIMUM;
    let compared = what_if.runs.iter().filter(walked).filter_map(|run| {
        let measure = measure_of(run, headline)?;
        Some((run, measure, measure.difference?))
    });
    let compared: Vec<_> = compared.collect();
    let mut best = *compared.first()?;
    for &other in &compared[1..] {
        if gain(other.1, other.2) > gain(best.1, best.2) {
            best = other;
        }
    }
    Some((best.0, best.1, best.2, compared.len()))
}

/// How much better a difference is; where no way is better, nothing.
fn gain(measure: &MeasureOutcome, difference: Difference) -> f64 {
    match measure.better {
        Some(Better::Lower) => -difference.mean,
        Some(Better::Higher) => difference.mean,
        None => 0.0,
    }
}

/// A sentence that grows.
struct Sentence {
    words: Vec<Word>,
}

impl Sentence {
    fn say(&mut self, text: &str) -> &mut Sentence {
        self.words.push(Word::Said(text.to_owned()));
        self
    }

    fn name(&mut self, name: &str) -> &mut Sentence {
        self.words.push(Word::Name(name.to_owned()));
        self
    }

    fn number(&mut self, text: String) -> &mut Sentence {
        self.words.push(Word::Number(text));
        self
    }

    /// `maintenance.every = 43 d gives the lowest cost, 12 300 (95 %: 12 100 to 12 500)`.
    fn optimum(&mut self, what_if: &WhatIf, best: &Step) {
        let Some(walk) = &what_if.walk else { return };
        for (place, (path, value)) in walk.paths.iter().zip(&best.at).enumerate() {
            self.say(if place > 0 { ", " } else { "" }).name(path).say(" = ").name(&value.text);
        }
        let unit = what_if.runs.first().and_then(|run| measure_of(run, &walk.measure)).map_or("", |found| &found.unit);
        let manner = Manner::of(&walk.measure, unit);
        let way = if walk.better == Some(Better::Higher) { " gives the highest " } else { " gives the lowest " };
        self.say(way).name(&walk.measure).say(" found, ");
        self.number(manner.value(best.value, best.interval.map(half)));
        if let Some(interval) = best.interval {
            self.say(" (").interval(what_if, &manner, interval, false).say(")");
        }
    }

    /// `lowers cost by 12 300`, or that nothing clear can be said.
    fn change(&mut self, measure: &MeasureOutcome, difference: Difference) {
        let manner = Manner::of(&measure.name, &measure.unit);
        let half_width = difference.interval.map(half);
        let is_clear = difference.interval.is_some_and(|interval| interval.low > 0.0 || interval.high < 0.0);
        if difference.mean == 0.0 {
            self.say("changes nothing about ").name(&measure.name);
        } else if is_clear || difference.interval.is_none() {
            self.say(if difference.mean < 0.0 { "lowers " } else { "raises " }).name(&measure.name).say(" by ");
            self.number(manner.amount(difference.mean, half_width));
        } else {
            self.say("makes no clear difference to ").name(&measure.name).say(", ");
            self.number(manner.signed(difference.mean, half_width));
        }
    }

    /// How sure it is, in brackets.
    fn aside(&mut self, what_if: &WhatIf, measure: &MeasureOutcome, difference: Difference) {
        let Some(interval) = difference.interval else {
            self.say(" in the one future that was run, which says nothing about chance");
            return;
        };
        if difference.mean == 0.0 && interval.low == 0.0 && interval.high == 0.0 {
            return;
        }
        let manner = Manner::of(&measure.name, &measure.unit);
        let is_clear = interval.low > 0.0 || interval.high < 0.0;
        self.say(" (");
        if is_clear {
            let (a, b) = (interval.low.abs(), interval.high.abs());
            self.interval(what_if, &manner, Interval { low: a.min(b), high: a.max(b) }, false);
        } else {
            self.interval(what_if, &manner, interval, true);
        }
        if let Some(better) = difference.better {
            self.say("; better in ").number(share(better));
            self.say(" of ").number(grouped(difference.n as f64)).say(" futures");
        }
        self.say(")");
    }

    /// `95 %: 10 100 to 14 500`.
    fn interval(&mut self, what_if: &WhatIf, manner: &Manner, of: Interval, signed: bool) -> &mut Sentence {
        let half_width = Some(half(of));
        let show = |value| if signed { manner.signed(value, half_width) } else { manner.bare(value, half_width) };
        self.number(confidence(what_if.confidence)).say(": ");
        self.number(show(of.low)).say(" to ").number(show(of.high))
    }

    /// A measure of the only run.
    fn value(&mut self, what_if: &WhatIf, headline: &str) {
        let Some(measure) = what_if.runs.first().and_then(|run| measure_of(run, headline)) else { return };
        let manner = Manner::of(&measure.name, &measure.unit);
        self.name(&measure.name).say(" is ");
        self.number(manner.value(measure.figure.mean, measure.interval.map(half)));
        match measure.interval {
            Some(interval) => {
                self.say(" in the mean (").interval(what_if, &manner, interval, false).say(")");
                self.say("; nine in ten futures lie between ");
                let half_width = Some((measure.figure.p95 - measure.figure.p05) / 2.0).filter(|half| *half > 0.0);
                self.number(manner.bare(measure.figure.p05, half_width)).say(" and ");
                self.number(manner.value(measure.figure.p95, half_width));
            }
            None => {
                self.say(" in the one future that was run");
            }
        }
    }
}

fn half(interval: Interval) -> f64 {
    (interval.high - interval.low) / 2.0
}

/// `95 %`.
pub fn confidence(part: f64) -> String {
    let text = format!("{:.2}", part * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A part of futures in whole percent; none of them and all of them only where that is so.
pub fn share(part: f64) -> String {
    match (part * 100.0).round() {
        percent if percent >= 100.0 && part < 1.0 => "over 99 %".to_owned(),
        percent if percent <= 0.0 && part > 0.0 => "under 1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::summary::Figure;
    use crate::whatif::outcome::{Verdict, Walk};
    use twinwright_core::plan::study::Setting;

    fn measure(name: &str, better: Better, mean: f64, difference: Option<(f64, f64)>) -> MeasureOutcome {
        MeasureOutcome {
            name: name.to_owned(),
            unit: String::new(),
            better: Some(better),
            figure: Figure { mean, p05: mean * 0.9, p50: mean, p95: mean * 1.1, n: 1_000 },
            interval: Some(Interval { low: mean * 0.99, high: mean * 1.01 }),
            difference: difference.map(|(by, half)| Difference {
                mean: by,
                interval: Some(Interval { low: by - half, high: by + half }),
                better: Some(0.97),
                n: 1_000,
            }),
            samples: Vec::new(),
        }
    }

    fn study(by: Option<(f64, f64)>) -> WhatIf {
        let run = |name: &str, difference| RunOutcome {
            name: name.to_owned(),
            measures: vec![
                measure("availability", Better::Higher, 0.97, difference),
                measure("cost", Better::Lower, 50_000.0, difference),
            ],
            ..RunOutcome::default()
        };
        let runs =
            if by.is_some() { vec![run("base", None), run("monthly swap", by)] } else { vec![run("base", None)] };
        WhatIf { runs, confidence: 0.95, asked: 1_000, done: 1_000, ..WhatIf::default() }
    }

    #[test]
    fn a_clear_difference_is_said_with_its_interval_and_an_unclear_one_as_such() {
        assert_eq!(
            answer(&study(Some((-12_300.0, 2_200.0)))),
            "monthly swap lowers cost by 12 300 against base (95 %: 10 100 to 14 500; better in 97 % of 1 000 futures)."
        );
        assert_eq!(
            answer(&study(Some((-100.0, 2_200.0)))),
            "monthly swap makes no clear difference to cost, -100 against base (95 %: -2 300 to +2 100; better in 97 % of \
             1 000 futures)."
        );
        let mut partial = study(Some((-12_300.0, 2_200.0)));
        (partial.partial, partial.done) = (true, 320);
        assert!(answer(&partial).starts_with("Ended early, after 320 of 1 000 futures: monthly swap lowers"));
        assert!(answer(&study(Some((5_000.0, 2_200.0)))).starts_with("Nothing is gained: monthly swap raises cost by"));
    }

    #[test]
    fn a_single_run_says_its_value_and_its_spread() {
        assert_eq!(
            answer(&study(None)),
            "cost is 50 000 in the mean (95 %: 49 500 to 50 500); nine in ten futures lie between 45 000 and 55 000."
        );
        assert_eq!(answer(&WhatIf::default()), "Nothing was measured.");
    }

    #[test]
    fn what_an_expectation_names_is_what_the_answer_is_about() {
        let mut asked = study(Some((0.004, 0.001)));
        let verdict = |text: &str| Verdict { text: text.to_owned(), run: String::new(), holds: true, figures: vec![] };
        asked.verdicts = vec![verdict("my_cost > 0"), verdict("availability > 0.9 and cost < 3")];
        assert_eq!(headline(&asked), Some("availability"));
        assert!(answer(&asked).contains("raises availability by 0.40 percentage points"), "{}", answer(&asked));
    }

    #[test]
    fn an_optimum_names_its_place() {
        let mut asked = study(Some((-12_300.0, 2_200.0)));
        (asked.runs[1].name, asked.runs[1].variant) = (OPTIMUM.to_owned(), OPTIMUM.to_owned());
        let at = vec![Setting { text: "43 d".to_owned(), number: Some(1_032.0) }];
        let interval = Some(Interval { low: 37_000.0, high: 39_000.0 });
        asked.walk = Some(Walk {
            measure: "cost".to_owned(),
            better: Some(Better::Lower),
            paths: vec!["maintenance.every".to_owned()],
            best: Some(Step { at, value: 38_000.0, interval }),
            ..Walk::default()
        });
        assert_eq!(
            answer(&asked),
            "maintenance.every = 43 d gives the lowest cost found, 38 000 (95 %: 37 000 to 39 000); against base, optimum \
             lowers cost by 12 300."
        );
    }

    #[test]
    fn a_name_cannot_fill_the_screen_or_ring_a_bell() {
        let mut asked = study(Some((-12_300.0, 2_200.0)));
        asked.runs[1].name = format!("a\u{7}b\n{}", "x".repeat(10_000));
        let text = answer(&asked);
        assert!(text.chars().count() < 300 && !text.contains(['\u{7}', '\n']), "{text}");
    }

    #[test]
    fn no_share_is_rounded_to_certainty() {
        assert_eq!(
            [share(0.999), share(1.0), share(0.001), share(0.0), share(0.5)].join(", "),
            "over 99 %, 100 %, under 1 %, 0 %, 50 %"
        );
    }
}
