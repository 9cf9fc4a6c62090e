//! What a diagnosis says: ranked answers with the figures behind them, as a sentence and as JSON. It judges nothing.

use super::Cause;
use serde_json::{Value, json};

/// A cause with its size: of a wear from 0 to 1, of a bias in the sensor's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub cause: Cause,
    pub name: String,
    pub size: f64,
    pub sd: f64,
}

/// One answer: no cause, one, several together, or `unknown`.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub causes: Vec<Found>,
    pub unknown: bool,
    pub probability: f64,
    /// The share of what is odd that it explains.
    pub explained: f64,
    /// The chi-square of what it leaves, and the probability that chance leaves as much.
    pub left: f64,
    pub chance: f64,
}

/// Answers, the most probable first.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    pub answers: Vec<Answer>,
    /// The chi-square of what is seen, of how many figures, and the probability that a machine as new shows as much.
    pub odd: f64,
    pub seen: usize,
    pub chance: f64,
}

impl Found {
    /// Such as `wear bearing`, or `sensor flow`.
    pub fn name(&self) -> String {
        match self.cause {
            Cause::Wear(_) => format!("wear {}", self.name),
            Cause::Bias(_) => format!("sensor {}", self.name),
        }
    }

    fn sentence(&self) -> String {
        let (size, sd) = (self.size, self.sd);
        match self.cause {
            Cause::Wear(_) => format!("wear of {} at {size:.2} +- {sd:.2}", self.name),
            Cause::Bias(_) if size < 0.0 => format!("sensor {} reads {:.3} too low, +- {sd:.3}", self.name, -size),
            Cause::Bias(_) => format!("sensor {} reads {size:.3} too high, +- {sd:.3}", self.name),
        }
    }
}

impl Answer {
    /// `nothing`, `unknown`, or its causes by name.
    pub fn name(&self) -> String {
        match (self.unknown, self.causes.is_empty()) {
            (true, _) => "unknown".to_owned(),
            (_, true) => "nothing".to_owned(),
            _ => self.causes.iter().map(Found::name).collect::<Vec<_>>().join(" and "),
        }
    }

    /// What it says, in words.
    pub fn sentence(&self) -> String {
        match (self.unknown, self.causes.is_empty()) {
            (true, _) => "something that the machine file does not describe".to_owned(),
            (_, true) => "nothing: it is as new".to_owned(),
            _ => self.causes.iter().map(Found::sentence).collect::<Vec<_>>().join(" and "),
        }
    }

    fn json(&self) -> Value {
        let cause = |found: &Found| {
            let kind = if matches!(found.cause, Cause::Wear(_)) { "wear" } else { "bias" };
            json!({ "kind": kind, "name": found.name, "estimate": found.size, "sd": found.sd })
        };
        let mut said = json!({
            "answer": self.name(), "probability": self.probability,
            "causes": self.causes.iter().map(cause).collect::<Vec<_>>(),
        });
        if !self.unknown {
            said["explained"] = json!(self.explained);
            said["chi_square"] = json!(self.left);
            said["p"] = json!(self.chance);
        }
        said
    }
}

impl Diagnosis {
    /// The most probable answer.
    pub fn leading(&self) -> Option<&Answer> {
        self.answers.first()
    }

    /// Causes, `nothing` and `unknown` with the probability that each is what moves sensors most; together they are 1.
    pub fn ranked(&self) -> Vec<(String, f64)> {
        let mut ranked: Vec<(String, f64)> = Vec::new();
        for answer in &self.answers {
            let name = answer.causes.first().map_or_else(|| answer.name(), Found::name);
            match ranked.iter_mut().find(|(known, _)| *known == name) {
                Some((_, probability)) => *probability += answer.probability,
                None => ranked.push((name, answer.probability)),
            }
        }
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }

    /// The leading answer with what speaks for it, in one sentence.
    pub fn sentence(&self) -> String {
        let Some(first) = self.leading() else { return "nothing can be said".to_owned() };
        let percent = 100.0 * first.probability;
        let figures = if first.unknown || first.causes.is_empty() {
            format!("chi-square {:.1} of {} figures, p {}", self.odd, self.seen, chance(self.chance))
        } else {
            let explained = 100.0 * first.explained;
            let p = chance(first.chance);
            format!("explains {explained:.1} % of what is odd; what is left: chi-square {:.1}, p {p}", first.left)
        };
        format!("{} ({percent:.1} %; {figures})", first.sentence())
    }

    /// All answers that are worth a line, the most probable first.
    pub fn json(&self) -> Value {
        let shown = self.answers.iter().filter(|answer| answer.probability >= 1e-4);
        json!({
            "sentence": self.sentence(), "figures": self.seen, "chi_square": self.odd, "p": self.chance,
            "ranked": self.ranked().iter().filter(|one| one.1 >= 1e-4)
                .map(|(name, probability)| json!({ "cause": name, "probability": probability })).collect::<Vec<_>>(),
            "answers": shown.map(Answer::json).collect::<Vec<_>>(),
        })
    }
}

/// A probability as people write it.
fn chance(p: f64) -> String {
    if p < 1e-3 { format!("{p:.0e}") } else { format!("{p:.3}") }
}
