//! The stored form of a token: the JSON that the official SDKs write, and what else they write.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::token::{Token, present};
use super::wiped;
use crate::store::StoredToken;

/// A number this large is in milliseconds, as Java writes it: in seconds it would be after 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// Later moments could not be told from milliseconds when they are read again.
const LATEST: u64 = 99_999_999_999;

#[derive(Serialize)]
struct Written<'a> {
    access_token: &'a str,
    token_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

#[derive(Deserialize)]
struct Found {
    access_token: Option<SecretString>,
    /// The C# SDK keeps a JWT under this name.
    jwt_token: Option<SecretString>,
    refresh_token: Option<SecretString>,
    token_type: Option<String>,
    /// The name of old.
    #[serde(rename = "type")]
    old_type: Option<String>,
    #[serde(default, deserialize_with = "given")]
    expires_at: Option<Value>,
    #[serde(default, deserialize_with = "given")]
    expires_in: Option<Value>,
}

/// Tells `null` from a key that is not there.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What is kept of `token`.
pub(super) fn write(token: &Token) -> StoredToken {
    let end = token.expires_at().and_then(|end| end.duration_since(SystemTime::UNIX_EPOCH).ok());
    let json = wiped::json(&Written {
        access_token: token.secret().expose_secret(),
        token_type: "Bearer",
        expires_at: end.map(|end| end.as_secs().min(LATEST)),
        refresh_token: token.refresh().map(ExposeSecret::expose_secret),
    });
    let json = SecretString::from(std::str::from_utf8(&json).unwrap_or_default());
    StoredToken::new(json, token.expires_at(), token.refresh().is_some())
}

/// The token that was kept as `text` and is found at `now`; none where it says that there is none. The error names the
/// fault and nothing of the text.
pub(super) fn read(text: &str, now: SystemTime) -> Result<Option<Token>, &'static str> {
    if matches!(text.trim(), "" | "null" | "{}") {
        return Ok(None);
    }
    let found: Found = serde_json::from_str(text).map_err(|error| match error.is_data() {
        true => "it is no token object",
        false => "it is no JSON",
    })?;
    if found.token_type.or(found.old_type).is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"))
    {
        return Err("its token_type is not Bearer");
    }
    let secret = present(found.access_token)
        .or(present(found.jwt_token))
        .ok_or("it holds no access_token that is text")?;
    let expires_at = match (found.expires_at, found.expires_in) {
        (Some(moment), _) => Some(read_moment(&moment).ok_or("its expires_at is no moment")?),
        // An answer as the server gave it, of unknown age: over already.
        (None, Some(_)) => Some(SystemTime::UNIX_EPOCH),
        (None, None) => None,
    };
    Token::given(secret, present(found.refresh_token), expires_at, now)
        .map(Some)
        .ok_or("its access_token holds letters that cannot be sent")
}

/// Seconds or milliseconds as a number or as text, or a date.
fn read_moment(value: &Value) -> Option<SystemTime> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match decimal(text.trim()) {
            Some(number) => number,
            None => return text.trim().parse::<Timestamp>().ok()?.try_into().ok(),
        },
        _ => return None,
    };
    let seconds = if number.abs() < MILLISECONDS_FROM { number } else { number / 1000.0 };
    let seconds = seconds.trunc().clamp(0.0, LATEST as f64);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs_f64(seconds))
}

