//! Words for the schemas of a spec, and the page that describes them all.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::spec::Spec;

/// What a value may be, in words. Named schemas are links into `page`, empty for the same page.
pub(crate) fn kind(schema: &Value, page: &str) -> String {
    let kind = |schema: &Value| self::kind(schema, page);
    if let Some(name) = name(schema) {
        return format!("[{name}]({page}#{})", name.to_lowercase());
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let choices: Vec<String> = choices.iter().map(kind).collect();
        return choices.join(", or ");
    }
    match schema["type"].as_str() {
        Some("array") => format!("list of {}", kind(&schema["items"])),
        Some("object") if schema["maxProperties"] == 0 => "`{}`".to_owned(),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("object of {} by name", kind(&schema["additionalProperties"]))
        }
        Some("string") if schema["format"] == "binary" => "bytes".to_owned(),
        Some("string") => "text".to_owned(),
        Some("integer") => "integer".to_owned(),
        Some(other) => other.to_owned(),
        None => "JSON".to_owned(),
    }
}

/// The name of what is a reference, alone or with a description of its own.
pub(crate) fn name(schema: &Value) -> Option<&str> {
    let reference = schema.get("$ref").or_else(|| schema["allOf"].get(0)?.get("$ref"))?;
    reference.as_str()?.rsplit('/').next()
}

/// A field of an object.
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) required: bool,
    pub(crate) schema: &'a Value,
}

/// The fields of an object, required ones first.
pub(crate) fn fields(schema: &Value) -> Vec<Field<'_>> {
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut fields: Vec<Field<'_>> = properties
        .map(|(name, schema)| Field {
            name,
            required: required.iter().any(|required| required == name),
            schema,
        })
        .collect();
    fields.sort_by_key(|field| !field.required);
    fields
}

/// A row of a table; a bar in a cell would end it.
pub(crate) fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.trim().replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The page of all schemas that have a name.
pub(crate) fn page(spec: &Spec) -> String {
    let mut page = format!(
        "{}# Types of {version}\n\n\
         What stands in requests and answers of version {number}, as JSON. A field in **bold** is always \
         there, and has to be sent where a request takes it. [All operations](../README.md#{version}).\n",
        crate::page::MADE,
        version = spec.version,
        number = &spec.version[1..],
    );
    let schemas: BTreeMap<&String, &Value> =
        spec.json["components"]["schemas"].as_object().into_iter().flatten().collect();
    for (name, schema) in schemas {
        let _ = write!(page, "\n## {name}\n\n{}\n", about(schema));
        let _ = writeln!(page, "\n{}", in_rust(spec, name, schema));
        page += &shape(schema);
    }
    page
}

fn about(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default().trim()
}

/// The Rust type, if the schema has one.
fn in_rust(spec: &Spec, name: &str, schema: &Value) -> String {
    let list = |model: &str| {
        model.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')).map(str::to_owned)
    };
    match schema["x-playoff-model"].as_str() {
        Some("Json") => "In Rust `serde_json::Value`.".to_owned(),
        Some(model) => match list(model) {
            Some(item) => format!("In Rust a `playoff::model::List` of `playoff::model::{item}`."),
            None => format!("In Rust `playoff::model::{model}`."),
        },
        None if spec.has_type(name) => {
            format!("In Rust `playoff::{}::types::{name}`.", spec.version)
        }
        None => "It has no Rust type of its own.".to_owned(),
    }
}

fn shape(schema: &Value) -> String {
    let mut text = String::new();
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> =
            values.iter().filter_map(Value::as_str).map(|value| format!("`{value}`")).collect();
        let _ = writeln!(text, "\nOne of {}.", values.join(", "));
    } else if schema.get("oneOf").is_some() || fields(schema).is_empty() {
        let _ = writeln!(text, "\nOn the wire: {}.", kind(schema, ""));
    }
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    for schema in std::iter::once(schema).chain(choices) {
        text += &table(schema);
    }
    if schema["additionalProperties"] == true {
        text += "\nFurther fields may be there.\n";
    }
    text
}

fn table(schema: &Value) -> String {
    let fields = fields(schema);
    if fields.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}{}", row(&["field", "type", ""]), row(&["---"; 3]));
    for field in fields {
        let name = format!("`{}`", field.name);
        let name = if field.required { format!("**{name}**") } else { name };
        text += &row(&[&name, &kind(field.schema, ""), about(field.schema)]);
    }
    text
}
