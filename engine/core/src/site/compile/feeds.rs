//! Feeds of a site: each wire with its numbers checked.

use super::Maker;
use crate::files::feed::{HttpFeedSpec, MqttFeedSpec, ReplayFeedSpec, Size, Speed};
use crate::files::leaf::At;
use crate::files::site::SiteSpec;
use crate::files::sources::Fault;
use core::net::SocketAddr;
use std::collections::BTreeSet;
use twinwright_model::feeds::{FeedPlan, FeedWire, HttpFeed, MqttFeed, ReplayFeed};
use twinwright_model::time::SECOND;
use twinwright_model::{Span, feeds::Mapping};

/// What a packet or a body may have at most, and at least.
const SIZES: (u64, u64) = (1 << 10, 64 << 20);
const KEEP_ALIVE: (Span, Span) = (Span(SECOND), Span(65_535 * SECOND));

/// Whether some feed takes in what the site does not know.
pub(super) fn registers(spec: &SiteSpec) -> bool {
    let Some(feeds) = &spec.feed else { return false };
    let mqtt = feeds.mqtt.iter().map(|(_, feed)| &feed.unknown);
    let replay = feeds.replay.iter().map(|(_, feed)| &feed.unknown);
    let http = feeds.http.iter().map(|(_, feed)| &feed.unknown);
    mqtt.chain(replay).chain(http).flatten().any(|unknown| unknown.value == "register")
}

