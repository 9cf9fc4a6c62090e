//! The way through one parcel: which row is next, and how far it came when a delivery is tried again.

use super::LARGEST_PAYLOAD;
use super::payload::Payload;
use std::sync::Arc;
use twinwright_model::Parcel;

/// How far a parcel has been handed over. It keeps its parcel, so that no other can be taken for it.
pub(super) struct Course {
    pub(super) rows: Arc<Parcel>,
    /// For batches: the rows machine by machine, each machine's as they lie. Otherwise all go as they lie.
    by_machine: Option<Vec<u32>>,
    next: usize,
}

impl Course {
    pub(super) fn of(rows: &Arc<Parcel>, batched: bool) -> Course {
        let by_machine = batched.then(|| {
            let mut order: Vec<u32> = (0..rows.len() as u32).collect();
            order.sort_by_key(|row| rows.machine[*row as usize]);
            order
        });
        Course { rows: rows.clone(), by_machine, next: 0 }
    }

    /// The row that is next.
    pub(super) fn row(&self) -> Option<usize> {
        match &self.by_machine {
            Some(order) => order.get(self.next).map(|row| *row as usize),
            None => (self.next < self.rows.len()).then_some(self.next),
        }
    }

    /// Writes the next row.
    pub(super) fn write_one(&mut self, row: usize, payload: &mut Payload, text: &mut Vec<u8>) -> usize {
        payload.write(&self.rows, row, text);
        self.next += 1;
        1
    }

    /// Writes as many of a machine's next rows as go into one message, and says how many.
    pub(super) fn write_batch(&mut self, most: usize, payload: &mut Payload, text: &mut Vec<u8>) -> usize {
        let machine = self.row().map(|row| self.rows.machine[row]);
        let mut readings = 0;
        text.push(b'[');
        while readings < most
            && let Some(row) = self.row()
            && Some(self.rows.machine[row]) == machine
        {
            let before = text.len();
            if readings > 0 {
                text.push(b',');
            }
            payload.write(&self.rows, row, text);
            if text.len() >= LARGEST_PAYLOAD && readings > 0 {
                text.truncate(before);
                break;
            }
            readings += 1;
            self.next += 1;
        }
        text.push(b']');
        readings
    }
}
