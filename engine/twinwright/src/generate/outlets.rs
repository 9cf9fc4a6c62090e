//! The outlets of one stream: read from the command line and the scenario, opened together, brought to their end together.

use super::Settings;
use crate::{Trouble, VERSION};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::runtime::Runtime;
use twinwright_core::Plan;
use twinwright_core::faults::comms;
use twinwright_core::files::outlet::OutletPlan;
use twinwright_io::outlets::address::Address;
use twinwright_io::outlets::carrier::{Carrier, Terms};
use twinwright_io::outlets::metrics::MetricsPage;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::outlets::{self, Form, MachineHead, Manifest, Outlet, SensorHead, Tally};
use twinwright_io::{Lengthener, RunHead};
use twinwright_model::Diagnostic;

/// All outlets at work, and what carries them.
pub struct Outlets {
    pub carriers: Vec<Carrier>,
    pub manifest: Arc<Manifest>,
    /// Simulated milliseconds since the start, for who watches.
    pub simulated_ms: Arc<AtomicU64>,
    runtime: Runtime,
}

impl Outlets {
    /// Checks all that was asked for, then connects one after the other.
    pub fn open(settings: &Settings, plan: &Arc<Plan>) -> Result<Outlets, Trouble> {
        let manifest = Arc::new(manifest(settings, plan));
        let ready = checked(settings, plan, &manifest)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2 + ready.len())
            .thread_name("outlets")
            .enable_all()
            .build()
            .map_err(|error| Trouble::World(format!("cannot start threads for the outlets: {error}")))?;
        let simulated_ms = Arc::new(AtomicU64::new(0));
        // An address that is taken is said before any broker hears of us.
        let metrics = settings.metrics.map(MetricsPage::bind).transpose();
        let metrics = metrics.map_err(|trouble| told("--metrics", trouble))?;
        let mut carriers = Vec::new();
        for (terms, outlet) in ready {
            let name = terms.name.clone();
            let carrier = Carrier::start(runtime.handle(), terms, outlet).map_err(|trouble| told(&name, trouble))?;
            carriers.push(carrier);
        }
        if let Some(page) = metrics {
            let tallies = carriers.iter().map(|carrier: &Carrier| (carrier.terms.name.clone(), carrier.tally.clone()));
            runtime.spawn(page.serve(tallies.collect(), simulated_ms.clone()));
        }
        Ok(Outlets { carriers, manifest, simulated_ms, runtime })
    }

    /// What outlets are waiting for, for the progress line.
    pub fn note(&self) -> String {
        let troubles = self.carriers.iter().filter_map(|carrier| {
            let trouble = carrier.trouble();
            (!trouble.is_empty()).then(|| format!("{}: {trouble}", carrier.terms.name))
        });
        troubles.collect::<Vec<_>>().join("; ")
    }

    /// Whether nothing more should be made: one has failed for good, or nobody reads any of them any more.
    pub fn want_no_more(&self) -> bool {
        let failed = self.carriers.iter().any(|carrier| carrier.has_ended() && !carrier.had_enough());
        failed || (!self.carriers.is_empty() && self.carriers.iter().all(Carrier::has_ended))
    }

    /// Waits until all is delivered. The first that failed is the trouble; the others are still brought to their end, but
    /// nothing of theirs looks whole then.
    pub fn finish(
        self,
        stop: &AtomicBool,
        mut watch: impl FnMut(&str),
    ) -> (Vec<(String, Arc<Tally>)>, Option<Trouble>) {
        let mut tallies = Vec::new();
        let mut first = None;
        if self.carriers.iter().any(|carrier| carrier.has_ended() && !carrier.had_enough()) {
            self.carriers.iter().for_each(Carrier::cut);
        }
        self.carriers.iter().for_each(Carrier::close);
        for carrier in self.carriers {
            let (name, tally) = (carrier.terms.name.clone(), carrier.tally.clone());
            let done = carrier.finish(self.runtime.handle(), |carrier| {
                if stop.load(Ordering::Relaxed) {
                    carrier.hurry();
                }
                watch(&carrier.trouble());
            });
            if let Err(trouble) = done {
                first.get_or_insert(told(&name, trouble));
            }
            tallies.push((name, tally));
        }
        (tallies, first)
    }
}

