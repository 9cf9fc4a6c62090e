//! Reports at their time of day: made from the store as `twinwright report` makes them, and put into the outbox.
//!
//! A report is of the day, week or month that ended before its time. It is told once: its uid says what it is of.

use crate::Trouble;
use crate::bulletin::{self, calendar::Period};
use crate::memory::now;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinHandle;
use twinwright_core::site::{ReportPlan, SitePlan};
use twinwright_io::store::journal::notify;
use twinwright_model::Time;

/// How often it is looked whether a report is due.
const LOOK: Duration = Duration::from_secs(20);

/// Makes reports as long as it is kept.
#[derive(Debug)]
pub struct Bulletins(JoinHandle<()>);

impl Drop for Bulletins {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Bulletins {
    /// None where a site wants no reports. Outlets find them when they look at the outbox next.
    pub fn start(site: &SitePlan, run: &str, store: &str) -> Option<Bulletins> {
        if site.reports.is_empty() {
            return None;
        }
        let desk = Desk {
            title: site.plan.title.clone(),
            site: site.name.clone(),
            reports: site.reports.clone(),
            outlets: site.outlets.iter().map(|outlet| outlet.name.clone()).collect(),
            run: run.to_owned(),
            store: store.to_owned(),
            made: BTreeSet::new(),
        };
        Some(Bulletins(tokio::spawn(desk.go_on())))
    }
}

struct Desk {
    title: String,
    site: String,
    reports: Vec<ReportPlan>,
    outlets: Vec<String>,
    run: String,
    store: String,
    /// Reports that were made: period and when they were due.
    made: BTreeSet<(String, i64)>,
}

impl Desk {
    async fn go_on(mut self) {
        loop {
            for report in self.reports.clone() {
                let Some(period) = Period::from_name(&report.period) else { continue };
                let (due, of) = last_due(period, report.at, now());
                let key = (report.period.clone(), due.0);
                if self.made.contains(&key) {
                    continue;
                }
                let made = self.make(period, of).await;
                if let Err(trouble) = &made {
                    tracing::debug!("no {} report: {trouble}", report.period);
                }
                // Where the store is away it is tried again; where the plant was not mirrored then there is nothing to tell.
                if !matches!(made, Err(Trouble::World(_))) {
                    self.made.insert(key);
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn make(&self, period: Period, of: Time) -> Result<(), Trouble> {
        let settings = bulletin::Settings {
            what: period.name().to_owned(),
            store: self.store.clone(),
            run: Some(self.run.clone()),
            on: None,
            at: Some(of.to_string()),
            out: None,
            forms: Vec::new(),
            now: now(),
        };
        // The store is asked by a program that waits.
        let made = tokio::task::spawn_blocking(move || bulletin::make(&settings)).await;
        let (figures, text) = made.map_err(|gone| Trouble::World(gone.to_string()))??;
        let from = figures.heading.from;
        let subject = format!("{}: {} report of {}", self.title, period.name(), bulletin::written::when(from));
        let payload = json!({ "report": period.name(), "site": self.site, "subject": subject, "text": text });
        let uid = format!("report/{}/{}/{from}", self.run, period.name());
        let (store, outlets) = (self.store.clone(), self.outlets.clone());
        notify::tell(&store, &uid, &outlets, &payload, now()).await?;
        Ok(())
    }
}

/// When a report was due last, and an instant of what it is of.
fn last_due(period: Period, at: i64, now: Time) -> (Time, Time) {
    let begin = period.around(now).0;
    let due = Time(begin.0 + at);
    let begin = if due <= now { begin } else { period.around(Time(begin.0 - 1)).0 };
    (Time(begin.0 + at), Time(begin.0 - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_of_the_time_before_it_is_due() {
        let at = 6 * 3_600 * 1_000_000_000;
        let time = |text: &str| Time::parse(text).unwrap();
        for (period, now, due, of) in [
            (Period::Daily, "2026-03-04T06:00:00Z", "2026-03-04T06:00:00Z", "2026-03-03T23:59:59.999999999Z"),
            (Period::Daily, "2026-03-04T05:59:59Z", "2026-03-03T06:00:00Z", "2026-03-02T23:59:59.999999999Z"),
            (Period::Weekly, "2026-03-04T12:00:00Z", "2026-03-02T06:00:00Z", "2026-03-01T23:59:59.999999999Z"),
            (Period::Monthly, "2026-03-01T05:00:00Z", "2026-02-01T06:00:00Z", "2026-01-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(last_due(period, at, time(now)), (time(due), time(of)), "{} at {now}", period.name());
        }
    }
}
