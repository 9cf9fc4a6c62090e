//! The engine killed again and again while it writes: each time it starts again by itself, and in the end every reading that
//! was acknowledged is there once and the roll-ups are those of the readings.

use super::recomputed::{holds, rolled_up};
use super::{Base, Postgres};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use twinwright_tests::Scratch;
use twinwright_tests::load::{Load, START, STEP};

/// At which moment a writer was killed, as its last line tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// It was connecting, or doing what the one before had left.
    Starting,
    /// A batch was made, and nothing of it handed to the store.
    Before,
    /// The store was writing, and had not said that it was done.
    Inside,
    /// The store had said so.
    After,
}

const MOMENTS: [Moment; 4] = [Moment::Starting, Moment::Before, Moment::Inside, Moment::After];

/// A line of the writer: what, and the ticks that it is about.
#[derive(Debug, Clone, Copy)]
struct Line {
    moment: Moment,
    first: i64,
    end: i64,
}

/// A writer at work.
struct Writer {
    child: Child,
    lines: BufReader<ChildStdout>,
    last: Option<Line>,
}

impl Writer {
    fn start(base: &Base, load: Load, tick: i64, seed: u64) -> Writer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_store_writer"));
        command.args([base.url(), load.machines.to_string(), tick.to_string(), seed.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the writer starts");
        let lines = BufReader::new(child.stdout.take().expect("it was piped"));
        Writer { child, lines, last: None }
    }

    /// Its next line; None when it has ended, or has said goodbye.
    fn next(&mut self) -> Option<Line> {
        let mut text = String::new();
        self.lines.read_line(&mut text).expect("lines are text");
        let mut words = text.split_whitespace();
        let moment = match words.next()? {
            "ready" => Moment::Before,
            "begin" => Moment::Inside,
            "acked" => Moment::After,
            _ => return None,
        };
        let mut number = || words.next().and_then(|word| word.parse().ok()).expect("a whole line");
        self.last = Some(Line { moment, first: number(), end: number() });
        self.last
    }

    /// Kills it. A writer that had ended by itself failed, which ends the test with what it said.
    fn kill(mut self) -> Option<Line> {
        self.child.kill().expect("it is a child");
        // What it had said before.
        while self.next().is_some() {}
        let output = self.child.wait_with_output().expect("it ends");
        assert_eq!(output.status.signal(), Some(9), "it ended by itself: {}", String::from_utf8_lossy(&output.stderr));
        self.last
    }

    /// Lets it say goodbye.
    fn end(mut self) -> Option<Line> {
        drop(self.child.stdin.take());
        while self.next().is_some() {}
        let output = self.child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.last
    }
}

/// One store under fire, and what came of it.
struct Fire {
    base: Base,
    load: Load,
    /// Every tick before it is acknowledged.
    acked: i64,
    /// Every tick before it is there: a batch that was kept without a word reaches beyond what is acknowledged.
    reach: i64,
    dice: u64,
    counts: [usize; 4],
    /// Of those inside: how often the batch turned out to be there, whole.
    kept: usize,
    /// How long a start and a write take here: where to aim.
    start: Duration,
    write: Duration,
    /// How long writers wrote in all.
    at_work: Duration,
}

impl Fire {
    fn below(&mut self, most: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % most.max(1)
    }

    /// Starts a writer where the last one was, lets it do some batches and kills it at about the moment that is wanted.
    fn shoot(&mut self, wanted: Moment) {
        let begun = Instant::now();
        let seed = self.below(1 << 31);
        let mut writer = Writer::start(&self.base, self.load, self.acked, seed);
        let aim = if wanted == Moment::Starting {
            self.start
        } else {
            self.pass(&mut writer, wanted, begun);
            if wanted == Moment::Inside { self.write } else { Duration::from_micros(500) }
        };
        let pause = aim.as_micros() as u64 * self.below(120) / 100;
        std::thread::sleep(Duration::from_micros(pause));
        let last = writer.kill();
        let moment = last.map_or(Moment::Starting, |line| line.moment);
        self.counts[MOMENTS.iter().position(|one| *one == moment).expect("all are listed")] += 1;
        let Some(line) = last else { return };
        self.acked = if moment == Moment::After { line.end } else { line.first };
        self.look_at(line);
    }

    /// Some batches, and up to the line after which it is to be killed.
    fn pass(&mut self, writer: &mut Writer, wanted: Moment, begun: Instant) {
        let mut left = 1 + self.below(4);
        let mut since = Instant::now();
        let mut ready = Instant::now();
        while let Some(line) = writer.next() {
            match line.moment {
                Moment::Before if line.first == self.acked => {
                    self.start = begun.elapsed();
                    ready = Instant::now();
                }
                Moment::Inside => since = Instant::now(),
                Moment::After => self.write = (self.write * 3 + since.elapsed()) / 4,
                _ => (),
            }
            left -= u64::from(line.moment == wanted);
            if left == 0 {
                break;
            }
        }
        self.at_work += ready.elapsed();
    }

