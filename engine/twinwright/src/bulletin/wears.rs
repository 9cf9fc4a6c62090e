//! Where wear stands, and where a straight line through its last snapshots leads. A line is no prognosis: it knows
//! neither the law of the wear nor what load will come.

use super::figures::WearFigure;
use twinwright_io::store::periods::{LogRow, StateRow};
use twinwright_model::{Span, Time};

const DAY: f64 = 86_400e9;
/// A fall as large as this is a restoration, also where no log says so.
const FALL: f64 = 0.1;
/// Beyond this a line says nothing.
const FARTHEST_DAYS: f64 = 3_650.0;

/// The wears of one machine at the end of a stretch. `logs` are its works since the start of the run.
pub fn of_machine(of: usize, machine: &str, states: &[StateRow], logs: &[LogRow]) -> Vec<WearFigure> {
    let Some(last) = states.last() else { return Vec::new() };
    let figure = |(wear, value): (&String, &f64)| {
        let restored: Vec<Time> = logs.iter().filter(|log| restores(log, wear)).map(|log| log.time).collect();
        let points: Vec<(Time, f64)> =
            states.iter().filter_map(|state| Some((state.time, *state.wear.get(wear)?))).collect();
        let line = &points[renewed(&points, restored.last().copied())..];
        let per_day = slope(line);
        WearFigure {
            of,
            machine: machine.to_owned(),
            wear: wear.clone(),
            at: last.time,
            value: *value,
            per_day,
            since: line.first().map_or(last.time, |point| point.0),
            reaches: per_day.and_then(|per_day| reaches(last.time, *value, per_day)),
            restored: restored.len(),
            points,
        }
    };
    last.wear.iter().map(figure).collect()
}

/// Whether a work restored a wear; one work may have restored several.
fn restores(log: &LogRow, wear: &str) -> bool {
    ["repair", "planned"].contains(&log.what.as_str())
        && log.subject.split(['+', ',', ' ']).any(|subject| subject == wear)
}

/// The first point after the last restoration.
fn renewed(points: &[(Time, f64)], restored: Option<Time>) -> usize {
    let logged = restored.map_or(0, |restored| points.iter().take_while(|point| point.0 < restored).count());
    let fell = (1..points.len()).rev().find(|&at| points[at].1 < points[at - 1].1 - FALL).unwrap_or(0);
    logged.max(fell).min(points.len().saturating_sub(1))
}

/// Growth a day of the least squares line; None of fewer than two points.
fn slope(points: &[(Time, f64)]) -> Option<f64> {
    let first = points.first()?.0;
    let days = |time: Time| (time.0 - first.0) as f64 / DAY;
    let count = points.len() as f64;
    let mean = (
        points.iter().map(|point| days(point.0)).sum::<f64>() / count,
        points.iter().map(|point| point.1).sum::<f64>() / count,
    );
    let (mut across, mut along) = (0.0, 0.0);
    for (time, wear) in points {
        across += (days(*time) - mean.0) * (wear - mean.1);
        along += (days(*time) - mean.0) * (days(*time) - mean.0);
    }
    (along > 0.0).then(|| across / along)
}

fn reaches(at: Time, value: f64, per_day: f64) -> Option<Time> {
    let days = (1.0 - value) / per_day;
    (per_day > 0.0 && value < 1.0 && days < FARTHEST_DAYS).then(|| at + Span((days * DAY) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(days: f64) -> Time {
        Time((days * DAY) as i64)
    }

    fn state(days: f64, bearing: f64) -> StateRow {
        let wear = [("bearing".to_owned(), bearing)].into_iter().collect();
        StateRow { machine: 1, time: day(days), wear, energy_kwh: None }
    }

    fn repair(days: f64, subject: &str) -> LogRow {
        let (what, subject) = ("repair".to_owned(), subject.to_owned());
        LogRow { machine: 1, time: day(days), what, subject, hours: None, cost: None }
    }

    #[test]
    fn a_straight_wear_reaches_one_where_its_line_does() {
        let states: Vec<StateRow> = (0..=10).map(|k| state(f64::from(k), 0.66 + 0.02 * f64::from(k))).collect();
        let found = &of_machine(0, "P-1", &states, &[])[0];
        assert!((found.per_day.unwrap() - 0.02).abs() < 1e-12 && (found.value - 0.86).abs() < 1e-12);
        // 0.14 are left at 0.02 a day: seven days after day ten.
        assert!((found.reaches.unwrap().0 - day(17.0).0).abs() < 1_000_000);
    }

    #[test]
    fn what_was_before_a_restoration_does_not_count() {
        let states = [state(0.0, 0.7), state(1.0, 0.9), state(2.0, 0.1), state(3.0, 0.2), state(4.0, 0.3)];
        let found = &of_machine(0, "P-1", &states, &[])[0];
        assert!((found.per_day.unwrap() - 0.1).abs() < 1e-12 && found.since == day(2.0));
        let logs = [repair(2.5, "seal+bearing"), repair(3.5, "seal")];
        let found = &of_machine(0, "P-1", &states, &logs)[0];
        assert_eq!((found.since, found.restored), (day(3.0), 1));
        let found = &of_machine(0, "P-1", &states, &[repair(3.5, "bearing")])[0];
        assert_eq!((found.since, found.per_day, found.reaches), (day(4.0), None, None));
        assert!(of_machine(0, "P-1", &[], &[]).is_empty());
        let still = of_machine(0, "P-1", &[state(0.0, 0.4), state(1.0, 0.4)], &[]);
        assert_eq!((still[0].per_day, still[0].reaches), (Some(0.0), None));
    }
}
