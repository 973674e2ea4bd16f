//! Reads a spec and checks its dialect.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::dialect;

/// The spec of `version` in `folder`, or every reason why it cannot be used.
pub(crate) fn read(folder: &Path, version: &str) -> Result<Value, String> {
    let path = folder.join(format!("{version}.yaml"));
    let file = path.display().to_string().replace('\\', "/");
    let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
    let spec: Value =
        serde_saphyr::from_str(&text).map_err(|error| format!("{file}: not readable: {error}"))?;
    let findings = dialect::check(&file, &spec);
    if findings.is_empty() {
        return Ok(spec);
    }
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    Err(lines.join("\n"))
}
