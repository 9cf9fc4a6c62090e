//! Looking ahead on the path of a wear: when it will reach a level if the stress stays as it is.
//!
//! The path over `s` knows no stress and no ticks. So the pieces beyond the present one are drawn once and kept until
//! the wear gets there; only the tick at which `s` gets there is worked out anew when the stress changes, by the same
//! arithmetic as stepping: the answer is the tick at which stepping would see it.

use super::path::Piece;
use super::{WearPlan, WearState};
use crate::dice::Dice;
use std::collections::VecDeque;

/// A level to look for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    pub at: f64,
    /// Only what is above it counts, and not what is at it.
    pub above: bool,
    /// A node that reached it counts although the path is below it again at the next tick: so wears fail.
    pub at_nodes: bool,
}

/// Failure.
pub const ONE: Level = Level { at: 1.0, above: false, at_nodes: true };

/// Which machine's wear this is, and how long a tick is.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    pub plan: &'a WearPlan,
    pub dice: &'a Dice,
    pub tick_nanos: f64,
}

/// Pieces from the present one on, each with the node that it begins at.
#[derive(Debug, Clone, Default)]
pub struct Ahead {
    pieces: VecDeque<(Piece, u32)>,
    renewal: u32,
    /// How many pieces are known to stay below the level, for each of two levels.
    clear: [usize; 2],
}

/// Rounding between a node and the piece before it is far below this.
const NEAR: f64 = 1e-9;

impl Level {
    pub fn holds(self, wear: f64) -> bool {
        if self.above { wear > self.at } else { wear >= self.at }
    }
}

impl Ahead {
    /// Forgets what was drawn for a path that the wear has left.
    fn meet(&mut self, wear: &WearState) {
        let same = self.pieces.front().is_some_and(|(piece, node)| *piece == wear.piece && *node == wear.node);
        if !same || self.renewal != wear.renewal {
            self.pieces.clear();
            self.pieces.push_back((wear.piece.clone(), wear.node));
            self.renewal = wear.renewal;
            self.clear = [0; 2];
        }
    }

    /// The wear at the end of a piece, exactly as the node there has it; None for a piece without an end.
    fn end_of(&mut self, at: usize, whose: Whose) -> Option<f64> {
        let (piece, node) = &self.pieces[at];
        if piece.until.is_infinite() {
            return None;
        }
        if at + 1 == self.pieces.len() {
            let (mut next, mut node) = (piece.clone(), *node);
            next.advance(whose.plan, whose.dice, (self.renewal, &mut node), piece.until);
            self.pieces.push_back((next, node));
        }
        Some(self.pieces[at + 1].0.at_node())
    }

    /// The first tick from `from` to `last` at which the level is reached. `memory` is 0 or 1: whose clear pieces these
    /// are.
    pub fn first(
        &mut self,
        wear: &WearState,
        whose: Whose,
        (from, last): (u32, u32),
        (level, memory): (Level, usize),
    ) -> Option<u32> {
        if wear.stress == 0.0 {
            return level.holds(wear.now).then_some(from).filter(|_| from <= last);
        }
        if from > last {
            return None;
        }
        if wear.piece.until.is_infinite() {
            // One piece to the end: nothing to draw and nothing to keep.
            return wear.first_within(&wear.piece, whose, (from, last.saturating_add(1)), level);
        }
        self.meet(wear);
        let furthest = wear.s_at(last, whose.tick_nanos);
        let mut at = self.clear[memory];
        let mut entered = from;
        loop {
            let begin = self.pieces[at].0.from;
            if begin > furthest {
                return None;
            }
            let end = self.end_of(at, whose);
            let piece = &self.pieces[at].0;
            let top = end.unwrap_or_else(|| piece.wear_at(whose.plan, furthest)).max(piece.at_node());
            if top < level.at - NEAR {
                end?;
                if at == self.clear[memory] {
                    self.clear[memory] += 1;
                }
                at += 1;
                continue;
            }
            entered = entered.max(wear.first_tick(begin, whose.tick_nanos, (from, last)));
            let left = if piece.until > furthest {
                last.saturating_add(1)
            } else {
                wear.first_tick(piece.until, whose.tick_nanos, (entered, last))
            };
            if let Some(tick) = wear.first_within(piece, whose, (entered, left), level) {
                return Some(tick);
            }
            if left > last {
                return None;
            }
            if level.at_nodes && end.is_some_and(|end| level.holds(end)) {
                return Some(left);
            }
            entered = left;
            at += 1;
        }
    }
}

