//! JSON messages: one reading, a list of readings, or the panel of a machine, each part where a pointer says. A message is read
//! in one pass, and nothing of it is kept but the parts that pointers name. One that breaks off is refused whole: what came
//! before the break is not believed either.

use super::json::{Fault, Json, Token};
use super::reading::{Batch, Draft, MOST_READINGS, Message, Reader};
use super::said::{Stamp, Value};
use twinwright_model::feeds::Payload;
use twinwright_model::live::Reason;

/// Pointers as a small tree.
#[derive(Debug)]
pub(super) struct PayloadMap {
    root: Vec<Step>,
    /// A time is asked for: without one a reading is refused.
    timed: bool,
}

#[derive(Debug)]
struct Step {
    key: String,
    part: Option<Part>,
    below: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Value,
    Time,
    Quality,
    Unit,
    Machine,
    Sensor,
    List,
    Values,
}

/// Scalars that a pointer may name: the first six parts.
const SCALARS: usize = 6;

/// What pointers found in an object.
#[derive(Debug, Default)]
struct Picked<'a> {
    scalars: [Option<Token<'a>>; SCALARS],
    /// Where these begin in the text.
    list: Option<usize>,
    values: Option<usize>,
}

/// What is known of a message from where it came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Origin<'a> {
    pub(super) machine: Option<&'a str>,
    pub(super) sensor: Option<&'a str>,
    pub(super) target: Option<usize>,
}

/// Why a message is refused whole.
enum Broken {
    Json(Fault),
    TooMany,
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Broken {
        Broken::Json(fault)
    }
}

/// Where sources usually put what a reading is made of: for a mapping that says nothing at all.
const USUAL: [(&str, Part); 8] = [
    ("/value", Part::Value),
    ("/timestamp_ms", Part::Time),
    ("/timestamp", Part::Time),
    ("/time", Part::Time),
    ("/quality", Part::Quality),
    ("/unit", Part::Unit),
    ("/machine", Part::Machine),
    ("/sensor", Part::Sensor),
];

impl PayloadMap {
    pub(super) fn new(payload: &Payload) -> Result<PayloadMap, String> {
        let mut map = PayloadMap { root: Vec::new(), timed: payload.time.is_some() };
        let given = [
            (&payload.value, Part::Value),
            (&payload.time, Part::Time),
            (&payload.quality, Part::Quality),
            (&payload.unit, Part::Unit),
            (&payload.machine, Part::Machine),
            (&payload.sensor, Part::Sensor),
            (&payload.list, Part::List),
            (&payload.values, Part::Values),
        ];
        for (pointer, part) in given.iter().filter_map(|(pointer, part)| Some((pointer.as_deref()?, *part))) {
            if !map.add(pointer, part)? {
                return Err(format!("payload: `{pointer}` stands for two things"));
            }
        }
        let untold = if *payload == Payload::default() {
            &USUAL[..]
        } else if payload.value.is_none() && payload.values.is_none() {
            &USUAL[..1]
        } else {
            &[]
        };
        for (pointer, part) in untold {
            map.add(pointer, *part)?;
        }
        Ok(map)
    }

    /// Whether the pointer stood for nothing before.
    fn add(&mut self, pointer: &str, part: Part) -> Result<bool, String> {
        let Some(path) = pointer.strip_prefix('/') else {
            return Err(format!("payload: `{pointer}` is no JSON pointer; expected such as `/value`"));
        };
        let keys: Vec<String> = path.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
        if keys.len() > 32 {
            return Err(format!("payload: `{pointer}` is too deep"));
        }
        let mut steps = &mut self.root;
        let last = keys.len() - 1;
        for (depth, key) in keys.into_iter().enumerate() {
            let at = steps.iter().position(|step| step.key == key).unwrap_or_else(|| {
                steps.push(Step { key, part: None, below: Vec::new() });
                steps.len() - 1
            });
            if depth == last {
                let free = steps[at].part.is_none();
                steps[at].part.get_or_insert(part);
                return Ok(free);
            }
            steps = &mut steps[at].below;
        }
        Ok(false)
    }

