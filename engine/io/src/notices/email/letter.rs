//! What a mail says: the worst first in the subject, then a table, as text and as simple HTML.
//!
//! All that was written elsewhere goes through [`tone::line`] and, in HTML, has its marks escaped; a page holds no script, no
//! picture and no link.

use crate::notices::{Notice, tone};
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use twinwright_model::Time;

const SUBJECT: usize = 150;
const LONGEST: usize = 300;
/// A report's text at most.
const REPORT: usize = 200_000;

/// A mail before it has sender and receivers.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: Option<String>,
    /// Made of what it tells: sent twice it is the same.
    id: String,
}

impl Letter {
    pub(super) fn mail(&self, from: &Mailbox, to: &[Mailbox]) -> Result<Message, String> {
        let mut mail = Message::builder().from(from.clone()).subject(&self.subject).message_id(Some(self.id.clone()));
        for to in to {
            mail = mail.to(to.clone());
        }
        let made = match &self.html {
            Some(html) => mail.multipart(MultiPart::alternative_plain_html(self.text.clone(), html.clone())),
            None => mail.header(ContentType::TEXT_PLAIN).body(self.text.clone()),
        };
        made.map_err(|e| format!("no mail can be made of it: {e}"))
    }
}

fn id_of(notices: &[&Notice]) -> String {
    let mut digest = Sha256::new();
    for notice in notices {
        digest.update(notice.uid.as_bytes());
        digest.update(b"\n");
    }
    let mut id = "<".to_owned();
    for byte in &digest.finalize()[..16] {
        let _ = write!(id, "{byte:02x}");
    }
    id.push_str("@twinwright.invalid>");
    id
}

type Cell = fn(&Notice) -> String;

/// The columns of the table: a title, and what stands there.
const COLUMNS: [(&str, Cell); 7] = [
    ("time", |notice| time(notice.payload.get("time"))),
    ("severity", |notice| text(notice, "severity")),
    ("machine", |notice| text(notice, "machine")),
    ("alert", |notice| text(notice, "rule")),
    ("step", step),
    ("message", |notice| text(notice, "message")),
    ("id", |notice| text(notice, "uid")),
];

fn text(notice: &Notice, key: &str) -> String {
    tone::line(notice.text(key).unwrap_or_default(), LONGEST)
}

/// What happened, by whom if by somebody, and what that person said.
fn step(notice: &Notice) -> String {
    let (step, by, comment) = (text(notice, "step"), text(notice, "by"), text(notice, "comment"));
    let mut said = step.replace('_', " ");
    if !by.is_empty() && by != "engine" {
        let _ = write!(said, " by {by}");
    }
    if !comment.is_empty() {
        let _ = write!(said, ": {comment}");
    }
    said
}

/// A time as text, also where it is a number of microseconds.
fn time(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => tone::line(text, LONGEST),
        Some(Value::Number(micros)) => {
            micros.as_i64().map_or(String::new(), |micros| Time(micros.saturating_mul(1_000)).to_string())
        }
        _ => String::new(),
    }
}

/// One mail for these changes, as they came.
pub(super) fn of_alerts(site: &str, notices: &[&Notice]) -> Letter {
    let site = tone::line(site, 60);
    let rows: Vec<[String; 7]> = notices.iter().map(|notice| COLUMNS.map(|(_, cell)| cell(notice))).collect();
    let open = notices.iter().filter(|notice| !notice.is_over());
    // Of two that are equally bad the first says how it began.
    let worst = open.rev().max_by_key(|notice| notice.severity()).or(notices.last());
    let subject = worst.map_or(String::new(), |worst| {
        let more = match notices.len() - 1 {
            0 => String::new(),
            1 => " (and 1 more change)".to_owned(),
            more => format!(" (and {more} more changes)"),
        };
        let word = if worst.is_over() { "RESOLVED".to_owned() } else { text(worst, "severity").to_uppercase() };
        let head =
            format!("[{site}] {word}: {} {}: {}", text(worst, "machine"), text(worst, "rule"), text(worst, "message"));
        format!("{}{more}", tone::line(&head, SUBJECT))
    });
    let mut letter = Letter { subject, text: String::new(), html: None, id: id_of(notices) };
    let counted = if rows.len() == 1 { "1 change".to_owned() } else { format!("{} changes", rows.len()) };
    let _ = writeln!(letter.text, "{counted} at {site}\n");
    for row in &rows {
        let [time, severity, machine, rule, step, message, id] = row;
        let _ = writeln!(
            letter.text,
            "{time}  {}  {machine}  {rule}: {step}\n    {message}\n    {id}",
            severity.to_uppercase()
        );
    }
    letter.html = Some(page(&format!("{counted} at {site}"), &rows));
    letter
}

