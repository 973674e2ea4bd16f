//! The keys of an event before it is known whose they are.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::model::lent::Lent;

/// Keys and values, borrowed from the answer where they can be: a feed has thousands of events, and
/// most of what is in them is taken out at once.
pub(super) struct Keys<'a>(Vec<(Cow<'a, str>, Lent<'a>)>);

impl<'a> Keys<'a> {
    /// Takes `key` out; a value of another shape than `T` has stays where it is.
    pub(super) fn take<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let place = self.0.iter().position(|(name, _)| name == key)?;
        let taken = T::deserialize(&self.0[place].1).ok()?;
        self.0.swap_remove(place);
        Some(taken)
    }

    /// Takes the keys `names` out, all or none.
    pub(super) fn take_all<T: DeserializeOwned>(&mut self, names: &[&'static str]) -> Option<T> {
        let (own, others) =
            std::mem::take(&mut self.0).into_iter().partition(|(key, _)| names.contains(&&**key));
        self.0 = others;
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
