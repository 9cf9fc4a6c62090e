//! Readings in wide shape: one row a machine and instant, a column for each sensor, one table a kind.

use crate::table::{Cells, Column, Role, Rows, column, leading_columns};
use twinwright_model::{Quality, ReadingRows, Sheet};

/// `time, machine, future, <sensor>..., quality.<sensor>..., fault`
pub(crate) fn columns(sheet: &Sheet, futures: u32) -> Vec<Column> {
    let mut columns = leading_columns(futures);
    columns.extend(sheet.sensors.iter().map(|sensor| column(sensor.name.as_str(), Role::Reading)));
    columns.extend(sheet.sensors.iter().map(|sensor| column(format!("quality.{}", sensor.name), Role::Quality)));
    columns.push(column("fault", Role::Fault));
    columns
}

/// The rows in which at least one sensor was sampled; none when that is all of them.
pub(crate) fn sampled_rows(readings: &ReadingRows) -> Option<Vec<u32>> {
    let unsampled = Quality::Unsampled as u8;
    if readings.quality.iter().any(|codes| codes.iter().all(|&code| code != unsampled)) {
        return None;
    }
    let sampled = |row: &u32| readings.quality.iter().any(|codes| codes[*row as usize] != unsampled);
    Some((0..readings.len() as u32).filter(sampled).collect())
}

pub(crate) fn rows<'a>(
    readings: &'a ReadingRows,
    kept: Option<&'a [u32]>,
    futures: u32,
    machines: &'a [String],
    faults: &'a [String],
) -> Rows<'a> {
    let mut cells = vec![Cells::Time(&readings.time), Cells::Word { codes: &readings.machine, words: machines }];
    if futures > 1 {
        cells.push(Cells::Whole(&readings.future));
    }
    let sensors = readings.values.iter().zip(&readings.quality);
    cells.extend(sensors.map(|(values, quality)| Cells::Reading { values, quality }));
    cells.extend(readings.quality.iter().map(|codes| Cells::Quality(codes)));
    cells.push(Cells::MaybeWord { codes: &readings.fault, words: faults });
    Rows { count: readings.len(), kept, cells }
}

/// Some of the rows, copied.
pub(crate) fn gathered(readings: &ReadingRows, kept: &[u32]) -> ReadingRows {
    fn some<T: Copy>(all: &[T], kept: &[u32]) -> Vec<T> {
        kept.iter().map(|&row| all[row as usize]).collect()
    }
    ReadingRows {
        time: some(&readings.time, kept),
        machine: some(&readings.machine, kept),
        future: some(&readings.future, kept),
        values: readings.values.iter().map(|column| some(column, kept)).collect(),
        quality: readings.quality.iter().map(|column| some(column, kept)).collect(),
        fault: some(&readings.fault, kept),
        sensor_fault: Vec::new(),
    }
}
