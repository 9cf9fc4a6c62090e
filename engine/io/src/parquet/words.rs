//! Columns of words (machine, sensor, quality, fault, mode) while they gather: as numbers into a dictionary, since
//! the world has them as numbers already. No word is looked at twice within a row group, and none is hashed.

use super::columns::Presence;
use std::collections::BTreeMap;

/// A column of words as numbers into a dictionary that starts anew with each row group.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) optional: bool,
    /// The world's code of a word to 1 + its index in the dictionary; 0 is not met yet.
    met: Vec<u32>,
    /// Length and bytes of each word, as the dictionary page wants them.
    pub(super) dictionary: Vec<u8>,
    pub(super) count: u32,
    /// Two codes may have one word (a missing reading is `bad` as well), and readers break on a word that stands
    /// twice in a dictionary.
    numbers: BTreeMap<String, u32>,
    pub(super) codes: Vec<u32>,
    pub(super) present: Presence,
}

const NO_WORD: u32 = u32::MAX;

impl Words {
    pub(super) fn required() -> Words {
        Words {
            optional: false,
            met: Vec::new(),
            dictionary: Vec::new(),
            count: 0,
            numbers: BTreeMap::new(),
            codes: Vec::new(),
            present: Presence::default(),
        }
    }

    /// An empty word is an empty cell.
    pub(super) fn optional() -> Words {
        Words { optional: true, ..Words::required() }
    }

    pub(super) fn push_each<'a>(
        &mut self,
        rows: impl ExactSizeIterator<Item = usize>,
        code: impl Fn(usize) -> u32,
        word: impl Fn(u32) -> &'a str,
    ) {
        for row in rows {
            let code = code(row);
            let known = match self.met.get(code as usize) {
                Some(&known) if known != 0 => known,
                _ => self.meet(code, word(code)),
            };
            self.present.push(known != NO_WORD);
            if known != NO_WORD {
                self.codes.push(known - 1);
            }
        }
    }

    /// The same word in so many rows.
    pub(super) fn push_same<'a>(&mut self, count: usize, code: u32, word: impl Fn(u32) -> &'a str) {
        if count == 0 {
            return;
        }
        self.push_each(std::iter::once(0), |_| code, word);
        let known = self.met[code as usize];
        if known == NO_WORD {
            (1..count).for_each(|_| self.present.push(false));
        } else {
            self.present.all_there(count - 1);
            self.codes.resize(self.codes.len() + count - 1, known - 1);
        }
    }

    #[cold]
    fn meet(&mut self, code: u32, word: &str) -> u32 {
        if self.met.len() <= code as usize {
            self.met.resize(code as usize + 1, 0);
        }
        let known = if word.is_empty() && self.optional {
            NO_WORD
        } else if let Some(&number) = self.numbers.get(word) {
            number
        } else {
            self.dictionary.extend((word.len() as u32).to_le_bytes());
            self.dictionary.extend(word.as_bytes());
            self.count += 1;
            self.numbers.insert(word.to_owned(), self.count);
            self.count
        };
        self.met[code as usize] = known;
        known
    }

    pub(super) fn clear(&mut self) {
        self.met.clear();
        self.dictionary.clear();
        self.count = 0;
        self.numbers.clear();
        self.codes.clear();
        self.present.clear();
    }
}
