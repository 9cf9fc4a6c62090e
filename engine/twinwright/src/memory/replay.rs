//! A run's world as it was at a tick: the newest whole checkpoint before it, and the ticks since then once more, with what
//! feeds said in them.

use super::recorded::{Recorded, is_forked};
use crate::Trouble;
use twinwright_core::snapshot::Snapshot;
use twinwright_core::{Batch, Input, Plan, Twin};
use twinwright_io::store::Link;
use twinwright_io::store::checkpoints::{self, Checkpoint};
use twinwright_io::store::chronicle::{LoggedInput, inputs_between};

/// The world of a run when it shows a tick. `fresh` asks for a world that made that tick itself, and so knows its true
/// values.
pub async fn world_at(link: &mut Link, run: &Recorded, tick: u32, fresh: bool) -> Result<Twin, Trouble> {
    let time = run.plan.time_of(i64::from(tick));
    let mut last = None;
    for mark in checkpoints::marks(link, run.row.id, time).await? {
        if fresh && mark.tick >= tick {
            continue;
        }
        let Some(found) = checkpoints::at_tick(link, run.row.id, mark.tick).await? else { continue };
        match world_of(run, &found) {
            Ok(twin) => return step(link, run, twin, tick).await,
            Err(why) => {
                let (store, name) = (link.name(), &run.row.name);
                let said = format!("{store}: run `{name}`: the checkpoint of {} cannot be used: {why}", mark.time);
                tracing::warn!("{said}; the one before it is taken");
                last = Some(said);
            }
        }
    }
    if is_forked(&run.row) {
        let (store, name) = (link.name(), &run.row.name);
        let none = format!("{store}: run `{name}` has no checkpoint at or before {time}");
        return Err(Trouble::Input(last.unwrap_or(none)));
    }
    // A plan knows its own start.
    let twin = Twin::build(&run.plan);
    step(link, run, twin, tick).await
}

/// The world that a checkpoint holds, or why it holds none.
fn world_of(run: &Recorded, found: &Checkpoint) -> Result<Twin, String> {
    let sealed = checkpoints::unpack(&found.packed)?;
    let snapshot = Snapshot::unseal(&sealed).map_err(|error| error.to_string())?;
    let digest = format!("{:032x}", snapshot.digest(&run.plan));
    if snapshot.tick != Some(found.tick) || digest != found.state_digest {
        return Err(format!("it holds another state than the row says ({digest} instead of {})", found.state_digest));
    }
    Twin::restore(&run.plan, &snapshot).map_err(|error| error.to_string())
}

async fn step(link: &mut Link, run: &Recorded, mut twin: Twin, tick: u32) -> Result<Twin, Trouble> {
    let mut inputs = inputs_between(link, run.row.id, twin.now(), tick).await?.into_iter().peekable();
    twin.mute();
    while twin.now().is_none_or(|now| now < tick) {
        let next = twin.now().map_or(0, |now| now + 1);
        let mut batch = Batch::default();
        while let Some(input) = inputs.next_if(|input| input.tick <= next) {
            batch.inputs.extend(heard(&run.plan, input));
        }
        twin.tick(&batch);
    }
    Ok(twin)
}

fn heard(plan: &Plan, input: LoggedInput) -> Option<Input> {
    let machine = plan.machine_index(&input.machine)?;
    Some(Input { machine, future: 0, driver: input.driver, value: input.value })
}
