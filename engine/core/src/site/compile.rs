//! A site compiled: its plant as a scenario's, its channels, and what stands beside them. All mistakes of the file at once.

mod address;
mod borrow;
mod feeds;
mod items;
mod mapping;
mod outlets;
mod rules;
mod when;

use super::{AlertPlan, ChannelPlan, Clock, DetectorPlan, ReportPlan, SitePlan, Target, TimePlan};
use crate::files::leaf::At;
use crate::files::site::{Number, SITE_SCHEMA, SiteSpec, Switch};
use crate::files::sources::Fault;
use crate::files::{Cx, Faults, Node, Read, Value, names};
use crate::maintenance::MaintenancePlan;
use crate::plan::scenario::plant::Plant;
use crate::plan::scenario::{Changes, Compiler, hash_node};
use crate::plan::{Document, Library, Model, Plan};
use crate::script::ScriptPlan;
use std::collections::BTreeSet;
use std::sync::Arc;
use twinwright_model::live::ChannelName;
use twinwright_model::time::SECOND;
use twinwright_model::{Diagnostic, Span, Time};

/// A machine is looked at once a tick: not less often than this, and not so often that ticks run out of numbers.
const TICKS: (Span, Span) = (Span(SECOND / 10), Span(3_600 * SECOND));
/// Sensors, fed drivers and modes in all: each has names.
const MOST_CHANNELS: usize = 1_000_000;
/// Machines times rules and limits.
const MOST_CONCERNED: usize = 1_000_000;
const LONGEST: Span = Span(36_500 * 86_400 * SECOND);

/// Keys that do not change what ticks: where readings come from and go, and what intake decides before a tick.
const NOT_IN_DIGEST: [&str; 10] =
    ["title", "path", "store", "feed", "outlet", "report", "clock", "reorder", "ahead", "oldest"];

/// Compiles a site with its machine files, as one that begins at `start`. A plan comes only without faults.
pub fn compile(document: &Document, library: &dyn Library, start: Time) -> Result<SitePlan, Vec<Diagnostic>> {
    compile_beside(document, None, library, start)
}

/// Compiles the rules of a site for the machines of another file, a scenario or a site: the document is a site's that may
/// leave out machines, links, tick and feeds.
pub fn compile_rules(
    document: &Document,
    plant: &Document,
    library: &dyn Library,
    start: Time,
) -> Result<SitePlan, Vec<Diagnostic>> {
    compile_beside(document, Some(plant), library, start)
}

fn compile_beside(
    document: &Document,
    plant: Option<&Document>,
    library: &dyn Library,
    start: Time,
) -> Result<SitePlan, Vec<Diagnostic>> {
    let mut compiler = Compiler::new(library, Changes::default());
    let mut node = compiler.open(document);
    if let Some(plant) = plant {
        borrow::plant(&mut compiler, &mut node, plant);
    }
    address::take_out_mistakes(&mut node, &mut compiler.faults);
    let spec = SiteSpec::read(&node, &mut Cx { sources: &compiler.sources, faults: &mut compiler.faults });
    let mut maker = Maker {
        compiler,
        spec: &spec,
        name: name_of(document),
        registers: false,
        plant: Plant::default(),
        used: Vec::new(),
        room: Some(MOST_CONCERNED),
    };
    let site = maker.site(&node, start);
    let Maker { compiler, .. } = maker;
    if compiler.faults.is_empty() { Ok(site) } else { Err(compiler.faults.into_diagnostics(&compiler.sources)) }
}

/// The file's name without folder and ending, as names of runs, clients and stores can hold it.
fn name_of(document: &Document) -> String {
    let file = document.name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.strip_suffix(".toml").unwrap_or(file);
    let stem = stem.strip_suffix(".site").unwrap_or(stem);
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = stem.chars().take(64).map(plain).collect();
    if name.trim_matches(['.', '-']).is_empty() { "site".to_owned() } else { name }
}

/// A site being compiled.
struct Maker<'a> {
    compiler: Compiler<'a>,
    spec: &'a SiteSpec,
    name: String,
    plant: Plant,
    /// Some feed takes in what the site does not know: then a name that nobody knows may come to be known.
    registers: bool,
    /// The models that machines have.
    used: Vec<u32>,
    /// Machines that limits and rules may still concern, each of which costs memory; None when it was said that it is too many.
    room: Option<usize>,
}

