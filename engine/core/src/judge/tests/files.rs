//! `judge/1` files: every mistake at its place.

use crate::judge::JudgeSpec;
use crate::plan::Document;

fn read(text: &str) -> Result<JudgeSpec, Vec<String>> {
    let document = Document { name: "judge.toml".to_owned(), text: text.to_owned() };
    JudgeSpec::read(&document).map_err(|faults| {
        let say = |fault: &twinwright_model::Diagnostic| {
            format!(
                "{}:{} {} {}",
                fault.place.line,
                fault.place.column,
                fault.code,
                fault.nearest.as_deref().unwrap_or("")
            )
        };
        faults.iter().map(say).collect()
    })
}

#[test]
fn a_file_changes_what_it_names_and_nothing_else() {
    assert_eq!(read("schema = \"judge/1\"\n"), Ok(JudgeSpec::default()));
    let text = "schema = \"judge/1\"\nscales = [2, 8, 32]\nclear = 0.3\nwith = [\"cusum\"]\nwithout = [\"spe\"]\n\n\
                [limits]\npressure = [0, 4.5]\n";
    let expected = JudgeSpec {
        scales: [2.0, 8.0, 32.0],
        clear: 0.3,
        parts: [true, true, false, true, true, true],
        limits: vec![("pressure".to_owned(), [0.0, 4.5])],
        ..JudgeSpec::default()
    };
    assert_eq!(read(text), Ok(expected));
}

#[test]
fn mistakes_are_told_with_their_places() {
    let head = "schema = \"judge/1\"\n";
    for (text, said) in [
        ("schema = \"judge/2\"\n", "1:10 schema "),
        ("schema = \"judge/1\"\nmargn = 2\n", "2:1 unknown-key margin"),
        ("schema = \"judge/1\"\nmargin = -1\n", "2:10 number "),
        ("schema = \"judge/1\"\nmargin = nan\n", "2:10 number "),
        ("schema = \"judge/1\"\nwithout = [\"spee\"]\n", "2:12 unknown-name spe"),
        ("schema = \"judge/1\"\nscales = [4, 2, 8]\n", "2:11 number "),
        ("schema = \"judge/1\"\nscales = [4, 8]\n", "2:11 number "),
        ("schema = \"judge/1\"\ndebounce = \"3\"\n", "2:12 wrong-sort "),
        ("schema = \"judge/1\"\nlimits = { a = [3, 1] }\n", "2:16 number "),
    ] {
        let faults = read(text).expect_err(text);
        assert_eq!(faults, [said], "{text}");
    }
    let both = read(&format!("{head}hold = 0\nclear = 7\n")).expect_err("two mistakes");
    assert_eq!(both.len(), 2);
}
