//! The text of a seed: YAML, and JSON, which is YAML too, read with the lines it stands on.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use serde_saphyr::Spanned;

/// Longer texts are no seed of a sandbox.
const LONGEST_TEXT: usize = 16 * 1024 * 1024;
/// As much as such a text may well hold: 20,000 players with what they have and did.
const MOST_NODES: usize = 2_000_000;

/// Each level takes some 30 KiB of stack in a build with debug assertions; games need a dozen.
const DEEPEST_NESTING: usize = 32;

/// Why a seed could not be read: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedError {
    path: String,
    line: Option<u64>,
    column: Option<u64>,
    message: String,
}

impl SeedError {
    /// Where in the content, such as `metrics.2.constraints.formula`, counted from 0; empty where
    /// the text is no YAML at all.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line of the text, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// The column of the text, counted from 1.
    #[must_use]
    pub fn column(&self) -> Option<u64> {
        self.column
    }

    fn of_yaml(error: &serde_saphyr::Error) -> SeedError {
        let place = error.location();
        // The rest of a long message draws the place.
        let text = error.without_snippet().to_string();
        SeedError {
            path: String::new(),
            line: place.map(|place| place.line()),
            column: place.map(|place| place.column()),
            message: text.lines().next().unwrap_or_default().to_owned(),
        }
    }
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for SeedError {}

/// A read text.
pub(super) struct Document {
    root: Node,
}

struct Node {
    line: u64,
    column: u64,
    content: Content,
}

enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Document {
    pub(super) fn read(text: &str) -> Result<Document, SeedError> {
        if text.len() > LONGEST_TEXT {
            return Err(SeedError {
                path: String::new(),
                line: None,
                column: None,
                message: format!("The text is longer than {LONGEST_TEXT} bytes"),
            });
        }
        let options = serde_saphyr::options! {
            // Words such as `no` and `on` are text.
            strict_booleans: true,
            with_snippet: false,
            budget: serde_saphyr::budget! {
                max_depth: DEEPEST_NESTING,
                max_nodes: MOST_NODES,
                max_events: 2 * MOST_NODES,
            },
        };
        let root = serde_saphyr::from_str_with_options::<Node>(text, options);
        Ok(Document { root: root.map_err(|error| SeedError::of_yaml(&error))? })
    }

    pub(super) fn value(&self) -> Value {
        self.root.value()
    }

    /// An error at a place of the content, or as near to it as the text goes.
    pub(super) fn error(&self, path: &str, message: impl Into<String>) -> SeedError {
        let mut node = &self.root;
        for step in path.split('.') {
            let below = match &node.content {
                Content::Scalar(_) => None,
                Content::List(items) => step.parse().ok().and_then(|index: usize| items.get(index)),
                Content::Map(entries) => {
                    entries.iter().find(|(key, _)| key == step).map(|(_, node)| node)
                }
            };
            let Some(below) = below else { break };
            node = below;
        }
        SeedError {
            path: path.to_owned(),
            line: Some(node.line),
            column: Some(node.column),
            message: message.into(),
        }
    }
}

impl Node {
    fn value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => items.iter().map(Node::value).collect(),
            Content::Map(entries) => {
                let entries = entries.iter().map(|(key, node)| (key.clone(), node.value()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Node { line: referenced.line(), column: referenced.column(), content: value })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(AnyContent)
    }
}

struct AnyContent;

impl<'de> Visitor<'de> for AnyContent {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Scalar(json!(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Scalar(json!(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Scalar(json!(value)))
    }

    /// Larger than any JSON number of this machine: the engine reads numbers from text too.
    fn visit_i128<E>(self, value: i128) -> Result<Content, E> {
        Ok(Content::Scalar(json!(value.to_string())))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Content, E> {
        Ok(Content::Scalar(json!(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Scalar(json!(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Scalar(json!(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Content::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Content::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Document;

    fn refused(text: &str) -> super::SeedError {
        Document::read(text).err().expect("an error")
    }

    #[test]
    fn yaml_and_json_are_the_same() {
        let yaml = "a: [1, 0.5, true, no, ~]\nb:\n  c: \" x \"\n  d: -3\n  1: one\n";
        let json =
            r#"{ "a": [1, 0.5, true, "no", null], "b": { "c": " x ", "d": -3, "1": "one" } }"#;
        let value =
            json!({ "a": [1, 0.5, true, "no", null], "b": { "c": " x ", "d": -3, "1": "one" } });
        for text in [yaml, json] {
            assert_eq!(Document::read(text).map(|document| document.value()), Ok(value.clone()));
        }
    }

    #[test]
    fn an_error_of_the_syntax_says_line_and_column() {
        let error = refused("a: 1\nb: [1, 2\nc: 3\n");
        assert_eq!(error.path(), "");
        assert!(error.line().is_some_and(|line| line >= 2), "{error}");
        assert!(error.to_string().starts_with("line "), "{error}");
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
        assert!(refused("a: 1\na: 2\n").line().is_some(), "a key given twice");
    }

    #[test]
    fn an_error_of_the_content_says_path_and_line() {
        let document =
            Document::read("metrics:\n  - id: a\n  - id: b\n    name: B\n").expect("yaml");
        let error = document.error("metrics.1.name", "is odd");
        assert_eq!(error.to_string(), "line 4, column 11: metrics.1.name: is odd");
        let nearest = document.error("metrics.1.type", "is required");
        assert_eq!((nearest.line(), nearest.path()), (Some(3), "metrics.1.type"));
    }

    #[test]
    fn a_seed_may_be_long() {
        let text = format!("players: [{}]", "{ id: a, alias: A }, ".repeat(60_000));
        let value = Document::read(&text).map(|document| document.value());
        assert_eq!(value.map(|value| value["players"].as_array().map(Vec::len)), Ok(Some(60_000)));
    }

    #[test]
    fn texts_that_grow_without_end_are_refused() {
        let deep = "[".repeat(100_000);
        let bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned()
            + &(b'b'..=b'z')
                .map(|c| {
                    let (c, before) = (char::from(c), char::from(c - 1));
                    format!("{c}: &{c} [{}]\n", vec![format!("*{before}"); 9].join(", "))
                })
                .collect::<String>();
        for text in [deep.as_str(), bomb.as_str(), "a: .nan", "a: .inf", "--- a\n--- b", "\0", "{"]
        {
            assert!(Document::read(text).is_err(), "{}", &text[..text.len().min(20)]);
        }
    }
}
