//! What leaves the mirror: alerts and reports through the store's outbox, states of machines as they stand.

use super::Settings;
use super::bulletins::Bulletins;
use super::engine::Engine;
use super::site::read_site;
use crate::Trouble;
use std::sync::Arc;
use std::time::{Duration, Instant};
use twinwright_core::site::{RulePlan, SitePlan, When};
use twinwright_io::notices::{self, Pump, StateBoard, Subscription};
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::Place;
use twinwright_model::feeds::FeedWire;

/// A machine's state is told at most so often.
const EVERY: Duration = Duration::from_secs(10);
/// And looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Everything that carries something out.
#[derive(Debug)]
pub struct Tidings {
    pumps: Pumps,
    boards: Arc<Vec<StateBoard>>,
    bulletins: Option<Bulletins>,
}

/// Outlets by name.
pub type Pumps = Vec<(String, Arc<Pump>)>;

/// The loop's hand on it.
#[derive(Debug)]
pub struct Bell {
    settings: Settings,
    pumps: Pumps,
    boards: Arc<Vec<StateBoard>>,
    looked: Instant,
}

impl Tidings {
    /// Checks all outlets of a site, and starts them.
    pub fn start(site: &SitePlan, run: &str, store: &str, place: &Place) -> Result<Tidings, OutletTrouble> {
        let of = site_of(site);
        let mut wires = Vec::new();
        let mut boards = Vec::new();
        for outlet in &site.outlets {
            let address = || notices::address(&outlet.name, &outlet.url, &outlet.options);
            wires.push((outlet.name.clone(), notices::open(&address()?, &of)?));
            if outlet.name.starts_with("mqtt.") {
                boards.push(StateBoard::start(&address()?, &of, EVERY)?);
            }
        }
        let pump = |(name, wire)| (name, Arc::new(Pump::start(wire, place.clone())));
        let bulletins = Bulletins::start(site, run, store);
        Ok(Tidings { pumps: wires.into_iter().map(pump).collect(), boards: Arc::new(boards), bulletins })
    }

    pub fn bell(&self, settings: &Settings) -> Bell {
        Bell {
            settings: settings.clone(),
            pumps: self.pumps.clone(),
            boards: self.boards.clone(),
            looked: Instant::now(),
        }
    }

    pub fn pumps(&self) -> Pumps {
        self.pumps.clone()
    }

    /// What is due goes out, and boards say goodbye: the loop and the metrics page have let go of them by now.
    pub async fn stop(self) {
        drop(self.bulletins);
        let pumps = self.pumps.into_iter().filter_map(|(_, pump)| Arc::into_inner(pump));
        let boards = Arc::try_unwrap(self.boards).unwrap_or_default();
        let mut ends = tokio::task::JoinSet::new();
        pumps.for_each(|pump| _ = ends.spawn(pump.stop()));
        boards.into_iter().for_each(|board| _ = ends.spawn(board.stop()));
        ends.join_all().await;
    }
}

/// Whether all outlets of a site could be started; nothing is connected.
pub fn check(site: &SitePlan) -> Result<(), OutletTrouble> {
    let of = site_of(site);
    for outlet in &site.outlets {
        notices::open(&notices::address(&outlet.name, &outlet.url, &outlet.options)?, &of)?;
    }
    Ok(())
}

/// As notices see a site.
fn site_of(site: &SitePlan) -> notices::Site {
    let mut hears = Vec::new();
    for feed in &site.feeds {
        if let FeedWire::Mqtt(wire) = &feed.wire {
            let filters = twinwright_io::feeds::filters(&feed.mapping);
            hears.extend(filters.into_iter().map(|filter| Subscription { url: wire.url.clone(), filter }));
        }
    }
    let of_any_sensor = |rule: &&RulePlan| matches!(rule.when, When::Finding { sensor: None, .. });
    let by_sensor = site.rules.iter().filter(of_any_sensor).map(|rule| rule.name.clone()).collect();
    notices::Site { name: site.name.clone(), path: site.plan.path.clone().unwrap_or_default(), by_sensor, hears }
}

impl Bell {
    /// There is something new in the outbox.
    pub fn ring(&self) {
        self.pumps.iter().for_each(|(_, pump)| pump.wake());
    }

    /// Shows how machines stand, now and then.
    pub fn show_states(&mut self, engine: &mut Engine) {
        if self.boards.is_empty() || self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        let mirror = engine.lookout().mirror();
        for machine in 0..mirror.machine_count() {
            let text = mirror.portrait(machine).to_string();
            self.boards.iter().for_each(|board| board.show(mirror.machine_name(machine), &text));
        }
    }

    /// Whether the site's file, as it is now, could be mirrored.
    pub fn check_site(&self) -> Result<(), Trouble> {
        let (site, _) = read_site(&self.settings)?;
        check(&site).map_err(Trouble::from)
    }
}
