//! The input log: what feeds told a run before each tick. With a checkpoint it gives the same state again.

use super::insert::Insert;
use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use crate::store::cell::Record;

/// A driver's value as it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedInput {
    /// The tick that heard it.
    pub tick: u32,
    pub machine: String,
    pub driver: String,
    /// A value that is not finite is heard by nobody, and not kept.
    pub value: f64,
}

/// Keeps what ticks heard, in the order in which they heard it. All inputs of a tick come in one call; a call that is
/// made again changes nothing.
pub async fn log_inputs(link: &mut Link, run: i64, inputs: &[LoggedInput]) -> Result<(), OutletTrouble> {
    let columns = ["run_id", "tick", "number", "machine", "driver", "value"];
    let mut rows = Insert::into("inputs", &columns, "ON CONFLICT DO NOTHING");
    let mut last = (None, 0u32);
    for input in inputs.iter().filter(|input| input.value.is_finite()) {
        let number = if last.0 == Some(input.tick) { last.1 + 1 } else { 0 };
        last = (Some(input.tick), number);
        rows.add([
            run.into(),
            input.tick.into(),
            number.into(),
            (&input.machine).into(),
            (&input.driver).into(),
            input.value.into(),
        ]);
    }
    rows.write(link).await
}

/// What the ticks after one (all, where it is None), up to and with another, heard: in order.
pub async fn inputs_between(
    link: &mut Link,
    run: i64,
    after: Option<u32>,
    until: u32,
) -> Result<Vec<LoggedInput>, OutletTrouble> {
    let ask = "SELECT tick, machine, driver, value FROM inputs WHERE run_id = $1 AND tick > $2 AND tick <= $3 \
               ORDER BY tick, number";
    let input = |record: &Record| LoggedInput {
        tick: record.int(0) as u32,
        machine: record.text(1).to_owned(),
        driver: record.text(2).to_owned(),
        value: record.real(3),
    };
    let after = after.map_or(-1, i64::from);
    Ok(link.all(ask, &[run.into(), after.into(), until.into()]).await?.iter().map(input).collect())
}
