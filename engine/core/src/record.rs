//! What a world shows after a tick, put into rows; and what was in its outbox.

use crate::economy::Meters;
use crate::faults::apply::{ActiveFault, label_of};
use crate::measures::Tally;
use crate::plan::{Model, Plan};
use crate::sensing::{LANES, Panel};
use crate::twin::Twin;
use crate::world::{Between, Blackboard, Course, FaultBoard, Machine, Modes, Outbox, Panels, Roster, Wears};
use std::collections::BTreeMap;
use twinwright_model::{Chunk, Label, Quality, ReadingRows, Time, TruthRows};

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    pub readings: bool,
    pub truth: bool,
}

impl Twin {
    /// Events, alerts and labels since the last call.
    pub fn take_outbox(&mut self) -> Outbox {
        let muted = self.world.resource::<Outbox>().muted;
        std::mem::replace(&mut *self.world.resource_mut::<Outbox>(), Outbox { muted, ..Outbox::default() })
    }

    /// Keeps no records from now on: for runs that only want measures.
    pub fn mute(&mut self) {
        self.world.resource_mut::<Outbox>().muted = true;
    }

    /// Labels of faults that are still active.
    pub fn open_labels(&mut self) -> Vec<Label> {
        let plan = self.plan().clone();
        let mut open: Vec<ActiveFault> = self.world.query::<&ActiveFault>().iter(&self.world).cloned().collect();
        open.sort_by_key(|active| (active.envelope.start, active.local, active.fault, active.occurrence));
        let roster = self.world.resource::<Roster>();
        open.iter()
            .map(|active| label_of(&plan, active, roster.machine(active.local), roster.future(active.local), None))
            .collect()
    }

    /// What every machine came to so far: (future, machine) in order.
    pub fn tallies(&mut self) -> Vec<(u32, u32, Tally)> {
        let (plan, tick) = (self.plan().clone(), self.world.resource::<Course>().clock.tick);
        let mut query = self.world.query::<(&Machine, &Modes, &Meters)>();
        let one = |(machine, modes, meters): (&Machine, &Modes, &Meters)| {
            (machine.future, machine.machine, Tally::of(&plan, machine.machine, modes, meters, tick))
        };
        query.iter(&self.world).map(one).collect()
    }

    /// Adds this tick's rows to a chunk with one entry a sheet.
    pub fn show(&mut self, wanted: Wanted, chunk: &mut Chunk, sets: &mut FaultSets) {
        let plan = self.plan().clone();
        let tick = self.world.resource::<Course>().clock.tick;
        let time = plan.time_of(i64::from(tick));
        let between = std::mem::take(&mut self.world.resource_mut::<Blackboard>().between);
        let mut query = self.world.query::<(&Machine, &Modes, &Wears, &Panels)>();
        let Blackboard { board, truth: kept, .. } = self.world.resource::<Blackboard>();
        let parts = by_machine(&between);
        for (machine, modes, wears, panels) in query.iter(&self.world) {
            let model = &plan.models[machine.model as usize];
            let mine = parts.get(&machine.local).map_or(&[][..], Vec::as_slice);
            let head = Head { time, machine, tick };
            if wanted.readings {
                let rows = &mut chunk.readings[model.sheet as usize];
                head.push_readings(model, panels, mine, rows);
                sets.mark(board, machine.local, model, rows);
            }
            if wanted.truth {
                let rows = &mut chunk.truth[model.sheet as usize];
                rows.mode.push(modes.mode);
                let stride = kept.as_ref().map_or(0, |kept| kept.panels);
                let first = machine.local as usize * stride;
                let truth = kept.as_ref().map_or(&[][..], |kept| &kept.lanes[first..first + stride]);
                head.push_truth(model, truth, wears, mine, rows);
            }
        }
        if wanted.readings && !between.is_empty() {
            self.show_between(&plan, time, &between, chunk, sets);
        }
        chunk.fault_sets.clone_from(&sets.names);
    }

