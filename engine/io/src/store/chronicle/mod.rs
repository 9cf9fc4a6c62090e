//! What a run leaves in a store beside its readings: its own row, modes, alerts, works, states, measures, inputs.

mod begin;
mod inputs;
mod insert;
mod unit;

pub use begin::{
    Begun, MachineFace, MachineFile, Plant, SensorFace, begin, begin_within, configure, register, take_turn,
};
pub use inputs::{LoggedInput, inputs_between, log_inputs};
pub(in crate::store) use insert::Insert;
pub use unit::{AlertRow, CheckpointRow, EndRow, MeasureRow, ModeRow, PerformanceRow, TurnRow, Unit, WorkRow, e10};
