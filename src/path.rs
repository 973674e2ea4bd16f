//! Puts ids and routes into a path so that they stay where they belong.

use std::fmt::Write;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::Error;

/// What would end or change a segment. Everything else may stand in one.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// As [`SEGMENT`], for text that is a path or query already: its separators and escapes stay.
const ROUTE: &AsciiSet = &SEGMENT.remove(b'/').remove(b'%');
const QUERY: &AsciiSet = &ROUTE.remove(b'?').remove(b'[').remove(b']');

/// The id `value` as one segment, or as up to two where the spec says that it may hold a slash.
///
/// `.`, `..` and an empty id cannot be escaped: URL parsers fold them, `%2e%2e` too, and the call
/// would reach the parent, a collection perhaps. They are an error.
pub(crate) fn segment(name: &str, value: &str, wide: bool) -> Result<String, Error> {
    let parts = if wide { value.splitn(2, '/').collect() } else { vec![value] };
    let mut encoded = String::with_capacity(value.len());
    for part in parts {
        if part.is_empty() {
            return Err(Error::invalid_call(format!("`{name}` is empty or has an empty part")));
        }
        if part == "." || part == ".." {
            return Err(Error::invalid_call(format!(
                "`{name}` is {part}, which would leave its place"
            )));
        }
        if !encoded.is_empty() {
            encoded.push('/');
        }
        let _ = write!(encoded, "{}", utf8_percent_encode(part, SEGMENT));
    }
    Ok(encoded)
}

/// A route given as text: its path, always with a leading slash, and its own query.
///
/// What needs an escape gets one; an escape that is there already is not escaped again.
pub(crate) fn route(route: &str) -> Result<(String, Option<String>), Error> {
    let (path, query) = match route.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (route, None),
    };
    if path.starts_with("//") || has_scheme(path) {
        return Err(Error::invalid_call(
            "the route names a host: give the path alone, hosts are options of the client",
        ));
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let encoded = escape(path, ROUTE);
    for part in encoded.split('/') {
        let plain = part.to_ascii_lowercase().replace("%2e", ".");
        if plain == "." || plain == ".." {
            return Err(Error::invalid_call(format!(
                "the route has the segment `{part}`, which climbs"
            )));
        }
    }
    let query = query.filter(|query| !query.is_empty()).map(|query| escape(query, QUERY));
    Ok((format!("/{encoded}"), query))
}

