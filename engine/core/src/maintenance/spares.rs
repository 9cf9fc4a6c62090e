//! Spare parts: a shelf that all machines of a future share.
//!
//! Whoever wants a part takes one, or waits for it, and orders one in its place: what lies on the shelf, what is on order
//! and who waits always come to the stock. Who asked first is served first; a part that was taken stays with its
//! machine until it is fitted.

use crate::dice::Purpose;
use crate::files::numbers::Draw;
use crate::plan::Plan;
use crate::world::agenda::Deed;
use crate::world::{Agenda, Down, Floor, Machine, Modes, Roster};
use std::collections::BTreeSet;

/// A sort of spare part.
#[derive(Debug, Clone, PartialEq)]
pub struct SparePlan {
    /// The wear that takes it.
    pub name: String,
    pub stock: u32,
    /// Nanoseconds from order to arrival.
    pub lead: Draw,
    pub cost: Draw,
    /// Luck of orders, which are counted by the renewals of the wear that they are for.
    pub purpose: Purpose,
}

/// What lies on the shelf of one future, and who waits for what does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    /// By spare. Below 0 while more is on order than the stock allows: a state that began with a larger stock.
    on_hand: Vec<i64>,
    /// Spare, since when, local number.
    short: BTreeSet<(u16, u32, u32)>,
}

impl Shelf {
    pub fn full(spares: &[SparePlan]) -> Shelf {
        Shelf { on_hand: spares.iter().map(|spare| i64::from(spare.stock)).collect(), short: BTreeSet::new() }
    }

    /// A machine for which nothing will be done any more waits no longer; what was ordered for it goes to others.
    pub fn forget(&mut self, local: u32) {
        self.short.retain(|(_, _, waiting)| *waiting != local);
    }

    fn take(&mut self, spare: u16) -> bool {
        let lies = &mut self.on_hand[spare as usize];
        let there = *lies > 0;
        *lies -= i64::from(there);
        there
    }
}

