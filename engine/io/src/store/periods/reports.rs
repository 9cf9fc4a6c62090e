//! Reports that were made, and the work that they propose: made again, both replace what they were.

use super::super::Link;
use super::Stretch;
use crate::outlets::trouble::OutletTrouble;
use serde_json::Value;
use twinwright_model::Time;

/// A report as the store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// `daily`, `weekly`, `monthly` or `run`
    pub period: &'static str,
    pub stretch: Stretch,
    /// By the clock on the wall.
    pub created: Time,
    /// Markdown.
    pub content: String,
    /// An object.
    pub summary: Value,
    /// A list.
    pub recommendations: Value,
    pub proposals: Vec<Proposal>,
}

/// Work that a report proposes.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The same for the same work, whichever report proposes it.
    pub uid: String,
    pub machine: i64,
    pub subject: String,
    pub kind: &'static str,
    pub title: String,
    pub reason: String,
    pub severity: &'static str,
    pub figures: Value,
    pub due: Option<Time>,
    pub hours: Option<f64>,
    pub cost: Option<f64>,
}

/// Keeps a report and what it proposes, all or nothing.
pub async fn keep(link: &mut Link, report: &Report) -> Result<(), OutletTrouble> {
    link.begin().await?;
    match write(link, report).await {
        Ok(()) => link.commit().await,
        Err(trouble) => {
            let _ = link.roll_back().await;
            Err(trouble)
        }
    }
}

async fn write(link: &mut Link, report: &Report) -> Result<(), OutletTrouble> {
    let make = "INSERT INTO maintenance_reports (run_id, period, from_time, to_time, created_at, content, metrics_summary, \
                recommendations) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (run_id, period, from_time) DO UPDATE \
                SET to_time = excluded.to_time, created_at = excluded.created_at, content = excluded.content, \
                metrics_summary = excluded.metrics_summary, recommendations = excluded.recommendations";
    let Stretch { run, from, to } = report.stretch;
    let values = [
        run.into(),
        report.period.into(),
        from.into(),
        to.into(),
        report.created.into(),
        (&report.content).into(),
        report.summary.clone().into(),
        report.recommendations.clone().into(),
    ];
    link.run(make, &values).await?;
    for proposal in &report.proposals {
        propose(link, proposal, to).await?;
    }
    Ok(())
}

/// Only what is still a proposal is renewed, and never by a report of an earlier time: what people have taken up is theirs.
async fn propose(link: &mut Link, proposal: &Proposal, at: Time) -> Result<(), OutletTrouble> {
    let make = "INSERT INTO maintenance_tasks (uid, equipment_id, subject, kind, title, reason, status, severity, source, \
                figures, created_at, due_at, expected_hours, expected_cost) \
                VALUES ($1, $2, $3, $4, $5, $6, 'proposed', $7, 'report', $8, $9, $10, $11, $12) \
                ON CONFLICT (uid) DO UPDATE SET title = excluded.title, reason = excluded.reason, \
                severity = excluded.severity, figures = excluded.figures, created_at = excluded.created_at, \
                due_at = excluded.due_at, expected_hours = excluded.expected_hours, expected_cost = excluded.expected_cost \
                WHERE maintenance_tasks.status = 'proposed' AND maintenance_tasks.created_at <= excluded.created_at";
    let values = [
        (&proposal.uid).into(),
        proposal.machine.into(),
        (&proposal.subject).into(),
        proposal.kind.into(),
        (&proposal.title).into(),
        (&proposal.reason).into(),
        proposal.severity.into(),
        proposal.figures.clone().into(),
        at.into(),
        proposal.due.into(),
        proposal.hours.into(),
        proposal.cost.into(),
    ];
    link.run(make, &values).await.map(|_| ())
}
