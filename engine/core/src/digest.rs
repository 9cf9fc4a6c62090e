//! Digests: 128 bits over what a value says, the same on every platform.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// A running digest. Not a defence against forgery: it tells whether two states or plans are the same.
#[derive(Debug, Clone)]
pub struct Hash(SipHasher13);

impl Default for Hash {
    fn default() -> Hash {
        Hash(SipHasher13::new_with_keys(0x7477_696e, 0x7772_6967_6874))
    }
}

impl Hash {
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.write(bytes);
    }

    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub fn number(&mut self, number: u64) {
        self.0.write(&number.to_le_bytes());
    }

    pub fn finish(&self) -> u128 {
        self.0.finish128().as_u128()
    }

    /// The digest of a value as postcard writes it.
    pub fn of<T: serde::Serialize>(value: &T) -> u128 {
        let mut hash = Hash::default();
        // Writing to memory fails only for types that serde cannot know the length of, which no state has.
        let bytes = postcard::to_allocvec(value).unwrap_or_default();
        hash.bytes(&bytes);
        hash.finish()
    }
}
