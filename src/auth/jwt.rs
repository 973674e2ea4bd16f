//! Player tokens: JWTs that a backend mints, so that its front end may act as one player.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::crypto::{self, aws_lc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use serde_json::value::RawValue;

use crate::Error;

/// The scopes that Playoff knows for player tokens.
///
/// The API reference does not list them; these are recorded from the official SDKs. Others can be
/// given as text.
pub mod scope {
    /// Read as the player: GET on the runtime routes.
    pub const RUNTIME_READ: &str = "player.runtime.read";
    /// Act as the player: the other methods on the runtime routes.
    pub const RUNTIME_WRITE: &str = "player.runtime.write";
}

/// A JWT with which a front end acts as one player, without knowing the client secret.
///
/// Minted offline: Playoff is not asked, and the player must exist there. The same claims and time
/// give the same text as the official Python SDK; form and claims are recorded from the official
/// SDKs of Python, Node and Ruby.
///
/// Signing is the `jsonwebtoken` crate's, which has one provider of cryptography for the whole
/// process. The first token of this crate makes it aws-lc, unless the program has chosen before.
///
/// ```
/// use playoff::{ExposeSecret, PlayerToken, scope};
/// use std::time::{Duration, SystemTime};
///
/// let token = PlayerToken::builder("client id", "client secret", "johny")
///     .scopes([scope::RUNTIME_READ, scope::RUNTIME_WRITE])
///     .expires_in(Duration::from_secs(600))
///     .build()?;
///
/// // What the front end gets: `client id:<header>.<payload>.<signature>`
/// let text = token.text().expose_secret();
///
/// let read = PlayerToken::verify(text, "client id", "client secret", SystemTime::now())?;
/// assert_eq!(read.player_id(), "johny");
/// # Ok::<(), playoff::Error>(())
/// ```
#[derive(Clone)]
pub struct PlayerToken {
    text: SecretString,
    client_id: String,
    player_id: String,
    scopes: Vec<String>,
    expires_at: SystemTime,
}

/// Makes a [`PlayerToken`]; started by [`PlayerToken::builder`]. A clone of it can mint again.
#[derive(Clone)]
#[must_use = "nothing is minted before `build`"]
pub struct PlayerTokenBuilder {
    client_id: String,
    client_secret: SecretString,
    player_id: String,
    scopes: Vec<String>,
    expires_in: Duration,
    issued_at: bool,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

/// In the order of the official SDKs.
#[derive(Serialize)]
struct NewClaims<'a> {
    player_id: &'a str,
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    exp: u64,
}

#[derive(Deserialize)]
struct Claims {
    player_id: String,
    /// `null` in tokens of the Go SDK.
    scopes: Option<Vec<String>>,
    exp: Number,
}

impl PlayerToken {
    /// Starts a token for `player_id` with no scopes and a life of one hour.
    pub fn builder(
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
        player_id: impl Into<String>,
    ) -> PlayerTokenBuilder {
        PlayerTokenBuilder {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            player_id: player_id.into(),
            scopes: Vec::new(),
            expires_in: Duration::from_secs(60 * 60),
            issued_at: false,
            clock: Arc::new(SystemTime::now),
        }
    }

    /// Reads a token without checking header, signature or expiry: for whoever holds a token but
    /// not the secret, and wants to know the player or the end. Grant nothing on its word.
    ///
    /// # Errors
    ///
    /// `invalid_call` when the text is no player token with `player_id` and `exp`.
    pub fn parse(text: &str) -> Result<PlayerToken, Error> {
        let (client_id, jws) = text
            .split_once(':')
            .filter(|(client_id, jws)| !client_id.is_empty() && jws.split('.').count() == 3)
            .ok_or_else(|| unreadable("it is not client_id:header.payload.signature"))?;
        // The library's message may quote the token, so ours names only the part.
        let claims: Claims = jsonwebtoken::dangerous::insecure_decode_claims(jws)
            .map_err(|_| unreadable("the payload lacks player_id or exp, or is no payload"))?;
        if claims.player_id.is_empty() {
            return Err(unreadable("player_id is empty"));
        }
        Ok(PlayerToken {
            text: text.into(),
            client_id: client_id.to_owned(),
            player_id: claims.player_id,
            scopes: claims.scopes.unwrap_or_default(),
            expires_at: moment(&claims.exp).ok_or_else(|| unreadable("exp is no date"))?,
        })
    }

