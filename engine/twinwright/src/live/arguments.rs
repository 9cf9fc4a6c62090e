//! What `twinwright live` may be asked on the command line.

use super::Settings;
use crate::Trouble;
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use twinwright_model::{Span, Time, units};

#[derive(Args)]
pub struct LiveArgs {
    /// The site file; not with --demo
    pub site: Option<PathBuf>,
    /// Simulate a small plant, send what its sensors say through a broker of its own, and mirror that: store
    /// ./twinwright-demo.db
    #[arg(long, conflicts_with_all = ["site", "store"])]
    pub demo: bool,
    /// Where the journal and the history go: `sqlite:plant.db`, `postgres://user@host/plant` [default: the site's `store`,
    /// else sqlite:<site>.db beside its file]
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,
    /// A folder of machine files, looked through before the shipped ones
    #[arg(long, value_name = "DIR")]
    pub machines: Option<PathBuf>,
    /// Show what is counted at http://ADDR/metrics, as Prometheus reads it: `127.0.0.1:9187`
    #[arg(long, value_name = "ADDR")]
    pub metrics: Option<SocketAddr>,
    /// How often the whole state is kept: from there a start goes on
    #[arg(long, value_name = "TIME", default_value = "5 min")]
    pub checkpoint_every: String,
    /// Stop when the mirror shows this instant
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// How much is said on standard error of what goes on
    #[arg(long, value_enum, default_value_t = LogLevel::Info)]
    pub log: LogLevel,
    /// As lines for people, or as a JSON object a line
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Print the digest of the last state as the last line
    #[arg(long)]
    pub digest: bool,
    /// No lines for alerts
    #[arg(long)]
    pub quiet: bool,
}

#[derive(Args)]
pub struct ReplayArgs {
    /// The store: `sqlite:plant.db`, `postgres://user@host/plant`
    #[arg(value_name = "STORE")]
    pub store: String,
    /// From this instant on [default: the beginning of the run]
    #[arg(long, value_name = "INSTANT")]
    pub from: Option<String>,
    /// Up to this instant [default: as far as the plant was mirrored]
    #[arg(long, value_name = "INSTANT")]
    pub to: Option<String>,
    /// A live run [default: the latest]
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// A changed site file: which alerts it would have raised, and which not
    #[arg(long, value_name = "SITE")]
    pub with: Option<PathBuf>,
    /// A folder of machine files for the changed site, looked through before the shipped ones
    #[arg(long, value_name = "DIR", requires = "with")]
    pub machines: Option<PathBuf>,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

impl LiveArgs {
    /// What is to be mirrored; `site` where the command line names none.
    pub fn settings(&self, site: Option<PathBuf>) -> Result<Settings, Trouble> {
        let wrong = |key: &str, why: String| Trouble::Input(format!("--{key}: {why}"));
        let Some(site) = self.site.clone().or(site) else {
            let expected = "expected `twinwright live SITE.toml`, or `twinwright live --demo` to see one at work";
            return Err(Trouble::Input(format!("no site is given; {expected}")));
        };
        let every =
            units::parse_span(&self.checkpoint_every).map_err(|why| wrong("checkpoint-every", why.to_string()))?;
        if every <= Span::ZERO {
            return Err(wrong("checkpoint-every", format!("{every} is no time to wait; expected such as `5 min`")));
        }
        let until = self.until.as_deref().map(Time::parse).transpose().map_err(|why| wrong("until", why))?;
        Ok(Settings {
            site,
            text: None,
            kinds: self.machines.clone(),
            store: self.store.clone(),
            metrics: self.metrics,
            checkpoint_every: every,
            until,
            quiet: self.quiet,
        })
    }
}