    /// Reads one JSON document.
    pub(super) fn read(&self, origin: &Origin<'_>, message: &Message<'_>, reader: &mut Reader, batch: &mut Batch) {
        let (readings, refusals) = (batch.readings.len(), batch.refusals.len());
        let text = match std::str::from_utf8(message.body) {
            Ok(text) => text,
            Err(error) => {
                let why = format!("byte {} is no UTF-8", error.valid_up_to() + 1);
                return reader.refuse((Reason::Broken, why), message.body, message, batch);
            }
        };
        let mut pass = Pass { map: self, text, origin, message, reader: &mut *reader, batch: &mut *batch, taken: 0 };
        let wrong = match pass.document() {
            Ok(()) => return,
            Err(Broken::Json(fault)) => (Reason::Broken, format!("no JSON at byte {}: {}", fault.at + 1, fault.why)),
            Err(Broken::TooMany) => (Reason::TooLong, format!("more than {MOST_READINGS} readings in one message")),
        };
        batch.readings.truncate(readings);
        batch.refusals.truncate(refusals);
        reader.begin_anew();
        reader.refuse(wrong, message.body, message, batch);
    }

    fn pick<'a>(json: &mut Json<'a>, steps: &[Step], token: &Token<'a>, picked: &mut Picked<'a>) -> Result<(), Fault> {
        let mut first = true;
        if *token == Token::Object {
            while let Some(key) = json.key(&mut first)? {
                match steps.iter().find(|step| step.key == key) {
                    None => json.pass()?,
                    Some(step) => step.visit(json, picked)?,
                }
            }
            return Ok(());
        }
        let mut index = 0_usize;
        while json.item(&mut first)? {
            match steps.iter().find(|step| step.key.parse() == Ok(index)) {
                None => json.pass()?,
                Some(step) => step.visit(json, picked)?,
            }
            index += 1;
        }
        Ok(())
    }
}

impl Step {
    #[inline]
    fn visit<'a>(&self, json: &mut Json<'a>, picked: &mut Picked<'a>) -> Result<(), Fault> {
        json.ahead();
        let place = json.place();
        let token = json.begin()?;
        if matches!(token, Token::Object | Token::List) {
            if self.below.is_empty() {
                json.pass_rest(&token)?
            } else {
                PayloadMap::pick(json, &self.below, &token, picked)?
            }
        }
        match self.part {
            None => {}
            Some(Part::List) => picked.list = Some(place),
            Some(Part::Values) => picked.values = Some(place),
            Some(part) => picked.scalars[part as usize] = Some(token),
        }
        Ok(())
    }
}

/// One document under way.
struct Pass<'p, 'm> {
    map: &'p PayloadMap,
    text: &'m str,
    origin: &'p Origin<'p>,
    message: &'p Message<'m>,
    reader: &'p mut Reader,
    batch: &'p mut Batch,
    taken: usize,
}

