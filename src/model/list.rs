//! Lists that are something else when they are empty.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list for which the server writes `[]`, `{}` or `null` when it is empty: scores of a player
/// just created, a feed without events.
///
/// It reads as a slice and is written back in the form in which it came.
#[derive(Clone)]
pub struct List<T> {
    items: Vec<T>,
    empty: Empty,
}

#[derive(Clone, Copy, Default)]
enum Empty {
    #[default]
    Array,
    Object,
    Null,
}

impl<T> List<T> {
    /// Takes the items out.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.items
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        List { items, empty: Empty::Array }
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.fmt(f)
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.empty {
            Empty::Object if self.items.is_empty() => serializer.collect_map([("", ""); 0]),
            Empty::Null if self.items.is_empty() => serializer.serialize_unit(),
            _ => self.items.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or {} or null for an empty one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<List<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<T>, A::Error> {
        match map.next_key::<IgnoredAny>()? {
            None => Ok(List { items: Vec::new(), empty: Empty::Object }),
            Some(_) => Err(serde::de::Error::custom("an object with keys where a list is due")),
        }
    }

    fn visit_unit<E>(self) -> Result<List<T>, E> {
        Ok(List { items: Vec::new(), empty: Empty::Null })
    }
}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for List<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("List_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let items = generator.subschema_for::<T>();
        schemars::json_schema!({
            "oneOf": [
                {"type": "array", "items": items},
                {"type": "object", "maxProperties": 0},
                {"type": "null"},
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_empty_form_is_read_and_written_back() {
        for json in ["[]", "{}", "null", "[1,2]"] {
            let list: List<i64> = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&list).unwrap(), json);
        }
    }

    #[test]
    fn the_form_of_emptiness_makes_no_difference() {
        let from = |json| serde_json::from_str::<List<i64>>(json).unwrap();
        assert_eq!(from("{}"), from("null"));
        assert!(from("null").is_empty());
    }

    #[test]
    fn an_object_with_keys_is_no_list() {
        assert!(serde_json::from_str::<List<i64>>(r#"{"a":1}"#).is_err());
    }
}
