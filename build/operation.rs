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
    /// What the tag's operations are about.
    pub(crate) tag_about: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) evidence: String,
    pub(crate) source: String,
    pub(crate) errors: Vec<String>,
    /// Sent twice it does no more than sent once.
    pub(crate) idempotent: bool,
    pub(crate) parameters: Vec<Parameter>,
    /// Name of the schema of the request body.
    pub(crate) body: Option<String>,
    /// An example of the request body.
    pub(crate) body_example: Option<Value>,
    /// What the request body holds, in the order of the spec.
    pub(crate) body_fields: Vec<BodyField>,
    /// What a success holds, as rustdoc text.
    pub(crate) answer_text: String,
    /// The request body is a multipart form of one file.
    pub(crate) upload: bool,
    pub(crate) answer: Answer,
}

pub(crate) struct BodyField {
    /// The name of its setter.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) required: bool,
    /// Rust code of a value; None where it depends on the game.
    pub(crate) sample: Option<String>,
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
    /// Written down once, under `components/parameters`.
    pub(crate) shared: bool,
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
        let shared = parameter.get("$ref").is_some();
        parameters.push(self::parameter(spec, resolve(spec, parameter)?, shared)?);
    }
    let body = operation
        .pointer("/requestBody/content/application~1json/schema/$ref")
        .and_then(Value::as_str)
        .and_then(|target| target.rsplit('/').next())
        .map(str::to_owned);
    let shape = match &body {
        Some(name) => &spec["components"]["schemas"][name.as_str()],
        None => &Value::Null,
    };
    let json = operation.pointer("/responses/200/content/application~1json").is_some();
    let tag = operation["tags"][0].as_str().unwrap_or_default();
    let tags = spec["tags"].as_array();
    let about = tags.into_iter().flatten().find(|entry| entry["name"] == tag);
    let about = about.and_then(|entry| entry["description"].as_str());
    let errors = operation["x-playoff-errors"].as_array().into_iter().flatten();
    Ok(Operation {
        id: text("operationId"),
        method: method.to_uppercase(),
        path: path.to_owned(),
        tag: tag.to_owned(),
        tag_about: about.unwrap_or_default().trim_end_matches('.').to_owned(),
        summary: text("summary"),
        description: text("description"),
        evidence: text("x-playoff-evidence"),
        source: text("x-playoff-source"),
        errors: errors.filter_map(Value::as_str).map(str::to_owned).collect(),
        idempotent: !matches!(method, "post" | "patch")
            || operation["x-playoff-idempotent"] == Value::Bool(true),
        parameters,
        body,
        body_example: operation.pointer("/requestBody/content/application~1json/example").cloned(),
        body_fields: body_fields(spec, shape)?,
        answer_text: answer_text(spec, operation),
        upload: operation.pointer("/requestBody/content/multipart~1form-data").is_some(),
        answer: if json { Answer::Json } else { Answer::Image },
    })
}

fn body_fields(spec: &Value, body: &Value) -> Result<Vec<BodyField>, String> {
    let mut fields = Vec::new();
    let required = body["required"].as_array();
    for (name, property) in body["properties"].as_object().into_iter().flatten() {
        let description = property["description"].as_str().unwrap_or_default().trim().to_owned();
        let required = required.is_some_and(|required| required.iter().any(|key| key == name));
        let property = property["allOf"].get(0).unwrap_or(property);
        let schema = resolve(spec, property)?;
        let sample = match (schema["x-playoff-model"].as_str(), schema["type"].as_str()) {
            (Some("TeamRoles"), _) => Some("playoff::model::TeamRoles::new([\"Head\"])".to_owned()),
            (Some("LaneRoles"), _) => {
                Some("playoff::model::LaneRoles::new([(\"main\", \"player\")])".to_owned())
            }
            (_, Some("string")) => {
                Some(format!("{:?}", schema["enum"][0].as_str().unwrap_or(sample_text(name))))
            }
            (_, Some("array")) => match schema["items"]["type"].as_str() {
                Some("string") => Some("[\"johny\"]".to_owned()),
                _ if schema["items"]["$ref"] == "#/components/schemas/Reward" => {
                    let reward = "playoff::model::Reward::point(\"drops\", playoff::model::RewardVerb::Add, 5)";
                    Some(format!("[{reward}]"))
                }
                _ => None,
            },
            _ => None,
        };
        // `type` is a keyword; the generator adds an underscore.
        let name = if name == "type" { "type_" } else { name };
        fields.push(BodyField { name: name.to_owned(), description, required, sample });
    }
    Ok(fields)
}

fn sample_text(name: &str) -> &'static str {
    match name {
        "id" | "player_id" => "zoe",
        "alias" | "name" => "Zoë",
        "definition" => "module1",
        _ => "plant",
    }
}

/// A link to the type, or to its items' type.
fn answer_text(spec: &Value, operation: &Value) -> String {
    let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let (list, target) = match schema["items"]["$ref"].as_str() {
        Some(target) => ("A list of ", target),
        None => ("", schema["$ref"].as_str().unwrap_or_default()),
    };
    let name = target.rsplit('/').next().unwrap_or_default();
    let model = spec["components"]["schemas"][name]["x-playoff-model"].as_str();
    match (name, model) {
        ("", _) => "[`Image`](crate::Image).".to_owned(),
        (_, Some("Json")) => "JSON of a shape that nobody recorded, as it came.".to_owned(),
        (_, Some(model)) => {
            let item = model.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>'));
            let (list, model) = item.map_or((list, model), |item| ("A list of ", item));
            format!("{list}[`{model}`](crate::model::{model}).")
        }
        (name, None) => format!("{list}[`{name}`](types::{name})."),
    }
}

fn parameter(spec: &Value, parameter: &Value, shared: bool) -> Result<Parameter, String> {
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
        shared,
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
