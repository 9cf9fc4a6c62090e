//! Files that went through a shredder: whatever stands in them, the compiler answers and points into the file.
//!
//! Two seconds of it run with every test. Long, with a seed of your own:
//!
//!     TWINWRIGHT_FUZZ_SECONDS=600 TWINWRIGHT_FUZZ_SEED=7 cargo test --release fuzz -- --nocapture
//!
//! A file that breaks a promise is kept in the temporary folder and named in the message.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use twinwright::library::SHIPPED;
use twinwright_core::plan::{Changes, compile_kind, study};
use twinwright_core::site;
use twinwright_core::{Batch, Document, Library, Plan, Twin};
use twinwright_model::{Diagnostic, Time};
use twinwright_tests::project;

/// No file of the length of ours may keep the compiler busy for longer.
const LONGEST: Duration = Duration::from_secs(20);

/// Splitmix64: small, and the same everywhere.
struct Luck(u64);

impl Luck {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// What is thrown in: parts of the language, numbers at the edge, letters from elsewhere.
const TOKENS: [&str; 60] = [
    "=",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "\"",
    "'",
    "\"\"\"",
    "#",
    "\n",
    "\r\n",
    ",",
    ".",
    "..",
    "{1..3}",
    "{1..999999999}",
    "0",
    "-1",
    "1e308",
    "1e-320",
    "-1e400",
    "9223372036854775807",
    "9223372036854775808",
    "0x7fff",
    "nan",
    "inf",
    "true",
    "1979-05-27",
    "\"1 ns\"",
    "\"-1 d\"",
    "\"200 w\"",
    "\"1e9 d\"",
    "\"0 s\"",
    "\"+3 d\"",
    "\"2026-01-01T00:00:00Z\"",
    "{ normal = [1, 2] }",
    "{ weibull = [0.01, 1] }",
    "{ choice = [] }",
    "\"load / 0\"",
    "\"load^load^load\"",
    "\"running\"",
    "(",
    ")",
    "^",
    "*",
    " for 10 min",
    "running",
    "load",
    "temp",
    "every",
    "set",
    "mode",
    "ä",
    "𝛼",
    "\u{feff}",
    "\0",
    "\u{202e}",
    "…",
];

fn mutate(text: &mut Vec<u8>, other: &[u8], luck: &mut Luck) {
    let (at, to) = (luck.below(text.len() + 1), luck.below(text.len() + 1));
    let (from, end) = (at.min(to), at.max(to).min(at.min(to) + 200));
    match luck.below(9) {
        0 if at < text.len() => text[at] ^= 1 << luck.below(8),
        1 => drop(text.drain(from..end)),
        2 => {
            let piece = text[from..end].to_vec();
            text.splice(at..at, piece);
        }
        3 => swap_lines(text, luck),
        4 => drop_line(text, luck),
        5 => {
            let start = luck.below(other.len());
            let piece = other[start..(start + luck.below(120)).min(other.len())].to_vec();
            text.splice(at..at, piece);
        }
        6 => replace_number(text, luck),
        _ => drop(text.splice(at..at, luck.one(&TOKENS).bytes())),
    }
}

fn lines_of(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}

fn swap_lines(text: &mut Vec<u8>, luck: &mut Luck) {
    let mut lines = lines_of(text);
    let (a, b) = (luck.below(lines.len()), luck.below(lines.len()));
    lines.swap(a, b);
    *text = lines.join(&b'\n');
}

fn drop_line(text: &mut Vec<u8>, luck: &mut Luck) {
    let mut lines = lines_of(text);
    lines.remove(luck.below(lines.len()));
    *text = lines.join(&b'\n');
}

/// A number of the file becomes another: what parses is judged deeper down.
fn replace_number(text: &mut Vec<u8>, luck: &mut Luck) {
    let starts: Vec<usize> = (0..text.len()).filter(|&i| text[i].is_ascii_digit()).collect();
    if starts.is_empty() {
        return;
    }
    let from = starts[luck.below(starts.len())];
    let length = text[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let other =
        luck.one(&["0", "-1", "1e300", "1e-300", "0.5", "7", "255", "65536", "4294967296", "99999999999", "1_0"]);
    text.splice(from..from + length, other.bytes());
}

/// The files that mutations start from.
struct Corpus {
    machines: Vec<String>,
    scenarios: Vec<String>,
    sites: Vec<String>,
}

fn texts(folder: &str) -> Vec<String> {
    let mut files: Vec<_> = std::fs::read_dir(project().join(folder))
        .expect("the folder is there")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let wanted = |path: &&std::path::PathBuf| path.extension().is_some_and(|ending| ending == "toml");
    files.iter().filter(wanted).map(|path| std::fs::read_to_string(path).expect("a file is text")).collect()
}

fn corpus() -> Corpus {
    Corpus {
        machines: [texts("machine-configs"), texts("tests/bad/machine")].concat(),
        scenarios: [texts("scenarios"), texts("tests/bad/scenario")].concat(),
        sites: [texts("scenarios/live"), texts("tests/bad/site")].concat(),
    }
}

/// The shipped kinds, one of which may have gone through the shredder.
struct Kinds(Option<String>);

impl Library for Kinds {
    fn find(&self, kind: &str) -> Option<Document> {
        let known = || SHIPPED.iter().find(|(name, _)| *name == kind).map(|(_, text)| (*text).to_owned());
        let text = self.0.clone().filter(|text| text.contains(&format!("\"{kind}\""))).or_else(known)?;
        Some(Document { name: "kind.toml".to_owned(), text })
    }

    fn known(&self) -> Vec<String> {
        SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
}

/// Every place lies in a file that was given, and the message can be written.
fn places_hold(found: &[Diagnostic], files: &[(&str, &str)]) -> Result<(), String> {
    for fault in found {
        let place = &fault.place;
        if fault.to_string().is_empty() || fault.message.is_empty() {
            return Err("a fault says nothing".to_owned());
        }
        let inside = files.iter().filter(|(name, _)| *name == place.file).any(|(_, text)| {
            let line = text.split('\n').nth(place.line.wrapping_sub(1));
            line.is_some_and(|line| (1..=line.chars().count() + 1).contains(&place.column)) && place.length >= 1
        });
        if !inside {
            return Err(format!("{fault} lies outside of its file"));
        }
        if place.excerpt.chars().count() > 200 || fault.message.chars().count() > 4000 {
            return Err(format!("{fault} is too long to be read"));
        }
    }
    Ok(())
}

/// A plan that was found fine also starts.
fn starts(plan: &Arc<Plan>) {
    let count = plan.machines.len() as u64 * u64::from(plan.futures);
    if count > 50 || plan.models.iter().any(|model| model.panels.iter().any(|panel| panel.per_tick > 100)) {
        return;
    }
    let mut twin = Twin::build(plan);
    for _ in 0..3 {
        twin.tick(&Batch::default());
    }
}

fn judge_machine(text: &str) -> Result<(), String> {
    let document = Document { name: "machine.toml".to_owned(), text: text.to_owned() };
    places_hold(&compile_kind(&document), &[("machine.toml", text)])
}

fn judge_scenario(text: &str, kind: Option<&str>) -> Result<(), String> {
    let document = Document { name: "scenario.toml".to_owned(), text: text.to_owned() };
    match study(&document, &Kinds(kind.map(str::to_owned)), &Changes::default()) {
        Ok(study) => {
            starts(study.base());
            Ok(())
        }
        Err(found) if found.is_empty() => Err("refused without a fault".to_owned()),
        Err(found) => {
            let mut files = vec![("scenario.toml", text)];
            files.extend(kind.map(|kind| ("kind.toml", kind)));
            files.extend(SHIPPED.iter().map(|(_, text)| ("kind.toml", *text)));
            places_hold(&found, &files)
        }
    }
}

fn judge_site(text: &str) -> Result<(), String> {
    let document = Document { name: "site.toml".to_owned(), text: text.to_owned() };
    match site::compile(&document, &Kinds(None), Time(0)) {
        Ok(site) => {
            starts(&site.plan);
            Ok(())
        }
        Err(found) if found.is_empty() => Err("refused without a fault".to_owned()),
        Err(found) => {
            let mut files = vec![("site.toml", text)];
            files.extend(SHIPPED.iter().map(|(_, text)| ("kind.toml", *text)));
            places_hold(&found, &files)
        }
    }
}

/// An expression of random words and signs, in a machine file of its own.
fn soup(luck: &mut Luck) -> String {
    const WORDS: [&str; 34] = [
        "load", "size", "bearing", "temp", "running", "laod", "1", "0", "2.5", "1e308", "1e-9", ".5", "+", "-", "*",
        "/", "^", "<", "<=", "==", "(", ")", ",", "min(", "max(", "sqrt(", "ln(", "exp(", "clamp(", "if(", " and ",
        " or ", " not ", "²",
    ];
    let expr: String = (0..1 + luck.below(40)).map(|_| luck.one(&WORDS)).collect();
    format!(
        "schema = \"machine/1\"\nkind = \"k\"\n[parameters]\nsize = {{ normal = [1, 0.1] }}\n[drivers]\nload = 0.8\n\
         heat = {{ expr = \"{expr}\" }}\n[wear.bearing]\nlaw = \"linear\"\nlife = \"9 h\"\nstress = \"{expr}\"\n\
         [sensors.temp]\nvalue = \"{expr}\"\n"
    )
}

fn shredded(text: &str, other: &str, luck: &mut Luck) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + luck.below(6) {
        mutate(&mut bytes, other.as_bytes(), luck);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One file, made and judged; what was judged comes back with it.
fn one_case(corpus: &Corpus, luck: &mut Luck) -> (String, Result<(), String>) {
    let machine = &corpus.machines[luck.below(corpus.machines.len())];
    let scenario = &corpus.scenarios[luck.below(corpus.scenarios.len())];
    let site = &corpus.sites[luck.below(corpus.sites.len())];
    let sort = luck.below(5);
    let text = match sort {
        0 => soup(luck),
        1 | 2 => shredded(machine, scenario, luck),
        3 => shredded(site, scenario, luck),
        _ => shredded(scenario, machine, luck),
    };
    let judged = catch_unwind(AssertUnwindSafe(|| match sort {
        0 | 1 => judge_machine(&text),
        2 => judge_scenario(scenario, Some(&text)),
        3 => judge_site(&text),
        _ => judge_scenario(&text, None),
    }));
    let judged = judged.unwrap_or_else(|_| Err("the compiler panicked; its message stands above".to_owned()));
    (if sort == 2 { format!("{text}\n# --- with the scenario\n{scenario}") } else { text }, judged)
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn no_file_makes_the_compiler_panic_or_point_outside_of_it() {
    let seed = from_environment("TWINWRIGHT_FUZZ_SEED", 20260101);
    let seconds = from_environment("TWINWRIGHT_FUZZ_SECONDS", 2);
    let corpus = corpus();
    let (begin, mut cases, mut slowest, mut broken) = (Instant::now(), 0u64, Duration::ZERO, BTreeSet::new());
    while begin.elapsed() < Duration::from_secs(seconds) && broken.len() < 10 {
        let case = seed.wrapping_mul(0x1_0000_0000).wrapping_add(cases);
        let start = Instant::now();
        let (text, judged) = one_case(&corpus, &mut Luck(case));
        slowest = slowest.max(start.elapsed());
        cases += 1;
        let judged = judged.and(if start.elapsed() > LONGEST { Err("this took too long".to_owned()) } else { Ok(()) });
        if let Err(why) = judged {
            let kept = std::env::temp_dir().join(format!("twinwright-fuzz-{case:x}.toml"));
            keep(&kept, &text);
            broken.insert(format!("{}: {why}", kept.display()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(cases >= 20, "only {cases} files were tried in {seconds} s");
    #[expect(clippy::print_stdout, reason = "asked for with --nocapture")]
    {
        println!("{cases} files in {seconds} s, the slowest took {slowest:?}");
    }
}

fn keep(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the temporary folder can be written");
}
