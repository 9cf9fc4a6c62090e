//! A scenario on tape: what its sensors read, and its faults by their labels.

use super::tape::{Matter, Recording};
use crate::Trouble;
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_core::record::{FaultSets, Wanted};
use twinwright_core::site::SitePlan;
use twinwright_core::{Batch, Plan, Twin};
use twinwright_model::live::Measurement;
use twinwright_model::sheet::{ReadingRows, TruthRows};
use twinwright_model::{Chunk, Label, Mode, Quality, Time};

/// By machine of the scenario: the site's channels of its sensors, and of its mode.
struct Channels {
    sensors: Vec<Vec<Option<u32>>>,
    modes: Vec<Option<u32>>,
}

impl Channels {
    fn of(plan: &Plan, site: &SitePlan) -> Channels {
        let known: BTreeMap<(&str, &str), u32> =
            (0..).zip(&site.channels).map(|(number, one)| ((&*one.name.machine, &*one.name.item), number)).collect();
        let find = |machine: &str, item: &str| known.get(&(machine, item)).copied();
        let sensors = plan.machines.iter().map(|machine| {
            let sensors = &plan.models[machine.model as usize].sensors;
            sensors.iter().map(|sensor| find(&machine.id, &sensor.name)).collect()
        });
        let modes = plan.machines.iter().map(|machine| find(&machine.id, "mode")).collect();
        Channels { sensors: sensors.collect(), modes }
    }
}

/// Runs the scenario to its end.
pub fn record(plan: &Arc<Plan>, site: &SitePlan, progress: &mut dyn FnMut(u32)) -> Result<Recording, Trouble> {
    let channels = Channels::of(plan, site);
    let mut twin = Twin::build(plan);
    let mut chunk = Chunk {
        readings: plan.sheets.iter().map(ReadingRows::for_sheet).collect(),
        truth: plan.sheets.iter().map(TruthRows::for_sheet).collect(),
        fault_sets: Vec::new(),
    };
    let (mut recording, mut sets) = (Recording { labelled: true, ..Recording::default() }, FaultSets::default());
    let mut modes: Vec<Option<Mode>> = vec![None; plan.machines.len()];
    let mut later = Vec::new();
    for tick in 0..plan.ticks {
        twin.tick(&Batch::default());
        twin.show(Wanted { readings: true, truth: true }, &mut chunk, &mut sets);
        let now = plan.time_of(i64::from(tick));
        let mut heard = std::mem::take(&mut later);
        take_modes(&chunk, &channels, &mut modes, now, &mut heard);
        for reading in readings(&chunk, &channels) {
            // A tick hears what was stamped up to its instant.
            if reading.time > now { later.push(reading) } else { heard.push(reading) }
        }
        recording.tape.push(heard)?;
        let labels = twin.take_outbox().labels;
        recording.matters.extend(labels.iter().filter_map(|label| matter(plan, label)));
        chunk.readings.iter_mut().for_each(ReadingRows::clear);
        chunk.truth.iter_mut().for_each(TruthRows::clear);
        progress(tick);
    }
    recording.matters.extend(twin.open_labels().iter().filter_map(|label| matter(plan, label)));
    Ok(recording)
}

fn take_modes(
    chunk: &Chunk,
    channels: &Channels,
    modes: &mut [Option<Mode>],
    time: Time,
    heard: &mut Vec<Measurement>,
) {
    for rows in &chunk.truth {
        for (row, &mode) in rows.mode.iter().enumerate() {
            let machine = rows.machine[row] as usize;
            if modes[machine].replace(mode) == Some(mode) {
                continue;
            }
            if let Some(channel) = channels.modes[machine] {
                heard.push(Measurement { channel, time, value: f64::from(mode as u8), quality: Quality::Good });
            }
        }
    }
}

fn readings<'a>(chunk: &'a Chunk, channels: &'a Channels) -> impl Iterator<Item = Measurement> + 'a {
    chunk.readings.iter().flat_map(move |rows| {
        (0..rows.len()).flat_map(move |row| {
            let columns = channels.sensors[rows.machine[row] as usize].iter().enumerate();
            columns.filter_map(move |(column, channel)| {
                let quality = Quality::from_code(rows.quality[column][row]);
                let (value, time) = (f64::from(rows.values[column][row]), rows.time[row]);
                let is_there = !matches!(quality, Quality::Unsampled | Quality::Missing);
                Some(Measurement { channel: (*channel)?, time, value, quality }).filter(|_| is_there)
            })
        })
    })
}

/// What a label says; a fault of the wire is no matter of the machine.
fn matter(plan: &Plan, label: &Label) -> Option<Matter> {
    let machine = plan.machines.get(label.machine as usize)?.id.to_string();
    let sensor = (!label.sensor.is_empty()).then(|| label.sensor.clone());
    (label.layer != "comms").then_some(Matter { machine, sensor, from: label.start, to: label.end })
}
