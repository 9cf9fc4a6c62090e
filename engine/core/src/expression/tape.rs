//! A straight-line program that evaluates many expressions for a block of machines at once.
//!
//! One column holds one slot, or one intermediate value, of N machines; one operation is one loop over N lanes that the
//! compiler turns into vector instructions of whatever width the caller was compiled or dispatched for. Pushes run in
//! the order in which they were pushed. Intermediate values are shared between pushes as long as no slot that they
//! read has been written since; an output slot is never taken for the expression that was pushed into it, so that
//! the caller may correct it before going on. It must never give other bits than `Bound::eval`.

use super::arithmetic::{Binary, PowerStep, Unary, choose, raise};
use super::bound::Bound;
use std::collections::BTreeMap;

mod excerpt;
mod lanes;
mod placing;

use placing::Placed;

/// The program; see the module for what it promises.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    /// How often each slot has been written so far; a value that read an older one is not used again.
    versions: Vec<u32>,
    steps: Vec<Step>,
    /// Where each push ends in `steps`.
    ends: Vec<usize>,
    known: BTreeMap<Key, Source>,
    placed: Placed,
}

/// What one step does; kept apart from `placing` because the columns are only known after the last push.
#[derive(Debug, Clone, Copy)]
struct Step {
    operation: Operation,
    sources: [Source; 3],
    target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Copy,
    Unary(Unary),
    Binary(Binary),
    Choose,
}

/// Where an operand comes from; numbers are compared by their bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Number(u64),
    Slot {
        slot: u16,
        version: u32,
    },
    /// The result of that step.
    Made(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Slot(u16),
    Intermediate,
}

type Key = (Operation, [Source; 3]);

const NOTHING: Source = Source::Number(0);

impl Tape {
    /// An empty program over so many slots.
    pub fn new(slots: usize) -> Self {
        Self { versions: vec![0; slots], placed: Placed::new(slots), ..Self::default() }
    }

    /// Appends: evaluate `bound`, write slot `out`. Returns the number of this push, from 0.
    ///
    /// # Panics
    /// When `out` or a slot that `bound` reads is not among the slots.
    pub fn push(&mut self, bound: &Bound, out: u16) -> usize {
        let first = self.steps.len();
        let root = self.source(bound);
        match root {
            // The last step of this push can write the slot itself. It is then no longer shared: the slot may change.
            Source::Made(step) if step >= first => {
                let last = &mut self.steps[step];
                last.target = Target::Slot(out);
                let key = (last.operation, last.sources);
                self.known.remove(&key);
            }
            Source::Slot { slot, .. } if slot == out => {}
            _ => self.steps.push(Step {
                operation: Operation::Copy,
                sources: [root, NOTHING, NOTHING],
                target: Target::Slot(out),
            }),
        }
        self.patched(out);
        self.ends.push(self.steps.len());
        self.placed = Placed::place(self.versions.len(), &self.steps);
        self.ends.len() - 1
    }

    /// Says that the caller writes `slot` at this point of the program. Not needed for the output of the push before.
    ///
    /// # Panics
    /// When `slot` is not among the slots.
    pub fn patched(&mut self, slot: u16) {
        self.versions[usize::from(slot)] += 1;
    }

    /// How many pushes there are.
    pub fn pushes(&self) -> usize {
        self.ends.len()
    }

    /// How many columns `run` needs: the slots, then room for intermediate values.
    pub fn columns(&self) -> usize {
        self.placed.columns()
    }

    /// How many operations one run takes, for measuring.
    pub fn operations(&self) -> usize {
        self.placed.operations().len()
    }

    /// Runs the whole program. Inlined, so that the caller's vector width holds inside. For a dispatch by `pulp` call
    /// it from the `inline(always)` `with_simd` of a struct: a closure the compiler leaves outside, at narrow width.
    ///
    /// # Panics
    /// When there are fewer columns than [`Tape::columns`].
    #[inline(always)]
    pub fn run<const N: usize>(&self, columns: &mut [[f64; N]]) {
        lanes::run(self.placed.operations(), columns);
    }

    /// Runs the pushes `from..to`. One pass runs every push once and in order; between two calls of a pass the caller
    /// may change the output of the last push run, and must leave the columns behind the slots alone.
    ///
    /// # Panics
    /// When there are fewer columns than [`Tape::columns`], or no such pushes.
    #[inline(always)]
    pub fn run_from_to<const N: usize>(&self, from: usize, to: usize, columns: &mut [[f64; N]]) {
        let start = |push: usize| if push == 0 { 0 } else { self.ends[push - 1] };
        lanes::run(&self.placed.operations()[start(from)..start(to)], columns);
    }

    /// Writes the steps that make `bound`, in the order in which `eval` would do them.
    fn source(&mut self, bound: &Bound) -> Source {
        match bound {
            Bound::Number(number) => Source::Number(number.to_bits()),
            Bound::Slot(slot) => Source::Slot { slot: *slot, version: self.versions[usize::from(*slot)] },
            Bound::Unary(operation, x) => {
                let x = self.source(x);
                self.unary(*operation, x)
            }
            Bound::Halves(x, halves) => {
                let x = self.source(x);
                raise(x, *halves, |step| match step {
                    PowerStep::Multiply(a, b) => self.binary(Binary::Multiply, a, b),
                    PowerStep::Root(a) => self.unary(Unary::Sqrt, a),
                    PowerStep::Invert(a) => self.binary(Binary::Divide, Source::Number(1.0_f64.to_bits()), a),
                })
            }
            Bound::Binary(operation, sides) => {
                let (a, b) = (self.source(&sides[0]), self.source(&sides[1]));
                self.binary(*operation, a, b)
            }
            Bound::If(parts) => {
                let [condition, then, otherwise] = [&parts[0], &parts[1], &parts[2]].map(|part| self.source(part));
                match condition.number() {
                    Some(number) if choose(number, 1.0, 0.0) == 1.0 => then,
                    Some(_) => otherwise,
                    None => self.made(Operation::Choose, [condition, then, otherwise]),
                }
            }
        }
    }

    fn unary(&mut self, operation: Unary, x: Source) -> Source {
        match x.number() {
            Some(number) => Source::Number(operation.apply(number).to_bits()),
            None => self.made(Operation::Unary(operation), [x, NOTHING, NOTHING]),
        }
    }

    fn binary(&mut self, operation: Binary, a: Source, b: Source) -> Source {
        match (a.number(), b.number()) {
            (Some(a), Some(b)) => Source::Number(operation.apply(a, b).to_bits()),
            _ => self.made(Operation::Binary(operation), [a, b, NOTHING]),
        }
    }

    fn made(&mut self, operation: Operation, sources: [Source; 3]) -> Source {
        let next = Source::Made(self.steps.len());
        let made = *self.known.entry((operation, sources)).or_insert(next);
        if made == next {
            self.steps.push(Step { operation, sources, target: Target::Intermediate });
        }
        made
    }
}

impl Source {
    fn number(self) -> Option<f64> {
        if let Self::Number(bits) = self { Some(f64::from_bits(bits)) } else { None }
    }
}
