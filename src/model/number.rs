//! Numbers that travel as text.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Error, IntoDeserializer, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A number as Playoff writes it: text such as `"42"`, `"-1.5"` or `"Infinity"`, of any length.
///
/// The text is kept, so nothing is lost; a JSON number is read as well. Two numbers are equal when
/// they have the same value.
///
/// ```
/// use playoff::model::Number;
/// let score: Number = serde_json::from_str("\"42\"").unwrap();
/// assert_eq!(score.as_i64(), Some(42));
/// assert_eq!(score, Number::from(42));
/// let most: Number = "Infinity".parse().unwrap();
/// assert!(most > score);
/// ```
#[derive(Clone)]
pub struct Number(Form);

#[derive(Clone)]
enum Form {
    Text(Box<str>),
    /// A JSON number, so that it is written back as one.
    Json(serde_json::Number),
}

/// As on the wire: `Number("42")`, or `Number(42)` where a JSON number came.
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Text(text) => write!(f, "Number({text:?})"),
            Form::Json(number) => write!(f, "Number({number})"),
        }
    }
}

/// This text is no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberError(String);

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no number", self.0)
    }
}

impl std::error::Error for NumberError {}

impl Number {
    /// The text on the wire, or the JSON number's.
    #[must_use]
    pub fn as_str(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Text(text) => Cow::Borrowed(text),
            Form::Json(number) => Cow::Owned(number.to_string()),
        }
    }

    /// The value, when it is a whole number that an `i64` holds.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Form::Text(text) => text.trim().parse().ok(),
            Form::Json(number) => number.as_i64(),
        }
    }

    /// The nearest `f64`; infinite for `"Infinity"`, None where the text is no number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match &self.0 {
            Form::Text(text) => text.trim().parse().ok().filter(|number: &f64| !number.is_nan()),
            Form::Json(number) => number.as_f64(),
        }
    }

    /// `"Infinity"` or `"-Infinity"`, which mean "no limit".
    #[must_use]
    pub fn is_infinite(&self) -> bool {
        self.as_str().trim_start_matches('-').eq_ignore_ascii_case("infinity")
    }
}

impl From<Number> for Value {
    /// As it stands on the wire.
    fn from(number: Number) -> Self {
        match number.0 {
            Form::Text(text) => Value::String(text.into()),
            Form::Json(number) => Value::Number(number),
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Number(Form::Text(number.to_string().into()))
    }
}

impl From<i32> for Number {
    fn from(number: i32) -> Self {
        Number::from(i64::from(number))
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Self {
        Number::from(i64::from(number))
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let number = Number(Form::Text(text.into()));
        match number.as_f64() {
            Some(_) => Ok(number),
            None => Err(NumberError(text.to_owned())),
        }
    }
}

impl TryFrom<&str> for Number {
    type Error = NumberError;

