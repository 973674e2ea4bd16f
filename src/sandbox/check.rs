//! Requests and answers held against the specs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::described;
use super::game::{Outcome, Refusal};
use crate::routes::{Route, Version};

/// A report longer than this helps nobody.
const MOST_FAULTS: usize = 20;

/// Query parameters that the game itself checks, as it can say more of what is wrong.
const OF_THE_GAME: &[&str] = &["player_id", "cycle", "sort"];

/// Refuses a request that does not fit the spec of its route, with all that is wrong.
pub(super) fn request(
    route: &Route,
    query: &BTreeMap<String, String>,
    body: &Value,
) -> Outcome<()> {
    let mut faults = query_faults(route, query);
    faults.extend(too_large(body, String::new()));
    let content = &described::operation(route)["requestBody"]["content"];
    if let Some(schema) = content.get("application/json").and_then(|kind| kind.get("schema")) {
        faults.extend(body_faults(route.version, schema, body));
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::invalid(faults)) }
}

/// What an answer has that the spec of its operation does not describe; empty when all is well.
#[cfg(test)]
pub(super) fn answer_of(version: Version, operation: &str, body: &Value) -> Vec<Value> {
    let mut routes = crate::routes::all();
    let route = routes.find(|route| route.version == version && route.operation == operation);
    route.map_or_else(|| vec![json!("there is no such route")], |route| answer(route, 200, body))
}

#[cfg(test)]
fn answer(route: &Route, status: u16, body: &Value) -> Vec<Value> {
    let responses = &described::operation(route)["responses"];
    let which = if status == 200 { "200" } else { "default" };
    let response = described::resolved(route.version, &responses[which]);
    match response["content"]["application/json"].get("schema") {
        Some(schema) => body_faults(route.version, schema, body),
        None => vec![json!({ "path": "", "message": "no JSON is described" })],
    }
}

fn query_faults(route: &Route, query: &BTreeMap<String, String>) -> Vec<Value> {
    let parameters = described::operation(route)["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.map(|parameter| described::resolved(route.version, parameter));
    let mut faults = Vec::new();
    for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
        let name = parameter["name"].as_str().unwrap_or_default();
        if OF_THE_GAME.contains(&name) {
            continue;
        }
        let message = match query.get(name) {
            None if parameter["required"] == true => Some("is required".to_owned()),
            None => None,
            Some(text) => unfit(route.version, &parameter["schema"], text),
        };
        faults.extend(message.map(|message| json!({ "path": name, "message": message })));
    }
    faults
}

/// Why a text does not do for a parameter.
fn unfit(version: Version, schema: &'static Value, text: &str) -> Option<String> {
    let schema = described::resolved(version, schema);
    if let Some(words) = schema["enum"].as_array() {
        return (!words.iter().any(|word| word == text)).then(|| one_of(words));
    }
    match schema["type"].as_str() {
        Some("integer") => {
            text.trim().parse::<i64>().err().map(|_| "should be an integer".to_owned())
        }
        Some("boolean") => {
            // Python writes its booleans with a capital.
            let known = matches!(text, "true" | "false" | "True" | "False" | "0" | "1");
            (!known).then(|| "should be a boolean".to_owned())
        }
        Some("array") => {
            let mut items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.find_map(|item| unfit(version, &schema["items"], item))
        }
        _ => None,
    }
}

/// Whole numbers that JSON in Rust holds as fractions: nobody could read back what was sent.
fn too_large(value: &Value, path: String) -> Option<Value> {
    let below = |key: String| if path.is_empty() { key } else { format!("{path}.{key}") };
    match value {
        Value::Number(number) => {
            let exact = number.is_i64() || number.as_f64().is_none_or(|n| n.abs() < 2_f64.powi(63));
            (!exact).then(|| json!({ "path": path, "message": "is too large a number" }))
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| too_large(item, below(index.to_string())))
        }
        Value::Object(fields) => {
            fields.iter().find_map(|(key, field)| too_large(field, below(key.clone())))
        }
        _ => None,
    }
}

