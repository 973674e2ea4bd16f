//! JSON that is looked at before it is known what it is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, Error as NoFit, MapDeserializer, SeqDeserializer};
use serde::de::{Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::{Number, Value};

/// A [`Value`] whose texts are borrowed from the answer where they can be: a feed has thousands of
/// events whose shape a key of theirs tells, and a copy of each would cost more than the rest.
///
/// Not by the crate serde_json_borrow, whose values cannot be read from each other.
pub(super) enum Lent<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Lent<'a>>),
    Object(Keys<'a>),
}

/// The keys of an object; of one that comes twice the last value counts, as serde_json has it.
pub(super) type Keys<'a> = BTreeMap<Cow<'a, str>, Lent<'a>>;

impl<'a> Lent<'a> {
    pub(super) fn as_object(&self) -> Option<&Keys<'a>> {
        match self {
            Lent::Object(keys) => Some(keys),
            _ => None,
        }
    }
}

impl From<Lent<'_>> for Value {
    fn from(lent: Lent<'_>) -> Self {
        match lent {
            Lent::Null => Value::Null,
            Lent::Bool(value) => Value::Bool(value),
            Lent::Number(number) => Value::Number(number),
            Lent::Text(text) => Value::String(text.into_owned()),
            Lent::List(items) => items.into_iter().map(Value::from).collect(),
            Lent::Object(keys) => keys
                .into_iter()
                .map(|(key, value)| (key.into_owned(), Value::from(value)))
                .collect(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Lent<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Lent<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Lent<'de>, E> {
        Ok(Lent::Null)
    }

    fn visit_none<E>(self) -> Result<Lent<'de>, E> {
        Ok(Lent::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Lent<'de>, D::Error> {
        Lent::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Lent<'de>, E> {
        Ok(Lent::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Lent<'de>, E> {
        Ok(Lent::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Lent<'de>, E> {
        Ok(Lent::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Lent<'de>, E> {
        // JSON has none that is not finite.
        Ok(Number::from_f64(number).map_or(Lent::Null, Lent::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Lent<'de>, E> {
        Ok(Lent::Text(text.to_owned().into()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Lent<'de>, E> {
        Ok(Lent::Text(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Lent<'de>, E> {
        Ok(Lent::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Lent<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Lent::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lent<'de>, A::Error> {
        let mut keys = Keys::new();
        while let Some(key) = map.next_key()? {
            let Lent::Text(key) = key else {
                return Err(A::Error::custom("a key that is no text"));
            };
            keys.insert(key, map.next_value()?);
        }
        Ok(Lent::Object(keys))
    }
}

impl<'de> Deserializer<'de> for &'de Lent<'_> {
    type Error = NoFit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NoFit> {
        match self {
            Lent::Null => visitor.visit_unit(),
            Lent::Bool(value) => visitor.visit_bool(*value),
            Lent::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Lent::Text(text) => visitor.visit_borrowed_str(text),
            Lent::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Lent::Object(keys) => {
                let keys =
                    keys.iter().map(|(key, value)| (BorrowedStrDeserializer::new(key), value));
                visitor.visit_map(MapDeserializer::new(keys))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NoFit> {
        match self {
            Lent::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NoFit> {
        match self {
            Lent::Text(name) => visitor.visit_enum(BorrowedStrDeserializer::new(name)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NoFit> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, NoFit> for &'de Lent<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ODD: &str = r#"{"a\"b":[null,true,-1,18446744073709551615,0.5,"x\ny"],"":{"k":1,"k":2}}"#;

    #[test]
    fn what_is_lent_is_the_value_that_serde_json_reads() {
        let value: Value = serde_json::from_str(ODD).unwrap();
        let lent: Lent<'_> = serde_json::from_str(ODD).unwrap();
        assert_eq!(Value::from(Lent::deserialize(&lent).unwrap()), value, "from what is lent");
        assert_eq!(Value::from(lent), value, "from text");
        assert_eq!(Value::from(Lent::deserialize(&value).unwrap()), value, "from a value");
    }

    #[test]
    fn what_is_lent_becomes_any_type_that_json_becomes() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            Plain,
            Held(i8),
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct Wrapped(Option<u64>);
        type All = (Vec<Word>, Wrapped, Option<String>, f64, i64);

        let json = json!([["plain"], 7, null, 0.5, -3]);
        let lent = Lent::deserialize(&json).unwrap();
        let read = All::deserialize(&lent).unwrap();
        assert_eq!(read, (vec![Word::Plain], Wrapped(Some(7)), None, 0.5, -3));
        assert_eq!(serde_json::from_value::<All>(json).unwrap(), read);
        let held = Lent::deserialize(json!({"held": 1})).unwrap();
        assert_eq!(Word::deserialize(&held).ok(), None, "an enum with content is no word");
    }

    #[test]
    fn its_texts_are_borrowed_where_nothing_is_escaped() {
        let Lent::List(items) = serde_json::from_str(r#"["plain","es\"caped"]"#).unwrap() else {
            panic!("a list")
        };
        let borrowed = |item: &Lent<'_>| matches!(item, Lent::Text(Cow::Borrowed(_)));
        assert!(borrowed(&items[0]) && !borrowed(&items[1]));
    }
}