    /// Reads a token that came from outside, and checks that it was minted for `client_id` with
    /// `client_secret`, by HS256, and ends after `now`.
    ///
    /// Who the player is and what the scopes allow is for the caller to judge.
    ///
    /// # Errors
    ///
    /// `init_failed` when `client_secret` is empty, `invalid_call` when the token is not good.
    pub fn verify(
        text: &str,
        client_id: &str,
        client_secret: &str,
        now: SystemTime,
    ) -> Result<PlayerToken, Error> {
        // Anybody can sign with an empty secret, as from a variable that is not set.
        filled("client_secret", client_secret)?;
        let token = PlayerToken::parse(text)?;
        if token.client_id != client_id {
            return Err(refused("it belongs to another client"));
        }
        let jws = &text[client_id.len() + 1..];
        // The token must not choose how it is checked.
        let header = jsonwebtoken::decode_header(jws).ok();
        if !header.is_some_and(|header| header.alg == Algorithm::HS256 && header.crit.is_none()) {
            return Err(refused("its header is not that of HS256"));
        }
        let key = DecodingKey::from_secret(client_secret.as_bytes());
        install_crypto();
        let signed = jws.rsplit_once('.').is_some_and(|(message, signature)| {
            crypto::verify(signature, message.as_bytes(), &key, Algorithm::HS256).unwrap_or(false)
        });
        if !signed {
            return Err(refused("its signature is wrong"));
        }
        if token.expires_at <= now {
            return Err(refused("it is expired"));
        }
        Ok(token)
    }

    /// The whole token, `<client id>:<header>.<payload>.<signature>`: a credential, to be sent as
    /// the query parameter `jwt`.
    #[must_use]
    pub fn text(&self) -> &SecretString {
        &self.text
    }

    /// The first moment at which the token is no longer good.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// The player in whose name the bearer acts.
    #[must_use]
    pub fn player_id(&self) -> &str {
        &self.player_id
    }

    /// What the bearer may do; none means whatever the client may do.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The client that minted the token.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }
}

impl PlayerTokenBuilder {
    /// What the bearer may do, see [`scope`]. Replaces scopes given before.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// How long the token is good; one hour unless told. The end falls on a whole second, the last
    /// one within this life.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = lifetime;
        self
    }

    /// Adds the claim `iat`, the time of minting, as the Node SDK does.
    pub fn issued_at(mut self, yes: bool) -> Self {
        self.issued_at = yes;
        self
    }

    /// Where the time comes from; the system's clock unless told.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Mints the token.
    ///
    /// # Errors
    ///
    /// `init_failed` names what is wrong: an empty id or secret, a client id with a colon, a life
    /// of less than a second or without end.
    pub fn build(self) -> Result<PlayerToken, Error> {
        filled("client_id", &self.client_id)?;
        filled("client_secret", self.client_secret.expose_secret())?;
        filled("player_id", &self.player_id)?;
        if self.client_id.contains(':') {
            return Err(Error::init("client_id", "must not contain a colon, where the JWT begins"));
        }
        // Rounded to seconds, a shorter one may be over before it begins.
        if self.expires_in < Duration::from_secs(1) {
            return Err(Error::init("expires_in", "must be at least a second"));
        }
        let now = (self.clock)()
            .duration_since(UNIX_EPOCH)
            .map_err(|_| Error::init("clock", "must not be before 1970"))?;
        let (exp, expires_at) = now
            .checked_add(self.expires_in)
            .and_then(|end| Some((end.as_secs(), date(end.as_secs())?)))
            .ok_or_else(|| Error::init("expires_in", "must end at a date that can be written"))?;

        let claims = NewClaims {
            player_id: &self.player_id,
            scopes: &self.scopes,
            iat: self.issued_at.then_some(now.as_secs()),
            exp,
        };
        let unwritten = || Error::invalid_call("the player token cannot be written");
        let claims = serde_json::to_string(&claims).map_err(|_| unwritten())?;
        let claims = RawValue::from_string(ascii(&claims)).map_err(|_| unwritten())?;
        let key = EncodingKey::from_secret(self.client_secret.expose_secret().as_bytes());
        install_crypto();
        let jws = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key);
        let jws = Zeroizing::new(jws.map_err(|_| unwritten())?);
        // Exactly as long as it is, so that the secret takes it over without another copy.
        let text = SecretString::from([&self.client_id, ":", &jws].concat());

        let PlayerTokenBuilder { client_id, player_id, scopes, .. } = self;
        Ok(PlayerToken { text, client_id, player_id, scopes, expires_at })
    }
}