impl Floor<'_> {
    /// Work on these wears is wanted: each part that it takes is ordered anew, and taken or waited for.
    pub(super) fn ask_for_parts(&mut self, local: u32, which: u32) {
        if self.plan().maintenance.spares.is_empty() {
            return;
        }
        let (tick, row, at) = (self.tick(), self.row(local), local as usize);
        for (wear, spare) in spares_of(self.plan(), self.machines[at].model, which) {
            let parts = self.modes[at].parts;
            if (parts.missing | parts.at_hand) & (1 << wear) != 0 {
                continue;
            }
            self.order(local, wear, spare);
            if self.crews.shelves[row].take(spare) {
                self.hand_over(local, wear, spare);
                continue;
            }
            let parts = &mut self.modes[at].parts;
            if parts.missing == 0 {
                parts.since = tick;
                self.meters[at].stockouts += 1;
            }
            parts.missing |= 1 << wear;
            self.crews.shelves[row].short.insert((spare, parts.since, local));
        }
    }

    /// Other wears of a machine that is worked on, worn enough to be restored along; a part that is not on the shelf
    /// holds nothing up.
    pub(super) fn take_along(&mut self, local: u32, which: u32) -> u32 {
        let Some(level) = self.plan().maintenance.opportunistic else { return 0 };
        let (model, row, at) = (self.model(local), self.row(local), local as usize);
        let mut along = 0;
        for (wear, plan) in model.wears.iter().enumerate().filter(|(wear, _)| which & (1 << wear) == 0) {
            if plan.repair.is_none() || self.wears[at].0[wear].now < level {
                continue;
            }
            let parts = self.modes[at].parts;
            let spare = self.plan().maintenance.takes[self.machines[at].model as usize][wear];
            if let Some(spare) = spare.filter(|_| parts.at_hand & (1 << wear) == 0) {
                if parts.missing & (1 << wear) != 0 || !self.crews.shelves[row].take(spare) {
                    continue;
                }
                self.order(local, wear, spare);
                self.hand_over(local, wear, spare);
            }
            along |= 1 << wear;
        }
        along
    }

    /// A part comes: to who waited longest for its sort, else to the shelf.
    pub(super) fn receive(&mut self, local: u32, spare: u16) {
        let (tick, row) = (self.tick(), self.row(local));
        let shelf = &mut self.crews.shelves[row];
        let Some(lies) = shelf.on_hand.get_mut(spare as usize) else { return };
        *lies += 1;
        let Some(&entry) = shelf.short.range((spare, 0, 0)..=(spare, u32::MAX, u32::MAX)).next() else { return };
        if !shelf.take(spare) {
            return;
        }
        shelf.short.remove(&entry);
        let at = entry.2 as usize;
        for (wear, _) in spares_of(self.plan(), self.machines[at].model, u32::MAX).filter(|(_, taken)| *taken == spare)
        {
            let (parts, hours) = (&mut self.modes[at].parts, self.course.plan.tick.hours());
            parts.missing &= !(1 << wear);
            if parts.missing == 0 {
                self.meters[at].waited_parts_h += f64::from(tick.saturating_sub(parts.since)) * hours;
            }
            self.hand_over(entry.2, wear, spare);
        }
    }

    fn order(&mut self, local: u32, wear: usize, spare: u16) {
        let (plan, at) = (self.plan(), local as usize);
        let (sort, order) = (&plan.maintenance.spares[spare as usize], self.wears[at].0[wear].renewal);
        let lead = self.machines[at].dice.stream(sort.purpose, u64::from(order)).draw(&sort.lead);
        let tick = self.course.clock.after(lead.max(0.0), plan.tick.0);
        self.agenda.add(tick, local, Deed::PartComes { spare, order });
    }

    fn hand_over(&mut self, local: u32, wear: usize, spare: u16) {
        let at = local as usize;
        let (sort, order) = (&self.plan().maintenance.spares[spare as usize], self.wears[at].0[wear].renewal);
        let mut luck = self.machines[at].dice.stream(sort.purpose, u64::from(order) | PRICE);
        self.meters[at].cost_parts += luck.draw(&sort.cost);
        self.modes[at].parts.at_hand |= 1 << wear;
    }
}

/// What lies on the shelves and who waits for parts, future by future, as the machines and the agenda tell it: after a
/// restore.
pub fn shelves_of<'w>(
    plan: &Plan,
    roster: &Roster,
    agenda: &Agenda,
    machines: impl Iterator<Item = (&'w Machine, &'w Modes)>,
) -> Vec<Shelf> {
    let mut shelves = vec![Shelf::full(&plan.maintenance.spares); roster.futures as usize];
    for due in agenda.all() {
        if let Deed::PartComes { spare, .. } = due.deed
            && let Some(lies) =
                shelves[(roster.future(due.local) - roster.first_future) as usize].on_hand.get_mut(spare as usize)
        {
            *lies -= 1;
        }
    }
    for (machine, modes) in machines {
        let shelf = &mut shelves[(machine.future - roster.first_future) as usize];
        for spare in spares_of(plan, machine.model, modes.parts.missing).map(|(_, spare)| spare) {
            shelf.on_hand[spare as usize] += 1;
            if modes.down != Down::Dead {
                shelf.short.insert((spare, modes.parts.since, machine.local));
            }
        }
    }
    shelves
}

/// The spares that these wears of a model take.
pub(super) fn spares_of(plan: &Plan, model: u32, which: u32) -> impl Iterator<Item = (usize, u16)> {
    let takes = plan.maintenance.takes.get(model as usize).into_iter().flatten().enumerate();
    takes.filter(move |(wear, _)| which & (1 << wear) != 0).filter_map(|(wear, spare)| Some((wear, (*spare)?)))
}

/// Keeps the price of a part apart from the time that it takes to come.
const PRICE: u64 = 1 << 40;
