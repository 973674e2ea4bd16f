//! What an operation may say.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{EVIDENCE, Report, is_snake_case, object, parameter, prose, schema, snake_case};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub(super) fn check_all(report: &mut Report<'_>) {
    let spec = report.spec;
    let mut seen = BTreeMap::new();
    let paths = spec.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if !METHODS.contains(&method.as_str()) {
                report.at(path);
                report.find(
                    format!("`{method}` stands beside the methods"),
                    "say it in each operation: the generator ignores it here",
                );
                continue;
            }
            let id = operation.get("operationId").and_then(Value::as_str).unwrap_or("no id");
            report.at(format_args!("{} {path} ({id})", method.to_uppercase()));
            identity(report, operation, &mut seen);
            evidence(report, operation);
            repetition(report, method, operation);
            parameter::check_all(report, path, operation);
            request_body(report, operation);
            responses(report, operation);
        }
    }
}

fn identity(report: &mut Report<'_>, operation: &Value, seen: &mut BTreeMap<String, String>) {
    let place = report.place.clone();
    match operation.get("operationId").and_then(Value::as_str) {
        None => report.find("no operationId", "name it as the other version does, verb first"),
        Some(id) => {
            if !is_snake_case(id) {
                report.find(
                    format!("operationId `{id}` is not in snake_case"),
                    format!("write `{}`", snake_case(id)),
                );
            }
            if let Some(first) = seen.insert(snake_case(id), place) {
                report.find(
                    format!("the operationId stands already at {first}"),
                    "give each operation a name of its own",
                );
            }
        }
    }
    if operation.get("summary").and_then(Value::as_str).is_none_or(str::is_empty) {
        report.find("no summary", "say in one line what the operation does");
    }
    let tags = operation.get("tags").and_then(Value::as_array).map_or(0, Vec::len);
    if tags != 1 {
        report.find(format!("{tags} tags"), "give it the one tag under which the docs list it");
    }
    prose(report, "the documentation", operation);
}

fn evidence(report: &mut Report<'_>, operation: &Value) {
    let evidence = operation.get("x-playoff-evidence").and_then(Value::as_str);
    if !evidence.is_some_and(|level| EVIDENCE.contains(&level)) {
        report.find(
            format!("x-playoff-evidence is {}", evidence.unwrap_or("missing")),
            format!("say how the route is known: one of {}", EVIDENCE.join(", ")),
        );
    }
    if operation.get("x-playoff-source").and_then(Value::as_str).is_none_or(str::is_empty) {
        report.find("no x-playoff-source", "say where the route is known from");
    }
}

fn repetition(report: &mut Report<'_>, method: &str, operation: &Value) {
    let Some(mark) = operation.get("x-playoff-idempotent") else { return };
    if !matches!(method, "post" | "patch") {
        report.find(
            format!("x-playoff-idempotent stands at a {}", method.to_uppercase()),
            "leave it out: only POST and PATCH need a word",
        );
    } else if *mark != Value::Bool(true) {
        report.find(
            format!("x-playoff-idempotent is {mark}"),
            "write true, or leave it out: no other call is sent twice",
        );
    }
}

fn request_body(report: &mut Report<'_>, operation: &Value) {
    let Some(body) = operation.get("requestBody") else { return };
    let body = report.resolve(body);
    let content = object(body.get("content"));
    let types: Vec<&str> = content.keys().map(String::as_str).collect();
    match types.as_slice() {
        ["application/json"] => {}
        ["multipart/form-data"] => return upload(report, &content["multipart/form-data"]),
        [] => report.find("the request body has no media type", "give it application/json"),
        [one] => report.find(
            format!("the request body is {one}, which the generator cannot write"),
            "describe a JSON body; what is not JSON goes through a hand-written method",
        ),
        several => report.find(
            format!("the request body has the media types {}", several.join(", ")),
            "keep one: the generator panics on two",
        ),
    }
    for media in content.values() {
        if media.get("encoding").is_some() {
            report.find("the request body has an `encoding`", "leave it out: JSON needs none");
        }
        if media.pointer("/schema/$ref").is_none() {
            report.find(
                "the schema of the request body has no name",
                "put it under components/schemas and refer to it: the type is public",
            );
        }
    }
}

/// The one multipart body: a single file.
fn upload(report: &mut Report<'_>, media: &Value) {
    let name = media.pointer("/schema/$ref").and_then(Value::as_str);
    if name != Some("#/components/schemas/ImageUpload") {
        report.find(
            "the multipart body is no ImageUpload",
            "refer to ImageUpload, one part named `file`; other forms go through a raw call",
        );
    }
}

fn responses(report: &mut Report<'_>, operation: &Value) {
    let responses = object(operation.get("responses"));
    let successes: Vec<&str> =
        responses.keys().map(String::as_str).filter(|status| !is_error(status)).collect();
    match successes.as_slice() {
        ["200"] => {}
        ["2XX"] => report.find("the success is 2XX", "write \"200\", the one status on record"),
        [] => report.find("no success response", "describe the answer under \"200\""),
        [one] => report.find(
            format!("the success response is {one}"),
            "describe the answer under \"200\"; redirects and empty answers need a hand-written method",
        ),
        several => report.find(
            format!("the success responses {} stand side by side", several.join(" and ")),
            "keep \"200\": the generator panics on several success types",
        ),
    }
    for status in successes {
        let response = &responses[status];
        if let Some(content) = success_content(report, response) {
            schema::check_answer(report, &content);
        }
    }
    if !responses.contains_key("default") {
        report.find(
            "no default answer",
            "write `default: {$ref: '#/components/responses/Error'}`: any call can fail",
        );
    }
    for (status, response) in responses.iter().filter(|(status, _)| is_error(status)) {
        let shared = response.get("$ref").and_then(Value::as_str);
        if shared != Some("#/components/responses/Error") || status != "default" {
            report.find(
                format!("the error response {status} is described on its own"),
                "write `default: {$ref: '#/components/responses/Error'}` and name the errors in x-playoff-errors",
            );
        }
    }
}

fn is_error(status: &str) -> bool {
    status == "default" || status.starts_with(['4', '5'])
}

/// Media type and schema of a success answer, where it has exactly one.
fn success_content(report: &mut Report<'_>, response: &Value) -> Option<(String, Value)> {
    let content = object(response.get("content"));
    if content.len() > 1 {
        let types: Vec<&str> = content.keys().map(String::as_str).collect();
        report.find(
            format!("the answer has the media types {}", types.join(", ")),
            "keep one: JSON wins in silence over any other",
        );
        return None;
    }
    let Some((media_type, media)) = content.into_iter().next() else {
        report.find(
            "the answer has no content",
            "Playoff always answers JSON or an image: say which",
        );
        return None;
    };
    match media.get("schema") {
        Some(schema) => Some((media_type, schema.clone())),
        None => {
            report.find(
                format!("the {media_type} answer has no schema"),
                "refer to a schema; `Json` where the shape is unknown",
            );
            None
        }
    }
}