fn page(title: &str, rows: &[[String; 7]]) -> String {
    let mut page =
        format!("<!DOCTYPE html><html><body><p>{}</p><table border=\"1\" cellpadding=\"4\"><tr>", escaped(title));
    for (title, _) in COLUMNS {
        let _ = write!(page, "<th>{title}</th>");
    }
    page.push_str("</tr>");
    for row in rows {
        page.push_str("<tr>");
        for cell in row {
            let _ = write!(page, "<td>{}</td>", escaped(cell));
        }
        page.push_str("</tr>\r\n");
    }
    page.push_str("</table></body></html>");
    page
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A report as it was made; its HTML is our own.
pub(super) fn of_report(site: &str, notice: &Notice) -> Letter {
    let subject = match text(notice, "subject") {
        subject if subject.is_empty() => format!("[{}] {} report", tone::line(site, 60), text(notice, "report")),
        subject => tone::line(&subject, SUBJECT),
    };
    let washed = |text: &str| text.chars().filter(|c| !c.is_control() || *c == '\n').take(REPORT).collect::<String>();
    let body = notice.text("text").map_or(String::new(), washed);
    let html = notice.text("html").map(str::to_owned);
    Letter { subject, text: body, html, id: id_of(&[notice]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn notice(uid: &str, payload: Value) -> Notice {
        Notice { id: 1, uid: uid.to_owned(), payload, created: Time(0), next: Time(0), attempts: 0 }
    }

    fn alert(uid: &str, severity: &str, status: &str, message: &str) -> Notice {
        let payload = json!({
            "uid": uid, "time": "2026-01-01T00:00:00.000Z", "severity": severity, "status": status, "machine": "P-101",
            "rule": "hot", "step": "raised", "by": "engine", "message": message,
        });
        notice(uid, payload)
    }

    #[test]
    fn the_subject_is_of_the_worst_that_is_not_over() {
        let all = [
            alert("r/1", "low", "active", "warm"),
            alert("r/2", "critical", "resolved", "was burning"),
            alert("r/3", "high", "active", "hot"),
            alert("r/4", "high", "active", "hotter"),
        ];
        let letter = of_alerts("line-1", &all.iter().collect::<Vec<_>>());
        assert_eq!(letter.subject, "[line-1] HIGH: P-101 hot: hot (and 3 more changes)");
        assert!(letter.text.starts_with("4 changes at line-1\n"), "{}", letter.text);
        let over = of_alerts("line-1", &[&all[1]]);
        assert_eq!(over.subject, "[line-1] RESOLVED: P-101 hot: was burning");
    }

    #[test]
    fn the_same_mail_has_the_same_id_and_another_has_another() {
        let (a, b) = (alert("r/1", "low", "active", "x"), alert("r/2", "low", "active", "x"));
        assert_eq!(of_alerts("s", &[&a]).id, of_alerts("s", &[&a]).id);
        assert_ne!(of_alerts("s", &[&a]).id, of_alerts("s", &[&b]).id);
    }

    #[test]
    fn nothing_breaks_out_of_a_header_or_the_page() {
        let from: Mailbox = "Twin <twin@example.com>".parse().unwrap();
        for bad in [
            "x\r\nBcc: all@example.com",
            "x\nBcc: all@example.com\n\nnew body",
            "\0\u{1b}[2J\u{202e}",
            "<script>alert(1)</script>",
            "=?utf-8?q?=0D=0ABcc:_all@example.com?=",
            &"long ".repeat(2_000),
            "Überdruck\u{2028}Bcc: x@example.com",
            "\r\n.\r\nQUIT",
        ] {
            let mut one = alert(bad, "high", "active", bad);
            for key in ["machine", "rule", "by", "comment"] {
                one.payload[key] = bad.into();
            }
            let report = notice(bad, json!({ "report": bad, "subject": bad, "text": bad }));
            for letter in [of_alerts(bad, &[&one]), of_report(bad, &report)] {
                let mail = letter.mail(&from, std::slice::from_ref(&from)).unwrap();
                let raw = String::from_utf8(mail.formatted()).unwrap();
                let (head, _) = raw.split_once("\r\n\r\n").unwrap();
                let names: Vec<&str> = head
                    .split("\r\n")
                    .filter(|line| !line.starts_with([' ', '\t']))
                    .filter_map(|line| line.split(':').next())
                    .collect();
                for name in &names {
                    let known = [
                        "From",
                        "To",
                        "Subject",
                        "Message-ID",
                        "Date",
                        "MIME-Version",
                        "Content-Type",
                        "Content-Transfer-Encoding",
                    ];
                    assert!(known.contains(name), "{name:?} in {head}");
                }
                assert_eq!(names.iter().filter(|name| **name == "Subject").count(), 1);
                assert!(!head.contains(['\0', '\u{1b}']) && head.len() < 4_000, "{head}");
                assert!(letter.html.is_none_or(|html| !html.contains("<script>")));
            }
        }
    }
}
