//! Gives every intermediate value of a tape a column, and frees the column after the value's last use.
//!
//! Columns that are used again and again stay in the first-level cache; a tape of a hundred expressions needs about
//! as many as its deepest one. It must never free a column that a later push still reads.

use super::super::arithmetic::{Binary, Unary, choose};
use super::{Operation, Source, Step, Target};

/// The operations as they run.
#[derive(Debug, Clone, Default)]
pub(super) struct Placed {
    columns: usize,
    operations: Vec<Placing>,
}

/// One operation over all lanes: read the operands' columns, write `out`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placing {
    pub(super) act: Act,
    pub(super) out: Column,
}

/// Narrow, so that an operation is half a cache line.
pub(super) type Column = u32;

/// Numbers stand in the operation itself: a broadcast register is cheaper than a column to be read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    Fill(f64),
    Copy(Column),
    Unary(Unary, Column),
    Columns(Binary, Column, Column),
    NumberRight(Binary, Column, f64),
    NumberLeft(Binary, f64, Column),
    /// The condition, then what it chooses from.
    Choose(Column, Column, Column),
    ChooseNumberRight(Column, Column, f64),
    ChooseNumberLeft(Column, f64, Column),
    ChooseNumbers(Column, f64, f64),
}

#[derive(Debug, Clone, Copy)]
enum Operand {
    Column(Column),
    Number(f64),
}

impl Placed {
    pub(super) fn new(slots: usize) -> Self {
        Self { columns: slots, operations: Vec::new() }
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    #[inline(always)]
    pub(super) fn operations(&self) -> &[Placing] {
        &self.operations
    }

    pub(super) fn place(slots: usize, steps: &[Step]) -> Self {
        let last_use = last_uses(steps);
        let (mut free, mut column_of) = (Vec::new(), vec![0 as Column; steps.len()]);
        let mut placed = Self { columns: slots, operations: Vec::with_capacity(steps.len()) };
        for (number, step) in steps.iter().enumerate() {
            let operands = step.sources.map(|source| operand(source, &column_of));
            // An operation has read its operands before it writes, so it may write into one of their columns.
            for (at, source) in step.sources.iter().enumerate() {
                if let Source::Made(made) = *source
                    && last_use[made] == number
                    && !step.sources[..at].contains(source)
                {
                    free.push(column_of[made]);
                }
            }
            let out = match step.target {
                Target::Slot(slot) => Column::from(slot),
                Target::Intermediate => free.pop().unwrap_or_else(|| {
                    placed.columns += 1;
                    (placed.columns - 1) as Column
                }),
            };
            column_of[number] = out;
            placed.operations.push(Placing { act: act(step.operation, operands), out });
        }
        placed
    }
}

/// The number of the step that reads each step's result last; its own where none does.
fn last_uses(steps: &[Step]) -> Vec<usize> {
    let mut last: Vec<usize> = (0..steps.len()).collect();
    for (number, step) in steps.iter().enumerate() {
        for source in step.sources {
            if let Source::Made(made) = source {
                last[made] = number;
            }
        }
    }
    last
}

fn operand(source: Source, column_of: &[Column]) -> Operand {
    match source {
        Source::Number(bits) => Operand::Number(f64::from_bits(bits)),
        Source::Slot { slot, .. } => Operand::Column(Column::from(slot)),
        Source::Made(step) => Operand::Column(column_of[step]),
    }
}

fn act(operation: Operation, operands: [Operand; 3]) -> Act {
    use Operand::{Column, Number};
    match (operation, operands) {
        (Operation::Copy, [Column(from), ..]) => Act::Copy(from),
        (Operation::Copy, [Number(number), ..]) => Act::Fill(number),
        (Operation::Unary(unary), [Column(x), ..]) => Act::Unary(unary, x),
        (Operation::Binary(binary), [Column(a), Column(b), _]) => Act::Columns(binary, a, b),
        (Operation::Binary(binary), [Column(a), Number(b), _]) => Act::NumberRight(binary, a, b),
        (Operation::Binary(binary), [Number(a), Column(b), _]) => Act::NumberLeft(binary, a, b),
        (Operation::Choose, [Column(condition), Column(a), Column(b)]) => Act::Choose(condition, a, b),
        (Operation::Choose, [Column(condition), Column(a), Number(b)]) => Act::ChooseNumberRight(condition, a, b),
        (Operation::Choose, [Column(condition), Number(a), Column(b)]) => Act::ChooseNumberLeft(condition, a, b),
        (Operation::Choose, [Column(condition), Number(a), Number(b)]) => Act::ChooseNumbers(condition, a, b),
        // Numbers alone were computed when they were pushed; these give the same values.
        (Operation::Unary(unary), [Number(x), ..]) => Act::Fill(unary.apply(x)),
        (Operation::Binary(binary), [Number(a), Number(b), _]) => Act::Fill(binary.apply(a, b)),
        (Operation::Choose, [Number(condition), a, b]) => {
            act(Operation::Copy, [if choose(condition, 1.0, 0.0) == 1.0 { a } else { b }, b, b])
        }
    }
}
