//! Who mirrors a site: one engine at a time, known by a random token, for as long as it is heard of.
//!
//! Times are told by the server's clock (in SQLite by the host's), so that engines on hosts whose clocks differ agree.

use super::holder;
use crate::outlets::trouble::OutletTrouble;
use crate::store::{Cell, Dialect, Link};
use std::time::Duration;
use twinwright_model::Time;

/// A mirror's claim on its site.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    token: String,
    lasts: Duration,
}

/// Now, by the clock of the store.
pub(super) fn now(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "statement_timestamp()",
        Dialect::Sqlite => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    }
}

/// So many microseconds from now, by a value of the statement.
fn later(dialect: Dialect, value: &str) -> String {
    let now = now(dialect);
    match dialect {
        Dialect::Postgres => format!("{now} + {value} * interval '1 microsecond'"),
        Dialect::Sqlite => format!("{now} + {value}"),
    }
}

impl Lease {
    pub fn new(lasts: Duration) -> Lease {
        Lease { token: holder::token(), lasts }
    }

    fn micros(&self) -> Cell {
        i64::try_from(self.lasts.as_micros()).unwrap_or(i64::MAX).into()
    }

    /// Refuses to go on while another engine has the site, within the caller's transaction.
    pub async fn check(&self, link: &mut Link, site: &str) -> Result<(), OutletTrouble> {
        match living(link, site).await? {
            Some(other) if other.holder != self.token => {
                let store = link.name();
                let beat = other.beat.map_or("a moment ago".to_owned(), |time| format!("at {time}"));
                Err(OutletTrouble::Lasting(format!(
                    "{store}: another engine mirrors the site `{site}` into run `{}`, last heard of {beat}; stop it, or \
                     wait until {} if it is dead",
                    other.run,
                    other.expires.map_or("it is given up".to_owned(), |time| time.to_string())
                )))
            }
            _ => Ok(()),
        }
    }

    /// Takes a run, and lets go of all others of the site, within the caller's transaction.
    pub async fn take(&self, link: &mut Link, site: &str, run: i64) -> Result<(), OutletTrouble> {
        let others = "UPDATE mirrors SET holder = NULL, expires_at = NULL WHERE site = $1 AND run_id <> $2";
        link.run(others, &[site.into(), run.into()]).await?;
        let (now, expires) = (now(link.dialect()), later(link.dialect(), "$3"));
        let take = format!("UPDATE mirrors SET holder = $2, beat_at = {now}, expires_at = {expires} WHERE run_id = $1");
        link.run(take, &[run.into(), (&self.token).into(), self.micros()]).await.map(|_| ())
    }

    /// Moves a run on by one entry, if it is ours and stands at the one before; renews the lease. Says whether it was moved.
    pub async fn advance(
        &self,
        link: &mut Link,
        run: i64,
        number: i64,
        reached: Option<Time>,
    ) -> Result<bool, OutletTrouble> {
        let (now, expires) = (now(link.dialect()), later(link.dialect(), "$4"));
        let reach = if reached.is_some() { "$5" } else { "reached" };
        let advance = format!(
            "UPDATE mirrors SET written = $2, beat_at = {now}, expires_at = {expires}, reached = {reach} \
             WHERE run_id = $1 AND written = $2 - 1 AND holder = $3"
        );
        let mut values: Vec<Cell> = vec![run.into(), number.into(), (&self.token).into(), self.micros()];
        values.extend(reached.map(Cell::from));
        Ok(link.run(advance, &values).await? == 1)
    }

    /// Renews the lease where there is nothing to write.
    pub async fn renew(&self, link: &mut Link, run: i64) -> Result<(), OutletTrouble> {
        let (now, expires) = (now(link.dialect()), later(link.dialect(), "$3"));
        let renew =
            format!("UPDATE mirrors SET beat_at = {now}, expires_at = {expires} WHERE run_id = $1 AND holder = $2");
        let done = link.run(renew, &[run.into(), (&self.token).into(), self.micros()]).await?;
        if done == 1 { Ok(()) } else { Err(lost(link)) }
    }

    /// Lets go. Says whether it was ours.
    pub async fn release(&self, link: &mut Link, run: i64) -> Result<bool, OutletTrouble> {
        let release = "UPDATE mirrors SET holder = NULL, expires_at = NULL WHERE run_id = $1 AND holder = $2";
        Ok(link.run(release, &[run.into(), (&self.token).into()]).await? == 1)
    }

    pub fn is_of(&self, holder: &str) -> bool {
        self.token == holder
    }
}

pub(super) fn lost(link: &Link) -> OutletTrouble {
    OutletTrouble::lasting(format!(
        "{}: another engine took this site over while this one was silent; only one may mirror it",
        link.name()
    ))
}

/// An engine that mirrors a site now.
#[derive(Debug, Clone, PartialEq)]
pub struct Living {
    pub run: String,
    pub run_id: i64,
    pub(super) holder: String,
    /// When it was last heard of.
    pub beat: Option<Time>,
    /// When it is given up, if it is not heard of again.
    pub expires: Option<Time>,
}

/// The engine that mirrors a site, if one does.
pub async fn living(link: &mut Link, site: &str) -> Result<Option<Living>, OutletTrouble> {
    let ask = format!(
        "SELECT r.name, m.run_id, m.holder, m.beat_at, m.expires_at FROM mirrors m JOIN runs r ON r.id = m.run_id \
         WHERE m.site = $1 AND m.holder IS NOT NULL AND m.expires_at > {} ORDER BY m.run_id DESC LIMIT 1",
        now(link.dialect())
    );
    let found = link.first(ask, &[site.into()]).await?;
    let found = found.filter(|row| !holder::is_gone(row.text(2)));
    Ok(found.map(|row| Living {
        run: row.text(0).to_owned(),
        run_id: row.int(1),
        holder: row.text(2).to_owned(),
        beat: row.time(3),
        expires: row.time(4),
    }))
}
