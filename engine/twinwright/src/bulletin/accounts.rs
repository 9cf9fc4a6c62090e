//! What machines came to: hours in each state clipped to the stretch, failures, stops, cost, and the sums of the plant.

use super::figures::{Account, Costs, Stay};
use super::intervals::{between_failures, to_repair};
use super::prices::Price;
use twinwright_io::store::periods::{LogRow, MachineRow, Performance, StateRow, StatusRow};
use twinwright_model::{E10, Mode, Span, Time};

/// What is known of one machine.
pub struct Known<'a> {
    pub machine: &'a MachineRow,
    pub statuses: &'a [StatusRow],
    /// Within the stretch.
    pub logs: &'a [LogRow],
    pub states: &'a [StateRow],
    pub performance: &'a [Performance],
    pub price: Option<&'a Price>,
    pub alerts: usize,
}

/// The modes one after the other, cut to the stretch; before the first row nothing is known.
pub fn stays(statuses: &[StatusRow], from: Time, to: Time) -> Vec<Stay> {
    let ends = statuses.iter().skip(1).map(|next| next.time).chain([to]);
    let stay = |(row, end): (&StatusRow, Time)| {
        let (from, to) = (row.time.max(from), end.min(to));
        (from < to).then(|| Stay { mode: row.mode, from, to, reason: row.reason.clone() })
    };
    statuses.iter().zip(ends).filter_map(stay).collect()
}

/// Hours in each state, summed in whole nanoseconds.
fn hours_of(stays: &[Stay], from: Time, to: Time) -> [f64; 6] {
    let mut nanos = [0i64; 6];
    for stay in stays {
        nanos[stay.mode.e10() as usize] += (stay.to.min(to).0 - stay.from.max(from).0).max(0);
    }
    nanos.map(|nanos| Span(nanos).hours())
}

/// Lengths in hours of the unplanned stops that ended within, whole also where they began before.
fn stops(statuses: &[StatusRow], from: Time) -> Vec<f64> {
    let before = [None].into_iter().chain(statuses.iter().map(Some));
    let ended = statuses.iter().zip(before).filter(|(row, _)| row.time >= from && row.mode != Mode::Failed);
    ended
        .filter(|(row, before)| row.previous.or(before.map(|before| before.mode)) == Some(Mode::Failed))
        .filter_map(|(row, before)| {
            row.lasted_s.map(|seconds| seconds / 3600.0).or(before.map(|before| row.time.since(before.time).hours()))
        })
        .collect()
}

/// What one machine came to.
pub fn account(known: &Known, stays: &[Stay], from: Time, to: Time) -> Account {
    let mut account = Account {
        id: known.machine.id,
        name: known.machine.name.clone(),
        kind: known.machine.kind.clone(),
        hours: hours_of(stays, from, to),
        stops: stops(known.statuses, from),
        alerts: known.alerts,
        energy_kwh: energy(known.states, from, to),
        ..Account::default()
    };
    account.failures = count(known.logs, &["failure"]);
    account.planned = count(known.logs, &["planned", "inspection", "calibration"]);
    account.mtbf = between_failures(account.in_state(E10::Prd), account.failures);
    account.mttr = to_repair(&account.stops);
    account.oee = effectiveness(known.performance, stays, from, to);
    let price = known.price;
    account.possible = price.map_or(0.0, |price| price.ideal) * account.scheduled_h();
    let down = account.in_state(E10::Sdt) + account.in_state(E10::Udt);
    account.costs = Costs {
        downtime: price.map_or(0.0, |price| price.downtime) * down,
        unplanned: spent(known.logs, &["failure", "repair"]),
        planned: spent(known.logs, &["planned", "inspection", "calibration"]),
        energy: price.map_or(0.0, |price| price.energy) * account.energy_kwh.unwrap_or(0.0),
    };
    account
}

fn count(logs: &[LogRow], what: &[&str]) -> u64 {
    logs.iter().filter(|log| what.contains(&log.what.as_str())).count() as u64
}

fn spent(logs: &[LogRow], what: &[&str]) -> f64 {
    logs.iter().filter(|log| what.contains(&log.what.as_str())).filter_map(|log| log.cost).sum()
}

/// What the meter ran on from the first snapshot within to the last one.
fn energy(states: &[StateRow], from: Time, to: Time) -> Option<f64> {
    let mut within =
        states.iter().filter(|state| (from..=to).contains(&state.time)).filter_map(|state| state.energy_kwh);
    let first = within.next()?;
    Some((within.next_back()? - first).max(0.0))
}

