//! The specs, and a page on which each of their operations can be tried.

use hyper::Method;
use hyper::header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, HeaderValue};
use hyper::http::request::Parts;

use super::answer::{self, Answer};
use super::state::State;
use crate::routes::Version;

const HTML: &str = include_str!("docs.html");
const SCRIPT: &str = include_str!("docs.js");
const STYLE: &str =
    concat!(include_str!("look.css"), include_str!("palette.css"), include_str!("docs.css"));

const V1: &str = include_str!("../../spec/v1.yaml");
const V2: &str = include_str!("../../spec/v2.yaml");

const SWAGGER_UI_SCRIPT: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"));
const SWAGGER_UI_STYLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"));

/// Whom the token of the page is for.
const CLIENT: &str = "docs";

/// `None` for what is not about the page.
pub(super) fn answer(state: &State, head: &Parts) -> Option<Answer> {
    // What HEAD is told is GET's; the connection leaves its body out.
    let method = if head.method == Method::HEAD { &Method::GET } else { &head.method };
    Some(match (method, head.uri.path()) {
        (&Method::GET, "/docs" | "/docs/" | "/docs/v1" | "/docs/v2") => page(),
        (&Method::GET, "/docs/docs.js") => {
            answer::own("text/javascript; charset=utf-8", SCRIPT.into())
        }
        (&Method::GET, "/docs/docs.css") => answer::own("text/css; charset=utf-8", STYLE.into()),
        (&Method::GET, "/docs/swagger-ui-bundle.js") => {
            packed("text/javascript; charset=utf-8", SWAGGER_UI_SCRIPT)
        }
        (&Method::GET, "/docs/swagger-ui.css") => {
            packed("text/css; charset=utf-8", SWAGGER_UI_STYLE)
        }
        (&Method::GET, "/docs/v1.yaml") => spec(Version::V1),
        (&Method::GET, "/docs/v2.yaml") => spec(Version::V2),
        (&Method::POST, "/docs/token") => token(state),
        _ => return None,
    })
}

/// Swagger UI draws its icons from the style and answers that are pictures from memory. It needs
/// neither scripts nor styles in the markup, so no more is allowed than that.
fn page() -> Answer {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let mut answer = answer::own("text/html; charset=utf-8", HTML.into());
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    answer
}

/// Every browser unpacks it.
fn packed(content_type: &str, gzip: &'static [u8]) -> Answer {
    let mut answer = answer::own(content_type, gzip.into());
    answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    answer
}

/// The file as it is in `spec/`, but for the server: an address without a host is the one that the
/// file was got from, however the sandbox is called by its visitor.
fn spec(version: Version) -> Answer {
    let text = match version {
        Version::V1 => V1,
        Version::V2 => V2,
    };
    let text = text.replace("- url: https://api.playoffgamification.io/", "- url: /").replace(
        "Public service. An own installation on host H answers on api.H.",
        "This sandbox.",
    );
    answer::whole(200, "application/yaml", text.into())
}

/// Nothing that `/auth/token` would not give to anybody: any client id has a secret that is good.
/// Only that one counts who asks, and the page is nobody.
fn token(state: &State) -> Answer {
    let token = state.tokens().own(CLIENT, state.now());
    answer::own("application/json; charset=utf-8", token.to_string().into())
}

#[cfg(test)]
mod tests {
    use hyper::Request;
    use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
    use serde_json::{Value, json};

    use super::*;
    use crate::sandbox::rights::Right;

    fn asked_of(state: &State, method: &str, address: &str) -> Option<Answer> {
        let request = Request::builder().method(method).uri(address).body(()).unwrap();
        answer(state, &request.into_parts().0)
    }

    fn asked(method: &str, address: &str) -> Option<Answer> {
        asked_of(&State::demo(), method, address)
    }

    async fn body(answer: Answer) -> Vec<u8> {
        use http_body_util::BodyExt;
        answer.into_body().collect().await.unwrap().to_bytes().into()
    }

    #[test]
    fn every_part_of_the_page_is_for_its_own_origin_alone() {
        for (method, address, kind) in [
            ("GET", "/docs", "text/html"),
            ("GET", "/docs/v1", "text/html"),
            ("GET", "/docs/v2?x", "text/html"),
            ("GET", "/docs/docs.js", "text/javascript"),
            ("GET", "/docs/docs.css", "text/css"),
            ("GET", "/docs/swagger-ui-bundle.js", "text/javascript"),
            ("GET", "/docs/swagger-ui.css", "text/css"),
            ("POST", "/docs/token", "application/json"),
        ] {
            let part = asked(method, address).unwrap();
            let header = |name| part.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!(part.status(), 200);
            assert!(header(CONTENT_TYPE).unwrap().starts_with(kind), "{address}");
            let policy = header(CONTENT_SECURITY_POLICY).unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
            assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
            assert_eq!(header(X_CONTENT_TYPE_OPTIONS), Some("nosniff"));
            assert_eq!(header(ACCESS_CONTROL_ALLOW_ORIGIN), None);
        }
        for (method, address) in
            [("POST", "/docs"), ("GET", "/docs/token"), ("GET", "/docs/v3"), ("GET", "/docs/home")]
        {
            assert!(asked(method, address).is_none(), "{method} {address}");
        }
    }

    #[tokio::test]
    async fn a_spec_is_the_one_of_the_crate_with_the_sandbox_for_its_server() {
        for (version, built) in [
            ("v1", include_str!(concat!(env!("OUT_DIR"), "/v1.json"))),
            ("v2", include_str!(concat!(env!("OUT_DIR"), "/v2.json"))),
        ] {
            let answer = asked("GET", &format!("/docs/{version}.yaml")).unwrap();
            assert_eq!(answer.headers()[CONTENT_TYPE], "application/yaml");
            let text = String::from_utf8(body(answer).await).unwrap();
            let served: Value = serde_saphyr::from_str(&text).unwrap();
            let mut expected: Value = serde_json::from_str(built).unwrap();
            let server = json!({"url": format!("/{version}"), "description": "This sandbox."});
            expected["servers"] = json!([server]);
            assert_eq!(served, expected);
        }
    }

    #[tokio::test]
    async fn swagger_ui_is_served_as_gzip() {
        for address in ["/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"] {
            let answer = asked("GET", address).unwrap();
            assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip");
            let packed = body(answer).await;
            assert_eq!(packed[..3], [0x1f, 0x8b, 8]);
            let size = packed.last_chunk().map(|size| u32::from_le_bytes(*size));
            assert!(size.is_some_and(|size| size as usize > 2 * packed.len()), "{size:?}");
        }
    }

    #[tokio::test]
    async fn the_token_of_the_page_is_as_good_as_any_and_counted_nowhere() {
        let state = State::demo();
        let answer = body(asked_of(&state, "POST", "/docs/token").unwrap()).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let token = answer["access_token"].as_str().unwrap();
        let caller = state.tokens().caller(token, state.now()).unwrap();
        assert_eq!((caller.player, caller.rights), (None, Right::ALL.to_vec()));
        assert_eq!((state.token_requests(), state.api_requests()), (0, 0));
        state.tokens().expire_all();
        assert!(state.tokens().caller(token, state.now()).is_err());
    }

    #[test]
    fn the_page_names_no_address_elsewhere() {
        for text in [HTML, SCRIPT, STYLE] {
            assert!(!text.contains("http") && !text.contains("//cdn"));
            assert!(!text.contains("style=\"") && !text.contains("onclick"));
        }
    }
}
