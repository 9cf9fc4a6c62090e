//! A browser that looks at pages: headless Chromium, once for many pages and widths, with a script that says what it saw.

use serde_json::Value as Json;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use twinwright_tests::Scratch;

/// What was seen of one page at one width.
#[derive(Debug)]
pub struct Seen {
    pub page: String,
    pub width: u32,
    pub plots: usize,
    /// What is wrong.
    pub findings: Vec<String>,
}

/// What the script may take; a browser that hangs is ended.
const PATIENCE: Duration = Duration::from_secs(240);

/// Runs in a copy of the page and tells the page around it what it found.
const SCRIPT: &str = include_str!("look.js");

/// Looks at every page (name and HTML) at every width.
pub fn look(pages: &[(String, String)], widths: &[u32]) -> Vec<Seen> {
    let scratch = Scratch::new();
    let mut frames = String::new();
    for (at, (_, html)) in pages.iter().enumerate() {
        let script = format!("<script>{SCRIPT}</script></body>");
        scratch.write(&format!("{at}.html"), html.replace("</body>", &script));
        for width in widths {
            frames.push_str(&format!(
                "<iframe src=\"{at}.html#{at}.{width}\" style=\"width:{width}px;height:2000px;border:0\"></iframe>\n"
            ));
        }
    }
    let hear = "addEventListener('message', e => { const p = document.createElement('pre'); p.className = 'seen'; \
                p.textContent = btoa(unescape(encodeURIComponent(e.data))); document.body.append(p); });";
    let around = format!("<!doctype html><body><script>{hear}</script>\n{frames}</body>");
    let start = scratch.write("around.html", around);
    let dom = dump(&scratch, &format!("file://{}", start.display()));
    let seen: Vec<Seen> = dom
        .split("<pre class=\"seen\">")
        .skip(1)
        .map(|piece| read(pages, piece.split('<').next().unwrap_or_default()))
        .collect();
    assert_eq!(seen.len(), pages.len() * widths.len(), "the browser looked at every page: {}", cut(&dom));
    seen
}

fn read(pages: &[(String, String)], coded: &str) -> Seen {
    let json: Json = serde_json::from_slice(&decode(coded)).expect("the script speaks JSON");
    let (page, width) = json["at"].as_str().and_then(|at| at.split_once('.')).expect("the page knows its name");
    let findings = json["findings"].as_array().into_iter().flatten();
    Seen {
        page: pages[page.parse::<usize>().expect("a number")].0.clone(),
        width: width.parse().expect("a number"),
        plots: json["plots"].as_u64().unwrap_or(0) as usize,
        findings: findings.filter_map(|finding| finding.as_str().map(str::to_owned)).collect(),
    }
}

/// The page as the browser has it once its scripts are through.
fn dump(scratch: &Scratch, address: &str) -> String {
    let (dom, errors) = (scratch.join("dom.html"), scratch.join("errors.txt"));
    let file = |path| File::create(path).expect("a file in a temporary folder can be made");
    let mut browser = Command::new("chromium")
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--disable-extensions", "--disable-background-networking", "--disable-crash-reporter"])
        .args(["--hide-scrollbars", "--window-size=1300,2000", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", scratch.join("profile").display()))
        .arg(address)
        .env("HOME", scratch.path())
        .stdin(Stdio::null())
        .stdout(file(&dom))
        .stderr(file(&errors))
        .spawn()
        .unwrap_or_else(|why| panic!("chromium does not start ({why}); tests/run installs it"));
    let begun = Instant::now();
    loop {
        if browser.try_wait().expect("a child can be waited for").is_some() {
            break;
        }
        if begun.elapsed() > PATIENCE {
            let _ = browser.kill();
            let _ = browser.wait();
            panic!("the browser did not come to an end: {}", std::fs::read_to_string(&errors).unwrap_or_default());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    std::fs::read_to_string(&dom).expect("the browser wrote its page")
}

fn cut(text: &str) -> String {
    text.chars().take(2_000).collect()
}

/// Base 64.
fn decode(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for letter in text.bytes() {
        let Some(value) = LETTERS.iter().position(|known| *known == letter) else { continue };
        bits = (bits << 6) | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}