impl Maker<'_> {
    fn site(&mut self, node: &Node, start: Time) -> SitePlan {
        let spec = self.spec;
        let tick = self.span(&spec.tick, Span(SECOND), TICKS);
        self.registers = feeds::registers(spec);
        self.check_head(node);
        self.plant = self.compiler.plant(&spec.machine, tick, 1);
        let used: BTreeSet<u32> = self.plant.machines.iter().map(|machine| machine.model).collect();
        self.used = used.into_iter().collect();
        let links = self.compiler.links(&spec.link, &self.plant);
        let channels = self.channels();
        let feeds = self.feeds();
        let time = self.time(&feeds);
        let items = self.items();
        let detectors = self.detectors(items);
        let rules = self.rules(&detectors.items);
        let outlets = self.outlets(&feeds);
        let plan = Plan {
            title: spec.title.clone().unwrap_or_else(|| self.name.clone()),
            seed: 1,
            start,
            tick,
            ticks: u32::MAX - 1,
            futures: 1,
            machines: std::mem::take(&mut self.plant.machines),
            models: std::mem::take(&mut self.plant.models),
            sheets: std::mem::take(&mut self.plant.sheets),
            kinds: std::mem::take(&mut self.plant.heads),
            links,
            groups: Vec::new(),
            script: ScriptPlan::default(),
            faults: Vec::new(),
            maintenance: MaintenancePlan::default(),
            path: self.compiler.path(spec.path.as_ref()),
            outlets: Vec::new(),
            expectations: Vec::new(),
            digest: self.digest(node),
            origin: None,
        };
        SitePlan {
            name: self.name.clone(),
            plan: Arc::new(plan),
            channels,
            time,
            feeds,
            detectors,
            alerts: self.alerts(rules.is_empty()),
            rules,
            outlets,
            store: self.store(),
            reports: self.reports(),
        }
    }

    fn faults(&mut self) -> &mut Faults {
        &mut self.compiler.faults
    }

    fn check_head(&mut self, node: &Node) {
        let spec = self.spec;
        if spec.schema.value != SITE_SCHEMA {
            let fault = Fault::new(&spec.schema.span, "schema", "this is not a site of version 1");
            self.faults().add(fault.expected(format!("`schema = \"{SITE_SCHEMA}\"`")));
        }
        let absent = |key: &str| node.get(key).is_none() && matches!(node.value, Value::Table(_));
        if absent("machine") && !self.registers && !self.faults().blames_key("machine") {
            let fault = Fault::new(&spec.span, "missing-key", "a site needs at least one [[machine]]");
            self.faults().add(fault.expected("a [[machine]], or a feed with `unknown = \"register\"`"));
        }
        if absent("feed") && !self.faults().blames_key("feed") {
            let fault = Fault::new(&spec.span, "missing-key", "a site needs at least one feed: it would hear nothing");
            self.faults().add(fault.expected("such as [feed.mqtt.gateway]"));
        }
    }

    /// Machine by machine: its sensors, its fed drivers, its mode.
    fn channels(&mut self) -> Vec<ChannelPlan> {
        let mut channels = Vec::new();
        let mut unclear = false;
        let items =
            |model: &Model| model.sensors.len() + model.drivers.iter().filter(|driver| driver.is_fed).count() + 1;
        let by_model: Vec<usize> = self.plant.models.iter().map(items).collect();
        let count: usize = self.plant.machines.iter().map(|machine| by_model[machine.model as usize]).sum();
        if count > MOST_CHANNELS {
            let span = self.spec.machine.first().map_or(self.spec.span.clone(), |block| block.id.span.clone());
            let fault =
                Fault::new(&span, "too-many", format!("the machines of this site have {count} sensors and modes"));
            self.faults().add(fault.expected(format!("at most {MOST_CHANNELS}")));
            return channels;
        }
        for (machine, place) in (0u32..).zip(&self.plant.machines) {
            let model = &self.plant.models[place.model as usize];
            let mut add = |item: &str, unit: &str, target: Target| {
                let name = ChannelName { machine: place.id.to_string(), item: item.to_owned() };
                channels.push(ChannelPlan { name, unit: unit.to_owned(), target });
            };
            for (sensor, plan) in (0u16..).zip(&model.sensors) {
                unclear |= plan.name == "mode";
                let target = Target::Sensor { machine, sensor, panel: plan.panel, lane: plan.lane };
                add(&plan.name, &plan.unit, target);
            }
            for (driver, plan) in (0u16..).zip(&model.drivers).filter(|(_, driver)| driver.is_fed) {
                unclear |= plan.name == "mode";
                add(&plan.name, &plan.unit, Target::Driver { machine, driver });
            }
            add("mode", "", Target::Mode { machine });
        }
        if unclear {
            let message =
                "a kind of this site has a sensor or a fed driver called `mode`: that is the machine's mode here";
            let span = self.spec.machine.first().map_or(self.spec.span.clone(), |block| block.kind.span.clone());
            self.faults().say(&span, "name", message);
        }
        channels
    }

    fn time(&mut self, feeds: &[twinwright_model::feeds::FeedPlan]) -> TimePlan {
        use twinwright_model::feeds::FeedWire;
        let spec = self.spec;
        let recorded = !feeds.is_empty() && feeds.iter().all(|feed| matches!(feed.wire, FeedWire::Replay(_)));
        let usual = if recorded { Clock::Source } else { Clock::Wall };
        let known = ["wall", "source"];
        let clock = spec.clock.as_ref().and_then(|clock| self.one_of(clock, &known, "a clock"));
        let reorder = self.span(&spec.reorder, Span(2 * SECOND), (Span::ZERO, Span(3_600 * SECOND)));
        let ahead = self.span(&spec.ahead, Span(5 * SECOND), (Span::ZERO, LONGEST));
        let oldest = self.span(&spec.oldest, Span(30 * 86_400 * SECOND), (Span(SECOND), LONGEST));
        let (mut uncertain, mut bad) = (None, None);
        if let Some(silence) = &spec.silence {
            let mut given =
                |at: &Option<At<Span>>| at.is_some().then(|| self.span(at, Span(SECOND), (Span(SECOND / 10), LONGEST)));
            (uncertain, bad) = (given(&silence.uncertain), given(&silence.bad));
            if let (Some(early), Some(late), Some(at)) = (uncertain, bad, &silence.bad)
                && late < early
            {
                let fault = Fault::new(&at.span, "time", "a sensor would be bad before it is uncertain");
                self.faults().add(fault.expected(format!("at least {early}")));
            }
        }
        let clock = clock.map_or(usual, |index| [Clock::Wall, Clock::Source][index]);
        TimePlan { clock, reorder, ahead, oldest, uncertain, bad }
    }

    fn detectors(&mut self, items: Vec<super::ItemPlan>) -> DetectorPlan {
        let usual = DetectorPlan::usual();
        let Some(detect) = &self.spec.detect else { return DetectorPlan { items, ..usual } };
        let (sd, lasts) = usual.residual.unwrap_or((4.0, Span::ZERO));
        let residual = match &detect.residual {
            Some(Switch::Off) => None,
            Some(Switch::On(given)) => {
                let sd = self.number(&given.sd, sd, 0.5, "0.5 to 1,000 standard deviations");
                Some((sd, self.span(&given.r#for, lasts, (Span::ZERO, LONGEST))))
            }
            _ => usual.residual,
        };
        let (slack, level) = usual.cusum.unwrap_or((1.0, 10.0));
        let cusum = match &detect.cusum {
            Some(Switch::Off) => None,
            Some(Switch::On(given)) => {
                let slack = self.number(&given.slack, slack, 0.0, "0 to 1,000 standard deviations");
                Some((slack, self.number(&given.level, level, 0.5, "0.5 to 1,000")))
            }
            _ => usual.cusum,
        };
        let stuck = match &detect.stuck {
            Some(Switch::Off) => None,
            Some(Switch::On(given)) => Some(self.span(&Some(given.clone()), Span(SECOND), (Span(SECOND), LONGEST))),
            _ => usual.stuck,
        };
        DetectorPlan { residual, cusum, stuck, items }
    }

    fn alerts(&mut self, by_limits: bool) -> AlertPlan {
        let given = self.spec.alerts.as_ref();
        let flood = given.and_then(|alerts| alerts.flood.as_ref()).map_or(10, |flood| {
            if !(1..=1_000_000).contains(&flood.value) {
                let fault = Fault::new(&flood.span, "number", "this is no number of alerts");
                self.faults().add(fault.expected("1 to 1,000,000 in ten minutes"));
            }
            flood.value.clamp(1, 1_000_000) as u32
        });
        let shelf = given.map_or(&None, |alerts| &alerts.longest_shelf);
        let longest_shelf = self.span(shelf, Span(86_400 * SECOND), (Span(60 * SECOND), LONGEST));
        let quiet = match given.and_then(|alerts| alerts.quiet.as_ref()) {
            Some(Switch::Off) => None,
            Some(Switch::On(given)) => Some(self.span(&Some(given.clone()), Span(SECOND), (Span(SECOND), LONGEST))),
            _ => Some(Span(8 * 3_600 * SECOND)),
        };
        AlertPlan { flood, by_limits, quiet, longest_shelf }
    }

    fn reports(&mut self) -> Vec<ReportPlan> {
        const PERIODS: [&str; 3] = ["daily", "weekly", "monthly"];
        let mut reports = Vec::new();
        for (name, report) in self.spec.report.iter() {
            self.check_name(name, "a report");
            let period = self.one_of(&report.period, &PERIODS, "a period").unwrap_or(0);
            let at = report.at.as_ref().map_or(Some(6 * 3_600 * SECOND), |at| {
                let read = time_of_day(&at.value);
                if read.is_none() {
                    let fault = Fault::new(&at.span, "time", "this is no time of day");
                    self.faults().add(fault.expected("such as \"06:00\", UTC"));
                }
                read
            });
            reports.push(ReportPlan { period: PERIODS[period].to_owned(), at: at.unwrap_or(0) });
        }
        reports
    }

    /// What ticks: machines, how long silence may be, what is looked for, what becomes an alert.
    fn digest(&self, node: &Node) -> u128 {
        let mut hash = crate::digest::Hash::default();
        if let Value::Table(entries) = &node.value {
            for (key, node) in entries.iter().filter(|(key, _)| !NOT_IN_DIGEST.contains(&key.text.as_str())) {
                hash.text(&key.text);
                hash_node(&mut hash, node);
            }
        }
        self.compiler.hash_kinds(&mut hash);
        hash.finish()
    }

    /// Whether so many machines may be concerned by one more rule or limit.
    fn take_room(&mut self, at: &At<String>, machines: usize) -> bool {
        let Some(room) = self.room else { return false };
        self.room = room.checked_sub(machines);
        if self.room.is_none() {
            let fault = Fault::new(&at.span, "too-many", "from here on rules and limits concern too many machines");
            self.faults().add(fault.expected(format!("at most {MOST_CONCERNED} machines in all rules and limits")));
        }
        self.room.is_some()
    }

    /// A time within bounds, or what holds where none is given.
    fn span(&mut self, given: &Option<At<Span>>, default: Span, (least, most): (Span, Span)) -> Span {
        let Some(at) = given else { return default };
        if at.value < least || at.value > most {
            let bounds = if most < LONGEST { format!("{least} to {most}") } else { format!("at least {least}") };
            self.faults().add(Fault::new(&at.span, "time", "this time is out of bounds").expected(bounds));
            return default;
        }
        at.value
    }

    /// A number of at least so much, at most 1,000.
    fn number(&mut self, given: &Option<At<Number>>, default: f64, least: f64, expected: &str) -> f64 {
        let Some(at) = given else { return default };
        if !(least..=1_000.0).contains(&at.value.0) {
            self.faults().add(Fault::new(&at.span, "number", "this number is out of bounds").expected(expected));
            return default;
        }
        at.value.0
    }

    /// The place of a word among those that can stand there.
    fn one_of(&mut self, given: &At<String>, known: &[&str], what: &str) -> Option<usize> {
        let found = known.iter().position(|word| *word == given.value);
        if found.is_none() {
            let fault = Fault::new(&given.span, "choice", format!("`{}` is not {what}", given.value));
            let near = names::nearest(&given.value, known.iter().copied());
            self.faults().add(fault.expected(names::list(known.iter().copied())).nearest(near));
        }
        found
    }

    /// Names of feeds, rules and outlets stand in topics, counters and commands.
    fn check_name(&mut self, name: &At<String>, what: &str) {
        if !names::is_machine_id(&name.value) {
            let fault = Fault::new(&name.span, "name", format!("`{}` cannot name {what}", name.value));
            self.faults()
                .add(fault.expected("letters, digits, `-` and `_`, at most 64 of them, a letter or digit first"));
        }
    }
}

/// `06:00` in nanoseconds after midnight.
fn time_of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let part = |digits: &str, most: i64| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<i64>().ok().filter(|number| plain && *number <= most)
    };
    Some((part(hours, 23)? * 60 + part(minutes, 59)?) * 60 * SECOND)
}
