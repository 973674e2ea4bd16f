//! The catalogue of routes: every operation that the specs describe.
//!
//! It is made from the same specs as the typed calls, so it cannot miss one of them. It knows all
//! versions, whatever features are on: raw calls reach both.

use std::collections::BTreeMap;
use std::fmt;

use reqwest::Method;

include!(concat!(env!("OUT_DIR"), "/routes.rs"));

/// A version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Version {
    /// The first API: routes without a group, players act on them directly.
    V1,
    /// The current API: `/admin`, `/design` and `/runtime`.
    V2,
}

impl Version {
    /// As it stands at the start of a path: `v1` or `v2`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Version::V1 => "v1",
            Version::V2 => "v2",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an operation is known to exist, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Evidence {
    /// The vendor's page or an official SDK's README shows it.
    Documented,
    /// A real answer is on record.
    Recorded,
    /// An official SDK tests it or has it in its code.
    SdkTest,
    /// A public application calls it.
    App,
    /// The operation is known; its path or method is deduced.
    Inferred,
}

/// Who acts in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlayerScope {
    /// Nobody: an administrator's route.
    None,
    /// A player, named by `player_id` unless the token implies one.
    Acting,
    /// A player, always named by `player_id`.
    Required,
    /// A player may be named or implied, and need not be.
    Optional,
}

/// One method on one path.
#[derive(Debug)]
#[non_exhaustive]
pub struct Route {
    /// The API version it belongs to.
    pub version: Version,
    /// HTTP method.
    pub method: Method,
    /// Path after the version, parameters in braces: `/runtime/actions/{action_id}/play`.
    pub path: &'static str,
    /// Operation id, which is the name of the typed call.
    pub operation: &'static str,
    /// The group under which the docs list it.
    pub tag: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Who acts.
    pub player: PlayerScope,
    /// How it is known.
    pub evidence: Evidence,
    /// Sent twice it does no more than sent once, so that a [`RetryPolicy`](crate::RetryPolicy) may
    /// send it again: by its method, or because the operation reads or sets what it is given.
    pub idempotent: bool,
    /// The path parameter whose id may hold one slash, as process ids do.
    pub(crate) wide: Option<&'static str>,
    /// What a concrete path begins with, without slashes at its ends: the text before the first
    /// parameter, by which most routes are told from another.
    pub(crate) start: &'static str,
}

/// Every route, v1 first, in the order of the specs.
pub fn all() -> impl ExactSizeIterator<Item = &'static Route> {
    ALL.iter().copied()
}

/// The route that serves `method` on a concrete `path` (without version and query), with the
/// parameters read from the path, still percent-encoded.
///
/// ```
/// use playoff::routes::{self, Version};
/// let (route, parameters) =
///     routes::find(Version::V2, &playoff::Method::POST, "/runtime/actions/water/play").unwrap();
/// assert_eq!(route.operation, "play_action");
/// assert_eq!(parameters["action_id"], "water");
/// ```
#[must_use]
pub fn find<'p>(
    version: Version,
    method: &Method,
    path: &'p str,
) -> Option<(&'static Route, BTreeMap<&'static str, &'p str>)> {
    // The route with the most literal segments wins: `/processes/{id}/triggers` over an id that
    // happens to end in `/triggers`. Among equals the one whose id holds no slash.
    // Playoff takes a trailing slash for none.
    let path = path.trim_matches('/');
    all()
        .filter(|route| {
            route.version == version && route.method == *method && path.starts_with(route.start)
        })
        .filter_map(|route| Some((route, route.parameters(path)?)))
        .max_by_key(|(route, parameters)| {
            let plain = !parameters.values().any(|id| id.contains('/'));
            (route.literals().count(), plain)
        })
}

/// In bytes: a longer path is no misspelt route, and to compare it with all of them takes long.
const LONGEST_MISSPELT: usize = 256;

