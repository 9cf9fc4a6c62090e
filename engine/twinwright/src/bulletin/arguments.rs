//! What `report` may be asked on the command line.

use super::{Form, Settings};
use clap::Args;
use std::path::PathBuf;
use twinwright_model::Time;

#[derive(Args)]
pub struct ReportArgs {
    /// A day, a week (from Monday on) or a month, in UTC; or the name of a run, for the whole of it
    #[arg(value_name = "daily|weekly|monthly|RUN")]
    pub what: String,
    /// The store [default: $TWINWRIGHT_STORE, else sqlite:twinwright.db]
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,
    /// The run to report on [default: the latest one with a history]
    #[arg(long, value_name = "NAME")]
    pub run: Option<String>,
    /// The day, or a day of the week or month, such as 2026-03-04 [default: the last whole one of the run]
    #[arg(long, value_name = "DATE", conflicts_with = "at")]
    pub on: Option<String>,
    /// The same by an instant, or by a time after the start of the run such as `+30 d`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// The folder to write to [default: reports/<run>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What to write: html, md, json, csv (a file for each table)
    #[arg(long, value_delimiter = ',', default_value = "html,md", value_name = "FORMS", value_parser = form_of)]
    pub format: Vec<Form>,
    /// Print nothing but errors
    #[arg(long)]
    pub quiet: bool,
}

impl ReportArgs {
    /// What the library is told; `now` is the time on the wall.
    pub fn settings(self, now: Time) -> Settings {
        Settings {
            what: self.what,
            store: crate::store::meant(self.store.as_deref()),
            run: self.run,
            on: self.on,
            at: self.at,
            out: self.out,
            forms: self.format,
            now,
        }
    }
}

fn form_of(text: &str) -> Result<Form, String> {
    Form::from_name(text).ok_or_else(|| "expected html, md, json or csv".to_owned())
}
