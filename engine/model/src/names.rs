//! Names that people type: the nearest known one, and lists of them for messages.

/// The known name that a mistyped one probably meant: within a third of its length, the closest first.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if typed.chars().count() > 80 {
        return None;
    }
    let lower = typed.to_lowercase();
    known
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count().max(typed.chars().count()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.to_owned())
}

/// `a, b or c`, cut after two dozen.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => format!("`{one}`"),
        [first @ .., last] if names.len() <= 24 => {
            let head: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} or `{last}`", head.join(", "))
        }
        many => {
            let head: Vec<String> = many.iter().take(24).map(|name| format!("`{name}`")).collect();
            format!("{} ... ({} in all)", head.join(", "), many.len())
        }
    }
}

/// Whether this can name a driver, parameter, wear or sensor: it stands in expressions.
pub fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.len() <= 64
}

/// Whether this can be a machine's id: it stands in file names, topics and conditions.
pub fn is_machine_id(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphanumeric())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && name.len() <= 64
}
