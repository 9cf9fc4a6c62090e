//! `twinwright live --demo`: a small plant is simulated, what its sensors say goes through a broker, and live mode mirrors it, as it
//! would mirror a real one. Nothing has to be installed, and nothing leaves the host.

use super::arguments::LiveArgs;
use super::broker::DemoBroker;
use super::{Outcome, Wishes};
use crate::Trouble;
use crate::generate::{self, pace::Pace};
use crate::library::Kinds;
use crate::memory::now;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use twinwright_core::plan::{Changes, compile_changed};
use twinwright_core::{Document, Plan};
use twinwright_model::Time;

const SITE: &str = include_str!("demo.toml");
const PLANT: &str = include_str!("demo-plant.toml");
/// What the store and the run are called by.
const NAME: &str = "twinwright-demo.toml";

/// Simulates and mirrors until it is told to stop.
pub fn run(args: &LiveArgs, wishes: &Arc<Wishes>, mut out: Box<dyn Write + Send>) -> Result<Outcome, Trouble> {
    let broker = DemoBroker::start()?;
    let port = broker.port();
    let plan = Arc::new(plant(now())?);
    let stop = Arc::new(AtomicBool::new(false));
    let simulated = {
        let stop = stop.clone();
        std::thread::Builder::new().name("plant".to_owned()).spawn(move || speak(&plan, port, &stop))
    };
    let simulated = simulated.map_err(|error| Trouble::World(format!("cannot start a thread: {error}")))?;
    if !args.quiet {
        let _ = writeln!(out, "{}", greeting(port));
    }
    let mut settings = args.settings(Some(PathBuf::from(NAME)))?;
    settings.text = Some(SITE.replace("{port}", &port.to_string()));
    let outcome = super::mirror(&settings, wishes, out);
    stop.store(true, Ordering::Relaxed);
    let spoke = simulated.join().unwrap_or_else(|_| Err(Trouble::World("the simulated plant broke down".to_owned())));
    let outcome = outcome?;
    spoke.map(|()| outcome)
}

fn greeting(port: u16) -> String {
    format!(
        "a plant of six machines is simulated and mirrored; something goes wrong in it soon, Ctrl-C ends it\n\
         what its sensors say: mqtt://127.0.0.1:{port}, topics demo/<machine>/<sensor>\n\
         afterwards: twinwright history machine P-103 --store sqlite:twinwright-demo.db\n\
         \x20           twinwright alerts list --store sqlite:twinwright-demo.db\n"
    )
}

/// The plant, beginning now.
fn plant(start: Time) -> Result<Plan, Trouble> {
    let document = Document { name: "demo-plant.toml".to_owned(), text: PLANT.to_owned() };
    let changes = Changes { start: Some(start), ..Changes::default() };
    compile_changed(&document, &Kinds::default(), changes).map_err(Trouble::Files)
}

/// The plant says what its sensors read, second by second.
fn speak(plan: &Arc<Plan>, port: u16, stop: &AtomicBool) -> Result<(), Trouble> {
    let settings = generate::Settings {
        to: vec![format!("mqtt://127.0.0.1:{port}?qos=1&client_id=demo-plant")],
        pace: Pace::REAL,
        quiet: true,
        ..generate::Settings::of("demo-plant.toml")
    };
    let outcome = generate::generate(&settings, plan, stop)?;
    outcome.trouble.map_or(Ok(()), Err)
}
