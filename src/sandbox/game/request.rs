//! Reading requests: bodies, paths and queries, with one report of everything that does not fit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::moment;
use super::number::Number;
use super::refusal::{Outcome, Refusal};
use super::{Call, Version};

/// A call together with the moment it arrived.
pub(super) struct Request<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) now: Timestamp,
}

impl<'a> Request<'a> {
    pub(super) fn version(&self) -> Version {
        self.call.version
    }

    pub(super) fn path(&self, name: &str) -> Outcome<&'a str> {
        let value = self.call.path.get(name).map(String::as_str);
        value.ok_or_else(|| Refusal::fault(name, "is missing in the path"))
    }

    /// An empty query value counts as absent: several SDKs send `key=` or `key` alone.
    pub(super) fn query(&self, name: &str) -> Option<&'a str> {
        self.call.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn list(&self, name: &str) -> Vec<&'a str> {
        let items = self.query(name).unwrap_or_default().split(',');
        items.map(str::trim).filter(|item| !item.is_empty()).collect()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "True" | "1"))
    }

    pub(super) fn integer(&self, name: &str) -> Outcome<Option<i64>> {
        match self.query(name).map(|text| text.trim().parse::<i64>()) {
            None => Ok(None),
            Some(Ok(number)) => Ok(Some(number)),
            Some(Err(_)) => Err(Refusal::fault(name, "should be an integer")),
        }
    }

    pub(super) fn moment(&self, name: &str) -> Outcome<Option<Timestamp>> {
        let Some(text) = self.query(name) else { return Ok(None) };
        let found = moment::parse(text).map(|point| point.start());
        found.map(Some).ok_or_else(|| Refusal::invalid_date(name, text))
    }

    pub(super) fn player(&self) -> Outcome<&'a str> {
        self.call.player.ok_or_else(Refusal::invalid_player)
    }

    /// Some clients turn an empty object into `[]` or send no body at all.
    pub(super) fn body(&self) -> Outcome<Map<String, Value>> {
        match self.call.body {
            Value::Object(body) => Ok(body.clone()),
            Value::Array(items) if items.is_empty() => Ok(Map::new()),
            Value::Null => Ok(Map::new()),
            _ => Err(Refusal::fault("", "should be an object")),
        }
    }

    pub(super) fn page(&self) -> Outcome<Page> {
        self.page_of(Some(10))
    }

    pub(super) fn page_of(&self, default: Option<usize>) -> Outcome<Page> {
        let skip = self.integer("skip")?.unwrap_or(0);
        let limit = match self.integer("limit")? {
            None => default,
            Some(limit) if limit < 0 => None,
            // Assumption: a limit of zero asks for no rows.
            Some(limit) => Some(usize::try_from(limit).unwrap_or(usize::MAX)),
        };
        let skip = usize::try_from(skip).map_err(|_| Refusal::fault("skip", "is negative"))?;
        Ok(Page { skip, limit: limit.unwrap_or(usize::MAX) })
    }
}

/// The part of a list that was asked for.
pub(super) struct Page {
    skip: usize,
    limit: usize,
}

impl Page {
    pub(super) fn cut<T>(&self, rows: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        rows.into_iter().skip(self.skip).take(self.limit)
    }

    /// Rows outside of the page are counted, and not made: who reads a long list page after page
    /// would have all of it made for each.
    pub(super) fn wrap<T>(
        &self,
        listed: impl Iterator<Item = T> + Clone,
        row: impl Fn(T) -> Value,
    ) -> Value {
        let total = listed.clone().count();
        json!({ "data": self.cut(listed).map(row).collect::<Value>(), "total": total })
    }
}

/// Collects every fault of a document before it is refused as a whole.
#[derive(Default)]
pub(super) struct Report {
    faults: Vec<Value>,
}

impl Report {
    pub(super) fn fault(&mut self, path: &str, message: &str) {
        self.faults.push(json!({ "path": path, "message": message }));
    }

    pub(super) fn settle<T>(self, value: T) -> Outcome<T> {
        if self.faults.is_empty() { Ok(value) } else { Err(Refusal::invalid(self.faults)) }
    }