    /// What is there of the batch at which it was killed: nothing or all of it, but for what was there before. Not always, so that the next one to open the
    /// store after a crash is mostly the writer.
    fn look_at(&mut self, line: Line) {
        if self.below(2) == 0 && line.moment != Moment::Inside {
            return;
        }
        let time = |tick: i64| match self.base {
            Base::Postgres(_) => {
                format!("timestamptz '1970-01-01T00:00:00Z' + interval '1 microsecond' * {}", START + tick * STEP)
            }
            Base::Sqlite(_) => (START + tick * STEP).to_string(),
        };
        let (since, until) = (time(line.first), time(line.end));
        let ask = format!(
            "SELECT coalesce(sum((SELECT count(*) FROM sensor_readings r WHERE r.sensor_id = s.id AND r.time >= {since} \
              AND r.time < {until})), 0) \
             FROM sensors s"
        );
        let found: i64 = self.base.ask(&ask).parse().expect("a number");
        let whole = (line.end - line.first) * self.load.sensors();
        let before = (self.reach.min(line.end) - line.first).max(0) * self.load.sensors();
        let may_be: &[i64] = match line.moment {
            Moment::After => &[whole],
            Moment::Inside => &[before, whole],
            Moment::Before | Moment::Starting => &[before],
        };
        assert!(may_be.contains(&found), "{found} readings of a batch of {whole}, {before} of before: {line:?}");
        if line.moment == Moment::Inside && found == whole {
            self.kept += usize::from(found > before);
            self.reach = self.reach.max(line.end);
        }
    }
}

/// Kills and their least at each moment, for each database.
fn kills() -> (usize, usize) {
    if std::env::var_os("TWINWRIGHT_FULL").is_some() { (50, 10) } else { (20, 5) }
}

fn fire_at(base: Base, load: Load, seed: u64) -> Fire {
    let (most, least) = kills();
    let pause = Duration::from_millis(30);
    let mut fire = Fire {
        base,
        load,
        acked: 0,
        reach: 0,
        dice: seed,
        counts: [0; 4],
        kept: 0,
        start: pause,
        write: pause,
        at_work: Duration::ZERO,
    };
    let mut shots = 0;
    while shots < most || fire.counts[1..].iter().any(|count| *count < least) && shots < most * 3 {
        // Whatever there are fewest of, now and then a start.
        let fewest = (1..4).min_by_key(|at| fire.counts[*at]).expect("three of them");
        fire.shoot(MOMENTS[if shots % 5 == 0 { 0 } else { fewest }]);
        shots += 1;
    }
    let mut writer = Writer::start(&fire.base, load, fire.acked, seed);
    while writer.next().is_some_and(|line| line.moment != Moment::After) {}
    fire.acked = writer.end().expect("it wrote").end;
    fire
}

#[test]
fn an_engine_that_is_killed_while_it_writes_starts_by_itself_and_has_lost_nothing() {
    let scratch = Scratch::new();
    // With the disk waited for, as in a plant.
    let server = Postgres::with(scratch.path(), &[]);
    let bases = [Base::Sqlite(scratch.join("plant.db")), Base::Postgres(Box::new(server))];
    let load = Load { machines: 20 };
    let fires = std::thread::scope(|scope| {
        let shooting = bases.map(|base| scope.spawn(move || fire_at(base, load, 7)));
        shooting.map(|one| one.join().expect("every check held"))
    });
    for fire in &fires {
        holds(&fire.base, load, fire.acked);
        rolled_up(&fire.base);
        // Nothing is left to be done after a goodbye.
        assert_eq!(fire.base.ask("SELECT count(*) FROM rollups_due"), "0");
        assert_eq!(fire.base.ask("SELECT count(*) > 0 FROM sensor_readings_1m").replace('t', "1"), "1");
        say(fire);
    }
    // With fewer the test would have shown nothing.
    for (at, moment) in MOMENTS.iter().enumerate().skip(1) {
        let hit: usize = fires.iter().map(|fire| fire.counts[at]).sum();
        assert!(hit >= 2 * kills().1, "void: only {hit} kills at the moment {moment:?}");
    }
}

/// For whoever looks (`--nocapture`).
fn say(fire: &Fire) {
    let [starting, before, inside, after] = fire.counts;
    let _ = std::io::Write::write_fmt(
        &mut std::io::stderr(),
        format_args!(
            "{}: killed {starting} times while starting, {before} before a write, {inside} inside ({} of them kept), {after} \
             after; {} readings, {:.0} in a second of writing\n",
            fire.base.url().split(':').next().unwrap_or_default(),
            fire.kept,
            fire.acked * fire.load.sensors(),
            (fire.acked * fire.load.sensors()) as f64 / fire.at_work.as_secs_f64()
        ),
    );
}
