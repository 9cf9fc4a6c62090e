//! Topics of alerts, reports and states: under a prefix of their own, one level a name, whatever a machine is called.
//!
//! What we say must never come back as a reading: a topic that a feed of the site could hear is refused at the start.

use crate::notices::{Notice, Site};
use crate::outlets::address::Address;
use crate::outlets::mqtt::template::{self, Piece};
use crate::outlets::mqtt::topic::{check_characters, check_levels};
use crate::outlets::trouble::OutletTrouble;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use url::Url;

const TOPIC: &str = "twin/{machine}/alert/{rule}";
/// A longer name is cut, and told apart by its digest.
const LONGEST_LEVEL: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Site,
    Path,
    Machine,
    Sensor,
    Rule,
}

const FIELDS: [(&str, Field); 5] = [
    ("machine", Field::Machine),
    ("rule", Field::Rule),
    ("sensor", Field::Sensor),
    ("site", Field::Site),
    ("path", Field::Path),
];

/// Where notices go.
#[derive(Debug)]
pub(super) struct Topics {
    alert: Vec<Piece<Field>>,
    /// What stands before the first name: `twin`.
    prefix: String,
    site: String,
    /// Rules whose alerts one machine can have several of, so that the sensor is needed to tell their topics apart.
    by_sensor: Vec<String>,
}

impl Topics {
    /// Takes `topic`, and refuses what could come back through a feed.
    pub(super) fn read(address: &Address, site: &Site) -> Result<Topics, OutletTrouble> {
        let text = address.text("topic").unwrap_or_else(|| TOPIC.to_owned());
        let topics =
            Topics::of_template(&text, site).map_err(|why| address.refuse(format!("topic: `{text}`: {why}")))?;
        for heard in site.hears.iter().filter(|heard| same_broker(&heard.url, address.url())) {
            if let Some(shown) = topics.patterns().iter().find(|pattern| could_match(pattern, &heard.filter)) {
                let why =
                    format!("a feed of this site subscribes to `{}` at this broker and would hear it", heard.filter);
                let expected =
                    "expected a topic under a prefix that no feed hears, such as `twin/{machine}/alert/{rule}`";
                return Err(address.refuse(format!("topic: `{}`: {why}; {expected}", shown_as(shown))));
            }
        }
        Ok(topics)
    }

    fn of_template(text: &str, site: &Site) -> Result<Topics, String> {
        check_characters(text)?;
        let shown = if site.path.is_empty() { text.replace("{path}/", "") } else { text.to_owned() };
        check_levels(&shown)?;
        let mut alert = Vec::new();
        for piece in template::parse(&shown, &FIELDS)? {
            match piece {
                Piece::Text(text) if text.contains(['{', '}']) => {
                    return Err(format!("a brace in `{text}` belongs to no field"));
                }
                Piece::Field(Field::Site) => template::push_text(&mut alert, level(&site.name)),
                Piece::Field(Field::Path) => {
                    let levels: Vec<String> = site.path.split('/').map(level).collect();
                    template::push_text(&mut alert, levels.join("/"));
                }
                Piece::Text(text) => template::push_text(&mut alert, text),
                field => alert.push(field),
            }
        }
        for (name, field) in &FIELDS[..2] {
            if !alert.contains(&Piece::Field(*field)) {
                return Err(format!(
                    "`{{{name}}}` is missing: alerts would overwrite each other; expected such as `{TOPIC}`"
                ));
            }
        }
        let prefix = match alert.first() {
            Some(Piece::Text(text)) => text.rsplit_once('/').map(|(prefix, _)| prefix.to_owned()),
            _ => None,
        };
        let prefix = prefix.ok_or_else(|| format!("it begins with no level of its own; expected such as `{TOPIC}`"))?;
        let by_sensor = if alert.contains(&Piece::Field(Field::Sensor)) { Vec::new() } else { site.by_sensor.clone() };
        let topics = Topics { alert, prefix, site: level(&site.name), by_sensor };
        if topics.patterns()[1..].iter().any(|other| overlap(&topics.patterns()[0], other)) {
            return Err(format!("states and reports have such topics; expected such as `{TOPIC}`"));
        }
        Ok(topics)
    }

    /// The topic of a notice.
    pub(super) fn of(&self, notice: &Notice) -> String {
        if notice.is_report() {
            return format!(
                "{}/{}/report/{}",
                self.prefix,
                self.site,
                level(notice.text("report").unwrap_or_default())
            );
        }
        let named = |key: &str| level(notice.text(key).unwrap_or_default());
        let mut topic = String::new();
        for piece in &self.alert {
            match piece {
                Piece::Text(text) => topic.push_str(text),
                Piece::Field(Field::Machine) => topic.push_str(&named("machine")),
                Piece::Field(Field::Sensor) => topic.push_str(&named("sensor")),
                Piece::Field(_) => topic.push_str(&self.rule(notice)),
            }
        }
        topic
    }

