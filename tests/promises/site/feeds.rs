//! Feeds and outlets of a site: what stands in the file reaches the wires, secrets stay where they are.

use super::{FEED, HEAD, MACHINES, compiled, refused, said, site};
use twinwright_core::site::SitePlan;
use twinwright_model::Span;
use twinwright_model::feeds::{FeedWire, Payload, Secret};

fn with(feeds: &str) -> SitePlan {
    compiled("line-1.toml", &format!("{HEAD}{MACHINES}{feeds}")).unwrap_or_else(|faults| panic!("{}", said(&faults)))
}

#[test]
fn a_subscription_that_says_little_has_the_defaults() {
    let site = site("", "");
    let feed = &site.feeds[0];
    assert_eq!((feed.name.as_str(), feed.register, feed.place.line), ("mqtt.gateway", false, 9));
    assert_eq!(feed.mapping.topics, ["plant/{machine}/{sensor}"]);
    assert_eq!(feed.mapping.payload, Payload::default(), "what is not said is looked for in the usual places");
    let FeedWire::Mqtt(wire) = &feed.wire else { panic!("a subscription") };
    assert_eq!((wire.url.as_str(), wire.client_id.as_str()), ("mqtt://localhost", "twin-line-1-gateway"));
    assert_eq!((wire.qos, wire.keep_alive, wire.packet), (1, Span(30_000_000_000), 256 * 1024));
    assert_eq!((&wire.password, &wire.ca, &wire.cert, &wire.key), (&None, &None, &None, &None));
}

#[test]
fn all_that_a_subscription_says_is_in_its_plan() {
    let site = with(
        "[feed.mqtt.plc]\nurl = \"mqtts://ann@broker:8884\"\nclient_id = \"twin\"\nqos = 0\ntopic = [\"a/{machine}\", \"b/+/m-{machine}/#\"]\n\
         keep_alive = \"1 min\"\npacket = \"1 MiB\"\nca = \"ca.pem\"\ncert = \"c.pem\"\nkey = \"k.pem\"\npassword_env = \"PW\"\n\
         unknown = \"register\"\npayload = { value = \"/v\", time = \"/t/0\", values = \"/a~1b\", list = \"/data\" }\n\
         names = { \"TT-1\" = \"F-1.temp\", \"plc1/*\" = \"F-2.*\", \"*/speed\" = \"*.load\" }\nunits = { temp = \"degF\" }\n",
    );
    let feed = &site.feeds[0];
    let FeedWire::Mqtt(wire) = &feed.wire else { panic!("a subscription") };
    assert_eq!((wire.qos, wire.keep_alive, wire.packet), (0, Span(60_000_000_000), 1 << 20));
    assert_eq!(wire.password, Some(Secret::Env("PW".to_owned())));
    assert_eq!(wire.key.as_deref(), Some("k.pem"));
    assert!(feed.register);
    assert_eq!(feed.mapping.topics.len(), 2);
    assert_eq!(feed.mapping.payload.values.as_deref(), Some("/a~1b"));
    assert_eq!((feed.mapping.payload.quality.as_deref(), feed.mapping.payload.list.as_deref()), (None, Some("/data")));
    assert_eq!(feed.mapping.names[1], ("plc1/*".to_owned(), "F-2.*".to_owned()));
    assert_eq!(feed.mapping.units, [("temp".to_owned(), "degF".to_owned())]);
}

