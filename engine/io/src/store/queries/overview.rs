//! All machines at one glance: what each is, its open alerts, and what was heard of it last.

use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use twinwright_model::{Quality, Time};

/// One machine.
#[derive(Debug, Clone, PartialEq)]
pub struct OverviewRow {
    pub name: String,
    pub kind: String,
    /// The registry's word: online, offline, ...
    pub status: String,
    /// The last mode of the run, where that knows the machine.
    pub mode: Option<String>,
    /// Open alerts: critical, high, medium, low.
    pub open: [i64; 4],
    pub last: Option<LastReading>,
}

/// The newest reading of a machine, of whichever sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct LastReading {
    pub time: Time,
    pub sensor: String,
    pub value: Option<f64>,
    pub unit: String,
    pub quality: Quality,
}

pub const OVERVIEW: &str = "\
    SELECT e.name, e.kind, e.status, a.critical, a.high, a.medium, a.low, r.time, r.sensor, r.value, r.unit, r.quality, \
           (SELECT m.status FROM status_events m WHERE m.run_id = $1 AND m.equipment_id = e.id ORDER BY m.time DESC LIMIT 1) \
    FROM equipment e \
    LEFT JOIN (SELECT equipment_id, count(CASE priority WHEN 4 THEN 1 END) AS critical, \
                      count(CASE priority WHEN 3 THEN 1 END) AS high, count(CASE priority WHEN 2 THEN 1 END) AS medium, \
                      count(CASE priority WHEN 1 THEN 1 END) AS low \
               FROM alerts WHERE status IN ('active', 'acknowledged') AND run_id = $1 GROUP BY equipment_id) a \
        ON a.equipment_id = e.id \
    LEFT JOIN (SELECT s.equipment_id, l.time, s.name AS sensor, l.value, s.unit, l.quality, \
                      row_number() OVER (PARTITION BY s.equipment_id ORDER BY l.time DESC, s.id) AS place \
               FROM latest_readings l JOIN sensors s ON s.id = l.sensor_id) r \
        ON r.equipment_id = e.id AND r.place = 1";

/// All machines by name, with what is open of the alerts of a run (of no run: zero).
pub async fn overview(link: &mut Link, run: i64) -> Result<Vec<OverviewRow>, OutletTrouble> {
    let mut rows = Vec::new();
    link.each(OVERVIEW, &[run.into()], |row| {
        let text = |place: usize| row.text(place).to_owned();
        let last = row.time(7).map(|time| LastReading {
            time,
            sensor: text(8),
            value: row.maybe_real(9),
            unit: text(10),
            quality: Quality::from_code(row.int(11).clamp(0, 3) as u8),
        });
        let open = [row.int(3), row.int(4), row.int(5), row.int(6)];
        let mode = row.maybe_text(12).map(str::to_owned);
        rows.push(OverviewRow { name: text(0), kind: text(1), status: text(2), mode, open, last });
    })
    .await?;
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(rows)
}
