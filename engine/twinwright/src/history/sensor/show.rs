//! The rows of a sensor on their way to the reader, as they come: a page with a chart, CSV or JSON.

use super::super::arguments::Form;
use super::super::chart::Chart;
use super::super::sheet::{Entry, Sheet, tame};
use super::super::when::shown;
use super::super::written;
use super::Grain;
use super::pick::{Reach, STEP};
use super::read::Found;
use crate::Trouble;
use crate::report::scale::plain;
use crate::run::progress::grouped;
use std::collections::VecDeque;
use std::io::Write;
use twinwright_io::store::queries::Stretch;
use twinwright_io::store::queries::machines::SensorRow;
use twinwright_io::store::queries::rollups::{Bucket, Every};
use twinwright_model::Time;

const READINGS: [&str; 3] = ["time", "value", "quality"];
const BUCKETS: [&str; 7] = ["time", "mean", "min", "max", "stddev", "p95", "count"];
/// Rows of a page that was not asked for a number of rows.
const A_PAGE: usize = 20;

/// What is shown.
pub struct Topic<'a> {
    pub sensor: &'a SensorRow,
    pub stretch: Stretch,
    pub grain: Grain,
    pub reach: &'a Reach,
    /// Whether a number of rows is asked for.
    pub last: bool,
}

pub struct Show<'a> {
    topic: Topic<'a>,
    form: Form,
    out: &'a mut dyn Write,
    reader: bool,
    rows: u64,
    archived: u64,
    sums: Sums,
    chart: Vec<(Time, f64)>,
    columns: Option<Chart>,
    tail: VecDeque<Vec<Entry>>,
}

#[derive(Debug, Default)]
struct Sums {
    count: f64,
    sum: f64,
    low: Option<f64>,
    high: Option<f64>,
}

impl Sums {
    fn add(&mut self, count: f64, mean: f64, low: f64, high: f64) {
        self.count += count;
        self.sum += count * mean;
        self.low = Some(self.low.map_or(low, |known| known.min(low)));
        self.high = Some(self.high.map_or(high, |known| known.max(high)));
    }
}

