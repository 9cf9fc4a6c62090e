//! Where an outlet is and what it was told: `mqtt://host:1883?qos=1&batch=machine`, or the same as a table's keys.
//!
//! An outlet takes the options it knows one by one; [`Address::done`] refuses what nobody took, with the nearest name.
//! What an address shows to people never holds a password.

use super::trouble::OutletTrouble;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use twinwright_model::{Span, names, units};

/// One outlet's address and options.
#[derive(Debug, Clone)]
pub struct Address {
    /// As counters and messages call it.
    pub name: String,
    /// `file`, `mqtt`, `https`, ...
    pub scheme: String,
    /// The URL without its options.
    url: String,
    options: BTreeMap<String, String>,
    asked: RefCell<Vec<&'static str>>,
}

/// Every sort of outlet by the scheme of its URL.
pub const SCHEMES: [&str; 9] = ["file", "mqtt", "mqtts", "http", "https", "postgres", "postgresql", "sqlite", "redis"];

impl Address {
    /// Reads a URL; `-` is stdout, and what follows `?` are options.
    pub fn parse(text: &str) -> Result<Address, OutletTrouble> {
        let text = text.trim();
        if text == "-" || text.starts_with("-?") {
            return Address::parse(&format!("file:{text}"));
        }
        Address::parse_among(text, &SCHEMES, true)
    }

    /// Reads a URL of one of these schemes; `query` when what follows `?` are options of ours, and not the server's.
    pub fn parse_among(text: &str, schemes: &[&str], query: bool) -> Result<Address, OutletTrouble> {
        let wrong = |message: String| OutletTrouble::Input(format!("{}: {message}", without_password(text)));
        let text = text.trim();
        let Some((scheme, _)) = text.split_once(':') else {
            return Err(wrong(
                "this is no address; expected such as `file:readings.csv` or `mqtt://localhost:1883`".into(),
            ));
        };
        if !schemes.contains(&scheme) {
            let known = || schemes.iter().copied();
            let near =
                names::nearest(scheme, known()).map_or(String::new(), |near| format!("; did you mean `{near}:`?"));
            return Err(wrong(format!("`{scheme}:` is no outlet; expected {}{near}", names::list(known()))));
        }
        let (url, query) = if query { text.split_once('?').unwrap_or((text, "")) } else { (text, "") };
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let options = pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
        Ok(Address {
            name: without_password(url),
            scheme: scheme.to_owned(),
            url: url.to_owned(),
            options,
            asked: RefCell::default(),
        })
    }

