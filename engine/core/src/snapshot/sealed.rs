//! A snapshot as the bytes of a file: a head line that people can read, the state, and a checksum over both.
//!
//! Whatever the bytes are, reading them ends in a snapshot or in a reason, and takes no more memory than they do.

use super::{RestoreError, Snapshot, VERSION};
use crate::digest::Hash;

const MAGIC: &str = "twinwright snapshot ";
/// The head line is shorter than this.
const LONGEST_HEAD: usize = 512;
const CHECKSUM: usize = 16;

impl Snapshot {
    /// As a file holds it.
    pub fn seal(&self) -> Vec<u8> {
        let state = self.to_bytes();
        let (machines, futures) = (self.passport.machines.len(), self.futures());
        let mut bytes = format!(
            "{MAGIC}{VERSION} plan={:032x} at={} machines={machines} futures={futures} bytes={}\n",
            self.plan,
            self.instant(),
            state.len()
        )
        .into_bytes();
        bytes.extend_from_slice(&state);
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    /// What a file held.
    pub fn unseal(bytes: &[u8]) -> Result<Snapshot, RestoreError> {
        let end = bytes.iter().take(LONGEST_HEAD).position(|byte| *byte == b'\n').ok_or(RestoreError::Foreign)?;
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| RestoreError::Foreign)?;
        let mut words = head.strip_prefix(MAGIC).ok_or(RestoreError::Foreign)?.split(' ');
        let version: u32 = words.next().and_then(|word| word.parse().ok()).ok_or(RestoreError::Foreign)?;
        if version != VERSION {
            return Err(RestoreError::Version(version));
        }
        let length = words.find_map(|word| word.strip_prefix("bytes=")).and_then(|word| word.parse::<u64>().ok());
        let length = length.ok_or(RestoreError::Foreign)?;
        let whole = length.saturating_add((end + 1 + CHECKSUM) as u64);
        if (bytes.len() as u64) < whole {
            return Err(RestoreError::Cut { has: bytes.len() as u64, whole });
        }
        let (content, sum) = bytes.split_at(bytes.len() - CHECKSUM);
        if bytes.len() as u64 != whole || checksum(content) != sum {
            return Err(RestoreError::Damaged);
        }
        Snapshot::from_bytes(&content[end + 1..])
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut hash = Hash::default();
    hash.bytes(bytes);
    hash.finish().to_le_bytes()
}
