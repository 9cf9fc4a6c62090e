//! Predictions held against the truth: the figures that prognostics people compare.
//!
//! RMSE and NASA's score (early errors by exp(-d/13) - 1, late ones by exp(d/10) - 1), the share of rows within the
//! band, alpha-lambda and the prognostic horizon (Saxena et al. 2010). The truth is never capped.

/// Within this share of the truth a prediction meets alpha-lambda.
const ALPHA: f64 = 0.2;
/// Within this share of a unit's life predictions are inside the horizon's zone.
const ZONE: f64 = 0.1;
/// Shares of life at which alpha-lambda is looked at.
const LAMBDAS: [f64; 4] = [0.25, 0.5, 0.75, 0.9];

/// One row of a unit whose end is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    pub unit: usize,
    pub cycle: f64,
    pub truth: f64,
    pub predicted: f64,
    pub low: f64,
    pub high: f64,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    pub rows: usize,
    pub units: usize,
    pub rmse: f64,
    pub mae: f64,
    pub nasa: f64,
    /// The share of rows whose truth lies within the band; each unit counts the same.
    pub covered: f64,
    /// Share of life, units within alpha there, units looked at.
    pub alpha_lambda: Vec<(f64, usize, usize)>,
    /// How long before the end predictions come into the zone to stay, in cycles: median over units that fail.
    pub horizon: Option<f64>,
}

/// NASA's penalty of one error, late ones worse than early ones.
pub fn nasa(error: f64) -> f64 {
    if error < 0.0 { libm::expm1(-error / 13.0) } else { libm::expm1(error / 10.0) }
}

/// Judges rows that are ordered by unit and cycle.
pub fn judge(rows: &[Judged]) -> Verdict {
    let count = rows.len().max(1) as f64;
    let errors = || rows.iter().map(|row| row.predicted - row.truth);
    let units: Vec<&[Judged]> = rows.chunk_by(|a, b| a.unit == b.unit).collect();
    let inside = |row: &&Judged| row.low <= row.truth && row.truth <= row.high;
    let share = |unit: &&[Judged]| unit.iter().filter(inside).count() as f64 / unit.len() as f64;
    let mut horizons: Vec<f64> = units.iter().filter_map(|unit| horizon(unit)).collect();
    horizons.sort_by(f64::total_cmp);
    Verdict {
        rows: rows.len(),
        units: units.len(),
        rmse: (errors().map(|error| error * error).sum::<f64>() / count).sqrt(),
        mae: errors().map(f64::abs).sum::<f64>() / count,
        nasa: errors().map(nasa).sum(),
        covered: units.iter().map(share).sum::<f64>() / units.len().max(1) as f64,
        alpha_lambda: LAMBDAS.iter().map(|lambda| alpha_lambda(&units, *lambda)).collect(),
        horizon: (!horizons.is_empty()).then(|| horizons[horizons.len() / 2]),
    }
}

fn alpha_lambda(units: &[&[Judged]], lambda: f64) -> (f64, usize, usize) {
    let (mut met, mut seen) = (0, 0);
    for unit in units {
        let Some(first) = unit.first() else { continue };
        let wanted = (first.cycle + first.truth) * lambda;
        // A unit that was not seen up to there says nothing.
        let Some(row) = unit.iter().find(|row| row.cycle >= wanted) else { continue };
        seen += 1;
        met += usize::from((row.predicted - row.truth).abs() <= ALPHA * row.truth);
    }
    (lambda, met, seen)
}

/// How long before its end a unit's predictions come into the zone for good; only of units seen to their end.
fn horizon(unit: &[Judged]) -> Option<f64> {
    let last = unit.last().filter(|last| last.truth <= 0.0)?;
    let zone = ZONE * (last.cycle + last.truth);
    let from = unit.iter().rposition(|row| (row.predicted - row.truth).abs() > zone).map_or(0, |row| row + 1);
    Some(unit.get(from).map_or(0.0, |row| row.truth))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(unit: usize, cycle: f64, truth: f64, predicted: f64) -> Judged {
        Judged { unit, cycle, truth, predicted, low: predicted - 5.0, high: predicted + 5.0 }
    }

    #[test]
    fn the_figures_are_those_of_their_definitions() {
        // Errors 3 and -4: RMSE is sqrt(12.5); the score is exp(0.3) + exp(4/13) - 2.
        let verdict = judge(&[row(0, 10.0, 20.0, 23.0), row(1, 10.0, 20.0, 16.0)]);
        assert!((verdict.rmse - 12.5f64.sqrt()).abs() < 1e-12);
        assert!((verdict.mae - 3.5).abs() < 1e-12);
        assert!((verdict.nasa - (libm::exp(0.3) + libm::exp(4.0 / 13.0) - 2.0)).abs() < 1e-12);
        assert_eq!((verdict.rows, verdict.units, verdict.covered), (2, 2, 1.0));
    }

    #[test]
    fn the_horizon_begins_where_predictions_come_in_to_stay() {
        // A life of 100: the zone is 10 cycles wide. Row by row errors 50, 5, 20, 5, 5.
        let rows: Vec<Judged> = [(20.0, 130.0), (40.0, 65.0), (60.0, 60.0), (80.0, 25.0), (100.0, 5.0)]
            .map(|(cycle, predicted)| row(0, cycle, 100.0 - cycle, predicted))
            .to_vec();
        let verdict = judge(&rows);
        assert_eq!(verdict.horizon, Some(20.0));
        // At a quarter 65 for 60 is within a fifth, at a half 60 for 40 is not, at 0.75 25 for 20 is not.
        let met: Vec<usize> = verdict.alpha_lambda.iter().map(|(_, met, _)| *met).collect();
        assert_eq!(met, [1, 0, 0, 0]);
    }

    #[test]
    fn nothing_to_judge_is_no_trouble() {
        assert_eq!(judge(&[]).units, 0);
        assert_eq!(judge(&[row(0, 1.0, 50.0, 50.0)]).horizon, None);
    }
}
