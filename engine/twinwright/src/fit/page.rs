//! What `fit` says of itself: a line a sensor, then what the table does not tell.

use super::machine::{Names, about, digits};
use super::recording::Recording;
use std::fmt::Write;
use std::path::Path;
use twinwright_core::identify::{Driver, Found};

pub(super) fn page(recording: &Recording, drivers: &[Driver], found: &[Found], out: Option<&Path>) -> String {
    let names = Names::of(drivers, found);
    let mut page = String::new();
    let _ = writeln!(page, "fitted to {}: {} rows", recording.data, recording.record.seconds.len());
    if recording.period.is_none() {
        let _ = writeln!(page, "  there is no column of times: rows are taken as a second apart");
    }
    if recording.dropped + recording.broken > 0 {
        let (dropped, broken) = (recording.dropped, recording.broken);
        let _ = writeln!(page, "  left out: {dropped} rows without a time of their own, {broken} that cannot be read");
    }
    for (name, why) in &recording.ignored {
        let _ = writeln!(page, "  left out: {name} ({why})");
    }
    let width = names.sensors.iter().map(String::len).max().unwrap_or(0).max(6);
    let _ = writeln!(page, "  {:width$}  explains  noise sd  memory s  lag s  step  gains", "sensor");
    for (sensor, name) in found.iter().zip(&names.sensors) {
        let some = |number: Option<f64>| number.map_or("-".to_owned(), |number| format!("{number:.3}"));
        let explained = sensor.explained.map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share.max(-99.99)));
        let gains: Vec<String> = sensor
            .gains
            .iter()
            .map(|(place, gain, _)| format!("{} {}", names.drivers[*place], digits(*gain)))
            .collect();
        let gains = if gains.is_empty() { "-".to_owned() } else { gains.join(", ") };
        let _ = writeln!(
            page,
            "  {name:width$}  {explained:>8}  {:>8}  {:>8}  {:>5}  {:>4}  {gains}",
            digits(sensor.sd),
            some(sensor.memory),
            some(sensor.lag),
            sensor.step.map_or("-".to_owned(), digits)
        );
    }
    for (driver, name) in drivers.iter().zip(&names.drivers) {
        if let Some(doubt) = &driver.doubt {
            let _ = writeln!(page, "cannot tell: {name}: {}", about(doubt, &names));
        }
    }
    for (sensor, name) in found.iter().zip(&names.sensors) {
        for doubt in &sensor.doubts {
            let _ = writeln!(page, "cannot tell: {name}: {}", about(doubt, &names));
        }
    }
    if let Some(out) = out {
        let _ = writeln!(page, "wrote {}", out.display());
    }
    page
}
