//! Expectations as JUnit XML, for a build server: one test case each.

use super::outcome::Verdict;
use crate::Trouble;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::path::Path;

/// Letters of a name or a text; a test case with a book in its name helps nobody.
const MOST_LETTERS: usize = 1_000;

/// Writes the file; it appears whole or not at all.
pub fn write(path: &Path, scenario: &str, verdicts: &[Verdict]) -> Result<(), Trouble> {
    let text = xml(scenario, verdicts)?;
    let trouble = |error: std::io::Error| Trouble::World(format!("{}: cannot be written: {error}", path.display()));
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let written = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&part);
        trouble(error)
    })
}

fn xml(scenario: &str, verdicts: &[Verdict]) -> Result<String, Trouble> {
    let mut suite = TestSuite::new(cut(scenario));
    suite.add_test_cases(verdicts.iter().map(|verdict| {
        let status = if verdict.holds { TestCaseStatus::success() } else { failed(verdict) };
        let mut case = TestCase::new(cut(&verdict.text), status);
        case.set_classname(cut(&format!("{scenario}.{}", verdict.run)));
        if verdict.holds {
            case.set_system_out(cut(&verdict.figures.join(", ")));
        }
        case
    }));
    let mut report = Report::new("twinwright");
    report.add_test_suite(suite);
    report.to_string().map_err(|error| Trouble::World(format!("cannot write JUnit XML: {error}")))
}

fn failed(verdict: &Verdict) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let figures = cut(&verdict.figures.join(", "));
    status.set_type("expectation");
    status.set_message(cut(&format!("expected {}, but {figures}", verdict.text)));
    status.set_description(format!("run: {}\nexpected: {}\nbut: {figures}", cut(&verdict.run), cut(&verdict.text)));
    status
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MOST_LETTERS {
        return text.to_owned();
    }
    text.chars().take(MOST_LETTERS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str, run: &str, holds: bool) -> Verdict {
        Verdict { text: text.to_owned(), run: run.to_owned(), holds, figures: vec!["cost = 3 < 4 & \"5\"".to_owned()] }
    }

    #[test]
    fn hostile_names_are_text_and_the_file_reads_back() {
        let names = ["<script>alert(1)</script>", "a\"b'c&d", "]]>", "\u{202e}rtl\u{0}\u{1b}[31m", &"x".repeat(10_000)];
        let verdicts: Vec<Verdict> =
            names.iter().enumerate().map(|(i, name)| verdict(name, name, i % 2 == 0)).collect();
        let text = xml("a <scenario>", &verdicts).unwrap();
        let report = Report::deserialize_from_str(&text).unwrap();
        let suite = &report.test_suites[0];
        assert_eq!((suite.name.as_str(), suite.tests, suite.failures), ("a <scenario>", 5, 2));
        assert_eq!(suite.test_cases[0].name.as_str(), names[0]);
        assert_eq!(suite.test_cases[1].name.as_str(), names[1]);
        assert_eq!(suite.test_cases[2].name.as_str(), names[2]);
        assert!(!text.contains("<script>") && !text.contains('\u{1b}') && text.len() < 40_000);
        let TestCaseStatus::NonSuccess { message, .. } = &suite.test_cases[1].status else { panic!("it failed") };
        assert!(message.as_ref().is_some_and(|m| m.as_str().contains("but cost = 3 < 4 & \"5\"")));
    }
}
