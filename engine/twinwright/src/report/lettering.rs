//! Lettering: how wide a text will be, and how it is cut where there is no room, without asking any font.
//!
//! Widths are those of DejaVu Sans, which is wider than the fonts that most systems show: what fits by it fits.

use super::svg::escape;

/// Letters of a name that a page shows; the rest is in its hint.
const MOST_SHOWN: usize = 48;
/// Letters of a name that a hint shows.
const MOST_HINTED: usize = 400;

/// Width in pixels of a text in one of the drawings' classes.
pub(crate) fn wide(class: &str, text: &str) -> f64 {
    let size = match class {
        "part" => 10.5,
        "label" => 12.0,
        "name" => 12.0 * 1.13,
        "head" => 14.0 * 1.13,
        _ => 11.0,
    };
    size * text.chars().map(letter).sum::<f64>()
}

/// Parts of the font's size.
fn letter(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | 'I' | 'J' | '\'' => 0.3,
        ' ' | '\u{a0}' | '.' | ',' | ':' | ';' | '/' | '|' | '!' => 0.34,
        'f' | 't' | 'r' | '(' | ')' | '-' | '[' | ']' | '*' => 0.42,
        'm' | 'W' | '%' | '@' | '…' => 1.0,
        'w' | 'M' | '=' | '+' | '<' | '>' | '~' | '#' | 'O' | 'Q' => 0.87,
        'a'..='z' | '0'..='9' => 0.64,
        ' '..='~' => 0.76,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0.0,
        '\u{80}'..='\u{10ff}' | '\u{2000}'..='\u{206f}' => 0.8,
        _ => 1.25,
    }
}

/// The text, or as much of its start as there is room for, with an ellipsis.
pub(crate) fn fit(class: &str, text: &str, room: f64) -> String {
    // No drawing has room for more, and a name may be as long as a file.
    let head: String = text.chars().take(MOST_HINTED).collect();
    if wide(class, &head) <= room && head.len() == text.len() {
        return head;
    }
    let mut left = room - wide(class, "…");
    let mut kept: String = head
        .chars()
        .take_while(|&c| {
            left -= wide(class, c.encode_utf8(&mut [0; 4]));
            left >= 0.0
        })
        .collect();
    kept.truncate(kept.trim_end().len());
    kept + "…"
}

/// At most so many letters, the last an ellipsis where some are left out.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).collect::<String>().trim_end().to_owned() + "…"
}

/// A name from a file as HTML: of either direction without turning what stands around it, cut where it is long.
pub(super) fn named(name: &str) -> String {
    named_within(name, MOST_SHOWN)
}

pub(super) fn named_within(name: &str, most: usize) -> String {
    let shown = cut(name, most);
    let hint = if shown == name { String::new() } else { format!(" title=\"{}\"", escape(&cut(name, MOST_HINTED))) };
    format!("<bdi{hint}>{}</bdi>", escape(&shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_and_what_fits_is_not() {
        assert_eq!(fit("label", "pump", 40.0), "pump");
        let cut = fit("label", &"pump ".repeat(4_000), 100.0);
        assert!(cut.ends_with('…') && wide("label", &cut) <= 100.0 && wide("label", &cut) > 80.0, "{cut}");
        assert_eq!(fit("label", "pump", 0.0), "…");
    }

    #[test]
    fn a_long_name_is_shown_in_part_and_hinted_in_full() {
        assert_eq!(named("a<b"), "<bdi>a&lt;b</bdi>");
        let long = named(&"x\"".repeat(60));
        assert!(long.contains("title=\"x&quot;x&quot;") && long.contains("…</bdi>"), "{long}");
        assert!(named(&"x".repeat(10_000)).len() < 600);
    }
}