/// OEE of a machine: that of its stretches, each by the hours within that were not taken out of the schedule. As its ideal
/// rate is one, this is good pieces over possible ones where the stretches lie within.
fn effectiveness(performance: &[Performance], stays: &[Stay], from: Time, to: Time) -> Option<f64> {
    let (mut good, mut possible) = (0.0, 0.0);
    for row in performance {
        let Some(efficiency) = row.efficiency else { continue };
        let begin = Time(row.time.0 - Span::from_seconds(row.span_s).0).max(from);
        let hours: Account = Account { hours: hours_of(stays, begin, row.time.min(to)), ..Account::default() };
        good += efficiency * hours.scheduled_h();
        possible += hours.scheduled_h();
    }
    (possible > 0.0).then(|| good / possible)
}

/// The sums of all machines; ratios are ratios of sums.
pub fn plant(machines: &[Account]) -> Account {
    let mut plant = Account { name: "plant".to_owned(), ..Account::default() };
    for machine in machines {
        plant.hours.iter_mut().zip(machine.hours).for_each(|(sum, hours)| *sum += hours);
        plant.failures += machine.failures;
        plant.planned += machine.planned;
        plant.stops.extend(&machine.stops);
        plant.alerts += machine.alerts;
        plant.costs.downtime += machine.costs.downtime;
        plant.costs.unplanned += machine.costs.unplanned;
        plant.costs.planned += machine.costs.planned;
        plant.costs.energy += machine.costs.energy;
        plant.energy_kwh = match (plant.energy_kwh, machine.energy_kwh) {
            (None, None) => None,
            (sum, more) => Some(sum.unwrap_or(0.0) + more.unwrap_or(0.0)),
        };
    }
    plant.mtbf = between_failures(plant.in_state(E10::Prd), plant.failures);
    plant.mttr = to_repair(&plant.stops);
    let making = || machines.iter().filter_map(|machine| Some((machine.oee?, machine.possible)));
    plant.possible = making().map(|(_, possible)| possible).sum();
    plant.oee =
        (plant.possible > 0.0).then(|| making().map(|(oee, possible)| oee * possible).sum::<f64>() / plant.possible);
    plant
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    fn row(hour: i64, mode: Mode, previous: Option<Mode>) -> StatusRow {
        StatusRow { machine: 1, time: Time(hour * HOUR), mode, previous, lasted_s: None, reason: String::new() }
    }

    #[test]
    fn hours_are_clipped_to_the_stretch_and_an_edge_counts_once() {
        let rows = [
            row(-5, Mode::Running, None),
            row(0, Mode::Idle, Some(Mode::Running)),
            row(3, Mode::Failed, Some(Mode::Idle)),
            row(7, Mode::Running, Some(Mode::Failed)),
            row(24, Mode::Offline, Some(Mode::Running)),
        ];
        let (from, to) = (Time(0), Time(24 * HOUR));
        let found = stays(&rows, from, to);
        assert_eq!(found.len(), 3);
        assert_eq!(hours_of(&found, from, to), [17.0, 3.0, 0.0, 0.0, 4.0, 0.0]);
        assert_eq!(stops(&rows, from), [4.0]);
        assert_eq!(stops(&rows, Time(7 * HOUR)), [4.0]);
        assert!(stops(&rows, Time(7 * HOUR + 1)).is_empty());
    }

    #[test]
    fn oee_weighs_stretches_by_their_scheduled_hours() {
        let rows = [row(0, Mode::Running, None), row(6, Mode::Offline, Some(Mode::Running))];
        let (from, to) = (Time(0), Time(12 * HOUR));
        let part = |hour: i64, hours: f64, efficiency| Performance {
            machine: 1,
            time: Time(hour * HOUR),
            span_s: hours * 3600.0,
            efficiency,
        };
        // Two hours at 0.9; of 2 to 8 only four are scheduled, at 0.6; then none.
        let parts = [part(2, 2.0, Some(0.9)), part(8, 6.0, Some(0.6)), part(12, 4.0, Some(0.1))];
        let found = effectiveness(&parts, &stays(&rows, from, to), from, to).unwrap();
        assert!((found - (2.0 * 0.9 + 4.0 * 0.6) / 6.0).abs() < 1e-12);
        assert_eq!(effectiveness(&[part(2, 2.0, None)], &[], from, to), None);
    }
}