impl From<PlayerToken> for SecretString {
    fn from(token: PlayerToken) -> Self {
        token.text
    }
}

impl fmt::Debug for PlayerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlayerToken")
            .field("client_id", &self.client_id)
            .field("player_id", &self.player_id)
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PlayerTokenBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlayerTokenBuilder")
            .field("client_id", &self.client_id)
            .field("player_id", &self.player_id)
            .field("scopes", &self.scopes)
            .field("expires_in", &self.expires_in)
            .field("issued_at", &self.issued_at)
            .finish_non_exhaustive()
    }
}

/// jsonwebtoken panics where the application's other crates enable both of its backends or none,
/// unless one is installed.
fn install_crypto() {
    // Only the first one counts: an application that has chosen a backend keeps it.
    let _ = aws_lc::DEFAULT_PROVIDER.install_default();
}

/// Compact `json` as Python's `json.dumps` writes it: letters outside ASCII occur only in texts,
/// and are escaped there.
fn ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            ' '..='~' => ascii.push(letter),
            _ => letter
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| ascii.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    ascii
}

/// JWTs may write their dates as floats, `1.795e9`; the fraction is cut off.
fn moment(exp: &Number) -> Option<SystemTime> {
    let float = || exp.as_f64().filter(|seconds| *seconds >= 0.0).map(|seconds| seconds as u64);
    exp.as_u64().or_else(float).and_then(date)
}