    /// Rows between two ticks, for sensors that are sampled more often.
    fn show_between(&self, plan: &Plan, time: Time, between: &[Between], chunk: &mut Chunk, sets: &mut FaultSets) {
        let roster = self.world.resource::<Roster>();
        let board = &self.world.resource::<Blackboard>().board;
        let mut instants: BTreeMap<(i64, u32), Vec<&Between>> = BTreeMap::new();
        for part in between.iter().filter(|part| part.part > 0) {
            let panel = &plan.model_of(roster.machine(part.local)).panels[part.panel as usize];
            let after = plan.tick.0 / i64::from(panel.per_tick) * i64::from(part.part);
            instants.entry((after, part.local)).or_default().push(part);
        }
        for ((after, local), parts) in instants {
            let (number, future) = (roster.machine(local), roster.future(local));
            let model = plan.model_of(number);
            let rows = &mut chunk.readings[model.sheet as usize];
            rows.time.push(Time(time.0 + after));
            rows.machine.push(number);
            rows.future.push(future);
            for (column, sensor) in model.sensors.iter().enumerate() {
                let part = parts.iter().find(|part| part.panel == sensor.panel);
                let (value, quality) = part.map_or((f32::NAN, Quality::Unsampled.code()), |part| {
                    (part.measured[sensor.lane as usize], part.quality[sensor.lane as usize])
                });
                rows.values[column].push(value);
                rows.quality[column].push(quality);
            }
            sets.mark(board, local, model, rows);
        }
    }
}

fn by_machine(between: &[Between]) -> BTreeMap<u32, Vec<&Between>> {
    let mut map: BTreeMap<u32, Vec<&Between>> = BTreeMap::new();
    for part in between.iter().filter(|part| part.part == 0) {
        map.entry(part.local).or_default().push(part);
    }
    map
}

/// The beginning of a machine's rows at a tick.
struct Head<'a> {
    time: Time,
    machine: &'a Machine,
    tick: u32,
}

impl Head<'_> {
    fn push_readings(&self, model: &Model, panels: &Panels, between: &[&Between], rows: &mut ReadingRows) {
        rows.time.push(self.time);
        rows.machine.push(self.machine.machine);
        rows.future.push(self.machine.future);
        let columns = rows.values.iter_mut().zip(&mut rows.quality);
        for (sensor, (values, quality)) in model.sensors.iter().zip(columns) {
            let (panel, lane) = (sensor.panel as usize, sensor.lane as usize);
            let plan = &model.panels[panel];
            if plan.every > 1 && !self.tick.is_multiple_of(plan.every) {
                values.push(f32::NAN);
                quality.push(Quality::Unsampled.code());
            } else if let Some(part) = between.iter().find(|part| part.panel as usize == panel) {
                values.push(part.measured[lane]);
                quality.push(part.quality[lane]);
            } else {
                let panel: &Panel = &panels.0[panel];
                values.push(panel.measured[lane]);
                quality.push(panel.quality[lane]);
            }
        }
    }

    fn push_truth(
        &self,
        model: &Model,
        truth: &[[f64; LANES]],
        wears: &Wears,
        between: &[&Between],
        rows: &mut TruthRows,
    ) {
        rows.time.push(self.time);
        rows.machine.push(self.machine.machine);
        rows.future.push(self.machine.future);
        for (sensor, values) in model.sensors.iter().zip(&mut rows.values) {
            let part = between.iter().find(|part| part.panel == sensor.panel);
            let lanes = part.map(|part| &part.truth).or_else(|| truth.get(sensor.panel as usize));
            values.push(lanes.map_or(f64::NAN, |lanes| lanes[sensor.lane as usize]));
        }
        for (wear, values) in wears.0.iter().zip(&mut rows.wears) {
            values.push(wear.now);
        }
    }
}

/// Sets of active faults that were seen, numbered in the order of first sight.
#[derive(Debug, Clone, Default)]
pub struct FaultSets {
    pub names: Vec<String>,
}

impl FaultSets {
    fn number(&mut self, name: String) -> u32 {
        let place = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        place as u32 + 1
    }

    /// Marks the row that was pushed last with the faults of its machine.
    fn mark(&mut self, board: &FaultBoard, local: u32, model: &Model, rows: &mut ReadingRows) {
        if board.names.is_empty() || !board.names.contains_key(&local) {
            rows.fault.push(0);
            return;
        }
        let set = self.number(board.joined(local, None));
        rows.fault.push(set);
        let row = rows.fault.len() as u32 - 1;
        for sensor in 0..model.sensors.len() as u16 {
            let joined = board.joined(local, Some(sensor));
            if !joined.is_empty() {
                let set = self.number(joined);
                rows.sensor_fault.push((row, sensor, set));
            }
        }
    }
}
