//! Sites for tests, and panels made of an expectation and noise whose law is known, so that no mirror is needed.

use crate::detection::PanelView;
use crate::dice::{Dice, Purpose, student_t};
use crate::plan::{Document, Library, Plan, compile};
use crate::sensing::LANES;
use crate::site::{AlertPlan, Clock, DetectorPlan, RulePlan, SitePlan, TimePlan, When};
use std::sync::Arc;
use twinwright_model::time::SECOND;
use twinwright_model::{Severity, Span, Time};

struct One(String);

impl Library for One {
    fn find(&self, kind: &str) -> Option<Document> {
        (kind == "unit").then(|| Document { name: "unit.toml".to_owned(), text: self.0.clone() })
    }

    fn known(&self) -> Vec<String> {
        vec!["unit".to_owned()]
    }
}

/// Machines U-1 to U-`count` of one kind.
pub fn plan(machine: &str, count: u32, tick: &str, rest: &str) -> Arc<Plan> {
    let head = "schema = \"machine/1\"\nkind = \"unit\"\ntitle = \"Unit\"\n";
    let scenario = format!(
        "schema = \"scenario/1\"\ntitle = \"T\"\nseed = 5\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"1 d\"\n\
         tick = \"{tick}\"\n[[machine]]\nid = \"U-{{1..{count}}}\"\nkind = \"unit\"\n{rest}"
    );
    let document = Document { name: "test.toml".to_owned(), text: scenario };
    Arc::new(compile(&document, &One(format!("{head}{machine}"))).unwrap_or_else(|faults| panic!("{faults:#?}")))
}

/// A site over a plan with nothing asked for; tests change what they are about.
pub fn site(plan: Arc<Plan>) -> SitePlan {
    let time = TimePlan {
        clock: Clock::Source,
        reorder: Span(2 * SECOND),
        ahead: Span(5 * SECOND),
        oldest: Span(30 * 86_400 * SECOND),
        uncertain: None,
        bad: None,
    };
    let day = Span(86_400 * SECOND);
    SitePlan {
        name: "test".to_owned(),
        plan,
        channels: Vec::new(),
        time,
        feeds: Vec::new(),
        detectors: DetectorPlan { residual: None, cusum: None, stuck: None, items: Vec::new() },
        rules: Vec::new(),
        alerts: AlertPlan { flood: 10, by_limits: true, quiet: Some(Span(8 * 3_600 * SECOND)), longest_shelf: day },
        outlets: Vec::new(),
        store: None,
        reports: Vec::new(),
    }
}

/// What a site looks for when its file says nothing of it.
pub fn usual_detectors() -> DetectorPlan {
    DetectorPlan {
        residual: Some((4.0, Span(30 * SECOND))),
        cusum: Some((1.0, 10.0)),
        stuck: Some(Span(600 * SECOND)),
        items: Vec::new(),
    }
}

/// A rule about findings on all machines of a plan.
pub fn rule(plan: &Plan, name: &str, sensor: Option<&str>, detector: Option<&str>) -> RulePlan {
    RulePlan {
        name: name.to_owned(),
        machines: (0..plan.machines.len() as u32).collect(),
        when: When::Finding { sensor: sensor.map(str::to_owned), detector: detector.map(str::to_owned) },
        holds: 0,
        gone: 0,
        severity: Severity::Medium,
        group: None,
        latch: false,
        suppress: Vec::new(),
        again: None,
        escalate: None,
        message: "{machine}: {sensor} {detector}".to_owned(),
    }
}

/// A panel at an instant at which all of `lanes` were heard, as expected.
pub fn view(machine: u32, time: i64, lanes: u16, expected: f64, sd: f64) -> PanelView {
    PanelView {
        machine,
        panel: 0,
        time: Time(time),
        span_s: 1.0,
        heard_at: [time; LANES],
        measured: [expected; LANES],
        quality: [0; LANES],
        heard: lanes,
        expected: [expected; LANES],
        sd: [sd; LANES],
        modelled: lanes,
    }
}

/// Noise with memory, tails and rounding; written here once more, apart from the engine's own kernel.
#[derive(Debug, Clone)]
pub struct Noise {
    pub sd: f64,
    pub rho: f64,
    pub tails: Option<f64>,
    pub step: f64,
    now: f64,
    dice: Dice,
    drawn: u64,
}

const NOISE: Purpose = Purpose::named("test.noise");

impl Noise {
    pub fn new(name: &str, seed: u64, sd: f64, rho: f64, tails: Option<f64>, step: f64) -> Noise {
        let dice = Dice::of(seed, 0, name);
        let mut noise = Noise { sd, rho, tails, step, now: 0.0, dice, drawn: 0 };
        noise.now = noise.sd * noise.fresh();
        noise
    }

    fn fresh(&mut self) -> f64 {
        let words = self.dice.words(NOISE, self.drawn);
        self.drawn += 1;
        match self.tails {
            Some(nu) => student_t(nu, words[0], words[1]),
            None => {
                let u = (f64::from(words[2]) + 0.5) / 4_294_967_296.0;
                let v = f64::from(words[3]) / 4_294_967_296.0;
                (-2.0 * libm::log(u)).sqrt() * libm::cos(std::f64::consts::TAU * v)
            }
        }
    }

    /// A reading of a true value.
    pub fn read(&mut self, truth: f64) -> f64 {
        let fresh = self.fresh();
        self.now = self.rho * self.now + self.sd * (1.0 - self.rho * self.rho).sqrt() * fresh;
        let raw = truth + self.now;
        if self.step > 0.0 { libm::round(raw / self.step) * self.step } else { raw }
    }
}
