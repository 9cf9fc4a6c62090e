//! Weighing: from how well each hypothesis fits to how probable it is, with `unknown` among them. It does not fit anything itself.

use super::Symptoms;
use super::chi;
use super::hypotheses::{Fit, Hypothesis, Whitened, fit, hypotheses};
use super::verdict::{Answer, Diagnosis, Found};

/// How far something unknown may push sensors, in standard deviations of a reading.
const PUSHES: [f64; 8] = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// A cause that leaves what happens by chance less often than this does not fit.
const FITS: f64 = 1e-3;

/// Says what explains what is seen. None where nothing is seen, or nothing that can be weighed.
pub fn diagnose(symptoms: &Symptoms) -> Option<Diagnosis> {
    let seen = symptoms.residual.len();
    let finite = |mut values: std::slice::Iter<f64>| values.all(|value| value.is_finite());
    if seen == 0 || !finite(symptoms.residual.as_slice().iter()) || !finite(symptoms.covariance.as_slice().iter()) {
        return None;
    }
    let whitened = Whitened::of(&symptoms.covariance)?;
    let odd = whitened.lower(&symptoms.residual).norm_squared();
    let mut weighed: Vec<(Answer, f64)> = Vec::new();
    for hypothesis in hypotheses(&symptoms.suspects) {
        let Some(fit) = fit(symptoms, &hypothesis) else { continue };
        let degrees = seen.saturating_sub(hypothesis.suspects.len());
        let chance = chi::above(fit.left, degrees as f64);
        let weight = libm::log(hypothesis.prior) + fit.evidence + libm::log((chance / FITS).clamp(1e-300, 1.0));
        weighed.push((answer(symptoms, &whitened, &hypothesis, fit, (odd, chance)), weight));
    }
    let unknown =
        Answer { causes: Vec::new(), unknown: true, probability: 0.0, explained: 0.0, left: 0.0, chance: 1.0 };
    weighed.push((unknown, unknown_evidence(symptoms, &whitened)));
    let most = weighed.iter().map(|(_, weight)| *weight).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = weighed.iter().map(|(_, weight)| libm::exp(weight - most)).sum();
    let probable = |(answer, weight): (Answer, f64)| Answer { probability: libm::exp(weight - most) / sum, ..answer };
    let mut answers: Vec<Answer> = weighed.into_iter().map(probable).collect();
    answers.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    Some(Diagnosis { answers, odd, seen, chance: chi::above(odd, seen as f64) })
}

fn answer(
    symptoms: &Symptoms,
    whitened: &Whitened,
    hypothesis: &Hypothesis,
    fit: Fit,
    (odd, chance): (f64, f64),
) -> Answer {
    let causes = hypothesis.suspects.iter().zip(&fit.sizes).map(|(&at, &(size, sd))| {
        let suspect = &symptoms.suspects[at];
        let strength = whitened.lower(&suspect.effect(size)).norm();
        (strength, Found { cause: suspect.cause, name: suspect.name.clone(), size, sd })
    });
    // What moves sensors most comes first.
    let mut causes: Vec<(f64, Found)> = causes.collect();
    causes.sort_by(|a, b| b.0.total_cmp(&a.0));
    let causes = causes.into_iter().map(|(_, found)| found);
    let explained = if odd > 0.0 { (1.0 - fit.left / odd).clamp(0.0, 1.0) } else { 0.0 };
    Answer { causes: causes.collect(), unknown: false, probability: 0.0, explained, left: fit.left, chance }
}

/// How likely what is seen would be if each sensor were pushed by itself, by something that no file describes.
fn unknown_evidence(symptoms: &Symptoms, whitened: &Whitened) -> f64 {
    let mut evidence: Vec<f64> = Vec::new();
    for push in PUSHES {
        let mut covariance = symptoms.covariance.clone();
        for (at, scale) in symptoms.scale.iter().enumerate() {
            covariance[(at, at)] += (push * scale) * (push * scale);
        }
        if let Some(wide) = Whitened::of(&covariance) {
            let left = wide.lower(&symptoms.residual).norm_squared();
            evidence.push(-left / 2.0 - (wide.log_det - whitened.log_det) / 2.0);
        }
    }
    let most = evidence.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = evidence.iter().map(|one| libm::exp(one - most)).sum();
    most + libm::log(sum / PUSHES.len() as f64)
}
