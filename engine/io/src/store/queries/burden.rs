//! What alerts asked of people in a stretch of time: each alert of the live runs with the instants at which it called.

use super::Stretch;
use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use std::collections::BTreeMap;
use twinwright_model::Time;

/// An alert as it went.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Course {
    pub machine: String,
    pub rule: String,
    pub severity: String,
    pub raised: Time,
    /// When it came back before it was resolved.
    pub again: Vec<Time>,
    pub returned: Option<Time>,
    pub acknowledged: Option<Time>,
    pub resolved: Option<Time>,
    pub shelved: bool,
    /// It was in sight at some time.
    pub seen: bool,
}

/// From when to when live runs of this store tell; None where there is none.
pub async fn mirrored(link: &mut Link) -> Result<Option<Stretch>, OutletTrouble> {
    let ask = "SELECT min(r.start_time), max(m.reached) FROM runs r JOIN mirrors m ON m.run_id = r.id";
    let found = link.first(ask, &[]).await?;
    Ok(found.and_then(|row| Some(Stretch { from: row.time(0)?, to: row.time(1)? })))
}

/// The alerts that there were in a stretch, in the order in which they were raised.
pub async fn courses(link: &mut Link, stretch: Stretch) -> Result<Vec<Course>, OutletTrouble> {
    let among = "a.raised_at < $2 AND (a.resolved_at IS NULL OR a.resolved_at >= $1) AND r.kind = 'live'";
    let ask = format!(
        "SELECT a.id, e.name, a.rule, a.severity, a.raised_at, a.returned_at, a.acknowledged_at, a.resolved_at \
         FROM alerts a JOIN runs r ON r.id = a.run_id JOIN equipment e ON e.id = a.equipment_id WHERE {among}"
    );
    let values = [stretch.from.into(), stretch.to.into()];
    let mut alerts: BTreeMap<i64, Course> = BTreeMap::new();
    link.each(ask, &values, |row| {
        let course = Course {
            machine: row.text(1).to_owned(),
            rule: row.text(2).to_owned(),
            severity: row.text(3).to_owned(),
            raised: row.time(4).unwrap_or_default(),
            returned: row.time(5),
            acknowledged: row.time(6),
            resolved: row.time(7),
            ..Course::default()
        };
        alerts.insert(row.int(0), course);
    })
    .await?;
    let ask = format!(
        "SELECT t.alert_id, t.what, t.status, t.time FROM alert_transitions t JOIN alerts a ON a.id = t.alert_id \
         JOIN runs r ON r.id = a.run_id WHERE {among} ORDER BY t.alert_id, t.number"
    );
    link.each(ask, &values, |row| {
        let Some(course) = alerts.get_mut(&row.int(0)) else { return };
        course.seen |= matches!(row.text(2), "active" | "acknowledged");
        match row.text(1) {
            "raised_again" => course.again.extend(row.time(3)),
            "shelved" => course.shelved = true,
            _ => {}
        }
    })
    .await?;
    let mut courses: Vec<Course> = alerts.into_values().collect();
    courses.sort_by_key(|course| course.raised);
    Ok(courses)
}
