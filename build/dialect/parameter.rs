//! What a parameter may say.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Report, described, is_snake_case, schema, snake_case};

/// Names that a call builder has already.
const RESERVED: [&str; 10] =
    ["body", "body_map", "call", "client", "send", "timeout", "retries", "header", "new", "stream"];

pub(super) fn check_all(report: &mut Report<'_>, path: &str, operation: &Value) {
    let spec = report.spec;
    let template = template(report, path);
    let mut names = BTreeSet::new();
    let mut in_path = BTreeSet::new();
    for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        // Borrowed from the whole spec, not through `report`, which collects meanwhile.
        let parameter = match parameter.get("$ref").and_then(Value::as_str) {
            Some(target) => super::pointer(spec, target).unwrap_or(&Value::Null),
            None => parameter,
        };
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
        check_name(report, name);
        if !names.insert(snake_case(name)) {
            report.find(
                format!("two parameters are called `{name}`"),
                "rename one: a path and a query parameter of one name make the generator panic",
            );
        }
        described(report, &format!("`{name}`"), parameter);
        match parameter.get("in").and_then(Value::as_str) {
            Some("path") => {
                in_path.insert(name.to_owned());
                check_path(report, name, parameter);
            }
            Some("query") => check_query(report, name, parameter),
            other => report.find(
                format!("`{name}` travels in {}", other.unwrap_or("nothing")),
                "only path and query parameters are generated",
            ),
        }
    }
    for missing in template.difference(&in_path) {
        report.find(
            format!("the path names {{{missing}}}, no parameter does"),
            "describe the path parameter",
        );
    }
    for missing in in_path.difference(&template) {
        report.find(
            format!("the path parameter `{missing}` is not in the path"),
            "put {name} into the path or drop the parameter",
        );
    }
}

fn template(report: &mut Report<'_>, path: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for segment in path.split('/') {
        if !segment.contains(['{', '}']) {
            continue;
        }
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !name.contains(['{', '}']) => {
                names.insert(name.to_owned());
            }
            _ => report.find(
                format!("the path segment `{segment}` is only partly a parameter"),
                "a parameter fills its whole segment: that is what keeps ids in their place",
            ),
        }
    }
    names
}

fn check_name(report: &mut Report<'_>, name: &str) {
    if !is_snake_case(name) {
        report.find(
            format!("the parameter name `{name}` is not in snake_case"),
            "the generator would rename it; add such a route by hand",
        );
    }
    if RESERVED.contains(&name) {
        report.find(
            format!("the parameter name `{name}` is taken by the call builder"),
            "add such a route by hand",
        );
    }
}

fn check_path(report: &mut Report<'_>, name: &str, parameter: &Value) {
    if parameter.get("required") != Some(&Value::Bool(true)) {
        report.find(format!("the path parameter `{name}` is optional"), "write `required: true`");
    }
    style(report, name, parameter, "simple");
    match parameter.get("x-playoff-segments") {
        None => {}
        Some(count) if count.as_u64() == Some(2) => {}
        Some(other) => report.find(
            format!("x-playoff-segments of `{name}` is {other}"),
            "2 is the one value: an id of one or two plain segments",
        ),
    }
    let kind = parameter.pointer("/schema/type").and_then(Value::as_str);
    match (kind, parameter.get("schema")) {
        (Some("string"), Some(schema)) => {
            schema::check_scalar(report, &format!("`{name}`"), schema)
        }
        _ => report.find(format!("the path parameter `{name}` is no string"), "ids are text"),
    }
}

fn check_query(report: &mut Report<'_>, name: &str, parameter: &Value) {
    if parameter.get("content").is_some() {
        report.find(
            format!("the query parameter `{name}` has a `content`"),
            "give it a `schema`: JSON inside the query is not generated",
        );
        return;
    }
    style(report, name, parameter, "form");
    let Some(inner) = parameter.get("schema") else {
        report.find(format!("the query parameter `{name}` has no schema"), "give it one");
        return;
    };
    if inner.get("default").is_some() {
        report.find(
            format!("`{name}` has a default"),
            "say it in the description: what the caller leaves out is not sent",
        );
    }
    let shape = report.resolve(inner);
    match shape.get("type").and_then(Value::as_str) {
        Some("array") => {
            if parameter.get("explode") != Some(&Value::Bool(false)) {
                report.find(
                    format!("the list `{name}` is not comma-separated"),
                    "write `style: form, explode: false`: Playoff reads lists as one value",
                );
            }
            let nothing = Value::Null;
            let items = shape.get("items").unwrap_or(&nothing);
            schema::check_scalar(report, &format!("an item of `{name}`"), items);
        }
        Some("object") => report.find(
            format!("the query parameter `{name}` is an object"),
            "describe its fields as parameters of their own",
        ),
        _ => schema::check_scalar(report, &format!("`{name}`"), inner),
    }
}

fn style(report: &mut Report<'_>, name: &str, parameter: &Value, allowed: &str) {
    let style = parameter.get("style").and_then(Value::as_str).unwrap_or(allowed);
    if style != allowed {
        report.find(
            format!("`{name}` has the style {style}"),
            format!("leave it out or write {allowed}: no other style is generated"),
        );
    }
}
