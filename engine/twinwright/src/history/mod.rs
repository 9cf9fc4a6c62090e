//! `history`: what a store remembers of machines, sensors, alerts and runs.
//!
//! It reads only, and makes no store: one that is not there is said so. Long answers are written piece by piece to the
//! writer that it is lent; nothing here prints.

pub mod alerts;
pub mod arguments;
mod chart;
mod machine;
mod names;
mod overview;
mod page;
mod runs;
mod sensor;
pub mod sheet;
mod stretch;
mod when;

use crate::{Trouble, store};
pub use when::shown;

use arguments::{HistoryArgs, What};
use std::io::{ErrorKind, Write};
use twinwright_io::store::Link;

/// Answers a question about the past.
pub fn answer(args: &HistoryArgs, out: &mut dyn Write) -> Result<(), Trouble> {
    match &args.what {
        What::Machine(asked) => say(out, &machine::answer(asked)?),
        What::Sensor(asked) => sensor::answer(asked, out),
        What::Alerts(asked) => say(out, &alerts::answer(asked)?),
        What::Runs(asked) => say(out, &runs::answer(asked)?),
    }
}

/// Work on a store as it is; its schema must be that of the program.
fn work<T>(url: &str, doing: impl AsyncFnOnce(&mut Link) -> Result<T, Trouble>) -> Result<T, Trouble> {
    store::look(url, async |link| {
        link.schema().await?.must_be_current(link)?;
        doing(link).await
    })
}

/// Writes to the reader, who may have gone away (`| head`): that is no trouble of ours.
fn say(out: &mut dyn Write, text: &str) -> Result<(), Trouble> {
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush())).map(|_| ())
}

/// Whether there still is a reader.
fn written(done: std::io::Result<()>) -> Result<bool, Trouble> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Trouble::World(format!("cannot write to stdout: {error}"))),
    }
}
