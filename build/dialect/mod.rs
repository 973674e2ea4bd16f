//! The dialect of OpenAPI that `spec/` is written in.
//!
//! progenitor panics on some valid constructs without naming the operation, drops others without
//! a word, and makes unsafe code of a few. Each such construct is refused here first, with the
//! place and the mend.

mod operation;
mod parameter;
mod schema;

use std::fmt;

use serde_json::{Map, Value};

/// How an operation is known to exist, strongest first.
pub(crate) const EVIDENCE: [&str; 5] = ["documented", "recorded", "sdk-test", "app", "inferred"];

/// One construct that the dialect refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// File, then method, path and operation id, or the schema.
    pub(crate) place: String,
    pub(crate) problem: String,
    /// What to write instead.
    pub(crate) mend: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    mend: {}", self.place, self.problem, self.mend)
    }
}

/// Everything in `spec` that the dialect refuses; `file` is the name that findings carry.
pub(crate) fn check(file: &str, spec: &Value) -> Vec<Finding> {
    let mut report = Report::new(file, spec);
    document(&mut report);
    references(&mut report, spec);
    operation::check_all(&mut report);
    schema::check_all(&mut report);
    report.findings
}

/// The findings so far, and the place that the next one gets.
struct Report<'a> {
    file: &'a str,
    spec: &'a Value,
    place: String,
    findings: Vec<Finding>,
}

impl<'a> Report<'a> {
    fn new(file: &'a str, spec: &'a Value) -> Self {
        Report { file, spec, place: file.to_owned(), findings: Vec::new() }
    }

    fn at(&mut self, place: impl fmt::Display) {
        self.place = format!("{}: {place}", self.file);
    }

    fn find(&mut self, problem: impl Into<String>, mend: impl Into<String>) {
        let (problem, mend) = (problem.into(), mend.into());
        self.findings.push(Finding { place: self.place.clone(), problem, mend });
    }

    /// The object behind a local `$ref`, or `value` itself.
    fn resolve(&self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(target) => pointer(self.spec, target).unwrap_or(&Value::Null),
            None => value,
        }
    }
}

fn pointer<'a>(spec: &'a Value, target: &str) -> Option<&'a Value> {
    spec.pointer(target.strip_prefix('#')?)
}

fn document(report: &mut Report<'_>) {
    let spec = report.spec;
    match spec.get("openapi").and_then(Value::as_str) {
        Some(version) if version.starts_with("3.0.") => {}
        other => report.find(
            format!("`openapi` is {}", other.unwrap_or("missing")),
            "write `openapi: 3.0.3`: the generator reads 3.0 alone",
        ),
    }
    match spec.pointer("/info/version").and_then(Value::as_str) {
        Some("v1" | "v2") => {}
        _ => report.find(
            "`info.version` is neither v1 nor v2",
            "name the API version: it becomes the first part of every path",
        ),
    }
    if object(spec.get("paths")).is_empty() {
        report.find("`paths` is missing or empty", "describe at least one route");
    }
}

/// Every `$ref` must lead somewhere in this file: the generator panics on another file's.
fn references(report: &mut Report<'_>, value: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(target) = map.get("$ref").and_then(Value::as_str) {
                if !target.starts_with("#/") {
                    report.find(
                        format!("`$ref: {target}` names another file"),
                        "one file holds one version: copy the component into it",
                    );
                } else if pointer(report.spec, target).is_none() {
                    report.find(
                        format!("`$ref: {target}` leads nowhere"),
                        "add the component or mend the name",
                    );
                }
            }
            map.values().for_each(|inner| references(report, inner));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(report, inner)),
        _ => {}
    }
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

/// `snake_case` as the generator makes its method names.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() {
            if index > 0 && !snake.ends_with('_') {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        } else if letter.is_ascii_alphanumeric() {
            snake.push(letter);
        } else if !snake.ends_with('_') {
            snake.push('_');
        }
    }
    snake
}

fn is_snake_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Whatever a caller meets says what it is. Prose becomes rustdoc, and pages of the reference.
fn described(report: &mut Report<'_>, what: &str, holder: &Value) {
    let text = holder.get("description").and_then(Value::as_str).unwrap_or_default();
    if text.trim().is_empty() {
        report.find(format!("{what} has no description"), "say in a sentence what it is");
    }
    prose(report, &format!("the description of {what}"), holder);
}

/// Prose becomes rustdoc, where some of Markdown is a trap.
fn prose(report: &mut Report<'_>, what: &str, holder: &Value) {
    let text = ["summary", "description"].map(|key| holder.get(key).and_then(Value::as_str));
    for text in text.into_iter().flatten() {
        let code = text.contains("```") || text.lines().any(|line| line.starts_with("    "));
        if code {
            report.find(
                format!("{what} holds a code block"),
                "take it out: rustdoc would compile it as a test",
            );
        }
        if text.contains('<') || text.contains("http://") || text.contains("https://") {
            report.find(
                format!("{what} holds `<` or a bare URL"),
                "write it in words: rustdoc warns of both",
            );
        }
    }
}
