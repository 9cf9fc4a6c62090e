//! What a store or a backup holds, in one line.

use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use crate::store::status::{TableStatus, tables};
use std::fmt;

/// Rows by table, at one instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    pub tables: Vec<TableStatus>,
    /// Rows of the logs that tell of more than of the schema.
    pub deeds: i64,
}

impl Contents {
    /// Of a store with a schema that is known.
    pub(super) async fn of(link: &mut Link) -> Result<Contents, OutletTrouble> {
        let tables = tables(link).await?;
        let mut deeds = 0;
        for ask in ["SELECT count(*) FROM audit_log WHERE action <> 'migrate'", "SELECT count(*) FROM system_events"] {
            if tables.iter().any(|table| table.name == "audit_log") {
                deeds += link.first(ask, &[]).await?.unwrap_or_default().int(0);
            }
        }
        Ok(Contents { tables, deeds })
    }

    /// Whether nothing is lost when it goes.
    pub(super) fn is_empty(&self) -> bool {
        let logs = ["audit_log", "system_events"];
        self.deeds == 0 && self.tables.iter().all(|table| table.rows == 0 || logs.contains(&table.name))
    }

    fn table(&self, name: &str) -> Option<&TableStatus> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            ("equipment", "machine"),
            ("sensors", "sensor"),
            ("sensor_readings", "reading"),
            ("runs", "run"),
            ("alerts", "alert"),
            ("audit_log", "audit row"),
        ];
        let said: Vec<String> = names
            .iter()
            .filter_map(|(table, what)| {
                let table = self.table(table)?;
                let about = if table.about { "about " } else { "" };
                let many = if table.rows == 1 { "" } else { "s" };
                Some(format!("{about}{} {what}{many}", table.rows))
            })
            .collect();
        f.write_str(&said.join(", "))?;
        let readings = self.table("sensor_readings");
        match readings.and_then(|table| table.from.zip(table.to)) {
            Some((from, to)) => write!(f, "; readings from {from} to {to}"),
            None => Ok(()),
        }
    }
}
