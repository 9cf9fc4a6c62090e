//! `twinwright store migrate`: makes a store or brings its schema up to date, and says from where to where.

use super::arguments::MigrateArgs;
use super::{Answer, wait};
use crate::Trouble;
use serde_json::json;
use twinwright_io::store::ledger::{self, Deed};
use twinwright_io::store::{Link, Place, Schema};
use twinwright_model::Time;

pub fn migrate(args: &MigrateArgs, now: Time) -> Result<Answer, Trouble> {
    let place = Place::parse(&args.which.url())?;
    wait(async {
        let before = schema_of(&place).await?;
        let mut link = Link::open(&place).await?;
        let after = link.schema().await?;
        let name = link.name().to_owned();
        if before != after {
            let (from, to) = (json!({ "schema": number(before) }), json!({ "schema": number(after) }));
            let who = args.who.name();
            let (action, source) = ("migrate", Some("twinwright store migrate"));
            let deed = Deed { who: &who, action, subject: "schema", after: Some(&to), source, ..Deed::default() };
            ledger::append_audit(&mut link, now, &Deed { before: Some(&from), ..deed }).await?;
        }
        link.close().await;
        let (from, to) = (number(before), number(after).unwrap_or_default());
        Ok(Answer::fine(match from {
            None => format!("{name}: made, with schema {to}\n"),
            Some(from) if from == to => format!("{name}: schema {to}; nothing to do\n"),
            Some(from) => format!("{name}: brought from schema {from} to {to}\n"),
        }))
    })
}

/// Where the schema stands before anything is done.
async fn schema_of(place: &Place) -> Result<Schema, Trouble> {
    if place.path().is_some_and(|path| !path.exists()) {
        return Ok(Schema::None);
    }
    let mut link = Link::look(place).await?;
    let schema = link.schema().await?;
    link.close().await;
    Ok(schema)
}

fn number(schema: Schema) -> Option<i64> {
    match schema {
        Schema::Version(version) => Some(version),
        _ => None,
    }
}
