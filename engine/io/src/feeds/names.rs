//! From names as a source has them to names as the site has them.
//!
//! `"TT-4711" = "P-101.bearing_temp"`, or with one `*` on both sides for what stays. The longest pattern that fits decides, so an
//! exception may stand beside the rule.

use twinwright_model::live::Reason;

/// A machine or a sensor has no longer name.
const LONGEST: usize = 128;

/// What a source's names are in the site.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    before: String,
    /// What follows the `*`; None where there is none and the whole name must fit.
    after: Option<String>,
    machine: String,
    item: String,
}

impl Names {
    pub(super) fn new(pairs: &[(String, String)]) -> Result<Names, String> {
        let mut rules = pairs.iter().map(|(from, to)| rule(from, to)).collect::<Result<Vec<_>, _>>()?;
        // A name without `*` beats one with; among these the longest.
        rules.sort_by_key(|rule| {
            let length = rule.before.len() + rule.after.as_ref().map_or(0, String::len);
            std::cmp::Reverse((rule.after.is_none(), length))
        });
        Ok(Names(rules))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Machine and item of a source's name, if a pattern fits.
    pub(super) fn find(&self, name: &str) -> Option<(String, String)> {
        self.0.iter().find_map(|rule| {
            let rest = name.strip_prefix(rule.before.as_str())?;
            let stays = match &rule.after {
                None => rest.is_empty().then_some("")?,
                Some(after) => rest.strip_suffix(after.as_str())?,
            };
            Some((rule.machine.replacen('*', stays, 1), rule.item.replacen('*', stays, 1)))
        })
    }
}

fn rule(from: &str, to: &str) -> Result<Rule, String> {
    let wrong = |why: &str| Err(format!("names: `{from}` = `{to}`: {why}"));
    let Some((machine, item)) = to.rsplit_once('.') else {
        return wrong("expected a machine and a sensor, such as `P-101.bearing_temp`");
    };
    if machine.is_empty() || item.is_empty() || from.is_empty() {
        return wrong("a name is empty");
    }
    let (stars, theirs) = (from.matches('*').count(), to.matches('*').count());
    if stars > 1 || theirs > 1 {
        return wrong("expected one `*` at most on each side");
    }
    if theirs > stars {
        return wrong("what `*` stands for is not said on the left");
    }
    let (before, after) = match from.split_once('*') {
        Some((before, after)) => (before, Some(after.to_owned())),
        None => (from, None),
    };
    Ok(Rule { before: before.to_owned(), after, machine: machine.to_owned(), item: item.to_owned() })
}

/// Refuses what nothing may be called, since names become topics, files and labels.
pub(super) fn check(what: &str, name: &str) -> Result<(), (Reason, String)> {
    let wrong = |why: &str| {
        let begin: String = name.chars().take(40).collect();
        Err((Reason::WrongName, format!("{what} `{}`: {why}", begin.escape_debug())))
    };
    match name {
        "" => wrong("it is empty"),
        "." | ".." => wrong("dots alone are no name"),
        name if name.len() > LONGEST => wrong("it is longer than 128 bytes"),
        name if name.contains(|c: char| c.is_control() || matches!(c, '\u{feff}' | '\u{fffd}')) => {
            wrong("it has a character that is none")
        }
        name if name.contains(['/', '+', '#']) => wrong("`/`, `+` and `#` mean something in topics"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pattern_that_fits_decides() {
        let pairs = [
            ("plc1/*", "P-101.*"),
            ("plc1/temp*", "P-102.t*"),
            ("plc1/temp_9", "P-103.nine"),
            ("TT-4711", "P.1.bearing_temp"),
            ("*/speed", "*.rpm"),
            ("x*", "P-9.all"),
        ];
        let names = Names::new(&pairs.map(|(from, to)| (from.to_owned(), to.to_owned()))).unwrap();
        for (name, expected) in [
            ("plc1/flow", Some(("P-101", "flow"))),
            ("plc1/temp_2", Some(("P-102", "t_2"))),
            ("plc1/temp_9", Some(("P-103", "nine"))),
            ("TT-4711", Some(("P.1", "bearing_temp"))),
            ("TT-47110", None),
            ("P-7/speed", Some(("P-7", "rpm"))),
            ("xyz", Some(("P-9", "all"))),
            ("", None),
        ] {
            let expected = expected.map(|(machine, item)| (machine.to_owned(), item.to_owned()));
            assert_eq!(names.find(name), expected, "{name}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_is_refused() {
        for (from, to) in [("a", "b"), ("a*b*", "x.*"), ("a", "x.*"), ("", "x.y"), ("a", ".y"), ("a*", "*.*")] {
            assert!(Names::new(&[(from.to_owned(), to.to_owned())]).is_err(), "{from} = {to}");
        }
    }

    #[test]
    fn nothing_is_called_what_topics_and_files_cannot_hold() {
        for name in ["", ".", "..", "a/b", "a\0b", "line\nbreak", "+", "x#", &"n".repeat(129)] {
            assert!(check("machine", name).is_err(), "{name:?}");
        }
        for name in ["P-101", "Pumpe 1 (alt)", "µ-Turbine", "a.b", &"n".repeat(128)] {
            assert!(check("machine", name).is_ok(), "{name:?}");
        }
    }
}
