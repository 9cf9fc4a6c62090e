//! The desk's state under another site: machines may have other numbers, or be gone.

use super::concern::Key;
use super::desk::{Desk, State};
use twinwright_model::{Mode, Time};

impl Desk {
    /// What must outlast a restart.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes a state over; `numbers` says which machine of the old site is which of this one. Returns the uids of open
    /// alerts whose machine is gone.
    pub fn restore(&mut self, old: State, run: &str, numbers: &[Option<u32>]) -> Vec<String> {
        let number = |machine: u32| numbers.get(machine as usize).copied().flatten();
        let mut orphans = Vec::new();
        let mut state = State { run: run.to_owned(), ..State::default() };
        (state.raised, state.refused, state.done, state.told) = (old.raised, old.refused, old.done, old.told);
        for ((machine, sensor, detector), seen) in old.findings {
            if let Some(machine) = number(machine) {
                state.findings.insert((machine, sensor, detector), seen);
            }
        }
        for (key, mut concern) in old.concerns {
            match number(key.machine) {
                Some(machine) => {
                    if let Some(open) = &mut concern.open {
                        open.alert.machine = machine;
                    }
                    state.concerns.insert(Key { machine, ..key }, concern);
                }
                None => orphans.extend(concern.open.map(|open| open.alert.uid)),
            }
        }
        for ((machine, rule, sensor), shelf) in old.shelves {
            if let Some(machine) = number(machine) {
                state.shelves.insert((machine, rule, sensor), shelf);
            }
        }
        state.out_of_service =
            old.out_of_service.into_iter().filter_map(|(machine, rule)| Some((number(machine)?, rule))).collect();
        let with_mode = numbers.iter().zip(&old.modes).filter_map(|(number, _)| *number);
        let most = with_mode.max().map_or(0, |most| most as usize + 1);
        (state.modes, state.running) = (vec![Mode::Offline; most], vec![None; most]);
        for (from, (mode, since)) in (0u32..).zip(old.modes.into_iter().zip(old.running)) {
            if let Some(machine) = number(from) {
                (state.modes[machine as usize], state.running[machine as usize]) = (mode, since);
            }
        }
        self.take_state(state);
        orphans
    }

    /// Findings that last: machine, sensor (or nothing), detector, since when.
    pub fn findings(&self) -> Vec<(u32, String, String, Time)> {
        let all = self.state.findings.iter();
        all.map(|((machine, sensor, detector), (since, _))| (*machine, sensor.clone(), detector.clone(), *since))
            .collect()
    }
}