    fn try_from(text: &str) -> Result<Self, NumberError> {
        text.parse()
    }
}

impl TryFrom<String> for Number {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        text.parse()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str())
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str() || self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialEq<i64> for Number {
    fn eq(&self, other: &i64) -> bool {
        self.partial_cmp(&Number::from(*other)) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if let (Some(one), Some(two)) = (self.as_i64(), other.as_i64()) {
            return Some(one.cmp(&two));
        }
        if let Some(ordering) = compare_whole(&self.as_str(), &other.as_str()) {
            return Some(ordering);
        }
        self.as_f64()?.partial_cmp(&other.as_f64()?)
    }
}

/// Whole numbers beyond `i64`, digit by digit: an `f64` would call different ones equal.
fn compare_whole(one: &str, two: &str) -> Option<Ordering> {
    let parts = |text: &str| {
        let (negative, digits) = match text.trim().strip_prefix('-') {
            Some(digits) => (true, digits.to_owned()),
            None => (false, text.trim().trim_start_matches('+').to_owned()),
        };
        let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        whole.then(|| (negative, digits.trim_start_matches('0').to_owned()))
    };
    let ((negative, one), (other_negative, two)) = (parts(one)?, parts(two)?);
    let size = one.len().cmp(&two.len()).then_with(|| one.cmp(&two));
    Some(match (negative && !one.is_empty(), other_negative && !two.is_empty()) {
        (false, false) => size,
        (true, true) => size.reverse(),
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
    })
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Text(text) => serializer.serialize_str(text),
            Form::Json(number) => number.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    /// Any text is read: one odd score must not fail a whole board. `as_i64` and `as_f64` tell.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, as text or plain")
            }

            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                Ok(Number(Form::Text(text.into())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number(Form::Json(number.into())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number(Form::Json(number.into())))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Number, E> {
                serde_json::Number::from_f64(number)
                    .map(|number| Number(Form::Json(number)))
                    .ok_or_else(|| E::custom("a number that JSON cannot hold"))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// A number, or what else may stand in its place. The first letter tells, so nothing is kept aside
/// to be looked at twice, as untagged enums do: boards and profiles have thousands of these.
pub(super) enum NumberOr<T> {
    Number(Number),
    Other(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NumberOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);

        impl<T> Visitor<T> {
            fn number<'de, E: Error>(
                number: impl IntoDeserializer<'de, E>,
            ) -> Result<NumberOr<T>, E> {
                Number::deserialize(number.into_deserializer()).map(NumberOr::Number)
            }
        }

        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = NumberOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, as text or plain, or what stands in its place")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Self::number(text)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Self::number(number)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Self::number(number)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                Self::number(number)
            }

            fn visit_bool<E: Error>(self, other: bool) -> Result<Self::Value, E> {
                T::deserialize(other.into_deserializer()).map(NumberOr::Other)
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                T::deserialize(().into_deserializer()).map(NumberOr::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, other: A) -> Result<Self::Value, A::Error> {
                T::deserialize(SeqAccessDeserializer::new(other)).map(NumberOr::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, other: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(other)).map(NumberOr::Other)
            }
        }

        deserializer.deserialize_any(Visitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Number {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn text_of_any_length_survives() {
        for json in
            ["\"123456789012345678901234567890.5\"", "\"Infinity\"", "\"-0\"", "\"\"", "7", "1.5"]
        {
            assert_eq!(serde_json::to_string(&read(json)).unwrap(), json);
        }
    }

    #[test]
    fn a_number_is_shown_as_it_came() {
        assert_eq!(format!("{:?} {:?}", read("\"42\""), read("42")), "Number(\"42\") Number(42)");
    }

    #[test]
    fn infinity_is_greater_than_every_number() {
        assert!(read("\"Infinity\"") > read("\"99999999999999999999\""));
        assert!(read("\"-Infinity\"") < read("\"-99999999999999999999\""));
        assert!(read("\"Infinity\"").is_infinite());
    }

    #[test]
    fn numbers_beyond_i64_compare_exactly() {
        let (one, two) = (read("\"9007199254740993000001\""), read("\"9007199254740993000002\""));
        assert!(one < two);
        assert!(one != two);
        assert!(read("\"-9007199254740993000002\"") < read("\"-9007199254740993000001\""));
    }

    #[test]
    fn text_and_json_numbers_of_one_value_are_equal() {
        assert_eq!(read("\"5\""), read("5"));
        assert_eq!(read("\"1.50\""), read("1.5"));
        assert_eq!(read("\"5\""), 5);
    }

    #[test]
    fn text_that_is_no_number_is_read_but_not_made() {
        assert_eq!(read("\"many\"").as_i64(), None);
        assert_eq!(read("\"many\"").as_f64(), None);
        assert_eq!("many".parse::<Number>().unwrap_err().to_string(), "`many` is no number");
        assert!("NaN".parse::<Number>().is_err());
    }

    #[test]
    fn a_width_pads_it_in_a_table() {
        assert_eq!(format!("{:>5}|", read("\"42\"")), "   42|");
    }
}