impl<'a> Show<'a> {
    pub fn begin(topic: Topic<'a>, form: Form, out: &'a mut dyn Write) -> Result<Show<'a>, Trouble> {
        // The rows of `--last` are few, and where they begin is known only afterwards.
        let columns = (!topic.last).then(|| Chart::new(topic.stretch));
        let (chart, tail, sums) = (Vec::new(), VecDeque::new(), Sums::default());
        let mut show = Show { topic, form, out, reader: true, rows: 0, archived: 0, sums, chart, columns, tail };
        match form {
            Form::Text => {}
            Form::Csv => show.write(&format!("{}\n", show.heads().join(",")))?,
            Form::Json => {
                let head = show.head_of_object();
                show.write(&head)?;
            }
        }
        Ok(show)
    }

    /// Whether whoever read has gone away.
    pub fn nobody_reads(&self) -> bool {
        !self.reader
    }

    pub fn readings(&mut self, found: &[Found]) -> Result<(), Trouble> {
        let mut piece = String::new();
        for Found { reading, archived } in found {
            self.archived += u64::from(*archived);
            if let Some(value) = super::counts(reading) {
                self.sums.add(1.0, value, value, value);
                self.plot(reading.time, value);
            }
            let row =
                vec![Entry::When(reading.time), Entry::number(reading.value), Entry::words(reading.quality.word())];
            self.row(row, &mut piece);
        }
        self.write(&piece)
    }

    pub fn buckets(&mut self, buckets: &[Bucket]) -> Result<(), Trouble> {
        let mut piece = String::new();
        for bucket in buckets {
            self.sums.add(bucket.count as f64, bucket.mean, bucket.min, bucket.max);
            self.plot(bucket.time, bucket.mean);
            let numbers = [Some(bucket.mean), Some(bucket.min), Some(bucket.max), bucket.stddev, Some(bucket.p95)];
            let mut row = vec![Entry::When(bucket.time)];
            row.extend(numbers.map(Entry::number));
            row.push(Entry::Whole(bucket.count));
            self.row(row, &mut piece);
        }
        self.write(&piece)
    }

    pub fn finish(mut self) -> Result<(), Trouble> {
        let rest = match self.form {
            Form::Csv => String::new(),
            Form::Json => format!("\n],\n\"count\": {},\n\"from_archives\": {}\n}}\n", self.rows, self.archived),
            Form::Text if self.rows == 0 => self.nothing(),
            Form::Text => self.page(),
        };
        self.write(&rest)?;
        if self.reader {
            written(self.out.flush())?;
        }
        Ok(())
    }

    fn plot(&mut self, time: Time, value: f64) {
        match &mut self.columns {
            Some(columns) => columns.add(time, value),
            None if self.form == Form::Text => self.chart.push((time, value)),
            None => {}
        }
    }

    fn row(&mut self, row: Vec<Entry>, piece: &mut String) {
        self.rows += 1;
        match self.form {
            Form::Csv => {
                let fields: Vec<String> = row.iter().map(Entry::field).collect();
                piece.push_str(&fields.join(","));
                piece.push('\n');
            }
            Form::Json => {
                let pairs = self.heads().iter().zip(&row);
                let pairs: Vec<String> = pairs.map(|(head, entry)| format!("\"{head}\": {}", entry.json())).collect();
                piece.push_str(if self.rows > 1 { ",\n" } else { "\n" });
                piece.push_str(&format!("{{{}}}", pairs.join(", ")));
            }
            Form::Text => {
                self.tail.push_back(row);
                if !self.topic.last && self.tail.len() > A_PAGE {
                    self.tail.pop_front();
                }
            }
        }
    }

    fn heads(&self) -> &'static [&'static str] {
        if self.topic.grain == Grain::Raw { &READINGS } else { &BUCKETS }
    }

    fn write(&mut self, text: &str) -> Result<(), Trouble> {
        if self.reader && !text.is_empty() {
            self.reader = written(self.out.write_all(text.as_bytes()))?;
        }
        Ok(())
    }

    fn head_of_object(&self) -> String {
        let (sensor, stretch) = (self.topic.sensor, self.topic.stretch);
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let end = |time: Time| if is_open(time) { "null".to_owned() } else { quoted(&time.to_string()) };
        format!(
            "{{\n\"machine\": {},\n\"sensor\": {},\n\"unit\": {},\n\"every\": {},\n\"from\": {},\n\"to\": {},\n\"rows\": [",
            quoted(&sensor.machine),
            quoted(&sensor.name),
            quoted(&sensor.unit),
            quoted(self.every().0),
            end(stretch.from),
            end(stretch.to)
        )
    }

    /// As options have it, and as people say it.
    fn every(&self) -> (&'static str, &'static str) {
        match self.topic.grain {
            Grain::Raw => ("raw", "reading"),
            Grain::Rolled(Every::Minute) => ("1m", "minute"),
            Grain::Rolled(Every::Hour) => ("1h", "hour"),
        }
    }

    fn name(&self) -> String {
        tame(&format!("{}.{}", self.topic.sensor.machine, self.topic.sensor.name))
    }

    fn page(&self) -> String {
        let unit = &self.topic.sensor.unit;
        let unit = if unit.is_empty() { String::new() } else { format!(" in {}", tame(unit)) };
        let mut page = format!("{}{unit}, {}\n", self.name(), self.counted());
        if let (Some(low), Some(high)) = (self.sums.low, self.sums.high) {
            let mean = self.sums.sum / self.sums.count;
            page.push_str(&format!("lowest {}, mean {}, highest {}\n", plain(low), plain(mean), plain(high)));
        }
        let line = self.columns.clone().unwrap_or_else(|| self.own_columns()).line();
        if !line.is_empty() {
            page.push_str(&format!("\n{}\n", line.trim_end()));
        }
        let mut sheet = Sheet::new(self.heads());
        self.tail.iter().cloned().for_each(|row| sheet.row(row));
        page.push_str(&format!("\n{}", sheet.text()));
        if self.tail.len() < self.rows as usize {
            page.push_str(&format!(
                "these are the last {A_PAGE} of {}; --format csv and json write all\n",
                grouped(self.rows as f64)
            ));
        }
        if self.archived > 0 {
            page.push_str(&format!("{} of the readings come from archives\n", grouped(self.archived as f64)));
        }
        page
    }

    /// A chart of as many columns over the rows that there are.
    fn own_columns(&self) -> Chart {
        let (first, last) = (self.chart.first(), self.chart.last());
        let stretch = match (first, last) {
            (Some((from, _)), Some((to, _))) => Stretch { from: *from, to: Time(to.0.saturating_add(1)) },
            _ => self.topic.stretch,
        };
        let mut columns = Chart::new(stretch);
        self.chart.iter().for_each(|(time, value)| columns.add(*time, *value));
        columns
    }

    fn counted(&self) -> String {
        let (rows, stretch) = (grouped(self.rows as f64), self.topic.stretch);
        let several = if self.rows == 1 { "" } else { "s" };
        let what = match self.topic.grain {
            Grain::Raw => format!("{rows} reading{several}"),
            Grain::Rolled(_) => {
                format!("{rows} {}{several} of {} readings", self.every().1, grouped(self.sums.count))
            }
        };
        if self.topic.last {
            return what;
        }
        format!("{what} from {} to {}", shown(stretch.from), ended(stretch.to))
    }

    /// What to do where there is nothing.
    fn nothing(&self) -> String {
        let (name, reach) = (self.name(), self.topic.reach);
        let Some(all) = reach.all() else {
            return format!(
                "{name}: the store has no readings of this sensor; `twinwright run SCENARIO --store URL --readings` and \
                 `twinwright generate ... --to URL` write them\n"
            );
        };
        let said =
            |word: &str, time: Time| if is_open(time) { String::new() } else { format!(" {word} {}", shown(time)) };
        let said = said("from", self.topic.stretch.from) + &said("to", self.topic.stretch.to);
        let all = format!("there is something from {} to {}", shown(all.from), ended(all.to));
        match (self.topic.grain, reach.readings.or(reach.archives)) {
            (Grain::Raw, None) => {
                format!("{name}: its readings are gone; minutes and hours are left: --every 1m or 1h; {all}\n")
            }
            _ => format!("{name}: nothing{said} by the {}; {all}\n", self.every().1),
        }
    }
}

/// Whether a stretch goes on for ever on that side.
fn is_open(time: Time) -> bool {
    time == Stretch::ALL.from || time == Stretch::ALL.to
}

/// The end of a stretch for people: one that goes until right after the last reading ends with it.
fn ended(to: Time) -> String {
    const MILLISECOND: i64 = 1_000_000;
    let last = Time(to.0.saturating_sub(STEP.0));
    shown(if last.0 % MILLISECOND == 0 { last } else { to })
}
