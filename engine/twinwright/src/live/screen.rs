//! What live mode says on the terminal: a line for each alert that people are to know of, and none for anything else.
//!
//! Only what is committed is shown, so nothing that was shown is ever lost.

use std::io::Write;
use twinwright_model::journal::Entry;
use twinwright_model::live::{AlertChange, Step};

/// Where lines go.
pub struct Screen {
    out: Box<dyn Write + Send>,
    /// Nobody wants to see them, or whoever did has gone away.
    closed: bool,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl Screen {
    pub fn new(out: Box<dyn Write + Send>, quiet: bool) -> Screen {
        Screen { out, closed: quiet }
    }

    /// The alerts of an entry.
    pub fn show(&mut self, entry: &Entry, name_of: impl Fn(u32) -> String) {
        for change in entry.alerts.iter().filter(|change| change.tell) {
            if let Some(line) = line(change, &name_of(change.alert.machine)) {
                self.say(&line);
            }
        }
    }

    pub fn say(&mut self, line: &str) {
        if !self.closed {
            let said = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
            self.closed = said.is_err();
        }
    }
}

/// `ALERT high P-103 bearing_temp.high ...`, for what is new, back again or worse.
fn line(change: &AlertChange, machine: &str) -> Option<String> {
    let alert = &change.alert;
    let note = match change.step {
        Step::Raised | Step::Unsuppressed | Step::Unshelved => "",
        Step::RaisedAgain => " (again)",
        Step::Escalated => " (nobody has acknowledged it)",
        _ => return None,
    };
    let first = if alert.first_up { " (first of its group)" } else { "" };
    let (machine, rule, message) = (plain(machine), plain(&alert.rule), plain(&alert.message));
    Some(format!("ALERT {} {machine} {rule} {message}{note}{first}", alert.severity))
}

/// On one line, and without what would steer a terminal.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// Control characters, and those that turn the direction of writing.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_steers_the_terminal() {
        for (text, shown) in [
            ("P-101", "P-101"),
            ("a\nALERT critical b", "a\u{fffd}ALERT critical b"),
            ("\u{1b}[31mred", "\u{fffd}[31mred"),
            ("abc\u{202e}def", "abc\u{fffd}def"),
            ("Pumpe für Öl", "Pumpe für Öl"),
        ] {
            assert_eq!(plain(text), shown);
        }
    }
}
