//! The page of a tag.

use std::fmt::Write;

use crate::docs;
use crate::layout::{self, Notation};
use crate::message::Message;
use crate::operation::Operation;
use crate::schema::{self, row};
use crate::spec::Spec;
use crate::witness::Witness;

/// Says whence a page comes, to whom is about to edit it.
pub(crate) const MADE: &str =
    "<!-- Made by `INSTA_UPDATE=always cargo test --test reference`: do not edit. -->\n\n";

const TYPES: &str = "types.md";

/// Where the page of a tag is, within the folder of its version.
pub(crate) fn file(tag: &str) -> String {
    format!("{}.md", tag.replace('/', "-"))
}

pub(crate) fn of(
    spec: &Spec,
    tag: &str,
    operations: &[&Operation],
    seen: &[Result<Witness, String>],
) -> String {
    let mut page = format!(
        "{MADE}# {tag}\n\n{}. Version {}; [how to read this page, and all others](../README.md).\n\n",
        operations[0].tag_about,
        &spec.version[1..],
    );
    for operation in operations {
        let _ = writeln!(page, "- [`{id}`](#{id}): {}", operation.summary, id = operation.id);
    }
    for operation in operations {
        let known = |witness: &&Witness| {
            witness.version == spec.version && witness.operation == operation.id
        };
        let witness = seen.iter().flatten().find(known).expect("every operation was called");
        page += &section(spec, operation, witness);
    }
    page
}

fn section(spec: &Spec, operation: &Operation, witness: &Witness) -> String {
    let mut text = format!("\n## `{}`\n\n{}", operation.id, docs::sentence(&operation.summary));
    if !operation.description.is_empty() {
        let _ = write!(text, " {}", operation.description);
    }
    let route = format!("{} /{}{}", operation.method, spec.version, operation.path);
    let _ = write!(text, "\n\n`{route}`\n{}", fenced("rust", &witness.typed));
    text += &parameters(spec, operation);
    let _ = write!(text, "\n**Sent**\n{}", fenced("http", &request(&witness.request)));
    text += &answer(spec, operation, witness);
    let _ = write!(text, "\n**Raw**\n{}", fenced("rust", &witness.raw));
    if !operation.errors.is_empty() {
        let names: Vec<String> = operation.errors.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(
            text,
            "\n**Errors** {}, beside [those of every call](../README.md#errors).",
            names.join(", ")
        );
    }
    let _ = writeln!(text, "\n**Evidence** {}.", docs::evidence(operation));
    let hidden = |text: String, secret: &String| text.replace(secret.as_str(), "[redacted]");
    witness.secrets.iter().fold(text, hidden)
}

fn fenced(language: &str, text: &str) -> String {
    format!("\n```{language}\n{}\n```\n", text.trim_end())
}

fn parameters(spec: &Spec, operation: &Operation) -> String {
    let mut rows = String::new();
    for parameter in spec.parameters(operation) {
        let field = parameter.field;
        let name = format!("`{}`", field.name);
        let name = if field.required { format!("**{name}**") } else { name };
        let about = field.schema["description"].as_str().unwrap_or_default();
        // A parameter holds its schema, a field is it.
        let kind = schema::kind(field.schema.get("schema").unwrap_or(field.schema), TYPES);
        rows += &row(&[&name, parameter.place, &kind, &docs::sentence(about)]);
    }
    if let Some(body) = spec.whole_body(operation) {
        let about = spec.resolved(body)["description"].as_str().unwrap_or_default();
        rows += &row(&["**the whole**", "body", &schema::kind(body, TYPES), about]);
    }
    if rows.is_empty() {
        return rows;
    }
    format!("\n{}{}{rows}", row(&["parameter", "in", "type", ""]), row(&["---"; 4]))
}

/// As it went over the wire, but for what differs from machine to machine.
fn request(request: &Message) -> String {
    let mut text = request.start.clone();
    for (name, value) in &request.headers {
        let value = match name.as_str() {
            "host" => "api.playoffgamification.io",
            // A new version of the crate is no change of the page.
            "user-agent" => "playoff-rust/<version>",
            _ => value,
        };
        let _ = write!(text, "\n{name}: {value}");
    }
    if !request.body.is_empty() {
        let _ = write!(text, "\n\n{}", request.body_text());
    }
    text
}

fn answer(spec: &Spec, operation: &Operation, witness: &Witness) -> String {
    let status = witness.answer.start.trim_start_matches("HTTP/1.1 ");
    let mut text = format!("\n**Answered** `{status}`");
    match witness.answer.json() {
        Some(json) => {
            if let Some(schema) = spec.answer(operation) {
                let _ = write!(text, ": {}", schema::kind(schema, TYPES));
            }
            text += "\n";
            text += &fenced("json", &layout::laid_out(&json.to_string(), Notation::Json));
        }
        None => {
            let _ = write!(text, ": a picture\n{}", fenced("text", &witness.answer.body_text()));
        }
    }
    let value = layout::laid_out(&witness.value, Notation::Debug);
    let _ = write!(
        text,
        "\n<details>\n<summary>The same in Rust</summary>\n{}\n</details>\n",
        fenced("rust", &value)
    );
    text
}