#[test]
fn feeds_of_all_sorts_stand_side_by_side() {
    let site = with(&format!(
        "[feed.http.hand]\nlisten = \"localhost:8088\"\nbody = 5000\n\
         [feed.http.far]\nlisten = \"[::]:8089\"\ntoken_file = \"token\"\n\
         [feed.replay.week]\npath = \"week.parquet\"\nspeed = \"max\"\nonly = \"F-1\"\ntime = \"when\"\n\
         [feed.replay.day]\npath = \"day.csv.gz\"\n{FEED}"
    ));
    let names: Vec<&str> = site.feeds.iter().map(|feed| feed.name.as_str()).collect();
    assert_eq!(names, ["mqtt.gateway", "replay.week", "replay.day", "http.hand", "http.far"]);
    let wire = |at: usize| &site.feeds[at].wire;
    let (FeedWire::Replay(week), FeedWire::Replay(day)) = (wire(1), wire(2)) else { panic!("recordings") };
    assert_eq!((week.speed, week.only.as_deref(), week.time.as_str()), (None, Some("F-1"), "when"));
    assert_eq!((day.speed, day.only.as_deref(), day.time.as_str()), (Some(1.0), None, "time"));
    let (FeedWire::Http(hand), FeedWire::Http(far)) = (wire(3), wire(4)) else { panic!("doors") };
    assert_eq!((hand.listen.as_str(), hand.body, &hand.token), ("127.0.0.1:8088", 5_000, &None));
    assert_eq!((far.body, &far.token), (4 << 20, &Some(Secret::File("token".to_owned()))));
}

#[test]
fn no_secret_in_clear_gets_into_a_plan() {
    let clear = [
        "[feed.mqtt.a]\nurl = \"mqtt://ann:geheim@localhost\"\ntopic = \"a/{machine}/{sensor}\"\n",
        "[feed.mqtt.a]\nurl = \"mqtt://localhost\"\npassword = \"geheim\"\ntopic = \"a/{machine}/{sensor}\"\n",
        "[feed.http.a]\nlisten = \"127.0.0.1:1\"\ntoken = \"geheim\"\n",
        "[feed.http.a]\nlisten = \"127.0.0.1:1\"\ntoken_env = \"not a name!\"\n",
        "[outlet.webhook.a]\nurl = \"https://example.com\"\nsecret = \"geheim\"\n",
        "[outlet.webhook.a]\nurl = \"https://ann:geheim@example.com\"\n",
        "[outlet.email.a]\nurl = \"smtps://ann:geheim@example.com\"\nfrom = \"a@b\"\nto = \"c@d\"\n",
        "[outlet.mqtt.a]\nurl = \"mqtt://:geheim@localhost\"\n",
    ];
    for text in clear {
        let said = refused("", text);
        assert!(said.contains("[secret]") && said.contains("expected:"), "{text}\n{said}");
    }
    assert!(refused("store = \"postgres://a@b/c?password=geheim\"", "").contains("[secret]"));
    site("store = \"postgres://a@b/c?password_file=x\"", "");
}

#[test]
fn a_door_to_the_network_wants_a_token() {
    for (listen, open) in [
        ("127.0.0.1:8088", true),
        ("127.9.9.9:1", true),
        ("[::1]:8088", true),
        ("localhost:8088", true),
        ("0.0.0.0:8088", false),
        ("10.0.0.1:8088", false),
        ("[::]:8088", false),
        ("[::ffff:10.0.0.1]:8088", false),
        ("[2001:db8::1]:8088", false),
    ] {
        let feeds = format!("{HEAD}{MACHINES}[feed.http.h]\nlisten = \"{listen}\"\n");
        assert_eq!(compiled("x.toml", &feeds).is_ok(), open, "{listen}");
        assert!(compiled("x.toml", &format!("{feeds}token_env = \"T\"\n")).is_ok(), "{listen} with a token");
    }
}