impl WearState {
    /// Takes a stress that holds from `tick` on. What was read at `tick` stays.
    pub fn take_stress(&mut self, tick: u32, tick_nanos: f64, stress: f64) {
        if stress != self.stress {
            self.anchor_s = self.s_at(tick, tick_nanos);
            self.anchor = tick;
            self.stress = stress;
        }
    }

    /// Reads the wear at `tick` after any number of ticks under the same stress. True when the path reached 1.
    pub fn leap(&mut self, whose: Whose, tick: u32, ahead: &mut Ahead) -> bool {
        if self.stress == 0.0 {
            return self.now >= 1.0;
        }
        let s = self.s_at(tick, whose.tick_nanos);
        if s >= self.piece.until {
            ahead.meet(self);
            while s >= self.piece.until && ahead.pieces.len() > 1 {
                ahead.pieces.pop_front();
                ahead.clear = ahead.clear.map(|clear| clear.saturating_sub(1));
                let Some((piece, node)) = ahead.pieces.front() else { break };
                (self.piece, self.node) = (piece.clone(), *node);
                if self.piece.at_node() >= 1.0 {
                    self.now = self.piece.at_node();
                    return true;
                }
            }
        }
        self.read(whose.plan, whose.dice, s)
    }

    pub fn stands_still(&self) -> bool {
        self.stress == 0.0
    }

    /// The wear that a tick of the present piece shows.
    pub fn wear_on_piece(&self, plan: &WearPlan, tick: u32, tick_nanos: f64) -> f64 {
        self.piece.wear_at(plan, self.s_at(tick, tick_nanos))
    }

    /// The last tick before `end` that still lies on the present piece, at least `from`; and at most about this part of
    /// a life away.
    pub fn same_piece(&self, tick_nanos: f64, (from, end): (u32, u32), part: f64) -> u32 {
        if self.stress == 0.0 {
            return end;
        }
        let until = self.piece.until.min(self.s_at(from, tick_nanos) + part);
        self.first_tick(until, tick_nanos, (from, end)).clamp(from + 1, end)
    }

    /// The first tick from `from` at which `s` is at least this; one after `last` where it is not by then.
    fn first_tick(&self, s: f64, tick_nanos: f64, (from, last): (u32, u32)) -> u32 {
        if self.s_at(from, tick_nanos) >= s {
            return from;
        }
        let ticks = (s - self.anchor_s) / self.stress * self.life / tick_nanos;
        let guess = (f64::from(self.anchor) + ticks).ceil();
        if guess > f64::from(last) + 2.0 {
            return last.saturating_add(1);
        }
        let mut tick = (guess as u32).clamp(from, last.saturating_add(1));
        while tick > from && self.s_at(tick - 1, tick_nanos) >= s {
            tick -= 1;
        }
        while tick <= last && self.s_at(tick, tick_nanos) < s {
            tick += 1;
        }
        tick
    }

    /// The first tick of `from..end`, all on one piece, at which the level holds. Pieces are straight or bend upwards.
    fn first_within(&self, piece: &Piece, whose: Whose, (from, end): (u32, u32), level: Level) -> Option<u32> {
        let holds = |tick: u32| level.holds(piece.wear_at(whose.plan, self.s_at(tick, whose.tick_nanos)));
        if from >= end {
            return None;
        }
        if holds(from) {
            return Some(from);
        }
        let straight = piece.straight_to(level.at);
        let guess = straight.map(|s| self.first_tick(s, whose.tick_nanos, (from, end - 1)));
        // A straight line says where, but for rounding.
        if let Some(guess) = guess.filter(|guess| (from + 1..end).contains(guess))
            && holds(guess)
            && !holds(guess - 1)
        {
            return Some(guess);
        }
        if !holds(end - 1) {
            return None;
        }
        let (mut below, mut above) = (from, end - 1);
        if let Some(guess) = guess {
            // Bisecting is left with a few ticks.
            let guess = guess.clamp(from, end - 1);
            let (low, high) = (guess.saturating_sub(2).max(from), guess.saturating_add(2).min(end - 1));
            below = if holds(low) { below } else { low };
            above = if holds(high) { high } else { above };
        }
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            *(if holds(middle) { &mut above } else { &mut below }) = middle;
        }
        Some(above)
    }
}
