//! The number of the game: a decimal that keeps integers exact and travels as text.

use std::fmt;

use serde_json::Value;

/// Billionths, so that integers up to 10^29 and usual fractions add up without drift. The two
/// ends of the range stand for the `Infinity` and `-Infinity` that constraints may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(i128);

const UNIT: i128 = 1_000_000_000;
const FRACTION_DIGITS: i64 = 9;
/// Longer digit strings are noise; refusing them keeps parsing cheap.
const LONGEST_TEXT: usize = 400;

impl Number {
    pub(super) const ZERO: Number = Number(0);
    pub(super) const ONE: Number = Number(UNIT);
    pub(super) const INFINITY: Number = Number(i128::MAX);
    pub(super) const NEGATIVE_INFINITY: Number = Number(i128::MIN);

    pub(super) fn whole(value: i64) -> Number {
        Number(i128::from(value) * UNIT)
    }

    /// Reads what a JSON document may hold as a number: a number or numeric text.
    pub(super) fn from_json(value: &Value) -> Option<Number> {
        match value {
            Value::Number(number) => Number::parse(&number.to_string()),
            Value::String(text) => Number::parse(text),
            _ => None,
        }
    }

    pub(super) fn parse(text: &str) -> Option<Number> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let size = if text == "Infinity" { Number::INFINITY } else { Number::unsigned(text)? };
        Some(if negative { size.negated() } else { size })
    }

    fn unsigned(text: &str) -> Option<Number> {
        if text.len() > LONGEST_TEXT {
            return None;
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let places = whole.len() as i64 + i64::from(exponent) + FRACTION_DIGITS;
        // Past 500 places every non-zero digit string has long reached the end of the range.
        let mut units: i128 = 0;
        for place in 0..places.clamp(0, 500) as usize {
            let digit = digits.get(place).map_or(0, |digit| i128::from(digit - b'0'));
            units = units.saturating_mul(10).saturating_add(digit);
        }
        Some(Number(units))
    }

    pub(super) fn is_finite(self) -> bool {
        self != Number::INFINITY && self != Number::NEGATIVE_INFINITY
    }

    pub(super) fn negated(self) -> Number {
        match self {
            Number::INFINITY => Number::NEGATIVE_INFINITY,
            Number::NEGATIVE_INFINITY => Number::INFINITY,
            Number(units) => Number(-units),
        }
    }

    pub(super) fn plus(self, other: Number) -> Number {
        match (self.is_finite(), other.is_finite()) {
            (true, true) => Number(self.0.saturating_add(other.0)),
            (true, false) => other,
            (false, true) => self,
            // Opposite infinities cancel out.
            (false, false) if self != other => Number::ZERO,
            (false, false) => self,
        }
    }

    pub(super) fn minus(self, other: Number) -> Number {
        self.plus(other.negated())
    }

    pub(super) fn times(self, other: Number) -> Number {
        if self == Number::ZERO || other == Number::ZERO {
            return Number::ZERO;
        }
        let product = match (self.is_finite() && other.is_finite(), self.0, other.0) {
            (false, ..) => None,
            (true, a, b) if b % UNIT == 0 => a.checked_mul(b / UNIT),
            (true, a, b) if a % UNIT == 0 => b.checked_mul(a / UNIT),
            (true, a, b) => a.checked_mul(b).map(|product| product / UNIT),
        };
        product.map_or(self.infinity_against(other), Number)
    }

    /// Assumption: a division by zero gives zero.
    pub(super) fn over(self, other: Number) -> Number {
        match (self.is_finite(), other.is_finite()) {
            _ if other == Number::ZERO => Number::ZERO,
            (_, false) => Number::ZERO,
            (false, true) => self.infinity_against(other),
            (true, true) => match self.0.checked_mul(UNIT) {
                Some(scaled) => Number(scaled / other.0),
                None => Number((self.0 / other.0).saturating_mul(UNIT)),
            },
        }
    }

    fn infinity_against(self, other: Number) -> Number {
        if (self.0 < 0) == (other.0 < 0) { Number::INFINITY } else { Number::NEGATIVE_INFINITY }
    }

    /// To the nearest integer, halves away from zero.
    pub(super) fn rounded(self) -> Number {
        if !self.is_finite() {
            return self;
        }
        let half = if self.0 < 0 { -UNIT / 2 } else { UNIT / 2 };
        let units = self.0.saturating_add(half);
        Number(units - units % UNIT)
    }

    /// Like `clamp`, but limits in the wrong order are no reason to panic.
    pub(super) fn within(self, low: Number, high: Number) -> Number {
        self.max(low).min(high)
    }

    /// A plain JSON number, as variables carry it.
    pub(super) fn to_json(self) -> Value {
        let text = self.to_string();
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Number::INFINITY => return f.write_str("Infinity"),
            Number::NEGATIVE_INFINITY => return f.write_str("-Infinity"),
            _ => {}
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        let (whole, fraction) = (units / UNIT as u128, units % UNIT as u128);
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let fraction = format!("{fraction:09}");
        write!(f, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Number;

    fn number(text: &str) -> Number {
        Number::parse(text).expect(text)
    }

    #[test]
    fn integers_stay_exact_far_beyond_what_a_float_holds() {
        let big = number("9007199254740993");
        assert_eq!(big.plus(Number::ONE).to_string(), "9007199254740994");
        assert_eq!(
            number("1000000000000").times(number("1000000000000")).to_string(),
            "1".to_owned() + &"0".repeat(24)
        );
    }

    #[test]
    fn fractions_are_written_without_trailing_zeros_or_exponent() {
        assert_eq!(number("61.50").to_string(), "61.5");
        assert_eq!(number("1e3").to_string(), "1000");
        assert_eq!(number("-2.5e-3").to_string(), "-0.0025");
        assert_eq!(number("0.1").plus(number("0.2")).to_string(), "0.3");
    }

    #[test]
    fn division_by_zero_gives_zero() {
        assert_eq!(number("5").over(Number::ZERO), Number::ZERO);
        assert_eq!(number("200").over(number("3")).rounded().to_string(), "67");
    }

    #[test]
    fn infinity_is_a_word_and_survives_arithmetic() {
        assert_eq!(number("-Infinity").to_string(), "-Infinity");
        assert_eq!(Number::INFINITY.minus(Number::ONE), Number::INFINITY);
        assert_eq!(Number::INFINITY.minus(Number::INFINITY), Number::ZERO);
        assert_eq!(number("1e400"), Number::INFINITY);
    }

    #[test]
    fn huge_products_saturate_instead_of_wrapping() {
        let huge = number("1e28");
        assert_eq!(huge.times(huge), Number::INFINITY);
        assert_eq!(huge.times(huge.negated()), Number::NEGATIVE_INFINITY);
    }

    #[test]
    fn words_and_lone_signs_are_not_numbers() {
        for text in ["", "-", ".", "abc", "1.2.3", "0x10", "1e", "--1"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn json_numbers_and_numeric_text_read_alike() {
        assert_eq!(Number::from_json(&json!(12)), Number::from_json(&json!("12")));
        assert_eq!(Number::from_json(&json!([])), None);
    }
}
