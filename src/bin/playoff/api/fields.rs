//! `-f` and `-F`: fields of the body in the syntax of `gh api`.

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::request::Sources;
use crate::failure::Failure;

/// The fields in the order in which they were given: what belongs to which object of a list depends
/// on it.
#[derive(Default)]
pub(super) struct Fields(Vec<Field>);

struct Field {
    text: String,
    typed: bool,
}

const TEXT: &str = "raw-field";
const TYPED: &str = "field";

impl clap::Args for Fields {
    fn augment_args(command: Command) -> Command {
        let option = |name: &'static str, short| {
            Arg::new(name).long(name).short(short).value_name("KEY=VALUE").action(ArgAction::Append)
        };
        command.arg(option(TEXT, 'f').help("Add a text field")).arg(option(TYPED, 'F').help(
            "Add a typed field: true, false, null and numbers are what they look like, @FILE and \
                 @- are what the file or stdin holds, all else is text",
        ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Fields {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut fields = Fields::default();
        fields.update_from_arg_matches(matches)?;
        Ok(fields)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let mut found: Vec<(usize, Field)> = Vec::new();
        for (name, typed) in [(TEXT, false), (TYPED, true)] {
            let texts = matches.get_many::<String>(name).into_iter().flatten().cloned();
            let places = matches.indices_of(name).into_iter().flatten();
            found.extend(places.zip(texts.map(|text| Field { text, typed })));
        }
        found.sort_by_key(|(place, _)| *place);
        self.0.extend(found.into_iter().map(|(_, field)| field));
        Ok(())
    }
}

/// What a body is made of. Keys stay in the order in which they came.
enum Node {
    Text(String),
    /// A number, a truth value or null, as it was written.
    Json(Box<RawValue>),
    List(Vec<Node>),
    Object(Object),
}

#[derive(Default)]
pub(super) struct Object(Vec<(String, Node)>);

/// A step on the way to a field.
enum Step<'t> {
    Key(&'t str),
    /// `[]`: one more of a list.
    Item,
}

impl Fields {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn read(self, sources: &mut Sources) -> Result<Object, Failure> {
        let mut object = Object::default();
        for Field { text, typed } in self.0 {
            let (key, value) = match text.split_once('=') {
                Some((key, value)) => (key, Some(value)),
                None => (text.as_str(), None),
            };
            let fault = |problem: String| Failure::from(format!("field '{key}': {problem}"));
            let value = match value {
                Some(value) if typed => Some(typed_value(value, sources)?),
                Some(value) => Some(Node::Text(value.to_owned())),
                None if key.ends_with("[]") => None,
                None => return Err(fault("a value is missing: key=value".to_owned())),
            };
            let steps = steps(key)
                .ok_or_else(|| fault("write the key like a, a[b], a[] or a[][b]".to_owned()))?;
            object.insert(&steps, value).map_err(fault)?;
        }
        Ok(object)
    }
}

/// The way that `a[b][]` names; none where it is no such thing.
fn steps(key: &str) -> Option<Vec<Step<'_>>> {
    let (name, mut rest) = key.split_at(key.find('[').unwrap_or(key.len()));
    if name.is_empty() || name.contains(']') {
        return None;
    }
    let mut steps = vec![Step::Key(name)];
    while !rest.is_empty() {
        let (inner, after) = rest.strip_prefix('[')?.split_once(']')?;
        let in_list = matches!(steps.last(), Some(Step::Item));
        steps.push(match inner {
            "" if in_list => return None,
            "" => Step::Item,
            inner if inner.contains('[') => return None,
            inner => Step::Key(inner),
        });
        rest = after;
    }
    Some(steps)
}

fn typed_value(value: &str, sources: &mut Sources) -> Result<Node, Failure> {
    if let Some(source) = value.strip_prefix('@') {
        return Ok(Node::Text(sources.text(source)?));
    }
    let literal = matches!(value, "true" | "false" | "null");
    let is_digit = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
    let number = (value.starts_with('-') || is_digit(value.chars().next()))
        && is_digit(value.chars().last());
    let json = (literal || number).then(|| RawValue::from_string(value.to_owned()).ok()).flatten();
    Ok(json.map_or_else(|| Node::Text(value.to_owned()), Node::Json))
}

impl Object {
    fn get(&mut self, key: &str) -> Option<&mut Node> {
        self.0.iter_mut().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The node under `key`, `new` where there is none yet.
    fn entry(&mut self, key: &str, new: Node) -> &mut Node {
        let place = self.0.iter().position(|(name, _)| name == key);
        let place = place.unwrap_or_else(|| {
            self.0.push((key.to_owned(), new));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    /// None as a value is an empty list.
    fn insert(&mut self, steps: &[Step<'_>], value: Option<Node>) -> Result<(), String> {
        let [Step::Key(key), rest @ ..] = steps else { return Err("a key is missing".to_owned()) };
        match (rest, value) {
            ([], Some(value)) => {
                if let Some(there) = self.get(key) {
                    return Err(format!("'{key}' is {} already", there.kind()));
                }
                self.0.push(((*key).to_owned(), value));
                Ok(())
            }
            ([Step::Item, rest @ ..], value) => match self.entry(key, Node::List(Vec::new())) {
                Node::List(items) => add(items, rest, value),
                other => Err(format!("'{key}' is {} already, no list", other.kind())),
            },
            (rest, value) => match self.entry(key, Node::Object(Object::default())) {
                Node::Object(object) => object.insert(rest, value),
                other => Err(format!("'{key}' is {} already, no object", other.kind())),
            },
        }
    }

    /// As parameters of a query: `a[b]` and `a[]` stay as they were written, null is empty.
    pub(super) fn into_query(self) -> Vec<(String, String)> {
        let mut query = Vec::new();
        for (key, node) in self.0 {
            node.into_query(key, &mut query);
        }
        query
    }
}

/// A field of an object goes to the last one of the list, until a key comes again.
fn add(items: &mut Vec<Node>, rest: &[Step<'_>], value: Option<Node>) -> Result<(), String> {
    let [Step::Key(key), ..] = rest else {
        items.extend(value);
        return Ok(());
    };
    if let Some(Node::Object(last)) = items.last_mut()
        && matches!(last.get(key), None | Some(Node::List(_)))
    {
        return last.insert(rest, value);
    }
    let mut object = Object::default();
    object.insert(rest, value)?;
    items.push(Node::Object(object));
    Ok(())
}

impl Node {
    fn kind(&self) -> &'static str {
        match self {
            Node::Text(_) | Node::Json(_) => "a value",
            Node::List(_) => "a list",
            Node::Object(_) => "an object",
        }
    }

    fn into_query(self, key: String, query: &mut Vec<(String, String)>) {
        match self {
            Node::Text(text) => query.push((key, text)),
            Node::Json(json) if json.get() == "null" => query.push((key, String::new())),
            Node::Json(json) => query.push((key, json.get().to_owned())),
            Node::List(items) => {
                for item in items {
                    item.into_query(format!("{key}[]"), query);
                }
            }
            Node::Object(Object(fields)) => {
                for (name, node) in fields {
                    node.into_query(format!("{key}[{name}]"), query);
                }
            }
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Text(text) => text.serialize(serializer),
            Node::Json(json) => json.serialize(serializer),
            Node::List(items) => items.serialize(serializer),
            Node::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, node) in &self.0 {
            map.serialize_entry(key, node)?;
        }
        map.end()
    }
}
