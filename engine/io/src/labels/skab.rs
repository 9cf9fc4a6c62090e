//! SKAB's form: `labels/skab/<machine>.csv` with `datetime;<sensor>;...;anomaly;changepoint`.
//!
//! Read by `pd.read_csv(file, sep=";", index_col="datetime", parse_dates=True)`. `anomaly` is 1.0 while any fault
//! holds, `changepoint` is 1.0 in the first row of a fault and in the first one after it. No reading is an empty cell.

use super::Run;
use super::page::{Page, Stamps};
use super::spool::RowSpool;
use super::sweep::Sweep;
use crate::{RecordError, RunFolder, file_name};
use std::collections::BTreeMap;
use twinwright_model::Label;

pub(super) fn write(
    folder: &RunFolder,
    run: &Run,
    rows: &RowSpool,
    faults: &BTreeMap<u32, Vec<&Label>>,
) -> Result<(), RecordError> {
    for (machine, name) in (0u32..).zip(&run.machines) {
        let Some(sheet) = rows.sheet(machine).and_then(|sheet| run.sheets.get(sheet)) else { continue };
        let mut page = Page::open(folder, &format!("labels/skab/{}.csv", file_name(name)))?;
        page.text("datetime;")?;
        for sensor in &sheet.sensors {
            page.text(&format!("{};", sensor.name))?;
        }
        page.text("anomaly;changepoint\n")?;
        let mut sweep = Sweep::new(faults.get(&machine).map_or(&[], Vec::as_slice));
        let mut stamps = Stamps::new(rows.digits(machine));
        rows.read(machine, |row| {
            page.text(stamps.of(row.time))?;
            for sensor in 0..row.values.len() {
                page.text(";")?;
                row.value(sensor).map_or(Ok(()), |value| page.number(value))?;
            }
            let step = sweep.step(row.time);
            page.text(if step.is_faulty() { ";1.0" } else { ";0.0" })?;
            page.text(if step.began || step.ended { ";1.0\n" } else { ";0.0\n" })
        })?;
        page.finish()?;
    }
    Ok(())
}