/// The routes that are most like `method` and `path`, best first, three at most. Names in
/// common count most, the last one above all; the other version comes in where it has one of them.
/// A path of more than 256 bytes is like none.
///
/// ```
/// use playoff::routes::{self, Version};
/// let near = routes::nearest(Version::V2, &playoff::Method::GET, "/runtime/playr");
/// assert_eq!(near[0].to_string(), "GET /v2/runtime/player");
/// ```
#[must_use]
pub fn nearest(version: Version, method: &Method, path: &str) -> Vec<&'static Route> {
    if path.len() > LONGEST_MISSPELT {
        return Vec::new();
    }
    let asked: Vec<&str> = path.trim_matches('/').split('/').collect();
    let likeness = |route: &'static Route| {
        let shared = route.shared_with(&asked);
        // The other version is a way out only for what it has a name for.
        if route.version != version && shared == 0.0 {
            return None;
        }
        let likeness = route.likeness_to(&asked) + 0.5 * shared
            - 0.1 * f64::from(route.method != *method)
            - 0.3 * f64::from(route.version != version);
        (likeness >= 0.6).then_some((likeness, route))
    };
    let mut near: Vec<(f64, &'static Route)> = all().filter_map(likeness).collect();
    near.sort_by(|(one, _), (two, _)| two.total_cmp(one));
    near.truncate(3);
    near.into_iter().map(|(_, route)| route).collect()
}

/// `GET /v2/runtime/player`.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}{}", self.method, self.version, self.path)
    }
}

impl Route {
    /// How the literal segments are spelt in what was asked for, from 0 to 1. Ids count for nothing,
    /// whether they were given or left out.
    fn likeness_to(&self, asked: &[&str]) -> f64 {
        let literals = self.literals().collect::<Vec<_>>().join("/");
        let whole = strsim::normalized_levenshtein(&asked.join("/"), &literals);
        if self.segments().count() != asked.len() {
            return whole;
        }
        let segments = asked.iter().zip(self.segments());
        let without_ids: Vec<&str> = segments
            .filter(|(_, expected)| !is_parameter(expected))
            .map(|(segment, _)| *segment)
            .collect();
        whole.max(strsim::normalized_levenshtein(&without_ids.join("/"), &literals))
    }

    /// How much of what was asked for are literal segments of this route, from 0 to 1. The last one
    /// counts thrice: it names the thing, those before it only say where it is looked for.
    fn shared_with(&self, asked: &[&str]) -> f64 {
        let weight = |index: usize| if index + 1 == asked.len() { 3.0 } else { 1.0 };
        let all: f64 = (0..asked.len()).map(weight).sum();
        let known = asked.iter().enumerate();
        let shared = known.filter(|(_, segment)| self.literals().any(|known| known == **segment));
        shared.map(|(index, _)| weight(index)).sum::<f64>() / all
    }

    fn segments(&self) -> impl Iterator<Item = &'static str> {
        self.path.trim_matches('/').split('/')
    }

    fn literals(&self) -> impl Iterator<Item = &'static str> {
        self.segments().filter(|segment| !is_parameter(segment))
    }

    /// The parameters of a concrete path without slashes at its ends, or None where it is another
    /// route's.
    fn parameters<'p>(&self, path: &'p str) -> Option<BTreeMap<&'static str, &'p str>> {
        let mut rest = path;
        let mut found = BTreeMap::new();
        let mut template = self.path.trim_matches('/').split('/').peekable();
        while let Some(expected) = template.next() {
            let name = expected.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            let wide = name.is_some() && name == self.wide;
            let end = segment_end(rest, wide.then(|| template.clone().count()))?;
            let (segment, tail) = (&rest[..end], rest[end..].trim_start_matches('/'));
            match name {
                Some(_) if segment.is_empty() => return None,
                Some(name) => {
                    found.insert(name, segment);
                }
                None if segment != expected => return None,
                None => {}
            }
            if template.peek().is_none() && !tail.is_empty() {
                return None;
            }
            rest = tail;
        }
        Some(found)
    }
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