fn has_scheme(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

fn escape(text: &str, set: &'static AsciiSet) -> String {
    let mut encoded = String::with_capacity(text.len());
    for (index, piece) in text.split('%').enumerate() {
        if index > 0 {
            let escaped = piece.len() >= 2 && piece.bytes().take(2).all(|b| b.is_ascii_hexdigit());
            encoded.push_str(if escaped { "%" } else { "%25" });
        }
        let _ = write!(encoded, "{}", utf8_percent_encode(piece, set));
    }
    encoded
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;
    use reqwest::Url;

    use super::*;
    use crate::mutated::{config, mangled};

    #[test]
    fn an_id_cannot_leave_its_segment() {
        assert_eq!(segment("id", r"a/b\c?d#e%f", false).unwrap(), "a%2Fb%5Cc%3Fd%23e%25f");
        assert_eq!(segment("id", "top 10 ü", false).unwrap(), "top%2010%20%C3%BC");
    }

    #[test]
    fn an_empty_or_climbing_id_is_refused_by_name() {
        for bad in ["", ".", ".."] {
            let error = segment("player_id", bad, false).unwrap_err();
            assert!(error.is_invalid_call());
            assert!(error.message().contains("`player_id`"), "{error}");
        }
    }

    #[test]
    fn a_wide_id_is_two_plain_segments_at_most() {
        assert_eq!(segment("process_id", "mira/5c11", true).unwrap(), "mira/5c11");
        assert_eq!(segment("process_id", "spring", true).unwrap(), "spring");
        assert_eq!(segment("process_id", "a/b/c", true).unwrap(), "a/b%2Fc");
        for bad in ["mira/", "/5c11", "mira/..", "../x", ""] {
            assert!(segment("process_id", bad, true).is_err(), "{bad}");
        }
    }

    #[test]
    fn ordinary_ids_are_sent_as_they_are() {
        for id in ["johny", "a.b", "me@example.org", "team_5c11", "x:y", "a+b", "1,2"] {
            assert_eq!(segment("id", id, false).unwrap(), id);
        }
    }

    #[test]
    fn a_route_may_lack_its_slash_and_bring_its_query() {
        let (path, query) = route("runtime/player?player_id=a b&x=é").unwrap();
        assert_eq!(path, "/runtime/player");
        assert_eq!(query.as_deref(), Some("player_id=a%20b&x=%C3%A9"));
    }

    #[test]
    fn escapes_in_a_route_are_kept_and_lone_percents_escaped() {
        assert_eq!(route("/a%20b/50%/c d#e").unwrap().0, "/a%20b/50%25/c%20d%23e");
    }

    #[test]
    fn a_route_to_another_host_is_refused() {
        for bad in ["https://evil.example/x", "http://127.0.0.1/x", "//evil.example/x"] {
            assert!(route(bad).unwrap_err().message().contains("host"), "{bad}");
        }
    }

    #[test]
    fn a_route_that_climbs_is_refused_in_every_spelling() {
        for bad in ["/a/../b", "/..", "..", "/a/./b", "/%2e%2E/x", "/.%2e", "/a/%2e"] {
            assert!(route(bad).unwrap_err().message().contains("climbs"), "{bad}");
        }
    }

    #[test]
    fn a_backslash_in_a_route_is_no_slash() {
        assert_eq!(route(r"\..\x").unwrap().0, r"/%5C..%5Cx");
    }

    #[test]
    fn an_address_as_a_parameter_is_no_host() {
        assert!(route("/runtime/player?back=https://example.org").is_ok());
    }

    const IDS: [&str; 8] =
        ["johny", "a/b", "..", ".", "%2e%2E", "a?b#c", "http://x.example/", r"\\x.example\y"];
    const ROUTES: [&str; 6] = [
        "/runtime/player?player_id=a b&x=%C3%A9",
        "runtime/actions/water/play",
        "/a/%2e%2E/b",
        "//x.example/y",
        "https://x.example/y?z=1",
        "/admin/teams/a%2Fb/members?skip=0#here",
    ];

    /// The address that comes of a path, in the prefix of an installation.
    fn address(path: &str, query: Option<&str>) -> Url {
        let mut url = Url::parse("https://api.playoff.example/prefix").unwrap();
        url.set_path(&format!("/prefix/v2{path}"));
        url.set_query(query);
        url
    }

    /// What the server sees between the slashes.
    fn arrived(url: &Url) -> Vec<String> {
        let segments = url.path_segments().unwrap();
        segments.map(|part| percent_decode_str(part).decode_utf8().unwrap().into_owned()).collect()
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn mangled_ids_stay_in_their_segment_and_arrive_as_they_were_given(
            mangled in mangled(&IDS), any in any::<String>(),
        ) {
            for id in [mangled, any] {
                let Ok(segment) = segment("id", &id, false) else {
                    prop_assert!(["", ".", ".."].contains(&id.as_str()), "{:?} is refused", id);
                    continue;
                };
                let url = address(&format!("/admin/players/{segment}/scores"), None);
                prop_assert_eq!(url.host_str(), Some("api.playoff.example"));
                prop_assert_eq!((url.query(), url.fragment()), (None, None));
                prop_assert_eq!(
                    arrived(&url), ["prefix", "v2", "admin", "players", id.as_str(), "scores"]
                );
            }
        }

        #[test]
        fn mangled_wide_ids_are_one_or_two_segments_that_arrive_as_they_were_given(
            id in mangled(&IDS),
        ) {
            let Ok(wide) = segment("id", &id, true) else { return Ok(()) };
            let arrived = arrived(&address(&format!("/runtime/processes/{wide}/play"), None));
            prop_assert_eq!(&arrived[..4], ["prefix", "v2", "runtime", "processes"]);
            prop_assert_eq!(arrived.last().unwrap(), "play");
            prop_assert!(arrived.len() <= 7);
            prop_assert_eq!(arrived[4..arrived.len() - 1].join("/"), id);
        }

        #[test]
        fn mangled_routes_stay_on_their_host_and_below_their_version(text in mangled(&ROUTES)) {
            let Ok((path, query)) = route(&text) else { return Ok(()) };
            let url = address(&path, query.as_deref());
            prop_assert_eq!(url.host_str(), Some("api.playoff.example"));
            prop_assert!(url.path().starts_with("/prefix/v2/"), "{}", url);
            prop_assert_eq!(url.fragment(), None);
            prop_assert_eq!(url.path(), format!("/prefix/v2{path}"), "no part of it is folded");
            // In a query the parser of addresses escapes one letter more.
            let escaped = query.as_ref().map(|query| query.replace('\'', "%27"));
            prop_assert_eq!(url.query(), escaped.as_deref());
            // Escapes are not escaped again.
            let again = path + &query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
            let again = route(&again);
            prop_assert_eq!(again.unwrap().1, query);
        }
    }
}
