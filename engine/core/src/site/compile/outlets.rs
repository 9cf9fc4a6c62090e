//! Outlets of a site: each address checked, its options as the wires read them. Lists are joined by commas.

use super::Maker;
use super::address::parts;
use super::rules::words_in_braces;
use crate::files::leaf::At;
use crate::files::names;
use crate::files::notice::{EmailSpec, MqttNoticeSpec, WebhookSpec};
use crate::files::outlet::OutletPlan;
use crate::files::sources::{Bytes, Fault, NOWHERE};
use twinwright_model::Span;
use twinwright_model::feeds::{FeedPlan, FeedWire};
use twinwright_model::time::SECOND;

/// What the topic of an alert may hold.
pub const TOPIC_FIELDS: [&str; 5] = ["path", "site", "machine", "sensor", "rule"];

const TOPIC: &str = "twin/{machine}/alert/{rule}";

/// Options as they are gathered, each with its place.
#[derive(Default)]
struct Options(Vec<(&'static str, String, Bytes)>);

impl Options {
    fn text(&mut self, key: &'static str, given: &Option<At<String>>) {
        self.0.extend(given.as_ref().map(|at| (key, at.value.clone(), at.span.clone())));
    }

    fn flag(&mut self, key: &'static str, given: &Option<At<bool>>) {
        let word = |flag: bool| if flag { "yes" } else { "no" };
        self.0.extend(given.as_ref().map(|at| (key, word(at.value).to_owned(), at.span.clone())));
    }

    fn span(&mut self, key: &'static str, given: &Option<At<Span>>) {
        self.0.extend(given.as_ref().map(|at| (key, format!("{} ns", at.value.0), at.span.clone())));
    }
}

impl Maker<'_> {
    pub(super) fn outlets(&mut self, feeds: &[FeedPlan]) -> Vec<OutletPlan> {
        let Some(tables) = &self.spec.outlet else { return Vec::new() };
        let mut plans = Vec::new();
        for (name, outlet) in tables.mqtt.iter() {
            let options = self.mqtt_notice(outlet, feeds);
            plans.push(self.outlet(("mqtt", name), &outlet.url, options));
        }
        for (name, outlet) in tables.webhook.iter() {
            let options = self.webhook(outlet);
            plans.push(self.outlet(("webhook", name), &outlet.url, options));
        }
        for (name, outlet) in tables.email.iter() {
            let options = self.email(outlet);
            plans.push(self.outlet(("email", name), &outlet.url, options));
        }
        plans
    }

    fn outlet(&mut self, (sort, name): (&str, &At<String>), url: &At<String>, options: Options) -> OutletPlan {
        self.check_name(name, "an outlet");
        let sources = &self.compiler.sources;
        OutletPlan {
            name: format!("{sort}.{}", name.value),
            url: url.value.clone(),
            place: sources.place(&url.span),
            option_places: options.0.iter().map(|(_, _, span)| sources.place(span)).collect(),
            options: options.0.into_iter().map(|(key, value, _)| (key, value)).collect(),
        }
    }

    fn mqtt_notice(&mut self, outlet: &MqttNoticeSpec, feeds: &[FeedPlan]) -> Options {
        self.check_url(&outlet.url, "outlet", &["mqtt", "mqtts"], "mqtt://localhost:1883", false);
        self.secret(&outlet.password_env, &outlet.password_file);
        self.check_alert_topic(outlet, feeds);
        let mut options = Options::default();
        options.text("topic", &outlet.topic);
        options.text("client_id", &outlet.client_id);
        options.text("ca", &outlet.ca);
        options.text("cert", &outlet.cert);
        options.text("key", &outlet.key);
        options.text("password_env", &outlet.password_env);
        options.text("password_file", &outlet.password_file);
        self.told(&mut options, &outlet.severity, &outlet.reports);
        options
    }

    /// A topic that a feed of the same broker hears would make the mirror listen to itself.
    fn check_alert_topic(&mut self, outlet: &MqttNoticeSpec, feeds: &[FeedPlan]) {
        let topic = outlet.topic.as_ref().map_or(TOPIC, |topic| &topic.value);
        let span = outlet.topic.as_ref().map_or(&outlet.url.span, |topic| &topic.span);
        let levels = || topic.split('/');
        let bad = |c: char| c.is_control() || matches!(c, '+' | '#');
        if topic.starts_with('$') || topic.len() > 1_024 || levels().any(str::is_empty) || topic.contains(bad) {
            let fault = Fault::new(span, "topic", "nothing can be published to this topic");
            self.faults().add(fault.expected(format!("levels apart by `/` without `+` and `#`, such as `{TOPIC}`")));
        }
        for word in words_in_braces(topic).filter(|word| !TOPIC_FIELDS.contains(word)) {
            let fault = Fault::new(span, "topic", format!("there is no field `{{{word}}}`"));
            let near = names::nearest(word, TOPIC_FIELDS).map(|near| format!("{{{near}}}"));
            self.faults().add(fault.expected(names::list(TOPIC_FIELDS)).nearest(near));
        }
        let shown = match &self.spec.path {
            Some(path) => topic.replace("{path}", &path.value),
            None => topic.replace("{path}/", ""),
        };
        let shown = shown.replace("{site}", &self.name);
        for feed in feeds {
            let FeedWire::Mqtt(wire) = &feed.wire else { continue };
            let heard =
                feed.mapping.topics.iter().find(|filter| wire.url == outlet.url.value && could_hear(filter, &shown));
            if let Some(filter) = heard {
                let message = format!(
                    "the feed `{}` hears this topic (`{filter}`): the mirror would listen to itself",
                    feed.name
                );
                self.faults().add(Fault::new(span, "topic", message).expected("a topic beside those of all feeds"));
            }
        }
    }

    fn webhook(&mut self, outlet: &WebhookSpec) -> Options {
        self.check_url(&outlet.url, "outlet", &["http", "https"], "https://host/path", true);
        let private = outlet.private.as_ref().is_some_and(|private| private.value);
        let within = parts(&outlet.url.value)
            .is_some_and(|parts| matches!(parts.host, "localhost" | "::1") || parts.host.starts_with("127."));
        if outlet.url.value.starts_with("http://") && !private && !within {
            let fault = Fault::new(&outlet.url.span, "outlet", "this goes over the network for everyone to read");
            self.faults().add(fault.expected("`https://`, or `private = true` within a network of your own"));
        }
        self.secret(&outlet.secret_env, &outlet.secret_file);
        let mut options = Options::default();
        options.text("secret_env", &outlet.secret_env);
        options.text("secret_file", &outlet.secret_file);
        if let Some(allow) = &outlet.allow {
            let hosts: Vec<&str> = allow.0.iter().map(|host| host.value.as_str()).collect();
            for host in &allow.0 {
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '_' | '*');
                if host.value.is_empty() || !host.value.chars().all(plain) {
                    let fault = Fault::new(&host.span, "outlet", "this is no host");
                    self.faults()
                        .add(fault.expected("a name, an address or `*.example.com`, without scheme, port and path"));
                }
            }
            options.0.push(("allow", hosts.join(","), outlet.span.clone()));
        }
        options.flag("private", &outlet.private);
        self.span(&outlet.timeout, Span(10 * SECOND), (Span(SECOND), Span(600 * SECOND)));
        options.span("timeout", &outlet.timeout);
        self.told(&mut options, &outlet.severity, &outlet.reports);
        options
    }

    fn email(&mut self, outlet: &EmailSpec) -> Options {
        self.check_url(&outlet.url, "outlet", &["smtp", "smtps"], "smtp://mail.example.com:587", false);
        self.secret(&outlet.password_env, &outlet.password_file);
        if outlet.to.0.is_empty() && outlet.to.1 != NOWHERE {
            let fault = Fault::new(&outlet.to.1, "outlet", "this mail is for nobody");
            self.faults().add(fault.expected("`to = \"shift@example.com\"`"));
        }
        for address in outlet.to.0.iter().chain([&outlet.from]) {
            let bad = |c: char| c.is_control() || c == ',' || c == ';';
            let has_ends =
                address.value.rsplit_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
            if !has_ends || address.value.len() > 320 || address.value.contains(bad) {
                let fault = Fault::new(&address.span, "outlet", "this is no address of a person");
                self.faults().add(fault.expected("such as `shift@example.com`"));
            }
        }
        let to: Vec<&str> = outlet.to.0.iter().map(|address| address.value.as_str()).collect();
        let mut options = Options::default();
        options.text("from", &Some(outlet.from.clone()));
        options.0.push(("to", to.join(","), outlet.to.0.first().map_or(outlet.span.clone(), |at| at.span.clone())));
        self.span(&outlet.digest, Span(60 * SECOND), (Span(SECOND), Span(86_400 * SECOND)));
        options.span("digest", &outlet.digest);
        options.text("password_env", &outlet.password_env);
        options.text("password_file", &outlet.password_file);
        options.flag("plain", &outlet.plain);
        self.told(&mut options, &outlet.severity, &outlet.reports);
        options
    }

    fn told(&mut self, options: &mut Options, severity: &Option<At<String>>, reports: &Option<At<bool>>) {
        if let Some(severity) = severity {
            self.severity(severity);
        }
        options.text("severity", severity);
        options.flag("reports", reports);
    }
}

/// Whether a feed's filter and an outlet's topic have a topic in common.
fn could_hear(filter: &str, topic: &str) -> bool {
    let is_field = |level: &str| level.contains('{');
    let (mut filter, mut topic) = (filter.split('/'), topic.split('/'));
    loop {
        match (filter.next(), topic.next()) {
            (Some("#"), _) => return true,
            (None, None) => return true,
            (Some(heard), Some(sent)) if heard == "+" || is_field(heard) || is_field(sent) || heard == sent => {}
            _ => return false,
        }
    }
}
