//! Lets progenitor write one half, on a spec that is bent to its liking in memory.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use progenitor::{GenerationSettings, Generator, InterfaceStyle, TagStyle};
use serde_json::Value;

use crate::operation::Operation;
use crate::polish;

/// Rust code of the typed half of `version`.
pub(crate) fn half(
    version: &str,
    spec: &Value,
    operations: &[Operation],
) -> Result<String, String> {
    let mut spec = spec.clone();
    drop_what_is_ours(version, &mut spec, operations.len())?;
    drop_unused_schemas(&mut spec);
    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_tag(TagStyle::Merged)
        .with_derive("PartialEq")
        .with_map_type("::std::collections::BTreeMap");
    for (schema, model) in hand_written(&spec)? {
        settings.with_replacement(schema, model, std::iter::empty());
    }
    let document = serde_json::from_value(spec).map_err(|error| format!("{version}: {error}"))?;
    // The dialect check is there so that this never panics; the file is named if it does.
    let tokens =
        catch_unwind(AssertUnwindSafe(|| Generator::new(&settings).generate_tokens(&document)))
            .map_err(|_| format!("spec/{version}.yaml: the generator panicked, see above"))?
            .map_err(|error| format!("spec/{version}.yaml: {error}"))?;
    let file = syn::parse2(tokens).map_err(|error| format!("{version}: {error}"))?;
    let file = polish::polish(version, file, operations)?;
    Ok(prettyplease::unparse(&file))
}

/// Error answers and uploads, which our own code sees to.
///
/// Errors are judged in one place for typed and raw calls, so the generator sees successes alone.
/// It could not tell several error types apart anyway.
fn drop_what_is_ours(version: &str, spec: &mut Value, expected: usize) -> Result<(), String> {
    let mut dropped = 0;
    for item in spec["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        for operation in item.as_object_mut().into_iter().flat_map(|item| item.values_mut()) {
            if let Some(responses) = operation["responses"].as_object_mut() {
                dropped += usize::from(responses.remove("default").is_some());
            }
            // The generator writes no multipart bodies: `polish` adds the file.
            if operation.pointer("/requestBody/content/multipart~1form-data").is_some() {
                operation.as_object_mut().map(|operation| operation.remove("requestBody"));
            }
        }
    }
    if dropped == expected {
        return Ok(());
    }
    Err(format!("spec/{version}.yaml: {dropped} of {expected} operations have a default answer"))
}

/// Schemas of errors, and parts of hand-written models, would become types that nobody meets.
fn drop_unused_schemas(spec: &mut Value) {
    let mut used = BTreeSet::new();
    let mut found = Vec::new();
    collect_references(&spec["paths"], &mut found);
    while let Some(target) = found.pop() {
        let schema = spec.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null);
        if used.insert(target) && schema.get("x-playoff-model").is_none() {
            collect_references(schema, &mut found);
        }
    }
    if let Some(schemas) = spec["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| used.contains(&format!("#/components/schemas/{name}")));
    }
    if let Some(components) = spec["components"].as_object_mut() {
        components.remove("responses");
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(target) = map.get("$ref").and_then(Value::as_str) {
                found.push(target.to_owned());
            }
            map.values().for_each(|inner| collect_references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect_references(inner, found)),
        _ => {}
    }
}

/// Schemas that src/model holds in Rust: name in the spec, type in the code.
fn hand_written(spec: &Value) -> Result<Vec<(String, String)>, String> {
    let mut models = Vec::new();
    for (name, schema) in spec["components"]["schemas"].as_object().into_iter().flatten() {
        let Some(model) = schema.get("x-playoff-model") else { continue };
        let model =
            model.as_str().ok_or_else(|| format!("schema {name}: x-playoff-model is no text"))?;
        let path = match model.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')) {
            Some(item) => format!("crate::model::List<crate::model::{item}>"),
            None if model == "Json" => "::serde_json::Value".to_owned(),
            None => format!("crate::model::{model}"),
        };
        models.push((name.clone(), path));
    }
    Ok(models)
}
