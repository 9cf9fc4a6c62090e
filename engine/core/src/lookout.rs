//! A site mirrored and watched: the narrow waist of live mode. The mirror believes, the watch judges; here one is shown to the
//! other, tick by tick, and both are one state.

use crate::digest::Hash;
use crate::mirror::Mirror;
use crate::site::{SitePlan, Target};
use crate::snapshot::RestoreError;
use crate::watch::Watch;
use std::sync::Arc;
use twinwright_model::journal::Newcomer;
use twinwright_model::live::{Action, AlertChange, FindingChange, Measurement, ModeChange};
use twinwright_model::{Mode, Time};

/// What ticks said since it was last taken.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    pub findings: Vec<FindingChange>,
    pub alerts: Vec<AlertChange>,
    pub modes: Vec<ModeChange>,
}

/// All of a site: what is believed of its machines, and what is made of it.
#[derive(Debug)]
pub struct Lookout {
    mirror: Mirror,
    watch: Watch,
    /// By channel, newcomers after those of the file: the machine that it belongs to.
    machines: Vec<u32>,
    modes: Vec<Mode>,
    /// Open alerts of machines that a changed site has no more.
    orphans: Vec<String>,
    said: Said,
}

impl Lookout {
    /// A site before its first tick; `run` names alerts.
    pub fn build(site: &Arc<SitePlan>, run: &str) -> Lookout {
        Lookout::of(Mirror::build(site), Watch::new(site, run))
    }

    fn of(mirror: Mirror, watch: Watch) -> Lookout {
        let machine = |target| match target {
            Target::Sensor { machine, .. }
            | Target::Driver { machine, .. }
            | Target::Mode { machine }
            | Target::Stray { machine } => machine,
        };
        let machines = mirror.site().channels.iter().map(|channel| machine(channel.target)).collect();
        Lookout { mirror, watch, machines, modes: Vec::new(), orphans: Vec::new(), said: Said::default() }
    }

    /// One step: what was heard for this tick, by channel and time, and what people asked. The first step shows tick 0.
    pub fn tick(&mut self, heard: &[Measurement], actions: &[Action]) {
        let (mirror, watch) = (&mut self.mirror, &mut self.watch);
        mirror.tick_seen(heard, &mut |view| watch.look(view));
        self.modes.clear();
        self.modes.extend((0..mirror.machine_count()).map(|machine| mirror.mode(machine).unwrap_or_default()));
        let time = mirror.time();
        if mirror.now() == Some(0) {
            // What each begins in, so that the time before its first change is known too.
            let begins =
                |(machine, &mode): (usize, &Mode)| ModeChange { time, machine: machine as u32, mode, previous: None };
            self.said.modes.extend(self.modes.iter().enumerate().map(begins));
            mirror.take_modes_said();
        }
        let (findings, alerts) =
            watch.conclude(time, &self.modes, &|machine, source| mirror.value_of(machine, source), actions);
        self.said.findings.extend(findings);
        self.said.alerts.extend(alerts);
        self.said.modes.extend(mirror.take_modes_said());
    }

    /// A channel that nobody knew gets the next number.
    pub fn register(&mut self, newcomer: &Newcomer) {
        self.mirror.register(newcomer);
        let machine = self.mirror.machine_numbered(&newcomer.name.machine);
        self.machines.push(machine);
        if newcomer.name.item != crate::mirror::MODE {
            self.watch.register(machine, &newcomer.name, &newcomer.unit);
        }
    }

    /// Alerts that were open under another site's file, of machines that this one does not have: by uid.
    pub fn take_orphans(&mut self) -> Vec<String> {
        std::mem::take(&mut self.orphans)
    }

    /// What was said since this was last asked.
    pub fn take_said(&mut self) -> Said {
        std::mem::take(&mut self.said)
    }

    pub fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The tick that is shown; None before the first.
    pub fn now(&self) -> Option<u32> {
        self.mirror.now()
    }

    /// The machine that a channel belongs to.
    pub fn machine_of(&self, channel: u32) -> Option<u32> {
        self.machines.get(channel as usize).copied()
    }

    /// The digest of the whole state: the same after the same readings, and after a restart.
    pub fn digest(&mut self) -> u128 {
        let mut hash = Hash::default();
        hash.bytes(&self.mirror.digest().to_le_bytes());
        self.watch.digest_into(&mut hash);
        hash.finish()
    }

    /// The state as bytes, between two ticks.
    pub fn save(&mut self) -> Vec<u8> {
        let mirror = self.mirror.save();
        let mut bytes = (mirror.len() as u64).to_le_bytes().to_vec();
        bytes.extend(mirror);
        bytes.extend(self.watch.save());
        bytes
    }

    /// The state that was saved, under the same site or a changed one, whose machines, sensors and rules are matched by name.
    pub fn restore(site: &Arc<SitePlan>, run: &str, bytes: &[u8]) -> Result<Lookout, RestoreError> {
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or(RestoreError::Unreadable)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| RestoreError::Unreadable)?;
        let (mirror, watch) = rest.split_at_checked(length).ok_or(RestoreError::Unreadable)?;
        let mirror = Mirror::restore(site, mirror)?;
        let now = mirror.now().map_or(Time(i64::MIN), |_| mirror.time());
        let restored = Watch::restore(site, run, watch, now).map_err(|error| RestoreError::Unfit(error.to_string()))?;
        let mut lookout = Lookout::of(mirror, restored.watch);
        lookout.orphans = restored.orphans;
        for newcomer in lookout.mirror.newcomers() {
            lookout.machines.push(lookout.mirror.machine_numbered(&newcomer.name.machine));
        }
        Ok(lookout)
    }
}
