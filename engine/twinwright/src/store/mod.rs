//! The store as commands see it: which one is meant, and work on a connection to it from a program that does not wait.

use crate::Trouble;
use twinwright_io::store::{Link, Place};

/// The environment's say in which store is meant.
pub const VARIABLE: &str = "TWINWRIGHT_STORE";
/// The embedded default.
pub const DEFAULT: &str = "sqlite:twinwright.db";

/// The store that is meant: as asked, else as the environment has it, else the embedded one.
pub fn meant(asked: Option<&str>) -> String {
    let told = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty());
    asked.map(str::to_owned).or(told).unwrap_or_else(|| DEFAULT.to_owned())
}

/// Does some work on a connection to a store, which is made or brought up to date first.
pub fn work<T>(url: &str, doing: impl AsyncFnOnce(&mut Link) -> Result<T, Trouble>) -> Result<T, Trouble> {
    let place = Place::parse(url)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Trouble::World(format!("cannot wait for a store: {error}")))?;
    runtime.block_on(async {
        let mut link = Link::open(&place).await?;
        let done = doing(&mut link).await;
        link.close().await;
        done
    })
}
