//! Who holds a site, as a text: a random token, and where the process is that has it.
//!
//! An engine that was killed on this host need not be waited for: whoever starts next sees that its process is gone. Of
//! processes on other hosts, and in other containers, nothing is known but when they were last heard of.

use std::hash::{BuildHasher, RandomState};

/// A new token, of this process.
pub(super) fn token() -> String {
    let random = [0u8, 1].map(|part| format!("{:016x}", RandomState::new().hash_one(part))).concat();
    match (space(), begun(std::process::id())) {
        (Some(space), Some(begun)) => format!("{random} {space} {} {begun}", std::process::id()),
        _ => random,
    }
}

/// Whether the process of a token is known to be gone.
pub(super) fn is_gone(token: &str) -> bool {
    let mut words = token.split(' ').skip(1);
    let (Some(its), Some(process), Some(since)) = (words.next(), words.next(), words.next()) else { return false };
    let Ok(process) = process.parse::<u32>() else { return false };
    space().is_some_and(|ours| ours == its) && begun(process).is_none_or(|begun| begun != since)
}

/// This boot, and this space of process numbers. None where the host does not say.
fn space() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let numbers = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), numbers.display()))
}

/// When a process began; None where there is none of that number. A dead one that nobody has buried is gone too.
fn begun(process: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name may hold anything, so what follows its last bracket counts.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then(|| fields.nth(18).map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn this_process_is_here_and_one_that_ended_is_gone() {
        let mine = token();
        assert!(!is_gone(&mine), "{mine}");
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep starts");
        let of_child = format!("0 {} {} {}", space().unwrap(), child.id(), begun(child.id()).unwrap());
        assert!(!is_gone(&of_child));
        child.kill().expect("a child can be killed");
        while begun(child.id()).is_some() {
            std::thread::yield_now();
        }
        assert!(is_gone(&of_child), "killed, and nobody has asked how it ended");
        child.wait().expect("a child can be waited for");
        assert!(is_gone(&of_child));
    }

    #[test]
    fn of_others_nothing_is_known() {
        for token in ["", "abc", "abc elsewhere/pid:[1] 1 5", "abc x y z", "a b", "a b 99999999999 1"] {
            assert!(!is_gone(token), "{token:?}");
        }
        let again = format!("0 {} {} {}", space().unwrap(), std::process::id(), "12");
        assert!(is_gone(&again), "the number was given to another");
    }
}
