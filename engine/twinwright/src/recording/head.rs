//! The head of a table: as many rows as are kept to decide what its columns are. They are handed on afterwards.

use super::Account;
use crate::Trouble;
use std::collections::VecDeque;
use twinwright_io::readback::{Next, Row, RowSource};

/// Rows that decide, and cells of them that are kept at most.
const MOST_ROWS: usize = 1_000;
const MOST_CELLS: usize = 500_000;

/// The first rows with their numbers.
#[derive(Debug, Default)]
pub(super) struct Head {
    rows: VecDeque<(u64, Row)>,
}

impl Head {
    pub(super) fn read(source: &mut RowSource, account: &mut Account) -> Result<Head, Trouble> {
        let (mut head, mut row) = (Head::default(), Row::new());
        while head.rows.len() < MOST_ROWS && head.rows.len() * source.columns().len() <= MOST_CELLS {
            match source.next(&mut row)? {
                Next::End => break,
                Next::Broken(number, why) => account.broken.note(|| format!("line {number}: {why}")),
                Next::Row(number) => head.rows.push_back((number, row.clone())),
            }
        }
        Ok(head)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().map(|(_, row)| row)
    }

    pub(super) fn next(&mut self) -> Option<(u64, Row)> {
        self.rows.pop_front()
    }
}
