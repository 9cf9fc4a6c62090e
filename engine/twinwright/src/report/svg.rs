//! A drawing: the few shapes that our pictures need, as SVG text. Colours come from classes, never from here.

use super::lettering;
use std::fmt::Write;

/// Width of a drawing on a page as narrow as a telephone.
pub const NARROW: f64 = 358.0;

/// A drawing that grows shape by shape.
#[derive(Debug, Clone)]
pub struct Svg {
    body: String,
    pub width: f64,
    pub height: f64,
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub fn new(width: f64, height: f64) -> Svg {
        Svg { body: String::new(), width, height }
    }

    pub fn rect(&mut self, [x, y, width, height]: [f64; 4], class: &str, hint: &str) {
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            short(x),
            short(y),
            short(width),
            short(height)
        );
        self.close("rect", hint);
    }

    pub fn line(&mut self, [x1, y1, x2, y2]: [f64; 4], class: &str) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(short);
        let _ = writeln!(self.body, "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
    }

    /// Points joined by straight lines; `closed` makes an area of them.
    pub fn path(&mut self, points: &[(f64, f64)], class: &str, closed: bool) {
        if points.is_empty() {
            return;
        }
        let mut way = String::new();
        for (place, &(x, y)) in points.iter().enumerate() {
            let _ = write!(way, "{}{} {}", if place == 0 { "M" } else { "L" }, short(x), short(y));
        }
        let end = if closed { "Z" } else { "" };
        let _ = writeln!(self.body, "<path class=\"{class}\" d=\"{way}{end}\"/>");
    }

    pub fn text(&mut self, (x, y): (f64, f64), class: &str, anchor: Anchor, text: &str) {
        self.hinted((x, y), class, anchor, text, text);
    }

    /// A text cut to what there is room for; the whole of it is its hint.
    pub fn fitted(&mut self, place: (f64, f64), class: &str, anchor: Anchor, text: &str, room: f64) {
        self.hinted(place, class, anchor, &lettering::fit(class, text, room), text);
    }

    /// A text that stands for a longer one.
    pub fn hinted(&mut self, (x, y): (f64, f64), class: &str, anchor: Anchor, text: &str, whole: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let hint = if text == whole {
            String::new()
        } else {
            format!("<title>{}</title>", escape(&lettering::cut(whole, 400)))
        };
        let _ = writeln!(
            self.body,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}{hint}</text>",
            short(x),
            short(y),
            escape(text)
        );
    }

    pub fn dot(&mut self, (x, y): (f64, f64), radius: f64, class: &str, hint: &str) {
        let _ = write!(
            self.body,
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"",
            short(x),
            short(y),
            short(radius)
        );
        self.close("circle", hint);
    }

    /// Another drawing, moved to a place.
    pub fn place(&mut self, (x, y): (f64, f64), other: &Svg) {
        let _ = writeln!(self.body, "<g transform=\"translate({} {})\">\n{}</g>", short(x), short(y), other.body);
    }

    fn close(&mut self, name: &str, hint: &str) {
        let end = match hint {
            "" => "/>".to_owned(),
            hint => format!("><title>{}</title></{name}>", escape(&lettering::cut(hint, 400))),
        };
        let _ = writeln!(self.body, "{end}");
    }

    /// As part of a page, which brings the style.
    pub fn inline(&self, label: &str) -> String {
        self.wrap(" class=\"plot\"", label, "")
    }

    /// Twice, for a wide page and for a narrow one; the style shows one of them.
    pub fn both(label: &str, width: f64, mut draw: impl FnMut(f64) -> Svg) -> String {
        let broad = draw(width).wrap(" class=\"plot broad\"", label, "");
        broad + &draw(NARROW).wrap(" class=\"plot narrow\"", label, "")
    }

    /// As a file of its own.
    pub fn alone(&self, label: &str, style: &str) -> String {
        self.wrap(" xmlns=\"http://www.w3.org/2000/svg\"", label, &format!("<style>{style}</style>\n"))
    }

    fn wrap(&self, space: &str, label: &str, head: &str) -> String {
        let (width, height) = (short(self.width), short(self.height));
        format!(
            "<svg{space} viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n{head}{}</svg>\n",
            escape(&lettering::cut(label, 200)),
            self.body
        )
    }
}

/// A coordinate with at most one decimal.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text as it may stand in HTML and SVG, in an attribute too.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() && c != '\n' => safe.push(' '),
            // What turns the text around it may not leave its name.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_files_cannot_break_out_of_the_page() {
        assert_eq!(escape("<script>\"&\u{1}"), "&lt;script&gt;&quot;&amp; ");
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!([short(1.0), short(-0.01), short(2.349)], ["1", "0", "2.3"]);
    }
}
