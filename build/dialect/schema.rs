//! What a schema may say.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Report, described, object, snake_case};

pub(super) fn check_all(report: &mut Report<'_>) {
    let schemas = object(report.spec.pointer("/components/schemas"));
    for (name, schema) in &schemas {
        report.at(format_args!("schema {name}"));
        described(report, "the schema", schema);
        // Written by hand in src/model: the schema is for readers, linters and the sandbox.
        if schema.get("x-playoff-model").is_some() {
            for (name, property) in &object(schema.get("properties")) {
                described(report, &format!("`{name}`"), property);
            }
            continue;
        }
        if schema.get("enum").is_some() {
            report.find(
                "a closed enum",
                "write the open type in src/model and mark the schema x-playoff-model: one new value \
                 from the server would fail the whole answer",
            );
            continue;
        }
        walk(report, schema, true);
    }
}

/// The schema of a success answer: a name, a list of a name, or an image.
pub(super) fn check_answer(report: &mut Report<'_>, (media_type, schema): &(String, Value)) {
    if media_type.starts_with("image/") {
        return;
    }
    if media_type != "application/json" {
        report.find(
            format!("the answer is {media_type}"),
            "only application/json and images are generated; others go through a raw call",
        );
        return;
    }
    let named = schema.get("$ref").is_some() || schema.pointer("/items/$ref").is_some();
    if !named {
        report.find(
            "the schema of the answer has no name",
            "put it under components/schemas and refer to it: the type is public",
        );
    }
}

pub(super) fn check_scalar(report: &mut Report<'_>, what: &str, schema: &Value) {
    if schema.get("$ref").is_some() {
        return;
    }
    if schema.get("enum").is_some() {
        report.find(
            format!("{what} has an inline enum"),
            "put it under components/schemas as an open enum",
        );
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("integer") => integer(report, what, schema),
        Some("string") => string(report, what, schema),
        Some("boolean" | "number") => {}
        other => report.find(
            format!("{what} has the type {}", other.unwrap_or("nothing")),
            "give it string, integer, number or boolean, or a `$ref`",
        ),
    }
}

fn walk(report: &mut Report<'_>, schema: &Value, top: bool) {
    forbidden(report, schema);
    if schema.get("$ref").is_some() {
        return;
    }
    one_of(report, schema);
    for keyword in ["oneOf", "allOf"] {
        for arm in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            walk(report, arm, true);
        }
    }
    if let Some(inner @ Value::Object(_)) = schema.get("additionalProperties") {
        walk(report, inner, false);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => object_schema(report, schema, top),
        Some("array") => match schema.get("items") {
            Some(items) => walk(report, items, false),
            None => report.find("an array without items", "say what it holds"),
        },
        Some("integer") => integer(report, "an integer", schema),
        Some("string") => string(report, "a text", schema),
        Some("boolean" | "number") | None => {}
        Some(other) => report.find(
            format!("the type {other}"),
            "it is one of object, array, integer, number, string, boolean",
        ),
    }
    if !top && schema.get("enum").is_some() {
        report.find("an inline enum", "put it under components/schemas as an open enum");
    }
}

/// Keywords on which the generator panics, or which it drops without a word.
fn forbidden(report: &mut Report<'_>, schema: &Value) {
    let rules = [
        ("not", "describe what is allowed: the generator panics on `not`"),
        ("anyOf", "write oneOf with titles: of anyOf a broken struct is made"),
        ("discriminator", "leave it out: it is ignored"),
        ("default", "say it in the description: it changes the generated type"),
        ("nullable", "make the property optional: a null reads as absent"),
        ("deprecated", "say it in the description: the keyword is ignored"),
    ];
    for (keyword, mend) in rules {
        if schema.get(keyword).is_some() {
            report.find(format!("the keyword `{keyword}`"), mend);
        }
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        report.find(
            "`additionalProperties: false`",
            "leave it out: a field that Playoff adds tomorrow would fail the whole answer",
        );
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array)
        && !values.iter().all(Value::is_string)
    {
        report.find("an enum of other things than text", "describe the type instead");
    }
}

fn one_of(report: &mut Report<'_>, schema: &Value) {
    for arm in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        if arm.get("title").is_none() && arm.get("$ref").is_none() {
            report.find("an arm of oneOf has no title", "the title becomes the variant's name");
        }
    }
}

fn object_schema(report: &mut Report<'_>, schema: &Value, top: bool) {
    let properties = object(schema.get("properties"));
    if !top && !properties.is_empty() {
        report.find(
            "an object inside another has no name",
            "put it under components/schemas and refer to it: the type is public",
        );
    }
    let mut fields = BTreeMap::new();
    for (name, property) in &properties {
        if let Some(first) = fields.insert(snake_case(name), name.clone()) {
            report.find(
                format!("the properties `{first}` and `{name}` make one field"),
                "describe one of them, or write the type in src/model",
            );
        }
        described(report, &format!("`{name}`"), property);
        walk(report, property, false);
    }
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if !name.as_str().is_some_and(|name| properties.contains_key(name)) {
            report.find(
                format!("`required` names {name}, which is no property"),
                "describe the property or drop the name",
            );
        }
    }
}

fn integer(report: &mut Report<'_>, what: &str, schema: &Value) {
    if schema.get("format").and_then(Value::as_str) != Some("int64") {
        report.find(format!("{what} without `format: int64`"), "write it: it becomes an i64");
    }
    if schema.get("minimum").and_then(Value::as_i64).is_some_and(|least| least > 0) {
        report.find(
            format!("{what} with a minimum above 0"),
            "leave it out: it would become a NonZero type, into which no plain number goes",
        );
    }
}

fn string(report: &mut Report<'_>, what: &str, schema: &Value) {
    if let Some(format) = schema.get("format").and_then(Value::as_str)
        && format != "binary"
    {
        let mend = match format {
            "password" => "use a hand-written secret type: Debug would print the text",
            "date-time" | "date" => "use Timestamp: one odd date would fail the whole answer",
            _ => "leave it out: one odd value would fail the whole answer",
        };
        report.find(format!("{what} with `format: {format}`"), mend);
    }
    for keyword in ["pattern", "minLength", "maxLength"] {
        if schema.get(keyword).is_some() {
            report.find(
                format!("{what} with `{keyword}`"),
                "say it in the description: it would become a type that refuses what the server sends",
            );
        }
    }
}