/// C# writes the fraction after a point or a comma, as the language of the machine has it.
fn decimal(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || b".,eE+-".contains(&byte));
    let number: f64 = text.replacen(',', ".", 1).parse().ok()?;
    (digits && number.is_finite()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Token>, &'static str> {
        super::read(text, SystemTime::now())
    }

    fn moment(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn end(expires_at: &str) -> Result<Option<SystemTime>, &'static str> {
        let text = format!(r#"{{"access_token":"t","expires_at":{expires_at}}}"#);
        read(&text).map(|token| token.unwrap().expires_at())
    }

    #[test]
    fn what_every_official_sdk_writes_is_read() {
        let jwt = "cid:e30.eyJwbGF5ZXJfaWQiOiJqb2hueSIsInNjb3BlcyI6W10sImV4cCI6MTc5NTU0ODI5Mn0.x";
        let jwt = format!(r#"{{"jwt_token":"{jwt}"}}"#);
        for (sdk, text, seconds) in [
            (
                "Python",
                r#"{"access_token": "tok", "token_type": "Bearer", "expires_at": 1795548292}"#,
                1_795_548_292,
            ),
            (
                "Node",
                r#"{"access_token":"tok","token_type":"Bearer","expires_in":86400,"refresh_token":"ref","expires_at":"2026-11-24T19:25:00.691Z"}"#,
                1_795_548_300,
            ),
            (
                "Node's suite",
                r#"{"access_token":"tok","expires_at":"2026-11-24T19:25:00Z","expires_in":86400,"type":"Bearer"}"#,
                1_795_548_300,
            ),
            (
                "Java",
                r#"{"access_token":"tok","token_type":"Bearer","expires_at":1795548320767}"#,
                1_795_548_320,
            ),
            (
                "Java through Gson",
                r#"{"access_token":"tok","expires_at":1.795548320767E12}"#,
                1_795_548_320,
            ),
            (
                "C#",
                r#"{"access_token":"tok","token_type":"Bearer","expires_at":"1795548229.12772"}"#,
                1_795_548_229,
            ),
            (
                "C# in German",
                r#"{"access_token":"tok","token_type":"Bearer","expires_at":"1795548229,12772"}"#,
                1_795_548_229,
            ),
            (
                "a flat map",
                r#"{"access_token":"tok","expires_at":"1795548320767","scope":"x","type":"bearer","token_type":"Bearer"}"#,
                1_795_548_320,
            ),
            ("C# with a JWT", &jwt, 1_795_548_292),
        ] {
            let token = read(text).unwrap_or_else(|fault| panic!("{sdk}: {fault}")).unwrap();
            let found = token.expires_at().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            assert_eq!(found.as_secs(), seconds, "{sdk}");
            assert_eq!(token.is_jwt(), sdk == "C# with a JWT");
        }
    }

    #[test]
    fn eight_spellings_of_a_moment_are_one() {
        for text in [
            "1795548292",
            "1795548292000",
            "\"1795548292\"",
            "\"1795548292000\"",
            "\"1795548292.5\"",
            "\"1795548292,5\"",
            "1.795548292E12",
            "\"1.795548292E12\"",
            "\"2026-11-24T19:24:52.000Z\"",
            "\"2026-11-24T20:24:52+01:00\"",
        ] {
            assert_eq!(end(text), Ok(Some(moment(1_795_548_292))), "{text}");
        }
    }

    #[test]
    fn moments_of_long_ago_are_valid_and_over_and_far_ones_do_no_harm() {
        for text in ["0", "-5", "1", "-9e15"] {
            assert!(end(text).unwrap().unwrap() < moment(2), "{text}");
        }
        for text in ["9e15", "1e300", "18446744073709551615"] {
            assert!(end(text).unwrap().unwrap() > moment(1_795_548_292), "{text}");
        }
    }

    #[test]
    fn a_moment_beyond_all_use_is_still_one_when_it_has_been_kept() {
        let kept = r#"{"access_token":"t","expires_at":111111795548292}"#;
        let token = read(kept).unwrap().unwrap();
        let again = read(write(&token).json().expose_secret()).unwrap().unwrap();
        assert!(again.is_alive(moment(50_000_000_000)), "{again:?}");
    }

    #[test]
    fn without_a_moment_it_is_good_until_refused_or_an_answer_of_unknown_age() {
        let plain = read(r#"{"access_token":"t"}"#).unwrap().unwrap();
        assert_eq!(plain.expires_at(), None);
        let answer = read(r#"{"access_token":"t","expires_in":86400}"#).unwrap().unwrap();
        assert!(!answer.is_alive(SystemTime::now()));
    }

    #[test]
    fn nothing_kept_is_no_token_and_no_fault() {
        for text in ["", " ", "{}", "null", "null\n"] {
            assert!(matches!(read(text), Ok(None)), "{text}");
        }
    }

    #[test]
    fn a_damaged_entry_is_a_fault_that_quotes_nothing() {
        for text in [
            "CANARY",
            "[]",
            "7",
            r#"{"access_token":"CANARY"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":""}"#,
            r#"{"access_token":"CANARY\n"}"#,
            r#"{"access_token":"t","token_type":"mac"}"#,
            r#"{"access_token":"t","expires_at":null}"#,
            r#"{"access_token":"t","expires_at":true}"#,
            r#"{"access_token":"t","expires_at":{}}"#,
            r#"{"access_token":"t","expires_at":"soon"}"#,
            r#"{"access_token":"t","expires_at":"NaN"}"#,
            r#"{"access_token":"t","expires_at":"1,795,548"}"#,
        ] {
            let fault = read(text).err().unwrap_or_else(|| panic!("{text} was read"));
            assert!(!fault.contains("CANARY"));
        }
    }

    #[test]
    fn absent_null_and_empty_refresh_tokens_are_none() {
        for text in [
            r#"{"access_token":"t","refresh_token":null}"#,
            r#"{"access_token":"t","refresh_token":""}"#,
        ] {
            assert!(read(text).unwrap().unwrap().refresh().is_none());
        }
    }

    #[test]
    fn what_is_written_has_the_keys_of_the_official_sdks_and_reads_back() {
        let body = br#"{"access_token":"a\"b","expires_in":60,"refresh_token":"r","scope":"x"}"#;
        let token =
            Token::read(body, SystemTime::UNIX_EPOCH + Duration::from_millis(1500)).unwrap();
        let stored = write(&token);
        assert_eq!(
            stored.json().expose_secret(),
            r#"{"access_token":"a\"b","token_type":"Bearer","expires_at":61,"refresh_token":"r"}"#
        );
        assert!(stored.is_refreshable());
        let back = read(stored.json().expose_secret()).unwrap().unwrap();
        assert!(back == token && back.refresh().unwrap().expose_secret() == "r");
        assert_eq!(back.expires_at(), Some(moment(61)));
    }

    #[test]
    fn without_a_lifetime_no_moment_is_written() {
        let token = Token::read(br#"{"access_token":"t"}"#, SystemTime::UNIX_EPOCH).unwrap();
        let json = write(&token);
        assert_eq!(json.json().expose_secret(), r#"{"access_token":"t","token_type":"Bearer"}"#);
    }
}
