//! Example answers, made from the schemas of the specs.

use serde_json::{Map, Value, json};

use super::described;
use crate::routes::Route;

/// Schemas may refer to themselves; deeper than this an example says no more.
const DEEPEST: usize = 8;

/// An answer of `route` that fits its schema; None where it answers with an image.
pub(super) fn of(route: &Route) -> Option<Value> {
    let content = &described::operation(route)["responses"]["200"]["content"];
    let schema = content.get("application/json")?.get("schema")?;
    Some(example(described::spec(route.version), schema, 0))
}

fn example(spec: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(target) = schema["$ref"].as_str() {
        let target = spec.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null);
        return example(spec, target, depth + 1);
    }
    if let Some(given) = schema.get("example") {
        return given.clone();
    }
    if let Some(first) = ["oneOf", "allOf", "anyOf"].iter().find_map(|key| schema[key].get(0)) {
        return example(spec, first, depth + 1);
    }
    match schema["type"].as_str() {
        Some("object") => Value::Object(object(spec, schema, depth)),
        Some("array") if depth < DEEPEST => json!([example(spec, &schema["items"], depth + 1)]),
        Some("array") => json!([]),
        Some("integer") => json!(1),
        Some("number") => json!(1.0),
        Some("boolean") => json!(true),
        Some("string") => schema["enum"].get(0).cloned().unwrap_or_else(|| json!("text")),
        _ => json!({}),
    }
}

fn object(spec: &Value, schema: &Value, depth: usize) -> Map<String, Value> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .filter(|(name, _)| depth < DEEPEST || required.contains(&name.as_str()))
        .map(|(name, property)| (name.clone(), example(spec, property, depth + 1)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{self, Version};

    #[test]
    fn every_route_that_answers_json_has_an_example() {
        for route in routes::all() {
            // Pictures are the routes whose names say so.
            let image = route.operation.ends_with("_image") && route.operation.starts_with("get_");
            assert_eq!(of(route).is_none(), image, "{} {}", route.version, route.operation);
        }
    }

    #[test]
    fn an_example_has_what_the_schema_requires() {
        let (route, _) = routes::find(Version::V2, &crate::Method::GET, "/runtime/player").unwrap();
        let profile = of(route).unwrap();
        assert!(profile["id"].is_string() && profile["enabled"].is_boolean(), "{profile}");
    }
}
