//! The command that makes the same page again: what changes no byte of it (threads, folder, silence) is left out.

use crate::run::Settings;

/// For a shell.
pub fn command(settings: &Settings) -> String {
    let mut words = vec!["twinwright".to_owned(), "run".to_owned(), settings.scenario.display().to_string()];
    let mut add = |option: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([option.to_owned(), value]);
        }
    };
    add("--machines", settings.machines.as_ref().map(|folder| folder.display().to_string()));
    add("--seed", settings.seed.map(|seed| seed.to_string()));
    add("--until", settings.until.clone());
    for (path, value) in &settings.sets {
        add("--set", Some(format!("{path}={value}")));
    }
    add("--keep", settings.keep_futures.then(|| "futures".to_owned()));
    for (option, asked) in
        [("--alerts", settings.alerts), ("--readings", settings.readings), ("--truth", settings.truth)]
    {
        if asked {
            words.push(option.to_owned());
        }
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=+-,%@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_shell_reads_the_command_as_it_was_meant() {
        let mut settings = Settings::of(Path::new("my plant's.toml"));
        settings.seed = Some(7);
        settings.sets = vec![("maintenance.every".to_owned(), "30 d".to_owned())];
        assert_eq!(command(&settings), "twinwright run 'my plant'\\''s.toml' --seed 7 --set 'maintenance.every=30 d'");
        assert_eq!(command(&Settings::of(Path::new("plant.toml"))), "twinwright run plant.toml");
    }
}
