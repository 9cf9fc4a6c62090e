//! A stretch cut after its last allowed reading, so that what is recorded ends where the stream ends.

use crate::run::merge::Merged;
use twinwright_model::{Quality, ReadingRows, Time, TruthRows};

/// Leaves the first `left` readings of a stretch, in the order in which a stream has them: by time, sheet, row and sensor.
/// Says the instant of the last one; none when nothing had to be cut.
pub fn cut_after(merged: &mut Merged, left: u64) -> Option<Time> {
    if readings_in(&merged.chunk.readings) <= left {
        return None;
    }
    let (mut left, mut last) = (left, None);
    let mut next = vec![0; merged.chunk.readings.len()];
    let time_of = |rows: &ReadingRows, row: usize| rows.time.get(row).copied();
    while let Some(time) = merged.chunk.readings.iter().zip(&next).filter_map(|(rows, &row)| time_of(rows, row)).min() {
        if left == 0 {
            break;
        }
        last = Some(time);
        for (rows, row) in merged.chunk.readings.iter_mut().zip(&mut next) {
            while rows.time.get(*row) == Some(&time) {
                spend(rows, *row, &mut left);
                *row += 1;
            }
        }
    }
    let last = last?;
    merged.chunk.readings.iter_mut().for_each(|rows| keep_readings(rows, last));
    merged.chunk.truth.iter_mut().for_each(|rows| keep_truth(rows, last));
    merged.events.retain(|event| event.time <= last);
    merged.alerts.retain(|alert| alert.time <= last);
    Some(last)
}

/// Readings that a stream carries.
pub fn readings_in(sheets: &[ReadingRows]) -> u64 {
    let there = |codes: &Vec<u8>| codes.iter().filter(|code| is_reading(**code)).count() as u64;
    sheets.iter().flat_map(|rows| &rows.quality).map(there).sum()
}

fn is_reading(code: u8) -> bool {
    code < Quality::Unsampled.code()
}

/// Lets the row's readings pass while some are left; the others were never sampled.
fn spend(rows: &mut ReadingRows, row: usize, left: &mut u64) {
    for codes in &mut rows.quality {
        if is_reading(codes[row]) && *left > 0 {
            *left -= 1;
        } else if *left == 0 {
            codes[row] = Quality::Unsampled.code();
        }
    }
}

fn keep_readings(rows: &mut ReadingRows, last: Time) {
    let kept = rows.time.partition_point(|time| *time <= last);
    rows.time.truncate(kept);
    rows.machine.truncate(kept);
    rows.future.truncate(kept);
    rows.values.iter_mut().for_each(|column| column.truncate(kept));
    rows.quality.iter_mut().for_each(|column| column.truncate(kept));
    rows.fault.truncate(kept);
    rows.sensor_fault.retain(|(row, _, _)| (*row as usize) < kept);
}

fn keep_truth(rows: &mut TruthRows, last: Time) {
    let kept = rows.time.partition_point(|time| *time <= last);
    rows.time.truncate(kept);
    rows.machine.truncate(kept);
    rows.future.truncate(kept);
    rows.mode.truncate(kept);
    rows.values.iter_mut().for_each(|column| column.truncate(kept));
    rows.wears.iter_mut().for_each(|column| column.truncate(kept));
}
