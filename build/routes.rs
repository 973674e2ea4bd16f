//! Writes the catalogue of routes, which stands behind generated and raw calls alike.

use std::fmt::Write;

use crate::operation::{Operation, Place};

pub(crate) fn catalogue(versions: &[(&str, Vec<Operation>)]) -> String {
    let mut code = String::new();
    let mut all = String::new();
    for (version, operations) in versions {
        let _ = writeln!(code, "/// Routes of {version}, by operation.");
        let _ = writeln!(code, "#[allow(dead_code)]\npub(crate) mod {version} {{");
        let _ = writeln!(code, "    use super::{{Evidence, Method, PlayerScope, Route, Version}};");
        for operation in operations {
            let name = operation.id.to_uppercase();
            let _ = writeln!(code, "    pub(crate) static {name}: Route = Route {{");
            let _ = writeln!(code, "        version: Version::{},", version.to_uppercase());
            let _ = writeln!(code, "        method: Method::{},", operation.method);
            for (field, text) in [
                ("path", &operation.path),
                ("operation", &operation.id),
                ("tag", &operation.tag),
                ("summary", &operation.summary),
            ] {
                let _ = writeln!(code, "        {field}: {text:?},");
            }
            let _ = writeln!(code, "        player: PlayerScope::{},", player_scope(operation));
            let _ = writeln!(code, "        evidence: Evidence::{},", evidence(operation));
            let _ = writeln!(code, "        idempotent: {},", operation.idempotent);
            let _ = writeln!(code, "        wide: {:?},", wide(operation));
            let _ = writeln!(code, "        start: {:?},", start(operation));
            let _ = writeln!(code, "    }};");
            let _ = writeln!(all, "    &{version}::{name},");
        }
        code.push_str("}\n");
    }
    let _ = writeln!(code, "static ALL: &[&Route] = &[\n{all}];");
    code
}

fn player_scope(operation: &Operation) -> &'static str {
    match operation.parameters.iter().find(|parameter| parameter.name == "player_id") {
        Some(parameter) if parameter.place != Place::Query => "None",
        Some(parameter) if parameter.required => "Required",
        // Not `ActingPlayer`, of which the spec says that it is needed.
        Some(parameter) if !parameter.shared => "Optional",
        Some(_) => "Acting",
        None => "None",
    }
}

fn evidence(operation: &Operation) -> &'static str {
    match operation.evidence.as_str() {
        "documented" => "Documented",
        "recorded" => "Recorded",
        "sdk-test" => "SdkTest",
        "app" => "App",
        _ => "Inferred",
    }
}

/// The path up to its first parameter.
fn start(operation: &Operation) -> &str {
    operation.path.split('{').next().unwrap_or_default().trim_matches('/')
}

/// The path parameter whose id may hold a slash.
fn wide(operation: &Operation) -> Option<&str> {
    let wide = |place| place == Place::Path { wide: true };
    operation.parameters.iter().find(|parameter| wide(parameter.place)).map(|p| p.name.as_str())
}
