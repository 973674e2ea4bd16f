//! The keys of an event before it is known whose they are.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::model::lent::{self, Lent};

/// Keys and values, most of which are taken out at once.
pub(super) struct Keys<'a>(lent::Keys<'a>);

impl Keys<'_> {
    /// Takes `key` out; a value of another shape than `T` has stays where it is.
    pub(super) fn take<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let taken = T::deserialize(self.0.get(key)?).ok()?;
        self.0.remove(key);
        Some(taken)
    }

    /// Takes the keys `names` out, all or none.
    pub(super) fn take_all<T: DeserializeOwned>(&mut self, names: &[&str]) -> Option<T> {
        let own = names.iter().filter_map(|name| self.0.remove_entry(*name)).collect();
        let own = Lent::Object(own);
        let content = T::deserialize(&own);
        if let (Err(_), Lent::Object(own)) = (&content, own) {
            self.0.extend(own);
        }
        content.ok()
    }

    /// What nobody has taken.
    pub(super) fn rest(self) -> Map<String, Value> {
        let keys = self.0.into_iter();
        keys.map(|(key, value)| (key.into_owned(), Value::from(value))).collect()
    }
}

impl<'de> Deserialize<'de> for Keys<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Lent::deserialize(deserializer)? {
            Lent::Object(keys) => Ok(Keys(keys)),
            _ => Err(D::Error::custom("expected an event, an object")),
        }
    }
}
