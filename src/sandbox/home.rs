//! The page of the sandbox itself: the game and the last requests at a glance.

use std::collections::BTreeMap;

use hyper::Method;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::game::{Choice, Environment};
use super::record::{Received, Record};
use super::server::query;
use super::state::State;

const HTML: &str = include_str!("home.html");
const SCRIPT: &str = include_str!("home.js");
const STYLE: &str =
    concat!(include_str!("look.css"), include_str!("palette.css"), include_str!("home.css"));

/// `None` for what is not about the page.
pub(super) fn answer(state: &State, head: &Parts) -> Option<Answer> {
    // What HEAD is told is GET's; the connection leaves its body out.
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return None;
    }
    Some(match head.uri.path() {
        "/" => answer::own("text/html; charset=utf-8", HTML.into()),
        "/sandbox/home.js" => answer::own("text/javascript; charset=utf-8", SCRIPT.into()),
        "/sandbox/home.css" => answer::own("text/css; charset=utf-8", STYLE.into()),
        "/sandbox/glance" => {
            let glance = glance(state, &query(head.uri.query().unwrap_or_default()));
            answer::own("application/json; charset=utf-8", glance.to_string().into())
        }
        _ => return None,
    })
}

fn glance(state: &State, query: &BTreeMap<String, String>) -> Value {
    let chosen = |key: &str| query.get(key).map(String::as_str);
    let choice =
        Choice { board: chosen("board"), cycle: chosen("cycle"), within: chosen("within") };
    let now = state.now();
    let mut glance = state.world().game(Environment::Production).glance(&choice, now);
    glance["requests"] = requests(&state.record());
    glance
}

/// The latest ones first, with their answers. Of a query the names alone: what is in it may be
/// somebody's.
fn requests(record: &Record) -> Value {
    let row = |(number, request, answer): (usize, &Received, String)| {
        let query: Vec<&str> = request.query.iter().map(|(name, _)| name.as_str()).collect();
        json!({
            "number": number,
            "method": request.method.as_str(),
            "path": request.path,
            "query": query,
            "status": request.status.as_u16(),
            "at": request.at,
            "error": request.error,
            "length": request.answer_length,
            "answer": answer,
        })
    };
    let rows: Value = record.latest().map(row).collect();
    json!({ "total": record.so_far(), "rows": rows })
}

#[cfg(test)]
mod tests {
    use hyper::header::{
        ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue,
        X_CONTENT_TYPE_OPTIONS,
    };
    use hyper::{Request, StatusCode};
    use jiff::Timestamp;

    use super::*;
    use crate::sandbox::record::Answered;

    fn asked(method: &str, address: &str) -> Option<Answer> {
        let request = Request::builder().method(method).uri(address).body(()).unwrap();
        answer(&State::demo(), &request.into_parts().0)
    }

    #[test]
    fn every_part_of_the_page_is_for_its_own_origin_alone() {
        for (address, kind) in [
            ("/?board=cup", "text/html"),
            ("/sandbox/home.js", "text/javascript"),
            ("/sandbox/home.css", "text/css"),
            ("/sandbox/glance?board=cup", "application/json"),
        ] {
            let part = asked("GET", address).unwrap();
            let header = |name| part.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!(part.status(), 200);
            assert!(header(CONTENT_TYPE).unwrap().starts_with(kind), "{address}");
            let policy = header(CONTENT_SECURITY_POLICY).unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(header(X_CONTENT_TYPE_OPTIONS), Some("nosniff"));
            assert_eq!(header(ACCESS_CONTROL_ALLOW_ORIGIN), None);
        }
        for (method, address) in
            [("POST", "/"), ("DELETE", "/sandbox/glance"), ("GET", "/v2"), ("GET", "/sandbox")]
        {
            assert!(asked(method, address).is_none(), "{method} {address}");
        }
    }

    #[test]
    fn the_glance_shows_the_latest_requests_without_values() {
        let mut record = Record::default();
        for number in 0..60 {
            let address = format!("/v2/x/{number}?player_id=CANARY&detailed=CANARY");
            let request = Request::post(address).header("x-own", "CANARY").body(());
            let (head, ()) = request.unwrap().into_parts();
            let answered = Answered {
                status: StatusCode::NOT_FOUND,
                headers: HeaderMap::from_iter([(
                    CONTENT_TYPE,
                    HeaderValue::from_static("application/json"),
                )]),
                body: r#"{"error":"route_not_found","token":"CANARY"}"#.into(),
            };
            let at = Timestamp::UNIX_EPOCH;
            record.push(Received::new((&head, b"CANARY"), None, at, &answered), answered);
        }
        let shown = requests(&record);
        assert_eq!((&shown["total"], shown["rows"].as_array().unwrap().len()), (&json!(60), 50));
        let latest = json!({
            "number": 60,
            "method": "POST",
            "path": "/v2/x/59",
            "query": ["player_id", "detailed"],
            "status": 404,
            "at": "1970-01-01T00:00:00.000Z",
            "error": "route_not_found",
            "length": 44,
            "answer": r#"{"error":"route_not_found","token":"[redacted]"}"#,
        });
        assert_eq!(shown["rows"][0], latest);
        assert!(!shown.to_string().contains("CANARY"));
    }

    #[test]
    fn the_page_makes_no_markup_of_data_and_loads_nothing_from_elsewhere() {
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!SCRIPT.contains(sink), "{sink}");
        }
        for text in [HTML, SCRIPT, STYLE] {
            assert!(!text.contains("http"));
            assert!(!text.contains("style=\"") && !text.contains("onclick"));
        }
    }
}
