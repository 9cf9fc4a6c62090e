//! Checkpoints of runs as the store keeps them: the bytes of a whole state, compressed, under a checksum of their own.
//!
//! What the bytes mean is the core's business. Whatever was done to them, reading ends in the same bytes or in a reason.

use super::cell::Record;
use super::{Cell, Link};
use crate::outlets::trouble::OutletTrouble;
use serde_json::Value;
use sha2::{Digest, Sha256};
use twinwright_model::Time;

/// A checkpoint's place in its run, without the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub tick: u32,
    pub time: Time,
}

/// A checkpoint with what is said beside the state.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub tick: u32,
    pub time: Time,
    /// 32 hexadecimal digits, as the plan's.
    pub state_digest: String,
    pub plan_digest: String,
    /// The version of the engine that took it.
    pub engine: String,
    /// As the table holds it: [`pack`] made it.
    pub packed: Vec<u8>,
}

/// Bytes of the length and of the checksum that stand before the compressed state.
const LENGTH: usize = 8;
const CHECKSUM: usize = 32;
/// Level of compression: beyond it the same state takes longer and gets little smaller.
const LEVEL: i32 = 3;

/// A state's bytes for the table: its length, a checksum, the bytes compressed.
pub fn pack(state: &[u8]) -> Result<Vec<u8>, OutletTrouble> {
    let compressed = zstd::bulk::compress(state, LEVEL)
        .map_err(|error| OutletTrouble::lasting(format!("a checkpoint cannot be compressed: {error}")))?;
    let length = (state.len() as u64).to_le_bytes();
    let mut packed = Vec::with_capacity(LENGTH + CHECKSUM + compressed.len());
    packed.extend_from_slice(&length);
    packed.extend_from_slice(&checksum(&length, &compressed));
    packed.extend_from_slice(&compressed);
    Ok(packed)
}

/// The state's bytes again, or what is wrong with them. Nothing is decompressed that was not written by [`pack`].
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    let cut = || format!("only {} bytes are there", packed.len());
    let (length, rest) = packed.split_first_chunk::<LENGTH>().ok_or_else(cut)?;
    let (sum, compressed) = rest.split_first_chunk::<CHECKSUM>().ok_or_else(cut)?;
    if checksum(length, compressed) != *sum {
        return Err("its checksum does not match".to_owned());
    }
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| "it is too long".to_owned())?;
    zstd::bulk::decompress(compressed, length).map_err(|error| format!("it cannot be decompressed: {error}"))
}

fn checksum(length: &[u8], compressed: &[u8]) -> [u8; CHECKSUM] {
    Sha256::new().chain_update(length).chain_update(compressed).finalize().into()
}

/// The checkpoints of a run up to an instant, the newest first.
pub async fn marks(link: &mut Link, run: i64, until: Time) -> Result<Vec<Mark>, OutletTrouble> {
    let ask = "SELECT tick, time FROM checkpoints WHERE run_id = $1 AND time <= $2 ORDER BY tick DESC";
    let mark = |record: &Record| Mark { tick: record.int(0) as u32, time: record.time(1).unwrap_or(Time(0)) };
    Ok(link.all(ask, &[run.into(), until.into()]).await?.iter().map(mark).collect())
}

/// One checkpoint of a run.
pub async fn at_tick(link: &mut Link, run: i64, tick: u32) -> Result<Option<Checkpoint>, OutletTrouble> {
    let ask =
        "SELECT time, state_digest, plan_digest, engine, snapshot FROM checkpoints WHERE run_id = $1 AND tick = $2";
    let found = link.first(ask, &[run.into(), tick.into()]).await?;
    Ok(found.map(|record| Checkpoint {
        tick,
        time: record.time(0).unwrap_or(Time(0)),
        state_digest: record.text(1).to_owned(),
        plan_digest: record.text(2).to_owned(),
        engine: record.text(3).to_owned(),
        packed: record.bytes(4).to_vec(),
    }))
}

/// The first and the last instant of which a run has a checkpoint.
pub async fn reach(link: &mut Link, run: i64) -> Result<Option<(Time, Time)>, OutletTrouble> {
    let ask = "SELECT min(time), max(time) FROM checkpoints WHERE run_id = $1";
    let found = link.first(ask, &[run.into()]).await?;
    Ok(found.and_then(|record| Some((record.time(0)?, record.time(1)?))))
}

/// What the machines of a run were at the instant of a checkpoint, as people read it: name and state. Empty where there
/// was none.
pub async fn states_at(link: &mut Link, run: i64, time: Time) -> Result<Vec<(String, Value)>, OutletTrouble> {
    let ask = "SELECT e.name, s.state FROM state_snapshots s JOIN equipment e ON e.id = s.equipment_id \
               WHERE s.run_id = $1 AND s.time = $2 ORDER BY e.id";
    let values: [Cell; 2] = [run.into(), time.into()];
    let state = |record: &Record| (record.text(0).to_owned(), record.json(1));
    Ok(link.all(ask, &values).await?.iter().map(state).collect())
}

/// The name of the latest run that has a checkpoint at or before an instant, and knows itself at that instant: of one
/// plan, or of all.
pub async fn latest_run(
    link: &mut Link,
    plan_digest: Option<&str>,
    time: Time,
) -> Result<Option<String>, OutletTrouble> {
    let of_plan = if plan_digest.is_some() { "r.plan_digest = $2 AND" } else { "" };
    let ask = format!(
        "SELECT r.name FROM runs r WHERE {of_plan} EXISTS (SELECT 1 FROM checkpoints c WHERE c.run_id = r.id AND c.time <= $1) \
         AND EXISTS (SELECT 1 FROM checkpoints c WHERE c.run_id = r.id AND c.time >= $1) ORDER BY r.id DESC LIMIT 1"
    );
    let mut values: Vec<Cell> = vec![time.into()];
    values.extend(plan_digest.map(Cell::from));
    Ok(link.first(ask, &values).await?.map(|record| record.text(0).to_owned()))
}

/// The machine files that a run used: kind and text.
pub async fn machine_files(link: &mut Link, run: i64) -> Result<Vec<(String, String)>, OutletTrouble> {
    let ask = "SELECT m.kind, m.document FROM run_configurations r \
               JOIN machine_configurations m ON m.id = r.configuration_id WHERE r.run_id = $1 ORDER BY m.kind";
    let file = |record: &Record| (record.text(0).to_owned(), record.text(1).to_owned());
    Ok(link.all(ask, &[run.into()]).await?.iter().map(file).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> Vec<u8> {
        (0..40_000u32).flat_map(|number| (number / 7).to_le_bytes()).collect()
    }

    #[test]
    fn what_was_packed_comes_back_and_is_smaller() {
        let packed = pack(&state()).unwrap();
        assert!(packed.len() * 4 < state().len(), "{} bytes", packed.len());
        assert_eq!(unpack(&packed).as_deref(), Ok(&*state()));
        assert_eq!(unpack(&pack(&[]).unwrap()).as_deref(), Ok(&[][..]));
    }

    #[test]
    fn a_flipped_bit_and_a_cut_are_recognised_wherever_they_are() {
        let packed = pack(&state()).unwrap();
        for at in 0..2_000usize {
            let bit = at * (packed.len() * 8 - 1) / 1_999;
            let mut damaged = packed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(unpack(&damaged).is_err(), "bit {bit}");
        }
        for at in 0..500usize {
            let left = at * (packed.len() - 1) / 499;
            assert!(unpack(&packed[..left]).is_err(), "{left} bytes");
        }
    }
}