/// The body without what some clients send and mean nothing by.
pub(super) fn as_meant(route: &Route, body: Value) -> Value {
    let Value::Object(mut fields) = body else { return body };
    fields.retain(|_, value| !value.is_null());
    // Words of access may be in lower case; the Go SDK echoes an access that it was never told.
    if let Some(word) = fields.get("access").and_then(Value::as_str).map(str::to_uppercase) {
        match word.is_empty() {
            true => fields.remove("access"),
            false => fields.insert("access".to_owned(), Value::String(word)),
        };
    }
    // One application sends a JSON number as the id of a new player.
    let id = fields.get("id").and_then(Value::as_number).map(ToString::to_string);
    if let Some(id) = id.filter(|_| route.operation.ends_with("create_player")) {
        fields.insert("id".to_owned(), Value::String(id));
    }
    Value::Object(fields)
}

fn body_faults(version: Version, schema: &'static Value, body: &Value) -> Vec<Value> {
    let Some(validator) = validator(version, schema) else {
        return vec![json!({ "path": "", "message": "the schema cannot be read" })];
    };
    validator.iter_errors(body).take(MOST_FAULTS).map(|error| fault(&error)).collect()
}

const BASE: [&str; 2] = ["playoff:///v1", "playoff:///v2"];

static REGISTRY: LazyLock<Option<Registry<'static>>> = LazyLock::new(|| {
    let (v1, v2) = (described::spec(Version::V1), described::spec(Version::V2));
    let registry = Registry::new().draft(Draft::Draft7);
    registry.add(BASE[0], v1).ok()?.add(BASE[1], v2).ok()?.prepare().ok()
});

type Validators = HashMap<(Version, String), Arc<Validator>>;

/// Compiling one takes longer than using it a thousand times.
static COMPILED: LazyLock<Mutex<Validators>> = LazyLock::new(Mutex::default);

fn validator(version: Version, schema: &'static Value) -> Option<Arc<Validator>> {
    let base = BASE[usize::from(version == Version::V2)];
    let absolute = absolute(base, schema);
    let key = (version, absolute.to_string());
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(&key) {
        return Some(Arc::clone(known));
    }
    let options = jsonschema::options().with_draft(Draft::Draft7).with_registry(REGISTRY.as_ref()?);
    let made = Arc::new(options.build(&absolute).ok()?);
    compiled.insert(key, Arc::clone(&made));
    Some(made)
}

/// The schema of a body: a reference into the spec, or an array of such.
fn absolute(base: &str, schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let absolute = |(key, value): (&String, &Value)| match value.as_str() {
                Some(target) if key == "$ref" => (key.clone(), json!(format!("{base}{target}"))),
                _ => (key.clone(), self::absolute(base, value)),
            };
            Value::Object(fields.iter().map(absolute).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| absolute(base, item)).collect(),
        other => other.clone(),
    }
}

fn fault(error: &ValidationError<'_>) -> Value {
    let mut path: Vec<String> = error.instance_path().into_iter().map(|s| s.to_string()).collect();
    let message = match error.kind() {
        ValidationErrorKind::Required { property } => {
            path.extend(property.as_str().map(str::to_owned));
            "is required".to_owned()
        }
        ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => {
            format!("should be of type {kind}")
        }
        ValidationErrorKind::Enum { options } => {
            options.as_array().map_or_else(|| "is not allowed".to_owned(), |words| one_of(words))
        }
        ValidationErrorKind::OneOfNotValid { .. } => "fits none of its possible forms".to_owned(),
        ValidationErrorKind::OneOfMultipleValid { .. } => "fits several of its forms".to_owned(),
        // Without the value, which may be long, or a secret.
        _ => error.masked().to_string(),
    };
    json!({ "path": path.join("."), "message": message })
}