#[test]
fn names_that_may_come_to_be_known_are_no_mistakes() {
    let map = "names = { \"x\" = \"Z-9.anything\" }\nunits = { anything = \"bar\" }\n";
    assert!(refused("", &format!("[feed.mqtt.z]\nurl = \"mqtt://localhost\"\ntopic = \"z/#\"\n{map}")).contains("Z-9"));
    let all = format!(
        "{FEED}unknown = \"register\"\n{map}[limits.anything]\nhigh = 3\nunit = \"bar\"\n[limits.\"Z-9.anything\"]\nlow = 1\n"
    );
    let site = with(&all);
    let limits: Vec<_> = site
        .detectors
        .items
        .iter()
        .map(|item| (item.machine.as_deref(), item.limits.map(|limits| limits.at)))
        .collect();
    let high = [None, None, Some(3.0), None];
    let both = [None, Some(1.0), Some(3.0), None];
    assert_eq!(limits, [(None, Some(high)), (Some("Z-9"), Some(both))]);
}

#[test]
fn outlets_carry_their_options_as_the_wires_read_them() {
    let site = site(
        "",
        "[outlet.email.shift]\nurl = \"smtp://mail:25\"\nfrom = \"twin@x.org\"\nto = [\"a@x.org\", \"b@x.org\"]\ndigest = \"5 min\"\nplain = true\n\
         [outlet.webhook.ops]\nurl = \"http://10.1.1.1/hook?room=4\"\nprivate = true\nallow = [\"10.1.1.1\", \"*.x.org\"]\nsecret_env = \"S\"\n\
         severity = \"high\"\nreports = true\n[outlet.mqtt.alerts]\nurl = \"mqtt://localhost\"\ntopic = \"{path}/{site}/{machine}/{rule}\"\n",
    );
    let outlet = |name: &str| site.outlets.iter().find(|outlet| outlet.name == name).expect("it is in the plan");
    let option = |name: &str, key: &str| {
        outlet(name).options.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
    };
    assert_eq!(option("email.shift", "to"), Some("a@x.org,b@x.org"));
    assert_eq!((option("email.shift", "plain"), option("email.shift", "from")), (Some("yes"), Some("twin@x.org")));
    let digest = option("email.shift", "digest").and_then(|text| twinwright_model::units::parse_span(text).ok());
    assert_eq!(digest, Some(Span(300_000_000_000)));
    assert_eq!(option("webhook.ops", "allow"), Some("10.1.1.1,*.x.org"));
    assert_eq!((option("webhook.ops", "severity"), option("webhook.ops", "reports")), (Some("high"), Some("yes")));
    assert_eq!(outlet("webhook.ops").url, "http://10.1.1.1/hook?room=4");
    assert_eq!(option("mqtt.alerts", "topic"), Some("{path}/{site}/{machine}/{rule}"));
    assert_eq!(outlet("webhook.ops").options.len(), outlet("webhook.ops").option_places.len());
}

#[test]
fn an_outlet_that_a_feed_would_hear_is_refused() {
    let heard = |filter: &str, topic: &str| {
        let text = format!(
            "{HEAD}path = \"acme/line\"\n{MACHINES}[feed.mqtt.f]\nurl = \"mqtt://localhost\"\ntopic = \"{filter}\"\n\
             [outlet.mqtt.o]\nurl = \"mqtt://localhost\"\ntopic = \"{topic}\"\n"
        );
        compiled("x.toml", &text).is_err()
    };
    for (filter, topic, loops) in [
        ("plant/{machine}/{sensor}", "twin/{machine}/alert/{rule}", false),
        ("plant/{machine}/{sensor}", "plant/{machine}/{rule}", true),
        ("plant/{machine}/{sensor}", "plant/{machine}/alert/{rule}", false),
        ("#", "twin/{machine}/{rule}", true),
        ("+/+/alert/{sensor}", "twin/{machine}/alert/{rule}", true),
        ("{machine}/{sensor}", "twin/{rule}", true),
        ("acme/line/{machine}/{sensor}", "{path}/{machine}/{rule}", true),
        ("acme/line/{machine}/{sensor}", "{path}/alerts/{machine}/{rule}", false),
        ("twin/#", "twin/{rule}", true),
        ("twin/x/#", "twin/y/{rule}", false),
    ] {
        assert_eq!(heard(filter, topic), loops, "{filter} hears {topic}");
    }
}