    /// The rule, with its sensor where a machine can have an alert of it for each: `stuck.bearing_temp`.
    fn rule(&self, notice: &Notice) -> String {
        let rule = notice.text("rule").unwrap_or_default();
        match notice.text("sensor") {
            Some(sensor) if self.by_sensor.iter().any(|known| known == rule) => level(&format!("{rule}.{sensor}")),
            _ => level(rule),
        }
    }

    /// Where a machine's state stands.
    pub(super) fn state(&self, machine: &str) -> String {
        format!("{}/{}/state", self.prefix, level(machine))
    }

    /// Where it stands whether the site's mirror runs.
    pub(super) fn status(&self) -> String {
        format!("{}/{}/status", self.prefix, self.site)
    }

    /// All that we ever publish to, level by level; a level is its fixed texts, with names between them.
    fn patterns(&self) -> Vec<Vec<Vec<String>>> {
        let mut alert = vec![vec![String::new()]];
        for piece in &self.alert {
            let Piece::Text(text) = piece else {
                if let Some(level) = alert.last_mut() {
                    level.push(String::new());
                }
                continue;
            };
            for (at, part) in text.split('/').enumerate() {
                if at > 0 {
                    alert.push(vec![String::new()]);
                }
                if let Some(last) = alert.last_mut().and_then(|level| level.last_mut()) {
                    last.push_str(part);
                }
            }
        }
        let fixed = |topic: String| topic.split('/').map(|level| vec![level.to_owned()]).collect::<Vec<_>>();
        let any = || vec![String::new(), String::new()];
        let mut state = fixed(self.prefix.clone());
        state.extend([any(), vec!["state".to_owned()]]);
        let mut report = fixed(format!("{}/{}/report", self.prefix, self.site));
        report.push(any());
        vec![alert, state, fixed(self.status()), report]
    }
}

/// A name as one level of a topic: what brokers refuse, and what would begin a level, as `%XX`.
fn level(name: &str) -> String {
    let mut level = String::new();
    for c in name.chars() {
        let noncharacter = u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
        if c.is_control() || noncharacter || matches!(c, '/' | '+' | '#' | '%' | '$') {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(level, "%{byte:02X}");
            }
        } else {
            level.push(c);
        }
    }
    if level.len() > LONGEST_LEVEL {
        let end = (0..=LONGEST_LEVEL - 20).rev().find(|end| level.is_char_boundary(*end)).unwrap_or(0);
        level.truncate(end);
        let digest = Sha256::digest(name.as_bytes());
        level.push('~');
        for byte in &digest[..8] {
            let _ = write!(level, "{byte:02x}");
        }
    }
    if level.is_empty() { "-".to_owned() } else { level }
}

/// Whether two URLs are of one broker, as far as their texts say.
fn same_broker(one: &str, other: &str) -> bool {
    let place = |url: &str| {
        let url = Url::parse(url).ok()?;
        let port = url.port().unwrap_or(if url.scheme() == "mqtts" { 8883 } else { 1883 });
        let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
        let here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]" | "::1");
        Some((if here { "localhost".to_owned() } else { host }, port))
    };
    // What cannot be read is taken for the same: better refused than heard again.
    place(one).zip(place(other)).is_none_or(|(one, other)| one == other)
}

/// Whether some topic of a pattern fits a filter.
fn could_match(pattern: &[Vec<String>], filter: &str) -> bool {
    let filter = match filter.strip_prefix("$share/") {
        Some(rest) => rest.split_once('/').map_or("", |(_, filter)| filter),
        None => filter,
    };
    let mut levels = pattern.iter();
    for want in filter.split('/') {
        if want == "#" {
            return true;
        }
        let Some(level) = levels.next() else { return false };
        if want != "+" && !want.contains('{') && !could_be(level, want) {
            return false;
        }
    }
    levels.next().is_none()
}

/// Whether two patterns have a topic in common; where both have names, they have.
fn overlap(one: &[Vec<String>], other: &[Vec<String>]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| match (one.as_slice(), other.as_slice()) {
            ([text], level) | (level, [text]) => could_be(level, text),
            _ => true,
        })
}

