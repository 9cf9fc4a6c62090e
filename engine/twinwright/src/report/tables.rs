//! The tables of a report, as HTML.

use super::data::{ReportData, Row};
use super::scale::{minute, plain, second};
use super::svg::escape;
use std::fmt::Write;
use twinwright_model::Mode;

/// Kinds or machines: what they came to, and the hours in each mode.
pub(super) fn rows(rows: &[Row], machines: bool) -> String {
    let mut html = String::from("<div class=\"wide\"><table>\n<thead><tr><th>");
    html.push_str(if machines { "machine</th><th>kind" } else { "kind</th><th class=\"n\">machines" });
    for head in ["available", "failures", "planned", "alerts", "OEE", "energy kWh", "cost"] {
        let _ = write!(html, "</th><th class=\"n\">{head}");
    }
    let modes = modes_of(rows);
    for mode in &modes {
        let _ = write!(html, "</th><th class=\"n\">{mode} h");
    }
    html.push_str("</th></tr></thead>\n<tbody>\n");
    for row in rows {
        let second =
            if machines { format!("<td>{}", escape(&row.kind)) } else { format!("<td class=\"n\">{}", row.machines) };
        let _ = write!(html, "<tr><td>{}</td>{second}", escape(&row.name));
        for cell in cells(row, &modes) {
            let _ = write!(html, "</td><td class=\"n\">{cell}");
        }
        html.push_str("</td></tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// Modes that any of them was in.
fn modes_of(rows: &[Row]) -> Vec<Mode> {
    Mode::ALL.into_iter().filter(|mode| rows.iter().any(|row| row.tally.hours[*mode as usize] > 0.0)).collect()
}

fn cells(row: &Row, modes: &[Mode]) -> Vec<String> {
    let measure = |name: &str| row.tally.measure(name);
    let percent = |name: &str| measure(name).map_or("–".to_owned(), |part| format!("{:.2} %", part * 100.0));
    let number = |name: &str| measure(name).map_or("–".to_owned(), |value| plain((value * 10.0).round() / 10.0));
    let mut cells = vec![percent("availability"), number("failures"), number("planned_works"), number("alerts")];
    cells.extend([percent("oee"), number("energy_kwh"), number("cost")]);
    cells.extend(modes.iter().map(|mode| plain((row.tally.hours[*mode as usize] * 10.0).round() / 10.0)));
    cells
}

/// The commonest alerts.
pub(super) fn alerts(data: &ReportData) -> String {
    let mut html = String::from(
        "<div class=\"wide\"><table>\n<thead><tr><th>machine</th><th>limit</th><th>severity</th><th class=\"n\">raised</th>\
         <th>first</th><th>last</th></tr></thead>\n<tbody>\n",
    );
    for row in &data.alerts {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td></tr>",
            escape(&row.machine),
            escape(&row.rule),
            escape(&row.severity),
            plain((row.count * 100.0).round() / 100.0),
            minute(row.first),
            minute(row.last)
        );
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// The faults that were put in.
pub(super) fn faults(data: &ReportData) -> String {
    let mut html = String::from(
        "<div class=\"wide\"><table>\n<thead><tr><th>fault</th><th>layer</th><th>machine</th><th>sensor</th><th>start</th>\
         <th>end</th></tr></thead>\n<tbody>\n",
    );
    for row in &data.faults {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&row.fault),
            row.layer,
            escape(&row.machine),
            escape(&row.sensor),
            second(row.start),
            row.end.map_or("still active".to_owned(), second)
        );
    }
    html.push_str("</tbody></table></div>\n");
    html
}
