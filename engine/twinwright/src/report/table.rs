//! A table as HTML: on a narrow page each row becomes a card, with the head of its column before each cell.

use super::svg::escape;
use std::fmt::Write;

/// A number that does not exist; a card leaves it out.
pub(super) const NOTHING: &str = "–";

/// A column's head, and whether it holds numbers.
pub(super) type Head<'a> = (&'a str, bool);

/// A table that grows row by row.
#[derive(Debug)]
pub(super) struct Table {
    html: String,
    heads: Vec<(String, bool)>,
}

impl Table {
    pub(super) fn new(heads: &[Head]) -> Table {
        let mut html = String::from("<div class=\"wide\"><table>\n<thead><tr>");
        for (head, is_number) in heads {
            let _ = write!(html, "<th{} scope=\"col\">{}</th>", class(*is_number), escape(head));
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        Table { html, heads: heads.iter().map(|(head, is_number)| (escape(head), *is_number)).collect() }
    }

    /// A row that stands over those that follow; `inside` is HTML.
    pub(super) fn group(&mut self, inside: &str) {
        let _ = writeln!(self.html, "<tr class=\"group\"><th colspan=\"{}\">{inside}</th></tr>", self.heads.len());
    }

    /// One cell a column, each HTML.
    pub(super) fn row(&mut self, cells: &[String]) {
        self.html.push_str("<tr>");
        for ((head, is_number), cell) in self.heads.iter().zip(cells) {
            let class = match (cell.as_str(), is_number) {
                (NOTHING, _) => " class=\"n nothing\"",
                (_, is_number) => class(*is_number),
            };
            let _ = write!(self.html, "<td{class} data-head=\"{head}\">{cell}</td>");
        }
        self.html.push_str("</tr>\n");
    }

    pub(super) fn finish(mut self) -> String {
        self.html.push_str("</tbody></table></div>\n");
        self.html
    }
}

fn class(is_number: bool) -> &'static str {
    if is_number { " class=\"n\"" } else { "" }
}
