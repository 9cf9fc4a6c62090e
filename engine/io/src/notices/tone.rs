//! Texts that came from somewhere, made fit for people and headers: one line, no control characters, nothing that turns the
//! direction of writing or moves a cursor, and no longer than a line should be.

/// A text as one clean line of at most so many characters.
pub(super) fn line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut left = most;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = !line.is_empty();
            continue;
        }
        if is_unseen(c) {
            continue;
        }
        if left <= usize::from(gap) {
            line.push('…');
            break;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
            left -= 1;
        }
        line.push(c);
        left -= 1;
    }
    line
}

/// Marks of direction, joiners, and what is no character at all.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_break_out_of_a_line_stays_in_it() {
        for (text, clean) in [
            ("too hot", "too hot"),
            ("a\r\nBcc: all@example.com", "a Bcc: all@example.com"),
            (" \u{1b}[31mred\u{1b}[0m\0 ", "[31mred [0m"),
            ("\u{202e}gnp.exe\u{2066}x\u{feff}", "gnp.exex"),
            ("Überdruck 3 µm ☃", "Überdruck 3 µm ☃"),
            ("\u{85}\u{7f}\t", ""),
        ] {
            assert_eq!(line(text, 100), clean, "{text:?}");
        }
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdefg", 6), "abcdef…");
        assert!(line(&"x\n".repeat(10_000), 100).chars().count() <= 101);
    }
}
