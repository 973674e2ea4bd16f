//! Writes the documentation of an operation.

use std::fmt::Write;

use crate::operation::{Answer, Operation, Parameter, Place};

/// Rustdoc of the method that starts the call.
pub(crate) fn method(version: &str, operation: &Operation) -> Result<String, String> {
    let mut text = sentence(&operation.summary);
    if !operation.description.is_empty() {
        let _ = write!(text, "\n\n{}", operation.description);
    }
    let _ = write!(text, "\n\n`{} /{version}{}`", operation.method, operation.path);
    let example = example(version, operation).ok_or_else(|| {
        format!(
            "spec/{version}.yaml: {}: give the request body an example, for the docs",
            operation.id
        )
    })?;
    let _ = write!(text, "\n\n# Example\n\n```no_run\n{example}```");
    if !operation.parameters.is_empty() {
        text.push_str("\n\n# Parameters\n");
        for parameter in &operation.parameters {
            let _ = write!(text, "\n- `{}`: {}", parameter.name, self::parameter(parameter));
        }
    }
    if operation.body.is_some() && !operation.body_fields.is_empty() {
        text.push_str("\n\n# Body\n");
        for field in &operation.body_fields {
            let about = described(field.required, &field.description);
            let _ = write!(text, "\n- `{}`: {about}", field.name);
        }
    }
    let _ = write!(text, "\n\n# Answer\n\n{}", operation.answer_text);
    if !operation.errors.is_empty() {
        let names: Vec<String> = operation.errors.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(
            text,
            "\n\n# Errors\n\nBeside what every call can meet, see [`Error`](crate::Error): {}.",
            names.join(", ")
        );
    }
    let _ = write!(text, "\n\n# Evidence\n\n{}.", evidence(operation));
    Ok(text)
}

/// Rustdoc of the setter of a parameter.
pub(crate) fn parameter(parameter: &Parameter) -> String {
    described(parameter.required, &parameter.description)
}

fn described(required: bool, text: &str) -> String {
    let need = if required { "Required. " } else { "" };
    format!("{need}{}", sentence(text))
}

pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// How the operation is known, and from where.
pub(crate) fn evidence(operation: &Operation) -> String {
    let level = match operation.evidence.as_str() {
        "documented" => "Documented by the vendor",
        "recorded" => "Recorded from the live service",
        "sdk-test" => "Asserted by the tests or hard-coded in an official SDK",
        "app" => "Called by a public application",
        _ => "Deduced: the operation is known, its method or path is not on record",
    };
    // rustdoc warns of bare URLs and takes brackets for links.
    let source: Vec<String> = operation
        .source
        .split_whitespace()
        .map(|word| {
            let address = word.trim_end_matches([',', ';', '.', ')']);
            if address.starts_with("http") {
                word.replacen(address, &format!("<{address}>"), 1)
            } else {
                word.replace('[', "\\[")
            }
        })
        .collect();
    format!("{level} ({})", source.join(" "))
}

/// A call that compiles; None where a required value of the body depends on the game and the spec
/// gives no example.
fn example(version: &str, operation: &Operation) -> Option<String> {
    let mut call = format!("let answer = playoff.{version}().{}()", operation.id);
    for parameter in operation.parameters.iter().filter(|parameter| parameter.required) {
        if parameter.list {
            let _ = write!(call, ".{}([{:?}])", parameter.name, sample(parameter));
        } else {
            let _ = write!(call, ".{}({:?})", parameter.name, sample(parameter));
        }
    }
    let acting = |p: &&Parameter| p.name == "player_id" && p.place == Place::Query && !p.required;
    if operation.parameters.iter().any(|parameter| acting(&parameter)) {
        call.push_str(".player_id(\"johny\")");
    }
    if operation.upload {
        call.push_str(".file(playoff::File::new(\"picture.png\", vec![]))");
    }
    let mut before = String::new();
    match (operation.body.as_deref(), &operation.body_example) {
        (None, _) => {}
        (Some(body), Some(example)) => {
            before = format!(
                "let body: playoff::{version}::types::{body} =\n    \
                 serde_json::from_value(serde_json::json!({example})).expect(\"fits\");\n"
            );
            call.push_str(".body(body)");
        }
        (Some("TeamRoles" | "TeamJoin"), None) => {
            call.push_str(".body(playoff::model::TeamRoles::new([\"Head\"]))");
        }
        (Some("LaneRoles" | "ProcessJoin"), None) => {
            call.push_str(".body(playoff::model::LaneRoles::new([(\"main\", \"player\")]))");
        }
        (Some(_), None) => {
            for field in operation.body_fields.iter().filter(|field| field.required) {
                let _ = write!(call, ".{}({})", field.name, field.sample.as_ref()?);
            }
        }
    }
    let shown = match operation.answer {
        Answer::Json => "println!(\"{answer:?}\");",
        Answer::Image => {
            "println!(\"{} bytes of {:?}\", answer.bytes().len(), answer.content_type());"
        }
    };
    Some(format!(
        "# async fn example(playoff: &playoff::Playoff) -> Result<(), playoff::Error> {{\n\
         {before}{call}.await?;\n{shown}\n# Ok(())\n# }}\n"
    ))
}

fn sample(parameter: &Parameter) -> &'static str {
    match parameter.name.as_str() {
        "player_id" | "entities" | "entity_id" => "johny",
        "action_id" => "read_article",
        "leaderboard_id" => "top_seeds",
        "metric_id" => "seeds",
        "process_id" => "johny/5c11d0aa8e1ebb4550a6a001",
        "definition_id" => "module1",
        "version" => "latest",
        "cycle" => "alltime",
        "start" => "2026-01-01",
        "end" => "2026-01-31",
        _ => "id",
    }
}
