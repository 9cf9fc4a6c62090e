//! The tables of a report that do not speak of futures: kinds, machines, alerts, faults.

use super::data::{ReportData, Row};
use super::lettering::named;
use super::scale::{minute, plain, second};
use super::table::{Head, Table};
use twinwright_model::Mode;

/// Kinds or machines: what they came to, and the hours in each mode.
pub(super) fn rows(rows: &[Row], machines: bool) -> String {
    let modes = modes_of(rows);
    let hours: Vec<String> = modes.iter().map(|mode| format!("{mode} h")).collect();
    let mut heads: Vec<Head> =
        if machines { vec![("machine", false), ("kind", false)] } else { vec![("kind", false), ("machines", true)] };
    let names = ["available", "failures", "planned", "alerts", "OEE", "energy kWh", "cost"];
    heads.extend(names.into_iter().chain(hours.iter().map(String::as_str)).map(|head| (head, true)));
    let mut table = Table::new(&heads);
    for row in rows {
        let second = if machines { named(&row.kind) } else { row.machines.to_string() };
        let cells: Vec<String> = [named(&row.name), second].into_iter().chain(cells(row, &modes)).collect();
        table.row(&cells);
    }
    table.finish()
}

/// Modes that any of them was in.
fn modes_of(rows: &[Row]) -> Vec<Mode> {
    Mode::ALL.into_iter().filter(|mode| rows.iter().any(|row| row.tally.hours[*mode as usize] > 0.0)).collect()
}

fn cells(row: &Row, modes: &[Mode]) -> Vec<String> {
    let measure = |name: &str| row.tally.measure(name).filter(|value| !value.is_nan());
    let percent = |name: &str| measure(name).map_or("–".to_owned(), |part| format!("{:.2} %", part * 100.0));
    let number = |name: &str| measure(name).map_or("–".to_owned(), |value| plain((value * 10.0).round() / 10.0));
    let mut cells = vec![percent("availability"), number("failures"), number("planned_works"), number("alerts")];
    cells.extend([percent("oee"), number("energy_kwh"), number("cost")]);
    cells.extend(modes.iter().map(|mode| plain((row.tally.hours[*mode as usize] * 10.0).round() / 10.0)));
    cells
}

/// The commonest alerts.
pub(super) fn alerts(data: &ReportData) -> String {
    let heads = [("machine", false), ("limit", false), ("severity", false), ("raised", true), ("first", false)];
    let mut table = Table::new(&[heads.as_slice(), &[("last", false)]].concat());
    for row in &data.alerts {
        let count = plain((row.count * 100.0).round() / 100.0);
        let (first, last) = (minute(row.first), minute(row.last));
        table.row(&[named(&row.machine), named(&row.rule), named(&row.severity), count, first, last]);
    }
    table.finish()
}

/// The faults that were put in.
pub(super) fn faults(data: &ReportData) -> String {
    let heads = ["fault", "layer", "machine", "sensor", "start", "end"].map(|head| (head, false));
    let mut table = Table::new(&heads);
    for row in &data.faults {
        let end = row.end.map_or("still active".to_owned(), second);
        let start = second(row.start);
        table.row(&[named(&row.fault), row.layer.to_owned(), named(&row.machine), named(&row.sensor), start, end]);
    }
    table.finish()
}