/// Where the first segment of `path` ends. A wide one takes two when that leaves as many as the
/// template still needs behind it.
fn segment_end(path: &str, wide_before: Option<usize>) -> Option<usize> {
    let first = path.find('/').unwrap_or(path.len());
    let left = || path[first..].split('/').filter(|segment| !segment.is_empty()).count();
    if wide_before.is_some_and(|needed| left() > needed) {
        let second = path.get(first + 1..)?;
        return Some(first + 1 + second.find('/').unwrap_or(second.len()));
    }
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(version: Version, method: Method, path: &str) -> Option<&'static str> {
        find(version, &method, path).map(|(route, _)| route.operation)
    }

    #[test]
    fn a_process_id_spans_two_segments() {
        let (route, parameters) =
            find(Version::V2, &Method::GET, "/runtime/processes/mira/5c11/triggers").unwrap();
        assert_eq!(route.operation, "list_process_triggers");
        assert_eq!(parameters["process_id"], "mira/5c11");
    }

    #[test]
    fn a_plain_process_id_is_found_too() {
        let (route, parameters) =
            find(Version::V1, &Method::POST, "/processes/spring/play").unwrap();
        assert_eq!((route.operation, parameters["process_id"]), ("play_process", "spring"));
    }

    #[test]
    fn a_literal_segment_wins_over_an_id() {
        let path = "/runtime/processes/mira/triggers";
        assert_eq!(operation(Version::V2, Method::GET, path), Some("list_process_triggers"));
    }

    #[test]
    fn a_trailing_slash_changes_nothing() {
        assert_eq!(operation(Version::V2, Method::GET, "/admin/"), Some("admin_get_status"));
    }

    #[test]
    fn other_methods_and_other_paths_are_no_route() {
        assert_eq!(operation(Version::V2, Method::PUT, "/runtime/player"), None);
        assert_eq!(operation(Version::V2, Method::GET, "/runtime/player/x/y"), None);
        assert_eq!(operation(Version::V2, Method::GET, "/player"), None);
        assert_eq!(operation(Version::V1, Method::GET, "/processes/a/b/c"), None);
    }

    #[test]
    fn a_misspelt_route_is_near_the_right_one_whatever_its_ids() {
        let first = |version, method: Method, path: &str| {
            nearest(version, &method, path).first().map(ToString::to_string)
        };
        assert_eq!(
            first(Version::V2, Method::POST, "/runtime/action/read_a_very_long_article/play")
                .as_deref(),
            Some("POST /v2/runtime/actions/{action_id}/play")
        );
        assert_eq!(first(Version::V2, Method::GET, "/player").as_deref(), Some("GET /v1/player"));
        assert_eq!(first(Version::V2, Method::GET, "/zzzzzzzz"), None);
    }

    #[test]
    fn a_thing_that_was_looked_for_in_the_wrong_place_is_found_in_the_right_ones() {
        let near = |path: &str| -> Vec<String> {
            nearest(Version::V2, &Method::GET, path).iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            near("/admin/leaderboards"),
            [
                "POST /v2/admin/leaderboards/{leaderboard_id}/{scope_id}",
                "DELETE /v2/admin/leaderboards/{leaderboard_id}/{scope_id}",
                "GET /v2/runtime/leaderboards",
            ]
        );
        assert_eq!(near("/design/metrics")[0], "GET /v2/design/versions/{version}/metrics");
        for path in ["/admin/metrics", "/design/metrics", "/runtime/metrics"] {
            let near = near(path);
            let right = |route: &String| route.contains(" /v2/") && route.contains("/metrics");
            assert!(near.len() == 3 && near.iter().all(right), "{path}: {near:?}");
        }
    }

    #[test]
    fn a_path_too_long_to_be_misspelt_is_like_no_route() {
        let near = |id: &str| nearest(Version::V2, &Method::GET, &format!("/runtime/playr/{id}"));
        assert!(!near("x").is_empty());
        assert!(near(&"x".repeat(64 * 1024)).is_empty());
    }

    #[test]
    fn the_other_version_is_near_only_where_it_has_a_name_that_was_asked_for() {
        let near = nearest(Version::V2, &Method::GET, "/teems/rose");
        assert!(near.iter().all(|route| route.version == Version::V2), "{near:?}");
    }

    #[test]
    fn no_operation_stands_twice_in_a_version() {
        let mut names: Vec<_> = all().map(|route| (route.version, route.operation)).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_route_is_found_by_a_path_of_its_own() {
        for route in all() {
            let path = route.path.replace('{', "x-").replace('}', "");
            assert_eq!(
                operation(route.version, route.method.clone(), &path),
                Some(route.operation),
                "{path}"
            );
        }
    }
}
