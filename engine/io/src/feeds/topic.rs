//! Topics: which machine and sensor a message speaks of, and what to subscribe to in order to hear it.

use std::ops::Range;

/// A template such as `acme/{site}/{machine}/{sensor}`, checked.
#[derive(Debug)]
pub(super) struct TopicTemplate {
    levels: Vec<Level>,
    /// It ends in `#`.
    open: bool,
}

#[derive(Debug, PartialEq)]
enum Level {
    Text(String),
    /// `+`, or a name in braces that is not kept.
    Any,
    /// What stands before and behind a name in braces, and what the name is.
    Field(String, Field, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Machine,
    Sensor,
    Other,
}

/// Where in a topic its names are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Places {
    pub(super) machine: Option<Range<usize>>,
    pub(super) sensor: Option<Range<usize>>,
}

impl TopicTemplate {
    pub(super) fn new(template: &str) -> Result<TopicTemplate, String> {
        let wrong = |why: &str| Err(format!("topic `{template}`: {why}"));
        if template.is_empty() || template.len() > 65_535 || template.contains('\0') {
            return wrong("expected a topic such as `plant/{machine}/{sensor}`");
        }
        let mut texts: Vec<&str> = template.split('/').collect();
        let open = texts.last() == Some(&"#");
        if open {
            texts.pop();
        }
        let mut levels = Vec::with_capacity(texts.len());
        for text in texts {
            match level(text) {
                Ok(level) => levels.push(level),
                Err(why) => return wrong(&why),
            }
        }
        let count = |field| levels.iter().filter(|level| matches!(level, Level::Field(_, f, _) if *f == field)).count();
        if count(Field::Machine) > 1 || count(Field::Sensor) > 1 {
            return wrong("`{machine}` and `{sensor}` stand there once at most");
        }
        Ok(TopicTemplate { levels, open })
    }

    /// What to subscribe to.
    pub(super) fn filter(&self) -> String {
        let mut levels: Vec<&str> =
            self.levels.iter().map(|level| if let Level::Text(text) = level { text } else { "+" }).collect();
        if self.open {
            levels.push("#");
        }
        levels.join("/")
    }

    /// Where the names are in a topic; None for a topic that does not fit.
    pub(super) fn places(&self, topic: &str) -> Option<Places> {
        let mut places = Places::default();
        let mut levels = self.levels.iter();
        let mut at = 0;
        for text in topic.split('/') {
            let Some(level) = levels.next() else { return self.open.then_some(places) };
            match level {
                Level::Text(expected) => (expected == text).then_some(())?,
                Level::Any => {}
                Level::Field(before, field, after) => {
                    let inner = text.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                    let begin = at + before.len();
                    let place = Some(begin..begin + inner.len());
                    match field {
                        Field::Machine => places.machine = place,
                        Field::Sensor => places.sensor = place,
                        Field::Other => {}
                    }
                }
            }
            at += text.len() + 1;
        }
        // `a/#` fits `a`, too.
        levels.next().is_none().then_some(places)
    }
}

