//! A spec as the build wrote it, and its operations in its own order.

use playoff::routes;
use serde_json::Value;

use crate::operation::{self, Operation};
use crate::schema::{self, Field};

const V1: &str = include_str!(concat!(env!("OUT_DIR"), "/v1.json"));
const V2: &str = include_str!(concat!(env!("OUT_DIR"), "/v2.json"));
const V1_CODE: &str = include_str!(concat!(env!("OUT_DIR"), "/v1.rs"));
const V2_CODE: &str = include_str!(concat!(env!("OUT_DIR"), "/v2.rs"));

pub(crate) struct Spec {
    pub(crate) version: &'static str,
    pub(crate) json: Value,
    pub(crate) operations: Vec<Operation>,
}

/// What a call can be told.
pub(crate) struct Parameter<'a> {
    /// `path`, `query`, `body` or `form`.
    pub(crate) place: &'a str,
    pub(crate) field: Field<'a>,
}

impl Spec {
    /// Both, the current version first.
    pub(crate) fn all() -> [Spec; 2] {
        [Spec::read("v2", V2), Spec::read("v1", V1)]
    }

    fn read(version: &'static str, text: &str) -> Spec {
        let json: Value = serde_json::from_str(text).unwrap();
        let mut operations = operation::read(&json).unwrap();
        let place = |id: &str| {
            routes::all()
                .position(|route| route.version.as_str() == version && route.operation == id)
        };
        operations.sort_by_key(|operation| place(&operation.id));
        Spec { version, json, operations }
    }

    /// Tags with their operations, in the order in which the spec has them.
    pub(crate) fn tags(&self) -> Vec<(&str, Vec<&Operation>)> {
        let mut tags: Vec<(&str, Vec<&Operation>)> = Vec::new();
        for operation in &self.operations {
            match tags.iter_mut().find(|(tag, _)| *tag == operation.tag) {
                Some((_, operations)) => operations.push(operation),
                None => tags.push((&operation.tag, vec![operation])),
            }
        }
        tags
    }

    /// Parameters in path and query, then what the body holds.
    pub(crate) fn parameters(&self, operation: &Operation) -> Vec<Parameter<'_>> {
        let described = self.described(operation);
        let mut parameters = Vec::new();
        for parameter in described["parameters"].as_array().into_iter().flatten() {
            let parameter = self.resolved(parameter);
            parameters.push(Parameter {
                place: parameter["in"].as_str().unwrap_or_default(),
                field: Field {
                    name: parameter["name"].as_str().unwrap_or_default(),
                    required: parameter["required"] == true,
                    schema: parameter,
                },
            });
        }
        parameters.sort_by_key(|parameter| parameter.place != "path");
        let content = described["requestBody"]["content"].as_object();
        for (kind, content) in content.into_iter().flatten() {
            let place = if kind == "application/json" { "body" } else { "form" };
            let schema = self.resolved(&content["schema"]);
            let fields = schema::fields(schema);
            parameters.extend(fields.into_iter().map(|field| Parameter { place, field }));
        }
        parameters
    }

    /// The schema of a body that is no plain object of fields.
    pub(crate) fn whole_body(&self, operation: &Operation) -> Option<&Value> {
        let content = &self.described(operation)["requestBody"]["content"]["application/json"];
        let schema = content.get("schema")?;
        schema::fields(self.resolved(schema)).is_empty().then_some(schema)
    }

    /// The schema of a success in JSON.
    pub(crate) fn answer(&self, operation: &Operation) -> Option<&Value> {
        self.described(operation)["responses"]["200"]["content"]["application/json"].get("schema")
    }

    fn described(&self, operation: &Operation) -> &Value {
        &self.json["paths"][&operation.path][operation.method.to_ascii_lowercase()]
    }

    /// Whether the build made a type of it.
    pub(crate) fn has_type(&self, schema: &str) -> bool {
        let code = if self.version == "v1" { V1_CODE } else { V2_CODE };
        [" struct ", " enum "].iter().any(|kind| code.contains(&format!("{kind}{schema} ")))
    }

    pub(crate) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(target) => self.json.pointer(target.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }
}
