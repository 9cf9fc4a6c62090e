//! Templates of topics and payloads: text with fields such as `{machine}` in it.
//!
//! A payload is mostly JSON and full of braces, so braces belong to a field only where nothing but a word stands between
//! them; all others are text. A word that is no field is a mistake, never text.

use twinwright_model::names;

/// A stretch of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<F> {
    Text(String),
    Field(F),
}

/// Cuts a template into text and fields; the fault says which word is none.
pub(crate) fn parse<F: Copy>(template: &str, known: &[(&'static str, F)]) -> Result<Vec<Piece<F>>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let word = after.split(|c: char| !(c.is_ascii_alphabetic() || c == '_')).next().unwrap_or_default();
        if word.is_empty() || !after[word.len()..].starts_with('}') {
            text.push('{');
            rest = after;
            continue;
        }
        let field = known.iter().find(|(name, _)| *name == word).ok_or_else(|| unknown(word, known))?.1;
        push_text(&mut pieces, std::mem::take(&mut text));
        pieces.push(Piece::Field(field));
        rest = &after[word.len() + 1..];
    }
    text.push_str(rest);
    push_text(&mut pieces, text);
    Ok(pieces)
}

/// Adds text behind what is there, in one piece with text before it.
pub(crate) fn push_text<F>(pieces: &mut Vec<Piece<F>>, text: String) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(before)) => before.push_str(&text),
        _ => pieces.push(Piece::Text(text)),
    }
}

fn unknown<F>(word: &str, known: &[(&'static str, F)]) -> String {
    let names = || known.iter().map(|(name, _)| *name);
    let near = names::nearest(word, names()).map_or(String::new(), |near| format!("; did you mean `{{{near}}}`?"));
    format!("there is no field `{{{word}}}`; expected {} in braces{near}", names::list(names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [(&str, u8); 2] = [("value", 1), ("time", 2)];

    #[test]
    fn only_words_in_braces_are_fields() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let check = |template: &str, pieces: &[Piece<u8>]| assert_eq!(parse(template, &KNOWN).unwrap(), pieces);
        check("", &[]);
        check("{value}", &[Piece::Field(1)]);
        check("{\"v\":{value}}", &[text("{\"v\":"), Piece::Field(1), text("}")]);
        check("{{value}}", &[text("{"), Piece::Field(1), text("}")]);
        check("{}{ value}{1}{va lue}}{", &[text("{}{ value}{1}{va lue}}{")]);
        check("{time}{value}µ{", &[Piece::Field(2), Piece::Field(1), text("µ{")]);
    }

    #[test]
    fn a_word_that_is_no_field_is_answered_with_the_nearest() {
        let said = parse("{\"v\":{vlaue}}", &KNOWN).unwrap_err();
        assert!(said.contains("`{vlaue}`") && said.contains("did you mean `{value}`?"), "{said}");
    }
}