/// Whether a level, fixed texts with names between them, could read so.
fn could_be(level: &[String], text: &str) -> bool {
    let [first, rest @ ..] = level else { return false };
    let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
    let Some((last, between)) = rest.split_last() else { return left.is_empty() };
    for piece in between {
        let Some(at) = left.find(piece.as_str()) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(last.as_str())
}

fn shown_as(pattern: &[Vec<String>]) -> String {
    pattern.iter().map(|level| level.join("…")).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notices::{Subscription, address};
    use serde_json::json;

    fn topics(template: &str, filters: &[&str]) -> Result<Topics, String> {
        let url = "mqtt://localhost:1883".to_owned();
        let hears =
            filters.iter().map(|filter| Subscription { url: url.clone(), filter: (*filter).to_owned() }).collect();
        let by_sensor = vec!["stuck".to_owned()];
        let site = Site { name: "line-1".to_owned(), path: "acme/lyon".to_owned(), by_sensor, hears };
        let options = [("topic", template.to_owned())];
        let address = address("mqtt.alerts", "mqtt://127.0.0.1", &options).map_err(|e| e.to_string())?;
        Topics::read(&address, &site).map_err(|e| e.to_string())
    }

    fn topic(template: &str, machine: &str, rule: &str) -> String {
        let payload = json!({ "uid": "a", "machine": machine, "rule": rule, "sensor": if rule == "stuck" { Some("temp") } else { None } });
        let notice = Notice {
            id: 1,
            uid: "u".into(),
            payload,
            created: Default::default(),
            next: Default::default(),
            attempts: 0,
        };
        topics(template, &[]).unwrap().of(&notice)
    }

    #[test]
    fn a_name_is_one_level_whatever_it_is() {
        let plain = "twin/{machine}/alert/{rule}";
        assert_eq!(topic(plain, "P-101", "hot"), "twin/P-101/alert/hot");
        assert_eq!(topic(plain, "a/b", "+#%"), "twin/a%2Fb/alert/%2B%23%25");
        assert_eq!(topic(plain, "", "\0\n\u{1b}\u{ffff}"), "twin/-/alert/%00%0A%1B%EF%BF%BF");
        assert_eq!(topic("{path}/{site}/a-{machine}/{sensor}/{rule}", "ü ß", "r"), "acme/lyon/line-1/a-ü ß/-/r");
        assert_eq!(topic(plain, "P-101", "stuck"), "twin/P-101/alert/stuck.temp");
        assert_eq!(topic("twin/{machine}/alert/{sensor}/{rule}", "P-101", "stuck"), "twin/P-101/alert/temp/stuck");
        let [one, other] = ["x", "y"].map(|end| topic(plain, &("é".repeat(5_000) + end), "r"));
        assert!(one != other && one.len() < 250 && other.len() < 250, "{one} {other}");
    }

    #[test]
    fn what_a_feed_could_hear_is_refused() {
        let plain = "twin/{machine}/alert/{rule}";
        for filter in [
            "#",
            "twin/#",
            "twin/+/alert/+",
            "+/+/+/+",
            "twin/P-101/alert/hot",
            "+/P-101/#",
            "$share/g/twin/#",
            "twin/{machine}/{x}/{y}",
            "twin/+/state",
            "twin/line-1/status",
            "twin/+/report/daily",
            "+/line-1/+",
        ] {
            let said = topics(plain, &["plant/#", filter]).expect_err(filter);
            assert!(said.contains(filter) && said.contains("would hear it"), "{said}");
        }
        for filter in [
            "plant/#",
            "twin",
            "twin/+/alert",
            "twin/+/alert/+/+",
            "twine/#",
            "$share/g/plant/+/+",
            "twin/line-2/status",
            "+/+/set/#",
        ] {
            assert!(topics(plain, &[filter]).is_ok(), "{filter}");
        }
        assert!(topics("twin/x-{machine}/alert/{rule}", &["twin/P-101/alert/hot"]).is_ok());
        assert!(topics("twin/x-{machine}-y/alert/{rule}", &["twin/x-1-y/alert/hot"]).is_err());
    }

    #[test]
    fn another_brokers_feed_hears_nothing() {
        for (url, same) in [
            ("mqtt://localhost", true),
            ("mqtt://127.0.0.1:1883", true),
            ("mqtt://u@LOCALHOST.:1883", true),
            ("mqtts://localhost:1883", true),
            ("mqtt://localhost:1884", false),
            ("mqtt://broker", false),
            ("nonsense", true),
        ] {
            assert_eq!(same_broker(url, "mqtt://localhost"), same, "{url}");
        }
    }

    #[test]
    fn a_template_that_would_mix_things_up_is_refused() {
        for (template, said) in [
            ("twin/{machine}", "`{rule}` is missing"),
            ("twin/{rule}", "`{machine}` is missing"),
            ("{machine}/{rule}", "no level of its own"),
            ("twin/{machine}/{rule}", "states and reports"),
            ("twin/{mashine}/{rule}", "did you mean `{machine}`?"),
            ("twin/+/{machine}/{rule}", "wildcards"),
            ("twin//{machine}/{rule}", "empty"),
            ("$SYS/{machine}/{rule}", "brokers keep"),
            ("twin/{machine}/}{rule}", "brace"),
        ] {
            let why = topics(template, &[]).expect_err(template);
            assert!(why.contains(said), "{template}: {why}");
        }
    }
}
