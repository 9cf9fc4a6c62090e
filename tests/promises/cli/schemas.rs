//! The published schemas say the same as the program: what it ships fits them, what it refuses for a key does not.

use serde_json::{Value as Json, json};
use twinwright_core::files::{Faults, Node, Sources, Value};
use twinwright_tests::{Scratch, project, said, shown, twinwright};

/// What a TOML file says, as JSON.
fn json_of(node: &Node) -> Json {
    match &node.value {
        Value::Table(entries) => entries.iter().map(|(key, value)| (key.text.clone(), json_of(value))).collect(),
        Value::Array(items) => items.iter().map(json_of).collect(),
        Value::Text(text) | Value::Stamp(text) => json!(text),
        Value::Whole(whole) => json!(whole),
        Value::Decimal(decimal) => json!(decimal),
        Value::Flag(flag) => json!(flag),
        Value::Broken => Json::Null,
    }
}

fn read(name: &str, text: &str) -> Json {
    let (mut sources, mut faults) = (Sources::default(), Faults::default());
    let node = Node::parse(name, text, &mut sources, &mut faults);
    assert!(faults.is_empty(), "{name} is TOML");
    json_of(&node)
}

/// Words of a schema that are judged below, or that judge nothing. Any other ends the test: it would be ignored.
const WORDS: [&str; 17] = [
    "$schema",
    "title",
    "description",
    "format",
    "pattern",
    "type",
    "enum",
    "const",
    "anyOf",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minimum",
];

/// What does not fit, each with its path.
fn misfits(value: &Json, schema: &Json, path: &str) -> Vec<String> {
    let Some(rules) = schema.as_object() else { return Vec::new() };
    let mut found = Vec::new();
    for (word, rule) in rules {
        assert!(WORDS.contains(&word.as_str()), "{path}: this test does not know `{word}`");
        let fits = match word.as_str() {
            "type" => is_of_type(value, rule),
            "enum" => rule.as_array().is_some_and(|all| all.contains(value)),
            "const" => rule == value,
            "minimum" => value.as_f64().is_none_or(|number| rule.as_f64().is_some_and(|least| number >= least)),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap_or(0)),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap_or(0)),
            "anyOf" => rule.as_array().is_some_and(|all| all.iter().any(|one| misfits(value, one, path).is_empty())),
            _ => true,
        };
        if !fits {
            found.push(format!("{path}: {value} against {word} {rule}"));
        }
    }
    if let Some(table) = value.as_object() {
        found.extend(misfits_of_table(table, schema, path));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        let rule = schema["prefixItems"].get(index).unwrap_or(&schema["items"]);
        found.extend(misfits(item, rule, &format!("{path}[{index}]")));
    }
    found
}

fn misfits_of_table(table: &serde_json::Map<String, Json>, schema: &Json, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for needed in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if !table.contains_key(needed) {
            found.push(format!("{path}: `{needed}` is missing"));
        }
    }
    for (key, value) in table {
        let path = format!("{path}.{key}");
        match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(rule), _) => found.extend(misfits(value, rule, &path)),
            (None, Json::Bool(false)) => found.push(format!("{path} is not known")),
            (None, rule) => found.extend(misfits(value, rule, &path)),
        }
    }
    found
}

fn is_of_type(value: &Json, rule: &Json) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => false,
    };
    match rule {
        Json::Array(names) => names.iter().filter_map(Json::as_str).any(is),
        one => one.as_str().is_some_and(is),
    }
}

fn schema(which: &str) -> Json {
    let output = twinwright(&project(), &["schema", which]);
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_str(&shown(&output)).expect("a schema is JSON")
}

fn shipped(folder: &str) -> Vec<(String, Json)> {
    let entries = std::fs::read_dir(project().join(folder)).expect("the folder is there").flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let text = |path: &std::path::PathBuf| std::fs::read_to_string(path).expect("a file is text");
    paths.iter().map(|path| (path.display().to_string(), read(&path.display().to_string(), &text(path)))).collect()
}

#[test]
fn every_shipped_file_fits_the_schema_that_the_program_prints() {
    for (which, folder, least) in
        [("machine", "machine-configs", 6), ("scenario", "scenarios", 6), ("site", "scenarios/live", 1)]
    {
        let (schema, files) = (schema(which), shipped(folder));
        assert!(files.len() >= least, "{folder} holds {} files", files.len());
        for (name, file) in files {
            assert_eq!(misfits(&file, &schema, &name), Vec::<String>::new());
        }
    }
}

#[test]
fn a_judge_file_is_checked_and_has_a_schema() {
    let scratch = Scratch::new();
    let good = "schema = \"judge/1\"\nscales = [2, 8, 32]\nwithout = [\"spe\"]\n[limits]\ntemp = [0, 90]\n";
    scratch.write("good.toml", good);
    scratch.write("wrong.toml", "schema = \"judge/1\"\ndebounce = 0\nwithout = [\"spy\"]\n");
    assert_eq!(misfits(&read("good.toml", good), &schema("judge"), "good.toml"), Vec::<String>::new());
    assert!(shown(&twinwright(scratch.path(), &["check", "good.toml"])).contains("good.toml: judge fine"));
    let output = twinwright(scratch.path(), &["check", "wrong.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains("wrong.toml:2:") && said.contains("wrong.toml:3:") && said.contains("spe"), "{said}");
}

#[test]
fn what_the_program_refuses_for_a_key_does_not_fit_either() {
    let machine = schema("machine");
    for name in ["key-unknown-in-a-sensor", "key-unknown-at-the-top", "key-missing-value", "sort-number-for-a-table"] {
        let path = project().join(format!("tests/bad/machine/{name}.toml"));
        let text = std::fs::read_to_string(&path).expect("the corpus is there");
        assert!(!misfits(&read(name, &text), &machine, name).is_empty(), "{name} fits the schema");
    }
}