    /// Adds an option, as a table has it beside its `url`.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.options.insert(key.to_owned(), value.into());
    }

    /// The URL without its options; it may hold a password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL with those options that nobody took, for servers that have options of their own.
    pub fn url_with_rest(&self) -> String {
        let asked = self.asked.borrow();
        let mut rest = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in self.options.iter().filter(|(key, _)| !asked.contains(&key.as_str())) {
            rest.append_pair(key, value);
        }
        let rest = rest.finish();
        if rest.is_empty() { self.url.clone() } else { format!("{}?{rest}", self.url) }
    }

    /// A text option.
    pub fn text(&self, key: &'static str) -> Option<String> {
        self.asked.borrow_mut().push(key);
        self.options.get(key).cloned()
    }

    pub fn one_of(&self, key: &'static str, known: &[&'static str]) -> Result<Option<&'static str>, OutletTrouble> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let found = known.iter().find(|name| **name == text).copied();
        found.map(Some).ok_or_else(|| self.wrong(key, &text, &names::list(known.iter().copied())))
    }

    /// A whole number within bounds.
    pub fn whole<N>(&self, key: &'static str, least: N, most: N) -> Result<Option<N>, OutletTrouble>
    where
        N: FromStr + PartialOrd + Display + Copy,
    {
        let Some(text) = self.text(key) else { return Ok(None) };
        let number = text.parse::<N>().ok().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| self.wrong(key, &text, &format!("a whole number from {least} to {most}")))
    }

    /// `yes` or `no`, also as `true` and `false`.
    pub fn flag(&self, key: &'static str) -> Result<Option<bool>, OutletTrouble> {
        match self.text(key).as_deref() {
            None => Ok(None),
            Some("yes" | "true" | "1" | "") => Ok(Some(true)),
            Some("no" | "false" | "0") => Ok(Some(false)),
            Some(other) => Err(self.wrong(key, other, "yes or no")),
        }
    }

    /// A time above zero, such as `10 s`.
    pub fn span(&self, key: &'static str) -> Result<Option<Span>, OutletTrouble> {
        let Some(text) = self.text(key) else { return Ok(None) };
        match units::parse_span(&text) {
            Ok(span) if span.0 > 0 => Ok(Some(span)),
            Ok(_) => Err(self.wrong(key, &text, "a time above 0")),
            Err(fault) => Err(self.wrong(key, &text, &fault.expected.unwrap_or(fault.message))),
        }
    }

    /// A number of bytes, such as `100 MB` or `64 KiB`.
    pub fn bytes(&self, key: &'static str) -> Result<Option<u64>, OutletTrouble> {
        let Some(text) = self.text(key) else { return Ok(None) };
        units::parse_size(&text)
            .map(Some)
            .ok_or_else(|| self.wrong(key, &text, "a size above 0, such as `100 MB` or `64 KiB`"))
    }

    /// A secret: as `key`, or named by `key_env` (an environment variable) or `key_file` (a file's first line).
    pub fn secret(&self, key: &'static str) -> Result<Option<String>, OutletTrouble> {
        let [env, file] = match key {
            "token" => ["token_env", "token_file"],
            "secret" => ["secret_env", "secret_file"],
            _ => ["password_env", "password_file"],
        };
        if let Some(name) = self.text(env) {
            let value = std::env::var(&name);
            return value.map(Some).map_err(|_| self.refuse(format!("{env}: the environment has no `{name}`")));
        }
        if let Some(path) = self.text(file) {
            let text = std::fs::read_to_string(&path);
            let text = text.map_err(|e| self.refuse(format!("{file}: cannot read {path}: {e}")))?;
            return Ok(Some(text.lines().next().unwrap_or_default().to_owned()));
        }
        Ok(self.text(key))
    }

    /// Refuses what no one has taken.
    pub fn done(&self) -> Result<(), OutletTrouble> {
        let asked = self.asked.borrow();
        let Some(key) = self.options.keys().find(|key| !asked.contains(&key.as_str())) else { return Ok(()) };
        let mut known = asked.clone();
        known.sort_unstable();
        known.dedup();
        let near = names::nearest(key, known.iter().copied())
            .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        Err(self.refuse(format!("there is no option `{key}`; expected {}{near}", names::list(known))))
    }

    /// Trouble with what this outlet was asked for.
    pub fn refuse(&self, why: impl Display) -> OutletTrouble {
        OutletTrouble::Input(format!("{}: {why}", self.name))
    }

    fn wrong(&self, key: &str, text: &str, expected: &str) -> OutletTrouble {
        self.refuse(format!("{key}: `{text}` is not what goes here; expected {expected}"))
    }
}

/// An address as people may see it.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host = rest.split('/').next().unwrap_or_default();
    match host.rsplit_once('@') {
        Some((user, _)) => {
            let name = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}@{}", &rest[user.len() + 1..])
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_hides_its_password_and_keeps_what_belongs_to_the_server() {
        let address = Address::parse("http://ann:secret@host:8086/write?db=plant&gzip=no").unwrap();
        assert_eq!(address.name, "http://ann@host:8086/write");
        assert_eq!(address.flag("gzip"), Ok(Some(false)));
        assert_eq!(address.url_with_rest(), "http://ann:secret@host:8086/write?db=plant");
    }

    #[test]
    fn what_is_wrong_is_said_with_the_nearest_name() {
        let said = |text: &str| Address::parse(text).unwrap_err().to_string();
        assert!(said("mqt://host").contains("did you mean `mqtt:`?"), "{}", said("mqt://host"));
        assert!(said("readings.csv").contains("no address"));
        assert!(!said("mqt://ann:secret@host").contains("secret"));
        let address = Address::parse("mqtt://host?qso=1").unwrap();
        assert_eq!(address.whole("qos", 0, 1), Ok(None));
        assert!(address.done().unwrap_err().to_string().contains("did you mean `qos`?"));
        let address = Address::parse("mqtt://host?qos=7&rotate=5%20parsecs").unwrap();
        assert!(address.whole("qos", 0, 1).is_err() && address.bytes("rotate").is_err());
    }
}
