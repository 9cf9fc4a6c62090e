//! A chunk cut into its instants: at a clock's pace each leaves when its time has come.

use twinwright_model::{Chunk, ReadingRows, Time};

/// One chunk an instant, in order.
pub fn instants(chunk: Chunk) -> Vec<(Time, Chunk)> {
    let mut times: Vec<Time> = chunk.readings.iter().flat_map(|rows| rows.time.iter().copied()).collect();
    times.sort_unstable();
    times.dedup();
    if let [only] = times[..] {
        return vec![(only, chunk)];
    }
    let mut next = vec![0; chunk.readings.len()];
    let mut pieces = Vec::with_capacity(times.len());
    for time in times {
        let readings = chunk.readings.iter().zip(&mut next).map(|(rows, from)| {
            let count = rows.time[*from..].iter().take_while(|row| **row == time).count();
            let piece = part(rows, *from..*from + count);
            *from += count;
            piece
        });
        let readings = readings.collect();
        pieces.push((time, Chunk { readings, truth: Vec::new(), fault_sets: chunk.fault_sets.clone() }));
    }
    pieces
}

fn part(rows: &ReadingRows, range: std::ops::Range<usize>) -> ReadingRows {
    let inside = |entry: &&(u32, u16, u32)| range.contains(&(entry.0 as usize));
    ReadingRows {
        time: rows.time[range.clone()].to_vec(),
        machine: rows.machine[range.clone()].to_vec(),
        future: rows.future[range.clone()].to_vec(),
        values: rows.values.iter().map(|column| column[range.clone()].to_vec()).collect(),
        quality: rows.quality.iter().map(|column| column[range.clone()].to_vec()).collect(),
        fault: rows.fault[range.clone()].to_vec(),
        sensor_fault: rows
            .sensor_fault
            .iter()
            .filter(inside)
            .map(|&(row, sensor, set)| (row - range.start as u32, sensor, set))
            .collect(),
    }
}
