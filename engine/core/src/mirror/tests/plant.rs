//! A simulated plant with all its luck, and a site that mirrors it.

use crate::Twin;
use crate::plan::{Document, Library, Plan, compile};
use crate::site::{AlertPlan, ChannelPlan, Clock, DetectorPlan, SitePlan, Target, TimePlan};
use crate::twin::Batch;
use crate::world::{Modes, Panels, Roster, Wears};
use std::sync::Arc;
use twinwright_model::live::{ChannelName, Measurement};
use twinwright_model::time::SECOND;
use twinwright_model::{Mode, Quality, Span};

/// Machine files by kind.
pub struct Shelf(pub Vec<(&'static str, String)>);

impl Library for Shelf {
    fn find(&self, kind: &str) -> Option<Document> {
        let found = self.0.iter().find(|(known, _)| *known == kind)?;
        Some(Document { name: format!("{kind}.toml"), text: found.1.clone() })
    }

    fn known(&self) -> Vec<String> {
        self.0.iter().map(|(kind, _)| (*kind).to_owned()).collect()
    }
}

/// A scenario of some machines of one kind.
pub fn plan(kind: &'static str, file: &str, ids: &str, tick: &str, more: &str) -> Arc<Plan> {
    let text = format!(
        "schema = \"scenario/1\"\ntitle = \"t\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"2000 d\"\ntick = \"{tick}\"\n{more}\n[[machine]]\nid = \"{ids}\"\nkind = \"{kind}\"\n"
    );
    let shelf = Shelf(vec![(kind, file.to_owned())]);
    let document = Document { name: "s.toml".to_owned(), text };
    match compile(&document, &shelf) {
        Ok(plan) => Arc::new(plan),
        Err(faults) => panic!("{faults:?}"),
    }
}

/// A site with the machines of a plan: every sensor, every fed driver and the mode of each machine is a channel.
pub fn site(plan: &Arc<Plan>, fed: &[&str]) -> Arc<SitePlan> {
    let mut channels = Vec::new();
    for (machine, planned) in plan.machines.iter().enumerate() {
        let model = &plan.models[planned.model as usize];
        let machine = machine as u32;
        let name = |item: &str| ChannelName { machine: planned.id.to_string(), item: item.to_owned() };
        let mut add = |item: &str, target| channels.push(ChannelPlan { name: name(item), unit: String::new(), target });
        for (number, one) in model.sensors.iter().enumerate() {
            add(&one.name, Target::Sensor { machine, sensor: number as u16, panel: one.panel, lane: one.lane });
        }
        for (number, one) in model.drivers.iter().enumerate().filter(|(_, one)| fed.contains(&one.name.as_str())) {
            add(&one.name, Target::Driver { machine, driver: number as u16 });
        }
        add("mode", Target::Mode { machine });
    }
    let (reorder, ahead, oldest) = (Span(2 * SECOND), Span(5 * SECOND), Span(i64::MAX));
    Arc::new(SitePlan {
        name: "site".to_owned(),
        plan: plan.clone(),
        channels,
        time: TimePlan { clock: Clock::Source, reorder, ahead, oldest, uncertain: None, bad: None },
        feeds: Vec::new(),
        detectors: DetectorPlan { residual: None, cusum: None, stuck: None, items: Vec::new() },
        rules: Vec::new(),
        alerts: AlertPlan { flood: 10, by_limits: true, quiet: None, longest_shelf: Span(i64::MAX) },
        outlets: Vec::new(),
        store: None,
        reports: Vec::new(),
    })
}

/// A plant that runs, and what a gateway would send of it.
pub struct Plant {
    pub twin: Twin,
    site: Arc<SitePlan>,
    with_modes: bool,
}

impl Plant {
    pub fn new(site: &Arc<SitePlan>, with_modes: bool) -> Plant {
        Plant { twin: Twin::build(&site.plan), site: site.clone(), with_modes }
    }

    /// One tick of the plant, told by channel.
    pub fn tick(&mut self) -> Vec<Measurement> {
        self.twin.tick(&Batch::default());
        let time = self.site.plan.time_of(i64::from(self.twin.now().unwrap_or(0)));
        let mut heard = Vec::new();
        for (channel, one) in self.site.channels.iter().enumerate() {
            let (value, quality) = match one.target {
                Target::Sensor { machine, panel, lane, .. } => {
                    let panels: &Panels = self.part(machine);
                    let panel = &panels.0[usize::from(panel)];
                    let quality = Quality::from_code(panel.quality[usize::from(lane)]);
                    if quality == Quality::Unsampled {
                        continue;
                    }
                    (f64::from(panel.measured[usize::from(lane)]), quality)
                }
                Target::Driver { machine, driver } => {
                    let name = &self.site.plan.model_of(machine).drivers[usize::from(driver)].name;
                    (self.twin.driver(0, machine, name), Quality::Good)
                }
                Target::Mode { machine } if self.with_modes => (f64::from(self.mode(machine) as u8), Quality::Good),
                _ => continue,
            };
            heard.push(Measurement { channel: channel as u32, time, value, quality });
        }
        heard
    }

    fn part<C: bevy_ecs::prelude::Component>(&self, machine: u32) -> &C {
        let entity = self.twin.world.resource::<Roster>().entity(machine);
        self.twin.world.get::<C>(entity).expect("a machine has it")
    }

    pub fn mode(&self, machine: u32) -> Mode {
        self.part::<Modes>(machine).mode
    }

    pub fn wear(&self, machine: u32, wear: usize) -> f64 {
        self.part::<Wears>(machine).0[wear].now
    }
}
