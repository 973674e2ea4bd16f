//! Logging in at `/auth`: a player lets an application act for them.

use std::collections::BTreeMap;

use reqwest::Url;
use serde_json::Value;

use super::answer::{self, Answer};
use super::clients::Clients;
use super::codes::Login;
use super::page;
use super::pkce::Challenge;
use super::state::State;

/// Answers the page's address and its form alike: a `player_id` in the query counts as submitted,
/// so that scripts can log in.
pub(super) fn respond(state: &State, fields: &BTreeMap<String, String>, submitted: bool) -> Answer {
    let field = |name: &str| fields.get(name).map(String::as_str);
    // Whoever is not known to be the application gets nobody sent to them.
    let (client_id, redirect_uri, address) = match addressee(state, &field) {
        Ok(known) => known,
        Err(fault) => return answer::page(400, page::notice("This login cannot go on", fault)),
    };
    let back = Back { address, state: field("state") };
    let implicit = match field("response_type") {
        Some("code") => false,
        Some("token") => true,
        _ => return back.with_query(&[("error", "unsupported_response_type")]),
    };
    let challenge = match field("code_challenge") {
        None => None,
        Some(text) => match Challenge::new(text, field("code_challenge_method")) {
            None => return back.refused(implicit, "invalid_request"),
            known => known,
        },
    };
    if fields.contains_key("refuse") {
        return back.refused(implicit, "access_denied");
    }
    let environment = state.tokens().clients.environment(client_id);
    let form = |message: &str| {
        let origin = back.address.origin().ascii_serialization();
        let world = state.world();
        let people = world.game(environment).people();
        answer::page(200, page::login(client_id, &origin, fields, people, message))
    };
    let Some(player) = field("player_id") else {
        return form(if submitted { "Choose a player." } else { "" });
    };
    if !state.world().game(environment).has_player(player) {
        return form(&format!("There is no player “{player}”."));
    }
    if implicit {
        let token = state.tokens().implicit(client_id, player, state.now());
        return back.with_token(&token);
    }
    let login = Login {
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        player: player.to_owned(),
        challenge,
    };
    let code = state.tokens().codes.give(login, state.now());
    back.with_query(&[("code", &code)])
}

/// The client and where it wants the player back: as it wrote it, and read.
fn addressee<'f>(
    state: &State,
    field: &impl Fn(&str) -> Option<&'f str>,
) -> Result<(&'f str, &'f str, Url), &'static str> {
    let client_id = field("client_id").filter(|id| !Clients::is_refused(id));
    let client_id = client_id.ok_or("The application (client_id) is not known.")?;
    let uri = field("redirect_uri").ok_or("The address to return to (redirect_uri) is missing.")?;
    let url = Url::parse(uri).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or("The address to return to (redirect_uri) is no http or https address.")?;
    if !state.tokens().clients.may_return_to(client_id, uri) {
        return Err("The address to return to (redirect_uri) is not registered.");
    }
    Ok((client_id, uri, url))
}

/// The way back to the application.
struct Back<'a> {
    address: Url,
    state: Option<&'a str>,
}

impl Back<'_> {
    /// The address keeps its own query.
    fn with_query(&self, pairs: &[(&str, &str)]) -> Answer {
        let mut address = self.address.clone();
        let own = address.query().filter(|own| !own.is_empty());
        let own = own.map(|own| format!("{own}&")).unwrap_or_default();
        address.set_query(Some(&(own + &self.encode(pairs))));
        answer::redirect(&address)
    }

    fn with_fragment(&self, pairs: &[(&str, &str)]) -> Answer {
        let mut address = self.address.clone();
        address.set_fragment(Some(&self.encode(pairs)));
        answer::redirect(&address)
    }

    fn with_token(&self, token: &Value) -> Answer {
        let text = |name: &str| token[name].as_str().unwrap_or_default();
        self.with_fragment(&[
            ("access_token", text("access_token")),
            ("token_type", text("token_type")),
            ("expires_in", &token["expires_in"].to_string()),
        ])
    }

    /// An application reads a refusal where it would have read the success.
    fn refused(&self, implicit: bool, error: &str) -> Answer {
        let pairs = [("error", error)];
        if implicit { self.with_fragment(&pairs) } else { self.with_query(&pairs) }
    }

    fn encode(&self, pairs: &[(&str, &str)]) -> String {
        let all = pairs.iter().copied().chain(self.state.map(|state| ("state", state)));
        let all: Vec<(&str, &str)> = all.collect();
        // `%20` is a blank to every reader, `+` only to readers of forms.
        serde_urlencoded::to_string(all).unwrap_or_default().replace('+', "%20")
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::LOCATION;

    use super::*;

    fn location(response: &Answer) -> &str {
        assert_eq!(response.status(), 302);
        response.headers()[LOCATION].to_str().unwrap()
    }

    fn back<'a>(address: &str, state: Option<&'a str>) -> Back<'a> {
        Back { address: Url::parse(address).unwrap(), state }
    }

    #[test]
    fn the_address_keeps_its_own_query() {
        let code = [("code", "c")];
        for (address, expected) in [
            ("https://a.example/cb", "https://a.example/cb?code=c"),
            ("https://a.example/cb?", "https://a.example/cb?code=c"),
            ("https://a.example/cb?x=1&y=a%20b", "https://a.example/cb?x=1&y=a%20b&code=c"),
        ] {
            assert_eq!(location(&back(address, None).with_query(&code)), expected);
        }
    }

    #[test]
    fn the_state_comes_back_as_it_was() {
        let back = back("http://localhost:1/cb", Some("a b&c=é+#"));
        let there = "http://localhost:1/cb?code=c&state=a%20b%26c%3D%C3%A9%2B%23";
        assert_eq!(location(&back.with_query(&[("code", "c")])), there);
    }

    #[test]
    fn an_application_without_a_backend_reads_the_fragment() {
        let back = back("https://a.example/cb?x=1", Some("s"));
        let response = back.refused(true, "access_denied");
        let there = "https://a.example/cb?x=1#error=access_denied&state=s";
        assert_eq!(location(&response), there);
    }
}