fn one_of(words: &[Value]) -> String {
    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    format!("should be one of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::*;
    use crate::routes;

    fn route(method: Method, path: &str) -> &'static Route {
        routes::find(Version::V2, &method, path).unwrap().0
    }

    fn faults(method: Method, path: &str, query: &[(&str, &str)], body: Value) -> Vec<String> {
        let query = query.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let route = route(method, path);
        let body = as_meant(route, body);
        let refusal = match request(route, &query.collect(), &body) {
            Ok(()) => return Vec::new(),
            Err(refusal) => refusal,
        };
        assert_eq!((refusal.status, refusal.name), (400, "validation_exception"));
        let data = refusal.data.unwrap();
        assert_eq!(data["valid"], false);
        let text = |fault: &Value, key: &str| fault[key].as_str().unwrap().to_owned();
        let faults = data["errors"].as_array().unwrap().iter();
        faults.map(|fault| text(fault, "path") + " " + &text(fault, "message")).collect()
    }

    #[test]
    fn all_that_is_wrong_with_a_body_is_named_with_its_place() {
        let body = json!({ "id": "water", "name": 5, "rules": [{ "rewards": [{
            "metric": { "id": "seeds", "type": "coins" }, "verb": "add", "value": 1 }] }] });
        let found = faults(Method::POST, "/design/versions/latest/actions", &[], body);
        assert_eq!(
            found,
            [
                "variables is required",
                "name should be of type string",
                "rules.0.requires is required",
                "rules.0.rewards.0.metric.type should be one of point, set, state, compound",
                "rules.0.rewards.0.value fits none of its possible forms",
            ]
        );
    }

    #[test]
    fn parameters_of_the_query_are_checked_by_their_type() {
        let players = |query: &[(&str, &str)]| {
            faults(Method::GET, "/admin/players", query, json!({})).join("; ")
        };
        assert_eq!(players(&[("limit", "many")]), "limit should be an integer");
        assert_eq!(players(&[("limit", "1000000"), ("list", "[1, 2]")]), "");
        let available = "/admin/validation/player/available";
        assert_eq!(faults(Method::GET, available, &[], json!({})), ["value is required"]);
        let profile = |flag| {
            faults(Method::GET, "/runtime/player", &[("detailed", flag)], json!({})).join("; ")
        };
        assert_eq!((profile("True").as_str(), profile("0").as_str()), ("", ""));
        assert_eq!(profile("maybe"), "detailed should be a boolean");
        let images =
            |size| faults(Method::GET, "/runtime/assets/game", &[("size", size)], json!({}));
        assert_eq!(images("tiny"), ["size should be one of icon, small, medium, large, original"]);
    }

    #[test]
    fn what_clients_send_and_mean_nothing_by_is_overlooked() {
        let process = "/runtime/processes/student1/x";
        for access in [json!(""), json!("public"), json!("PRIVATE"), json!(null)] {
            assert_eq!(
                faults(Method::PATCH, process, &[], json!({ "access": access })).len(),
                0,
                "{access}"
            );
        }
        assert_eq!(faults(Method::PATCH, process, &[], json!({ "access": "open" })).len(), 1);
        let player = json!({ "id": 42, "alias": "N" });
        assert_eq!(faults(Method::POST, "/admin/players", &[], player).len(), 0);
        let patch = route(Method::PATCH, process);
        let meant = as_meant(patch, json!({ "access": "", "name": null, "x": [null] }));
        assert_eq!(meant, json!({ "x": [null] }));
    }

    #[test]
    fn a_number_that_nobody_could_read_back_is_refused() {
        for (text, fits) in [
            ("-9223372036854775808", true),
            ("-9223372036854775809", false),
            ("9223372036854775807", true),
            ("9223372036854775808", false),
            ("1e300", false),
            ("0.1", true),
        ] {
            let body = format!(r#"{{"variables":{{"amount":[{text}]}}}}"#);
            let body = serde_json::from_str(&body).unwrap();
            let found = faults(Method::POST, "/runtime/actions/water/play", &[], body);
            let expected: &[&str] =
                if fits { &[] } else { &["variables.amount.0 is too large a number"] };
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn every_body_and_answer_of_the_specs_has_a_schema_that_can_be_read() {
        for route in routes::all() {
            let operation = described::operation(route);
            for content in
                [&operation["requestBody"]["content"], &operation["responses"]["200"]["content"]]
            {
                if let Some(schema) = content["application/json"].get("schema") {
                    assert!(validator(route.version, schema).is_some(), "{}", route.operation);
                }
            }
        }
    }

    #[test]
    fn an_answer_that_is_not_described_is_noticed() {
        let player = route(Method::GET, "/admin/players/mira");
        let example = super::super::example::of(player).unwrap();
        assert_eq!(answer(player, 200, &example), Vec::<Value>::new());
        assert!(!answer(player, 200, &json!({ "id": 5 })).is_empty());
        assert!(!answer(player, 404, &json!({ "message": "no" })).is_empty());
        assert!(answer(player, 404, &json!({ "error": "player_not_found" })).is_empty());
    }
}
