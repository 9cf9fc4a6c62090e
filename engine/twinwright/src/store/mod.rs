//! The store as commands see it: which one is meant, and work on a connection to it from a program that does not wait.

mod archive;
pub mod arguments;
mod backup;
mod migrate;
pub(crate) mod progress;
mod prune;
mod sizes;
mod status;
mod tale;
mod verify;

use crate::Trouble;
use arguments::{StoreArgs, StoreCommand};
use std::future::Future;
use std::sync::atomic::AtomicBool;
use twinwright_io::store::{Link, Place};
use twinwright_model::Time;

/// The environment's say in which store is meant.
pub const VARIABLE: &str = "TWINWRIGHT_STORE";
/// The embedded default.
pub const DEFAULT: &str = "sqlite:twinwright.db";

/// The store that is meant: as asked, else as the environment has it, else the embedded one.
pub fn meant(asked: Option<&str>) -> String {
    let told = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty());
    asked.map(str::to_owned).or(told).unwrap_or_else(|| DEFAULT.to_owned())
}

/// What a command of the store has to say, and whether all is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    pub fine: bool,
}

impl Answer {
    pub fn fine(text: String) -> Answer {
        Answer { text, fine: true }
    }
}

/// Does what `twinwright store` was asked; `now` is the instant that is noted down, `stop` ends what takes long.
pub fn command(args: &StoreArgs, now: Time, stop: &AtomicBool) -> Result<Answer, Trouble> {
    match &args.command {
        StoreCommand::Prune(args) => prune::prune(args, now, stop),
        StoreCommand::Archive(args) => archive::archive(args, now, stop),
        StoreCommand::Migrate(args) => migrate::migrate(args, now),
        StoreCommand::Status(args) => status::status(args),
        StoreCommand::Backup(args) => backup::make(args, now, stop),
        StoreCommand::Restore(args) => backup::restore(args, now, stop),
        StoreCommand::Verify(args) => verify::verify(args, now, stop),
    }
}

/// Does some work on a connection to a store, which is made or brought up to date first.
pub fn work<T>(url: &str, doing: impl AsyncFnOnce(&mut Link) -> Result<T, Trouble>) -> Result<T, Trouble> {
    let place = Place::parse(url)?;
    wait(async {
        let mut link = Link::open(&place).await?;
        let done = doing(&mut link).await;
        link.close().await;
        done
    })
}

/// Does some work on a store as it is: nothing is made, brought up to date or written.
pub fn look<T>(url: &str, doing: impl AsyncFnOnce(&mut Link) -> Result<T, Trouble>) -> Result<T, Trouble> {
    let place = Place::parse(url)?;
    wait(async {
        let mut link = Link::look(&place).await?;
        let done = doing(&mut link).await;
        link.close().await;
        done
    })
}

/// Waits for what a database is asked, in a program that does not wait otherwise.
fn wait<T>(doing: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Trouble::World(format!("cannot wait for a store: {error}")))?;
    runtime.block_on(doing)
}
