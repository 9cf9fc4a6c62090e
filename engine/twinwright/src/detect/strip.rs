//! The course of the judged rows in a bounded number of pieces, for pictures: each piece holds twice as many rows whenever
//! there would be too many.

/// Pieces at most, and numbers that all of them together may take.
const MOST_PIECES: usize = 600;
const MOST_NUMBERS: usize = 2_000_000;

/// Rows in a row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Piece {
    /// Its first row among the judged ones, from 0, and the time of that row.
    pub row: u64,
    pub time: i64,
    pub rows: u64,
    /// The highest score.
    pub score: f64,
    pub anomalous: u64,
}

/// The readings of one column in one piece; no reading where `count` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Heard {
    pub low: f32,
    pub high: f32,
    pub sum: f32,
    pub count: u32,
}

/// All pieces.
#[derive(Debug, Clone, Default)]
pub struct Strip {
    pub pieces: Vec<Piece>,
    /// By piece and column.
    heard: Vec<Heard>,
    columns: usize,
    per: u64,
    most: usize,
}

impl Heard {
    fn hear(&mut self, value: f64) {
        let value = value as f32;
        if !value.is_finite() {
            return;
        }
        self.merge(Heard { low: value, high: value, sum: value, count: 1 });
    }

    fn merge(&mut self, other: Heard) {
        if other.count == 0 {
            return;
        }
        let is_first = self.count == 0;
        self.low = if is_first { other.low } else { self.low.min(other.low) };
        self.high = if is_first { other.high } else { self.high.max(other.high) };
        self.sum += other.sum;
        self.count = self.count.saturating_add(other.count);
    }

    pub fn mean(&self) -> Option<f64> {
        (self.count > 0 && self.sum.is_finite()).then(|| f64::from(self.sum) / f64::from(self.count))
    }
}

impl Strip {
    pub fn new(columns: usize) -> Strip {
        let most = (MOST_NUMBERS / (4 * columns.max(1))).clamp(50, MOST_PIECES) / 2 * 2;
        Strip { pieces: Vec::new(), heard: Vec::new(), columns, per: 1, most }
    }

    pub fn hear(&mut self, row: u64, time: i64, values: &[f64], score: f64, anomaly: bool) {
        if self.pieces.last().is_none_or(|piece| piece.rows >= self.per) {
            if self.pieces.len() == self.most {
                self.halve();
            }
            self.pieces.push(Piece { row, time, ..Piece::default() });
            self.heard.resize(self.pieces.len() * self.columns, Heard::default());
        }
        let at = self.pieces.len() - 1;
        let piece = &mut self.pieces[at];
        piece.rows += 1;
        piece.score = piece.score.max(score);
        piece.anomalous += u64::from(anomaly);
        for (heard, value) in self.heard[at * self.columns..].iter_mut().zip(values) {
            heard.hear(*value);
        }
    }

    fn halve(&mut self) {
        self.per *= 2;
        let half = self.pieces.len() / 2;
        for at in 0..half {
            let (one, two) = (self.pieces[2 * at], self.pieces[2 * at + 1]);
            self.pieces[at] = Piece {
                rows: one.rows + two.rows,
                score: one.score.max(two.score),
                anomalous: one.anomalous + two.anomalous,
                ..one
            };
            for column in 0..self.columns {
                let mut heard = self.heard[2 * at * self.columns + column];
                heard.merge(self.heard[(2 * at + 1) * self.columns + column]);
                self.heard[at * self.columns + column] = heard;
            }
        }
        self.pieces.truncate(half);
        self.heard.truncate(half * self.columns);
    }

    /// One column over all pieces.
    pub fn column(&self, column: usize) -> impl Iterator<Item = (Piece, Heard)> + '_ {
        self.pieces
            .iter()
            .enumerate()
            .map(move |(at, piece)| (*piece, self.heard.get(at * self.columns + column).copied().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_is_lost_when_pieces_are_put_together() {
        let mut strip = Strip::new(2);
        for row in 0..10_000_u64 {
            let value = if row == 7_777 { 50.0 } else { f64::NAN };
            strip.hear(row, row as i64 * 10, &[row as f64, value], if row == 5_000 { 3.0 } else { 0.1 }, row < 10);
        }
        assert!(strip.pieces.len() <= MOST_PIECES);
        assert_eq!(strip.pieces.iter().map(|piece| piece.rows).sum::<u64>(), 10_000);
        assert_eq!(strip.pieces.iter().map(|piece| piece.anomalous).sum::<u64>(), 10);
        assert_eq!(strip.pieces.iter().filter(|piece| piece.score == 3.0).count(), 1);
        assert!(strip.pieces.windows(2).all(|pair| pair[0].row + pair[0].rows == pair[1].row));
        assert_eq!(strip.column(0).map(|(_, heard)| heard.count).sum::<u32>(), 10_000);
        let spike: Vec<f32> =
            strip.column(1).filter(|(_, heard)| heard.count > 0).map(|(_, heard)| heard.high).collect();
        assert_eq!(spike, [50.0]);
    }
}