    /// A text that may be absent; `null` counts as absent.
    pub(super) fn text(
        &mut self,
        object: &Map<String, Value>,
        base: &str,
        key: &str,
    ) -> Option<String> {
        match object.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                self.fault(&join(base, key), "should be a string");
                None
            }
        }
    }

    pub(super) fn needed(&mut self, object: &Map<String, Value>, base: &str, key: &str) -> String {
        let faults = self.faults.len();
        let text = self.text(object, base, key).unwrap_or_default();
        if text.is_empty() && faults == self.faults.len() {
            self.fault(&join(base, key), "is required");
        }
        text
    }

    pub(super) fn number(
        &mut self,
        object: &Map<String, Value>,
        base: &str,
        key: &str,
        absent: Number,
    ) -> Number {
        match object.get(key) {
            None | Some(Value::Null) => absent,
            Some(value) => Number::from_json(value).unwrap_or_else(|| {
                self.fault(&join(base, key), "should be a number as text");
                absent
            }),
        }
    }

    /// Chance from 0 to 1; certain when absent.
    pub(super) fn probability(&mut self, object: &Map<String, Value>, base: &str) -> f64 {
        let probability = self.number(object, base, "probability", Number::ONE);
        probability.to_string().parse().unwrap_or(1.0)
    }

    pub(super) fn flag(&mut self, object: &Map<String, Value>, base: &str, key: &str) -> bool {
        match object.get(key) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.fault(&join(base, key), "should be a boolean");
                false
            }
        }
    }

    /// What every design has: id and name, which are needed, description, image and tags.
    pub(super) fn heading(&mut self, design: &Map<String, Value>) -> (String, String) {
        let id = self.needed(design, "", "id");
        if !id.is_empty() && !is_identifier(&id) {
            self.fault("id", "should be an identifier");
        }
        let name = self.needed(design, "", "name");
        for key in ["description", "image"] {
            self.text(design, "", key);
        }
        self.array(design, "", "tags");
        (id, name)
    }

    pub(super) fn array<'v>(
        &mut self,
        object: &'v Map<String, Value>,
        base: &str,
        key: &str,
    ) -> &'v [Value] {
        match object.get(key) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.fault(&join(base, key), "should be an array");
                &[]
            }
        }
    }

    /// An object that may be absent; `null` counts as absent.
    pub(super) fn section<'v>(
        &mut self,
        object: &'v Map<String, Value>,
        base: &str,
        key: &str,
    ) -> Option<&'v Map<String, Value>> {
        let value = object.get(key).filter(|value| !value.is_null())?;
        self.object(value, &join(base, key))
    }

    /// Faults every key that is not one of these.
    pub(super) fn only(&mut self, object: &Map<String, Value>, base: &str, keys: &[&str]) {
        for key in object.keys().filter(|key| !keys.contains(&key.as_str())) {
            let words = format!("is not known here; known are {}", keys.join(", "));
            self.fault(&join(base, key), &words);
        }
    }

    /// A text out of a known few; absent, the first of them.
    pub(super) fn choice<'w>(
        &mut self,
        object: &Map<String, Value>,
        base: &str,
        key: &str,
        words: &[&'w str],
    ) -> &'w str {
        let text = self.text(object, base, key);
        let first = words.first().copied().unwrap_or_default();
        let Some(text) = text else { return first };
        words.iter().copied().find(|word| *word == text).unwrap_or_else(|| {
            self.fault(&join(base, key), &format!("should be one of {}", words.join(", ")));
            first
        })
    }

    /// An object; the API refuses `[]` in its place inside a body.
    pub(super) fn object<'v>(
        &mut self,
        value: &'v Value,
        path: &str,
    ) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.fault(path, "should be an object");
        }
        object
    }
}

pub(super) fn join(base: &str, key: &str) -> String {
    match (base, key) {
        ("", key) => key.to_owned(),
        (base, "") => base.to_owned(),
        (base, key) => format!("{base}.{key}"),
    }
}

/// Ids travel in paths and queries; the API refuses a colon such as in `:gs`.
pub(super) fn is_identifier(id: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
    !id.is_empty() && id.chars().all(known)
}

/// Keeps only the named fields of an object; a dot reaches into what is below, in lists into each.
pub(super) fn pick(object: &Value, fields: &[&str]) -> Value {
    let mut picked = Map::new();
    let mut below: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for field in fields {
        match field.split_once('.') {
            Some((head, tail)) => below.entry(head).or_default().push(tail),
            None => {
                if let Some(value) = object.get(field) {
                    picked.insert((*field).to_owned(), value.clone());
                }
            }
        }
    }
    for (head, tails) in below {
        let inner = match object.get(head) {
            Some(inner @ Value::Object(_)) => pick(inner, &tails),
            Some(Value::Array(items)) => items.iter().map(|item| pick(item, &tails)).collect(),
            _ => continue,
        };
        picked.entry(head).or_insert(inner);
    }
    Value::Object(picked)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Report, is_identifier, pick};

    #[test]
    fn a_report_names_every_fault_at_once() {
        let body = json!({ "id": 5, "rules": {}, "max": "many" });
        let body = body.as_object().expect("an object");
        let mut report = Report::default();
        report.needed(body, "", "id");
        report.needed(body, "", "name");
        report.array(body, "", "rules");
        report.number(body, "", "max", super::Number::ZERO);
        let refusal = report.settle(()).expect_err("four faults");
        let data = refusal.data.expect("a report");
        assert_eq!(data["errors"].as_array().map(Vec::len), Some(4));
    }

    #[test]
    fn ids_with_a_colon_or_a_blank_are_no_identifiers() {
        for id in [":gs", "a b", "", "a/b"] {
            assert!(!is_identifier(id), "{id}");
        }
        assert!(is_identifier("nico.r@example.org"));
    }

    #[test]
    fn fields_may_reach_into_objects_below() {
        let full = json!({ "id": "a", "constraints": { "min": "0", "max": "5" }, "name": "A" });
        assert_eq!(
            pick(&full, &["id", "constraints.max"]),
            json!({ "id": "a", "constraints": { "max": "5" } })
        );
        let set = json!({ "items": [{ "id": "rake", "name": "Rake" }, { "id": "hoe" }] });
        let ids = json!({ "items": [{ "id": "rake" }, { "id": "hoe" }] });
        assert_eq!(pick(&set, &["items.id"]), ids);
    }
}