impl Maker<'_> {
    pub(super) fn feeds(&mut self) -> Vec<FeedPlan> {
        let Some(tables) = &self.spec.feed else { return Vec::new() };
        let mut feeds = Vec::new();
        for (name, feed) in tables.mqtt.iter() {
            let mapping = self.mqtt_mapping(feed);
            let wire = FeedWire::Mqtt(self.mqtt(name, feed));
            feeds.push(self.feed(("mqtt", name), wire, mapping, &feed.unknown));
        }
        for (name, feed) in tables.replay.iter() {
            let mapping = self.names_and_units(&feed.names, &feed.units);
            let wire = FeedWire::Replay(self.replay(feed));
            feeds.push(self.feed(("replay", name), wire, mapping, &feed.unknown));
        }
        for (name, feed) in tables.http.iter() {
            let mapping = self.http_mapping(feed);
            let wire = FeedWire::Http(self.http(feed));
            feeds.push(self.feed(("http", name), wire, mapping, &feed.unknown));
        }
        if feeds.len() > usize::from(u16::MAX) {
            let fault = Fault::new(&tables.span, "too-many", format!("these are {} feeds", feeds.len()));
            self.faults().add(fault.expected(format!("at most {}", u16::MAX)));
        }
        self.check_clients();
        feeds
    }

    fn feed(
        &mut self,
        (sort, name): (&str, &At<String>),
        wire: FeedWire,
        mapping: Mapping,
        unknown: &Option<At<String>>,
    ) -> FeedPlan {
        self.check_name(name, "a feed");
        let known = ["quarantine", "register"];
        let chosen =
            unknown.as_ref().and_then(|unknown| self.one_of(unknown, &known, "what can become of the unknown"));
        FeedPlan {
            name: format!("{sort}.{}", name.value),
            wire,
            mapping,
            register: chosen == Some(1),
            place: self.compiler.sources.place(&name.span),
        }
    }

    fn mqtt(&mut self, name: &At<String>, feed: &MqttFeedSpec) -> MqttFeed {
        self.check_url(&feed.url, "feed", &["mqtt", "mqtts"], "mqtt://localhost:1883", false);
        let qos = feed.qos.as_ref().map_or(1, |qos| {
            if qos.value > 1 {
                let fault =
                    Fault::new(&qos.span, "number", format!("there is no quality of service {} here", qos.value));
                self.faults().add(fault.expected("0 or 1: what comes twice is taken once"));
            }
            qos.value.min(1) as u8
        });
        let keep_alive = self.span(&feed.keep_alive, Span(30 * SECOND), KEEP_ALIVE);
        if let Some(at) = feed.keep_alive.as_ref().filter(|at| at.value.0 % SECOND != 0) {
            self.faults()
                .add(Fault::new(&at.span, "time", "this is no whole number of seconds").expected("such as \"30 s\""));
        }
        let secure = feed.url.value.starts_with("mqtts:");
        for file in [&feed.ca, &feed.cert, &feed.key].into_iter().flatten().filter(|_| !secure) {
            self.faults().add(
                Fault::new(&file.span, "feed", "this belongs to TLS").expected("a URL that begins with `mqtts://`"),
            );
        }
        if let (Some(one), None) | (None, Some(one)) = (&feed.cert, &feed.key) {
            let fault = Fault::new(&one.span, "feed", "a certificate and its key belong together");
            self.faults().add(fault.expected("both `cert` and `key`"));
        }
        MqttFeed {
            url: feed.url.value.clone(),
            client_id: self.client_id(name, &feed.client_id),
            password: self.secret(&feed.password_env, &feed.password_file),
            ca: text(&feed.ca),
            cert: text(&feed.cert),
            key: text(&feed.key),
            qos,
            keep_alive,
            packet: self.size(&feed.packet, 256 << 10),
        }
    }

    fn client_id(&mut self, name: &At<String>, given: &Option<At<String>>) -> String {
        let Some(id) = given else { return format!("twin-{}-{}", self.name, name.value) };
        if id.value.is_empty() || id.value.len() > 1_024 || id.value.chars().any(char::is_control) {
            let fault = Fault::new(&id.span, "feed", "this cannot be the name of a client");
            self.faults().add(fault.expected("1 to 1,024 bytes without control characters"));
        }
        id.value.clone()
    }

    /// A broker throws out a client when another of its name comes: for ever, when both come back.
    fn check_clients(&mut self) {
        let spec = self.spec;
        let feeds = spec.feed.iter().flat_map(|feeds| feeds.mqtt.iter()).map(|(_, feed)| (&feed.url, &feed.client_id));
        let outlets = spec.outlet.iter().flat_map(|outlets| outlets.mqtt.iter());
        let outlets = outlets.map(|(_, outlet)| (&outlet.url, &outlet.client_id));
        let mut known = BTreeSet::new();
        for (url, id) in feeds.chain(outlets) {
            if let Some(id) = id
                && !known.insert((&url.value, &id.value))
            {
                let message =
                    format!("two clients of one broker are called `{}`: each would throw out the other", id.value);
                self.faults().add(Fault::new(&id.span, "feed", message).expected("a name of its own"));
            }
        }
    }

    fn replay(&mut self, feed: &ReplayFeedSpec) -> ReplayFeed {
        let path = &feed.path;
        let plain = path.value.strip_suffix(".gz").or(path.value.strip_suffix(".zst")).unwrap_or(&path.value);
        if ![".csv", ".jsonl", ".parquet"].iter().any(|ending| plain.ends_with(ending)) {
            let fault = Fault::new(&path.span, "feed", "this is no table that can be played");
            self.faults().add(
                fault.expected("a file that ends in .csv, .jsonl or .parquet, perhaps with .gz or .zst behind it"),
            );
        }
        let speed = match feed.speed.as_ref().map(|speed| (speed.value, &speed.span)) {
            None => Some(1.0),
            Some((Speed::Max, _)) => None,
            Some((Speed::Times(times), _)) if times > 0.0 && times <= 1e9 => Some(times),
            Some((Speed::Times(_), span)) => {
                let fault = Fault::new(span, "number", "nothing would be played");
                self.faults().add(fault.expected("a number above 0, or \"max\""));
                None
            }
        };
        if let Some(only) = &feed.only {
            self.check_machine(only);
            if let Some(machine) = &feed.machine {
                let fault = Fault::new(&machine.span, "feed", "the machine is a column or always the same");
                self.faults().add(fault.expected("either `machine` or `only`"));
            }
        }
        ReplayFeed {
            path: path.value.clone(),
            speed,
            time: text(&feed.time).unwrap_or_else(|| "time".to_owned()),
            machine: text(&feed.machine),
            sensor: text(&feed.sensor),
            value: text(&feed.value),
            quality: text(&feed.quality),
            only: text(&feed.only),
        }
    }

    fn http(&mut self, feed: &HttpFeedSpec) -> HttpFeed {
        let listen = &feed.listen;
        let numeric = match listen.value.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => listen.value.clone(),
        };
        let token = self.secret(&feed.token_env, &feed.token_file);
        match numeric.parse::<SocketAddr>() {
            Err(_) => {
                let fault = Fault::new(&listen.span, "feed", "this is no address to listen at");
                self.faults().add(fault.expected("an address and a port, such as `127.0.0.1:8088`"));
            }
            Ok(address) if !address.ip().is_loopback() && token.is_none() => {
                let message = "who posts from another computer must know a token";
                let expected = "`token_env` or `token_file`, or an address such as `127.0.0.1:8088`";
                self.faults().add(Fault::new(&listen.span, "secret", message).expected(expected));
            }
            Ok(_) => {}
        }
        HttpFeed { listen: numeric, token, body: self.size(&feed.body, 4 << 20) }
    }

    fn size(&mut self, given: &Option<At<Size>>, default: usize) -> usize {
        let Some(at) = given else { return default };
        if !(SIZES.0..=SIZES.1).contains(&at.value.0) {
            let fault = Fault::new(&at.span, "number", "this size is out of bounds");
            self.faults().add(fault.expected("1 KiB to 64 MiB"));
            return default;
        }
        at.value.0 as usize
    }
}

fn text(given: &Option<At<String>>) -> Option<String> {
    given.as_ref().map(|at| at.value.clone())
}