fn level(text: &str) -> Result<Level, String> {
    if text == "+" {
        return Ok(Level::Any);
    }
    if text.contains(['+', '#']) {
        return Err(format!("in `{text}`: a wildcard is a level of its own, and `#` the last one"));
    }
    let Some((before, rest)) = text.split_once('{') else {
        return if text.contains('}') {
            Err(format!("in `{text}`: a brace is closed and never opened"))
        } else {
            Ok(Level::Text(text.to_owned()))
        };
    };
    let Some((name, after)) = rest.split_once('}') else {
        return Err(format!("in `{text}`: a brace is opened and never closed"));
    };
    if after.contains(['{', '}']) || before.contains('}') {
        return Err(format!("in `{text}`: expected one name in braces at most"));
    }
    let field = match name {
        "machine" => Field::Machine,
        "sensor" => Field::Sensor,
        "" => return Err(format!("in `{text}`: expected a name in the braces")),
        _ => Field::Other,
    };
    if field == Field::Other && before.is_empty() && after.is_empty() {
        return Ok(Level::Any);
    }
    Ok(Level::Field(before.to_owned(), field, after.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::chance::Chance;

    fn names<'a>(template: &str, topic: &'a str) -> Option<(Option<&'a str>, Option<&'a str>)> {
        let places = TopicTemplate::new(template).unwrap().places(topic)?;
        Some((places.machine.map(|place| &topic[place]), places.sensor.map(|place| &topic[place])))
    }

    #[test]
    fn a_template_takes_names_out_of_topics_and_says_what_to_subscribe_to() {
        for (template, filter, topic, expected) in [
            ("acme/{site}/{machine}/{sensor}", "acme/+/+/+", "acme/lyon/P-101/vib", Some((Some("P-101"), Some("vib")))),
            ("{machine}/{sensor}", "+/+", "P-101/vib/more", None),
            ("{machine}/{sensor}", "+/+", "P-101", None),
            ("plant/{machine}/#", "plant/+/#", "plant/P-101/a/b", Some((Some("P-101"), None))),
            ("plant/{machine}/#", "plant/+/#", "plant/P-101", Some((Some("P-101"), None))),
            ("plant/+/s-{sensor}.json", "plant/+/+", "plant/x/s-vib.json", Some((None, Some("vib")))),
            ("plant/+/s-{sensor}.json", "plant/+/+", "plant/x/s.json", None),
            ("tool-{machine}", "+", "tool-7", Some((Some("7"), None))),
            ("plant/all", "plant/all", "plant/all", Some((None, None))),
            ("#", "#", "any/thing", Some((None, None))),
            ("/{machine}", "/+", "/M", Some((Some("M"), None))),
            ("{machine}/{sensor}", "+/+", "/", Some((Some(""), Some("")))),
            ("{machine}/{sensor}", "+/+", "../\u{0}", Some((Some(".."), Some("\u{0}")))),
        ] {
            assert_eq!(TopicTemplate::new(template).unwrap().filter(), filter, "{template}");
            assert!(rumqttc::valid_filter(filter), "{filter}");
            assert_eq!(names(template, topic), expected, "{template} on {topic}");
        }
    }

    #[test]
    fn a_template_that_no_broker_takes_is_refused() {
        for template in
            ["", "a/#/b", "a/b+", "x#", "{machine}/{machine}", "{}", "{machine", "machine}", "{a}{b}", "a\0b"]
        {
            assert!(TopicTemplate::new(template).is_err(), "{template}");
        }
    }

    #[test]
    fn it_fits_what_the_filter_fits_whatever_the_topic() {
        let templates = ["acme/{site}/{machine}/{sensor}", "plant/{machine}/#", "{machine}/+/{sensor}", "a/b"];
        let mut chance = Chance::new(8);
        let mut fits = 0;
        for case in 0..200_000 {
            let template = TopicTemplate::new(templates[case % 4]).unwrap();
            let seeds = ["acme/x/P-1/s", "plant/M/rest/of", "m/any/s", "a/b"];
            let topic = String::from_utf8_lossy(&chance.mangled(seeds[case % 4].as_bytes(), b"/ab{}+#P")).into_owned();
            let found = template.places(&topic);
            if let Some(places) = &found {
                fits += 1;
                let inside =
                    |place: &Option<Range<usize>>| place.clone().is_none_or(|place| topic.get(place).is_some());
                assert!(inside(&places.machine) && inside(&places.sensor), "{topic}");
            }
            if !topic.contains(['+', '#', '\0']) && !topic.starts_with('$') {
                let expected = matches(&topic, &template.filter());
                assert_eq!(found.is_some(), expected, "{topic} and {}", template.filter());
            }
        }
        assert!(fits > 20_000, "{fits}");
    }

    /// The rule of MQTT 3.1.1, section 4.7, written out.
    fn matches(topic: &str, filter: &str) -> bool {
        let (topic, filter): (Vec<&str>, Vec<&str>) = (topic.split('/').collect(), filter.split('/').collect());
        let open = filter.last() == Some(&"#");
        let fixed = if open { &filter[..filter.len() - 1] } else { &filter[..] };
        let long_enough = if open { topic.len() >= fixed.len() } else { topic.len() == fixed.len() };
        long_enough && fixed.iter().zip(&topic).all(|(wanted, found)| *wanted == "+" || wanted == found)
    }
}
