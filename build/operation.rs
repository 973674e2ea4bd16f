//! The operations of a spec, as the generator's later steps need them.

use serde_json::Value;

/// One method on one path.
pub(crate) struct Operation {
    /// In snake_case: the name of the typed method.
    pub(crate) id: String,
    /// In upper case.
    pub(crate) method: String,
    /// Without the version, parameters in braces.
    pub(crate) path: String,
    pub(crate) tag: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) evidence: String,
    pub(crate) source: String,
    pub(crate) errors: Vec<String>,
    pub(crate) parameters: Vec<Parameter>,
    /// Name of the schema of the request body.
    pub(crate) body: Option<String>,
    /// The request body is a multipart form of one file.
    pub(crate) upload: bool,
    pub(crate) answer: Answer,
}

/// What a success brings.
#[derive(PartialEq, Eq)]
pub(crate) enum Answer {
    Json,
    Image,
}

pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) place: Place,
    pub(crate) required: bool,
    /// Comma-separated in one query value.
    pub(crate) list: bool,
}

#[derive(PartialEq, Eq, Clone, Copy)]
pub(crate) enum Place {
    /// In the path; `wide` ids may hold one slash.
    Path {
        wide: bool,
    },
    Query,
}

/// All operations of `spec`, whose dialect has been checked.
pub(crate) fn read(spec: &Value) -> Result<Vec<Operation>, String> {
    let mut operations = Vec::new();
    for (path, item) in spec["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            operations.push(one(spec, path, method, operation)?);
        }
    }
    Ok(operations)
}

fn one(spec: &Value, path: &str, method: &str, operation: &Value) -> Result<Operation, String> {
    let text = |key: &str| operation[key].as_str().unwrap_or_default().trim().to_owned();
    let mut parameters = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        parameters.push(self::parameter(spec, resolve(spec, parameter)?)?);
    }
    let body = operation
        .pointer("/requestBody/content/application~1json/schema/$ref")
        .and_then(Value::as_str)
        .and_then(|target| target.rsplit('/').next())
        .map(str::to_owned);
    let json = operation.pointer("/responses/200/content/application~1json").is_some();
    let errors = operation["x-playoff-errors"].as_array().into_iter().flatten();
    Ok(Operation {
        id: text("operationId"),
        method: method.to_uppercase(),
        path: path.to_owned(),
        tag: operation["tags"][0].as_str().unwrap_or_default().to_owned(),
        summary: text("summary"),
        description: text("description"),
        evidence: text("x-playoff-evidence"),
        source: text("x-playoff-source"),
        errors: errors.filter_map(Value::as_str).map(str::to_owned).collect(),
        parameters,
        body,
        upload: operation.pointer("/requestBody/content/multipart~1form-data").is_some(),
        answer: if json { Answer::Json } else { Answer::Image },
    })
}

fn parameter(spec: &Value, parameter: &Value) -> Result<Parameter, String> {
    let schema = resolve(spec, &parameter["schema"])?;
    Ok(Parameter {
        name: parameter["name"].as_str().unwrap_or_default().to_owned(),
        description: parameter["description"].as_str().unwrap_or_default().trim().to_owned(),
        place: match parameter["in"].as_str() {
            Some("path") => Place::Path { wide: parameter.get("x-playoff-segments").is_some() },
            _ => Place::Query,
        },
        required: parameter["required"] == Value::Bool(true),
        list: schema["type"] == "array",
    })
}

fn resolve<'a>(spec: &'a Value, value: &'a Value) -> Result<&'a Value, String> {
    match value["$ref"].as_str() {
        Some(target) => spec
            .pointer(target.trim_start_matches('#'))
            .ok_or_else(|| format!("`$ref: {target}` leads nowhere")),
        None => Ok(value),
    }
}

impl Operation {
    /// Name of the builder type and stem of the constants: `get_player` makes `GetPlayer`.
    pub(crate) fn pascal(&self) -> String {
        self.id
            .split('_')
            .map(|word| {
                let (first, rest) = word.split_at(word.len().min(1));
                first.to_uppercase() + rest
            })
            .collect()
    }
}