/// An outlet that is checked and not yet connected.
type Ready = (Terms, Box<dyn Outlet>);

fn told(name: &str, trouble: OutletTrouble) -> Trouble {
    let text = trouble.to_string();
    // Input trouble begins with the name already.
    let text = if text.starts_with(name) { text } else { format!("{name}: {text}") };
    match trouble {
        OutletTrouble::Input(_) => Trouble::Input(text),
        _ => Trouble::World(text),
    }
}

/// Mistakes in a scenario's outlets, each at its place. Secrets need not be there where a file is only checked.
pub fn wrong_outlets(scenario: &Path, plan: &Plan) -> Vec<Diagnostic> {
    let manifest = Arc::new(manifest(&Settings::of(&scenario.display().to_string()), plan));
    let mut wrong = Vec::new();
    for outlet in &plan.outlets {
        let mut outlet = outlet.clone();
        outlet.options.iter_mut().zip(&mut outlet.option_places).for_each(|((key, _), _)| {
            if let Some(plain) = SECRETS.iter().find(|(secret, _)| secret == key).map(|(_, plain)| plain) {
                *key = plain;
            }
        });
        if let Err(trouble) =
            address_of(&outlet).and_then(|address| outlets::open(&address, &manifest, Form::Rows).map(|_| ()))
        {
            wrong.push(placed(&outlet, &trouble));
        }
    }
    wrong
}

/// Options that say where a secret lies, and those that hold one.
const SECRETS: [(&str, &str); 4] =
    [("token_env", "token"), ("token_file", "token"), ("password_env", "password"), ("password_file", "password")];

/// Everything asked for, checked and not yet connected: all mistakes at once.
fn checked(settings: &Settings, plan: &Plan, manifest: &Arc<Manifest>) -> Result<Vec<Ready>, Trouble> {
    let mut ready: Vec<Ready> = Vec::new();
    let mut wrong: Vec<Diagnostic> = Vec::new();
    for outlet in &plan.outlets {
        match address_of(outlet).and_then(|address| outlets::open(&address, manifest, settings.shape)) {
            Ok(one) => ready.push(one),
            Err(trouble) => wrong.push(placed(outlet, &trouble)),
        }
    }
    if !wrong.is_empty() {
        return Err(Trouble::Files(wrong));
    }
    let mut messages = Vec::new();
    for url in &settings.to {
        match Address::parse(url).and_then(|address| outlets::open(&address, manifest, settings.shape)) {
            Ok(one) => ready.push(one),
            Err(trouble) => messages.push(format!("--to {trouble}")),
        }
    }
    messages.extend(files_in_each_others_way(settings, plan));
    tell_apart(&mut ready);
    let names: Vec<&str> = ready.iter().map(|(terms, _)| terms.name.as_str()).collect();
    for fault in plan.faults.iter().filter_map(|fault| fault.outlet.as_ref()) {
        if !names.contains(&fault.value.as_str()) {
            let known = twinwright_model::names::list(names.iter().copied());
            messages.push(format!(
                "a comms fault acts on outlet `{}`; expected one of this stream's: {known}",
                fault.value
            ));
        }
    }
    if messages.is_empty() { Ok(ready) } else { Err(Trouble::Input(messages.join("\n"))) }
}

/// Several outlets may go to one server; each has a name of its own.
fn tell_apart(ready: &mut [Ready]) {
    for at in 1..ready.len() {
        let same =
            ready[..at].iter().filter(|(terms, _)| terms.name.split(" #").next() == Some(&ready[at].0.name)).count();
        if same > 0 {
            ready[at].0.name.push_str(&format!(" #{}", same + 1));
        }
    }
}

