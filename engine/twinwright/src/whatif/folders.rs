//! Names of folders for runs: safe on every file system, and unique.

/// Letters of a folder's name; the rest of the path needs room too.
const MOST_LETTERS: usize = 60;
/// What else lies beside the runs.
const TAKEN: [&str; 1] = ["tables"];

/// One name for each run, in their order.
pub fn folders<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken: Vec<String> = TAKEN.map(str::to_owned).to_vec();
    let mut folders = Vec::new();
    for name in names {
        let plain = plain(name);
        // Some file systems do not tell capitals apart.
        let is_taken = |name: &String| taken.contains(&name.to_ascii_lowercase());
        let mut number = 1;
        let mut folder = plain.clone();
        while is_taken(&folder) {
            number += 1;
            folder = format!("{plain}-{number}");
        }
        taken.push(folder.to_ascii_lowercase());
        folders.push(folder);
    }
    folders
}

/// Letters, digits, `-`, `_` and inner points of numbers; whatever else stands between them becomes one `-`.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for c in name.chars() {
        let fine = c.is_ascii_alphanumeric() || c == '_' || (c == '.' && plain.ends_with(|c: char| c.is_ascii_digit()));
        match fine {
            true => plain.push(c),
            false if plain.is_empty() || plain.ends_with('-') => {}
            false => plain.push('-'),
        }
        if plain.len() >= MOST_LETTERS {
            break;
        }
    }
    let plain = plain.trim_end_matches(['-', '.']);
    if plain.is_empty() { "run".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_unique() {
        let long = "x".repeat(10_000);
        let names =
            ["base", "monthly swap", "a, load = 0.7", "Base", "../..", "<b>", "b", "", "\u{5d0}", "tables", &long];
        let wanted = ["base", "monthly-swap", "a-load-0.7", "Base-2", "run", "b", "b-2", "run-2", "run-3", "tables-2"];
        let found = folders(names.into_iter());
        assert_eq!(found[..10], wanted);
        assert_eq!(found[10].len(), MOST_LETTERS);
    }
}