/// The date in `seconds` after 1970, if there is one.
fn date(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn filled(option: &str, value: &str) -> Result<(), Error> {
    if value.is_empty() { Err(Error::init(option, "must not be empty")) } else { Ok(()) }
}

fn unreadable(problem: &str) -> Error {
    Error::invalid_call(format_args!("this is no player token: {problem}"))
}

fn refused(problem: &str) -> Error {
    Error::invalid_call(format_args!("the player token is refused: {problem}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::mutated::{config, mangled};

    #[derive(Deserialize)]
    struct Golden {
        sdk: String,
        client_id: String,
        client_secret: String,
        player_id: String,
        scopes: Vec<String>,
        expires_in: f64,
        now: f64,
        token: String,
    }

    /// Made by the official SDKs themselves.
    fn golden() -> Vec<Golden> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/player_tokens.json");
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    }

    fn johny() -> PlayerTokenBuilder {
        PlayerToken::builder("cid", "dummy-secret", "johny").clock(|| at(1000))
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn verify(text: &str) -> Result<PlayerToken, Error> {
        PlayerToken::verify(text, "cid", "dummy-secret", at(1000))
    }

    /// A token with the right signature over whatever `header` and `claims` say.
    fn signed(header: &Header, claims: &Value) -> String {
        signed_by(b"dummy-secret", header, claims)
    }

    fn signed_by(secret: &[u8], header: &Header, claims: &Value) -> String {
        install_crypto();
        let key = EncodingKey::from_secret(secret);
        format!("cid:{}", jsonwebtoken::encode(header, claims, &key).unwrap())
    }

    #[test]
    fn tokens_are_those_of_the_official_sdks() {
        for Golden { sdk, client_id, client_secret, player_id, scopes, expires_in, now, token } in
            golden()
        {
            let now = UNIX_EPOCH + Duration::from_secs_f64(now);
            let verified = PlayerToken::verify(&token, &client_id, &client_secret, now).unwrap();
            let minted = PlayerToken::builder(client_id, client_secret, player_id)
                .scopes(scopes)
                .expires_in(Duration::from_secs_f64(expires_in))
                .issued_at(sdk.starts_with("node"))
                .clock(move || now)
                .build()
                .unwrap();
            assert_eq!(format!("{verified:?}"), format!("{minted:?}"));
            // The Ruby SDK leaves `typ` out of the header.
            if !sdk.starts_with("ruby") {
                assert_eq!(minted.text().expose_secret(), token, "{sdk}, {minted:?}");
            }
        }
    }

    #[test]
    fn a_token_is_good_until_its_end_and_not_at_it() {
        let token = johny().build().unwrap();
        let text = token.text().expose_secret();
        let at_end = |end| PlayerToken::verify(text, "cid", "dummy-secret", end);
        assert_eq!(token.expires_at(), at(1000 + 3600));
        assert!(at_end(at(4600) - Duration::from_millis(1)).is_ok());
        assert!(at_end(at(4600)).unwrap_err().message().contains("expired"));
    }

    #[test]
    fn claims_of_other_libraries_are_understood() {
        for claims in [
            json!({"exp": 2000, "scopes": null, "player_id": "johny"}),
            json!({"exp": 2.0009e3, "player_id": "johny", "iat": "?", "aud": [1], "x": {}}),
        ] {
            let header = Header { typ: None, ..Header::default() };
            let token = verify(&signed(&header, &claims)).unwrap();
            assert_eq!((token.player_id(), token.client_id()), ("johny", "cid"));
            assert_eq!((token.scopes(), token.expires_at()), (&[][..], at(2000)));
        }
    }

    #[test]
    fn a_token_is_parsed_without_regard_to_header_signature_and_expiry() {
        let text = signed(&Header::default(), &json!({"player_id": "johny", "exp": 1}));
        let payload = text.split('.').nth(1).unwrap();
        let token = PlayerToken::parse(&format!("cid:e30.{payload}.x")).unwrap();
        assert_eq!((token.player_id(), token.expires_at()), ("johny", at(1)));
        for text in [format!(":e30.{payload}.x"), format!("cid:{payload}.x"), format!("{text}.x")] {
            assert!(PlayerToken::parse(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn claims_without_a_player_or_an_end_are_refused() {
        for claims in [
            json!({"player_id": "johny"}),
            json!({"player_id": "johny", "exp": null}),
            json!({"player_id": "johny", "exp": "2000"}),
            json!({"player_id": "johny", "exp": -1}),
            json!({"player_id": "johny", "exp": -1.5}),
            json!({"player_id": "johny", "exp": u64::MAX}),
            json!({"player_id": "johny", "exp": 1e300}),
            json!({"player_id": "johny", "exp": 2000, "scopes": "all"}),
            json!({"player_id": "", "exp": 2000}),
            json!({"player_id": 7, "exp": 2000}),
            json!({"exp": 2000}),
            json!("claims"),
        ] {
            let text = signed(&Header::default(), &claims);
            assert!(PlayerToken::parse(&text).is_err(), "{claims}");
        }
    }

    #[test]
    fn only_hs256_of_the_right_client_and_secret_is_accepted() {
        let claims = json!({"player_id": "johny", "exp": 2000});
        let text = signed(&Header::default(), &claims);
        assert!(verify(&text).is_ok());
        assert!(PlayerToken::verify(&text, "ci", "dummy-secret", at(1000)).is_err());
        assert!(PlayerToken::verify(&text, "cid", "Dummy-secret", at(1000)).is_err());
        // What anybody can sign is refused even where the backend's secret is missing.
        let unset = signed_by(b"", &Header::default(), &claims);
        assert!(PlayerToken::verify(&unset, "cid", "", at(1000)).is_err());
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let other = signed(&Header::new(algorithm), &claims);
            assert!(verify(&other).is_err());
            // By HS256 after all, against its header
            let (message, _) = other["cid:".len()..].rsplit_once('.').unwrap();
            let key = EncodingKey::from_secret(b"dummy-secret");
            let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
            assert!(verify(&format!("cid:{message}.{signature}")).is_err());
        }
        let crit = Some(vec!["b64".to_owned()]);
        assert!(verify(&signed(&Header { crit, ..Header::default() }, &claims)).is_err());
        // {"alg":"none"}, with and without the old signature
        let (message, signature) = text.rsplit_once('.').unwrap();
        let (_, payload) = message.split_once('.').unwrap();
        assert!(verify(&format!("cid:eyJhbGciOiJub25lIn0.{payload}.")).is_err());
        assert!(verify(&format!("cid:eyJhbGciOiJub25lIn0.{payload}.{signature}")).is_err());
    }

    #[test]
    fn what_cannot_be_minted_is_named() {
        let mint = PlayerToken::builder;
        for (builder, option) in [
            (mint("", "secret", "johny"), "client_id"),
            (mint("c:id", "secret", "johny"), "client_id"),
            (mint("cid", "", "johny"), "client_secret"),
            (mint("cid", "secret", ""), "player_id"),
            (johny().expires_in(Duration::ZERO), "expires_in"),
            (johny().expires_in(Duration::from_millis(999)), "expires_in"),
            (johny().expires_in(Duration::from_secs(i64::MAX as u64)), "expires_in"),
            (johny().expires_in(Duration::MAX), "expires_in"),
            (johny().clock(|| UNIX_EPOCH - Duration::from_secs(1)), "clock"),
        ] {
            assert!(builder.build().unwrap_err().message().starts_with(option), "{option}");
        }
    }

    #[test]
    fn neither_secret_nor_token_is_printed() {
        let token = johny().scopes(["a.b"]).build().unwrap();
        let text = token.text().expose_secret();
        let expired = PlayerToken::verify(text, "cid", "dummy-secret", at(9000)).unwrap_err();
        let printed = format!("{token:?} {:?} {expired:?} {expired}", johny());
        assert!(printed.contains("cid") && printed.contains("johny") && printed.contains("a.b"));
        assert!(!printed.contains("dummy-secret"));
        assert!(!text.split(['.', ':']).skip(1).any(|part| printed.contains(part)));
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "(cid:)?[\\PC.:]*", any in ".*") {
            prop_assert!(verify(&text).is_err() && verify(&any).is_err());
            let _ = (PlayerToken::parse(&text), PlayerToken::parse(&any));
        }

        #[test]
        fn a_changed_token_is_refused_without_panic(
            at in any::<prop::sample::Index>(), to in "[\\w.:-]{0,2}|\\PC",
        ) {
            let text = johny().build().unwrap().text().expose_secret().to_owned();
            let at = at.index(text.len());
            let changed = format!("{}{to}{}", &text[..at], &text[at + 1..]);
            let _ = PlayerToken::parse(&changed);
            prop_assert_eq!(verify(&changed).is_ok(), changed == text);
        }

        #[test]
        fn mangled_tokens_are_read_or_refused_and_never_shown(
            text in mangled(&[
                johny().build().unwrap().text().expose_secret(),
                "cid:e30.eyJwbGF5ZXJfaWQiOiJqb2hueSIsInNjb3BlcyI6W10sImV4cCI6MTc5NTU0ODI5Mn0.x",
                "cid:eyJhbGciOiJub25lIn0.e30.",
            ]),
        ) {
            if let Ok(token) = PlayerToken::parse(&text) {
                prop_assert_eq!(token.text().expose_secret(), &text);
                let signature = text.rsplit('.').next().unwrap();
                let shown = format!("{token:?}");
                // Unless the id of the client, which is shown, has it as well.
                let once = signature.len() > 12 && text.matches(signature).count() == 1;
                prop_assert!(!once || !shown.contains(signature), "{}", shown);
            }
            let verified = verify(&text).is_ok();
            prop_assert!(!verified || text == johny().build().unwrap().text().expose_secret());
        }

        #[test]
        fn what_is_minted_is_read_back(
            player in ".+", scopes: Vec<String>, life in 1u64..1 << 40, iat: bool,
        ) {
            let token = PlayerToken::builder("cid", "dummy-secret", player.clone())
                .scopes(scopes.clone())
                .expires_in(Duration::from_secs(life))
                .issued_at(iat)
                .clock(|| at(1000))
                .build()
                .unwrap();
            let read = verify(token.text().expose_secret()).unwrap();
            prop_assert_eq!(read.player_id(), player);
            prop_assert_eq!(read.scopes(), scopes);
            prop_assert_eq!(read.expires_at(), at(1000 + life));
        }
    }
}