/// Files that two outlets would write, or that lie where `--out` writes.
fn files_in_each_others_way(settings: &Settings, plan: &Plan) -> Vec<String> {
    let urls = plan.outlets.iter().map(|outlet| &outlet.url).chain(&settings.to);
    let files = urls.filter_map(|url| {
        let path = url.strip_prefix("file:")?.split('?').next()?;
        (path != "-" && !Path::new(path).starts_with("/dev")).then(|| (url, straight(Path::new(path))))
    });
    let files: Vec<_> = files.collect();
    let mut messages = Vec::new();
    for (at, (url, path)) in files.iter().enumerate() {
        if files[..at].iter().any(|(_, other)| other == path) {
            messages.push(format!("{url}: this file is named twice"));
        }
        if settings.out.as_ref().is_some_and(|out| path.starts_with(straight(out))) {
            messages.push(format!("{url}: this file lies in the folder of --out, which is the run's own"));
        }
    }
    messages
}

/// An absolute path without `.` and `..`; nothing needs to be there.
fn straight(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut straight = PathBuf::new();
    for step in path.components() {
        match step {
            std::path::Component::ParentDir => {
                straight.pop();
            }
            other => straight.push(other),
        }
    }
    straight
}

fn address_of(outlet: &OutletPlan) -> Result<Address, OutletTrouble> {
    let mut address = Address::parse(&outlet.url)?;
    address.name.clone_from(&outlet.name);
    for (key, value) in &outlet.options {
        address.set(key, value.clone());
    }
    Ok(address)
}

/// A mistake at the option that it is about, else at the URL.
fn placed(outlet: &OutletPlan, trouble: &OutletTrouble) -> Diagnostic {
    let text = trouble.to_string();
    let text = text.strip_prefix(&format!("{}: ", outlet.name)).unwrap_or(&text).to_owned();
    let about = text.split([':', ' ', '`']).next().unwrap_or_default();
    let option = outlet.options.iter().position(|(key, _)| *key == about);
    let place = option.map_or(&outlet.place, |option| &outlet.option_places[option]);
    let (message, expected) = match text.split_once("; expected ") {
        Some((message, expected)) => (message.to_owned(), Some(expected.to_owned())),
        None => (text, None),
    };
    Diagnostic { place: place.clone(), code: "outlet".to_owned(), message, expected, nearest: None }
}

pub(crate) fn manifest(settings: &Settings, plan: &Plan) -> Manifest {
    let head: RunHead = crate::run::head(&settings.recorded(), plan);
    let units = |name: &String| {
        let mut sensors = plan.sheets.iter().flat_map(|sheet| &sheet.sensors);
        sensors.find(|sensor| sensor.name == *name).map_or(String::new(), |sensor| sensor.unit.clone())
    };
    let sensors = Lengthener::new(&plan.sheets);
    let machines = plan
        .machines
        .iter()
        .map(|machine| MachineHead { id: machine.id.to_string(), sheet: plan.models[machine.model as usize].sheet });
    let stem =
        Path::new(&settings.subject).file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
    // A clock that is off may show times that are finer than any that is true.
    let resolution = comms::stamp_step(plan)
        .map_or(head.resolution, |step| if step.0 % 1_000 == 0 { head.resolution } else { twinwright_model::Span(1) });
    Manifest {
        machines: machines.collect(),
        sensors: sensors.sensors().iter().map(|name| SensorHead { name: name.clone(), unit: units(name) }).collect(),
        sheets: plan.sheets.clone(),
        path: plan.path.clone().unwrap_or_else(|| format!("twinwright/{}/plant/line", level(&stem))),
        scenario: stem,
        seed: plan.seed,
        version: VERSION.to_owned(),
        start: plan.start,
        tick: plan.tick,
        resolution,
    }
}

/// A text as a level of a topic.
fn level(text: &str) -> String {
    let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '/' | '+' | '#' | '$');
    let text: String = text.chars().map(|c| if bad(c) { '-' } else { c }).collect();
    if text.is_empty() { "stream".to_owned() } else { text }
}

impl std::fmt::Debug for Outlets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outlets").field("carriers", &self.carriers).finish_non_exhaustive()
    }
}