impl<'m> Pass<'_, 'm> {
    fn document(&mut self) -> Result<(), Broken> {
        let mut json = Json::new(self.text, 0);
        if json.ahead().is_none() {
            self.refuse(Reason::NoValue, "the message is empty", 0..0);
            return Ok(());
        }
        if let Some(word) = bare_word(self.text) {
            self.value(Value::Text(word));
            return Ok(());
        }
        let token = json.begin()?;
        match token {
            Token::Object => {
                let mut picked = Picked::default();
                PayloadMap::pick(&mut json, &self.map.root, &token, &mut picked)?;
                // Nothing of a message is taken before it is known to be whole.
                self.end(&mut json)?;
                self.object(&picked)?;
            }
            Token::List => {
                let end = self.list(0, &Picked::default())?;
                self.end(&mut Json::new(self.text, end))?;
            }
            scalar => {
                self.end(&mut json)?;
                self.value(Value::of(&scalar));
            }
        }
        Ok(())
    }

    fn end(&self, json: &mut Json<'_>) -> Result<(), Fault> {
        match json.ahead() {
            None => Ok(()),
            Some(_) => Err(Fault { at: json.place(), why: "something follows what was whole" }),
        }
    }

    fn refuse(&mut self, reason: Reason, detail: impl Into<String>, part: std::ops::Range<usize>) {
        let part = self.text.as_bytes().get(part).unwrap_or_default();
        self.reader.refuse((reason, detail.into()), part, self.message, self.batch);
    }

    fn count(&mut self) -> Result<(), Broken> {
        self.taken += 1;
        if self.taken > MOST_READINGS { Err(Broken::TooMany) } else { Ok(()) }
    }

    /// The message is the value.
    fn value(&mut self, value: Value<'_>) {
        let Origin { machine, sensor, target } = *self.origin;
        let (time, quality) = (Stamp::Arrival, Value::Absent);
        let draft = Draft { machine, sensor, target, value, time, quality, unit: None };
        self.reader.take(&draft, self.message.body, self.message, self.batch);
    }

    /// The message is an object: a reading, a panel, or something around a list.
    fn object(&mut self, picked: &Picked<'_>) -> Result<(), Broken> {
        match picked.list {
            Some(at) => self.list(at, picked).map(|_| ()),
            None => self.element(picked, &Picked::default(), 0..self.text.len()),
        }
    }

    /// The list that begins at this byte; what its elements do not say, `around` may. Says where it ends.
    fn list(&mut self, at: usize, around: &Picked<'_>) -> Result<usize, Broken> {
        let mut json = Json::new(self.text, at);
        let token = json.begin()?;
        if token != Token::List {
            json.pass_rest(&token)?;
            self.refuse(Reason::WrongType, "expected a list of readings", at..json.place());
            return Ok(json.place());
        }
        let mut first = true;
        while json.item(&mut first)? {
            json.ahead();
            let begin = json.place();
            let token = json.begin()?;
            if token == Token::Object {
                let mut picked = Picked::default();
                PayloadMap::pick(&mut json, &self.map.root, &token, &mut picked)?;
                self.element(&picked, around, begin..json.place())?;
            } else {
                json.pass_rest(&token)?;
                self.count()?;
                self.refuse(Reason::WrongType, "expected an object for each reading of a list", begin..json.place());
            }
        }
        Ok(json.place())
    }

    /// An object that is a reading or a panel.
    #[inline]
    fn element(
        &mut self,
        picked: &Picked<'_>,
        around: &Picked<'_>,
        place: std::ops::Range<usize>,
    ) -> Result<(), Broken> {
        let part = |part: Part| picked.scalars[part as usize].as_ref().or(around.scalars[part as usize].as_ref());
        let said = |named| part(named).map_or(Value::Absent, Value::of);
        let time = match part(Part::Time) {
            None if self.map.timed => Stamp::Absent,
            None => Stamp::Arrival,
            Some(Token::Null) => Stamp::Absent,
            Some(Token::Number(text)) => Stamp::Number(text),
            Some(Token::Text(text)) => Stamp::Text(text),
            Some(_) => Stamp::Wrong,
        };
        let unit = match part(Part::Unit) {
            Some(Token::Text(unit)) => Some(&**unit),
            _ => None,
        };
        // What the topic says goes: brokers guard topics, not payloads.
        let draft = Draft {
            machine: self.origin.machine.or_else(|| part(Part::Machine).and_then(name)),
            sensor: self.origin.sensor.or_else(|| part(Part::Sensor).and_then(name)),
            target: self.origin.target,
            value: picked.scalars[Part::Value as usize].as_ref().map_or(Value::Absent, Value::of),
            time,
            quality: said(Part::Quality),
            unit,
        };
        if let Some(at) = picked.values {
            return self.panel(at, &draft);
        }
        self.count()?;
        self.reader.take(&draft, &self.text.as_bytes()[place], self.message, self.batch);
        Ok(())
    }

    /// The object that begins at this byte: a value for each sensor.
    fn panel(&mut self, at: usize, draft: &Draft<'_>) -> Result<(), Broken> {
        let mut json = Json::new(self.text, at);
        let token = json.begin()?;
        if token != Token::Object {
            json.pass_rest(&token)?;
            self.refuse(Reason::WrongType, "expected an object with a value for each sensor", at..json.place());
            return Ok(());
        }
        let mut first = true;
        loop {
            let begin = json.place();
            let Some(sensor) = json.key(&mut first)? else { return Ok(()) };
            let token = json.begin()?;
            json.pass_rest(&token)?;
            self.count()?;
            let reading = Draft { sensor: Some(&sensor), target: None, value: Value::of(&token), ..*draft };
            let part = &self.text.as_bytes()[begin..json.place()];
            self.reader.take(&reading, part, self.message, self.batch);
        }
    }
}

/// A name may be written as a number.
fn name<'a>(token: &'a Token<'_>) -> Option<&'a str> {
    match token {
        Token::Text(text) => Some(text),
        Token::Number(text) => Some(text),
        _ => None,
    }
}

/// A message that is one word without quotes, such as `running` or `OFF`: no JSON, but what many small sources send.
fn bare_word(text: &str) -> Option<&str> {
    let word = text.trim();
    let is_word = word.len() <= 32 && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    (is_word && !matches!(word, "true" | "false" | "null" | "NaN" | "Infinity")).then_some(word)
}

/// The documents of a body that holds one a line, if it is such a body.
pub(super) fn lines(body: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let end = body.iter().position(|byte| *byte == b'\n')?;
    let whole = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut json = Json::new(text, 0);
        json.pass().ok().filter(|()| json.ahead().is_none())
    };
    let rest = body[end..].iter().any(|byte| !byte.is_ascii_whitespace());
    whole(&body[..end]).filter(|()| rest)?;
    Some(body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()))
}
