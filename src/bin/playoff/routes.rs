//! `playoff routes`: the catalogue of routes.

use clap::Args;
use comfy_table::Table;
use playoff::Method;
use playoff::routes::{self, Evidence, PlayerScope, Route, Version};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{self, Output};

/// Searches the routes of both API versions.
///
/// All words must occur in a route's path, operation, tag or summary. The evidence says how a route
/// is known: documented by the vendor, recorded from a real answer, tested by an official SDK,
/// called by a public app, or inferred from its neighbours.
#[derive(Args)]
#[command(after_help = "\
Examples:
  playoff routes leaderboard
  playoff routes team invite --v2
  playoff routes --tag Players --json")]
pub(crate) struct Options {
    /// Words to look for, in any case; every route when left out
    words: Vec<String>,

    /// Routes of API version 1 alone
    #[arg(long)]
    v1: bool,

    /// Routes of API version 2 alone
    #[arg(long, conflicts_with = "v1")]
    v2: bool,

    /// Routes of this group alone
    #[arg(long)]
    tag: Option<String>,

    #[command(flatten)]
    output: Output,
}

#[derive(Serialize)]
struct Row {
    version: &'static str,
    method: &'static str,
    path: &'static str,
    operation: &'static str,
    tag: &'static str,
    player: &'static str,
    evidence: &'static str,
    summary: &'static str,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let tag = options.tag.as_deref().map(known_tag).transpose()?;
    let version = match (options.v1, options.v2) {
        (true, _) => Some(Version::V1),
        (_, true) => Some(Version::V2),
        _ => None,
    };
    let wanted = |route: &&Route| {
        version.is_none_or(|version| route.version == version)
            && tag.is_none_or(|tag| route.tag == tag)
    };
    let words: Vec<String> = options.words.iter().map(|word| word.to_lowercase()).collect();
    let found: Vec<&Route> =
        routes::all().filter(wanted).filter(|route| matches(route, &words)).collect();
    if found.is_empty() {
        return Err(none(&options.words, &routes::all().filter(wanted).collect::<Vec<_>>()));
    }
    let rows: Vec<Row> = found.into_iter().map(Row::of).collect();
    options.output.print(&rows, |rows| table(rows))
}

fn known_tag(tag: &str) -> Result<&'static str, Failure> {
    let mut tags: Vec<&'static str> = routes::all().map(|route| route.tag).collect();
    tags.sort_unstable();
    tags.dedup();
    let known = tags.iter().find(|known| known.eq_ignore_ascii_case(tag)).copied();
    known.ok_or_else(|| format!("there is no tag '{tag}': use one of {}", tags.join(", ")).into())
}

fn matches(route: &Route, words: &[String]) -> bool {
    let texts = [route.path, route.operation, route.tag, route.summary].map(str::to_lowercase);
    words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
}

/// Nothing was found; what is nearest may be what was meant.
fn none(words: &[String], routes: &[&'static Route]) -> Failure {
    let near = match words {
        [path] if path.contains('/') => nearest_path(path),
        words => nearest_words(words, routes),
    };
    let near: Vec<String> = near.iter().map(ToString::to_string).collect();
    let problem = format!("no route has '{}'", words.join("' and '"));
    match near.as_slice() {
        [] => format!("{problem}: `playoff routes` shows all of them").into(),
        near => format!("{problem}; nearest: {}", near.join(", ")).into(),
    }
}

fn nearest_path(path: &str) -> Vec<&'static Route> {
    let versions = [Version::V2, Version::V1];
    let named = versions.into_iter().find_map(|version| {
        let rest = path.trim_start_matches('/').strip_prefix(version.as_str())?;
        rest.starts_with('/').then_some((version, rest))
    });
    let (version, path) = named.unwrap_or((Version::V2, path));
    routes::nearest(version, &Method::GET, path)
}

fn nearest_words(words: &[String], routes: &[&'static Route]) -> Vec<&'static Route> {
    let likeness = |route: &Route| {
        let known = [route.path, route.operation];
        let known = known.iter().flat_map(|text| text.split(['/', '_', '{', '}', ' ']));
        let known: Vec<String> = known.map(str::to_lowercase).collect();
        let like = |word: &String| {
            let word = word.to_lowercase();
            known.iter().map(|known| strsim::jaro_winkler(&word, known)).fold(0.0, f64::max)
        };
        words.iter().map(like).fold(1.0, f64::min)
    };
    let mut near: Vec<(f64, &Route)> =
        routes.iter().map(|route| (likeness(route), *route)).collect();
    near.retain(|(likeness, _)| *likeness >= 0.8);
    near.sort_by(|(one, _), (two, _)| two.total_cmp(one));
    near.into_iter().take(3).map(|(_, route)| route).collect()
}

impl Row {
    fn of(route: &'static Route) -> Row {
        Row {
            version: route.version.as_str(),
            method: route.method.as_str(),
            path: route.path,
            operation: route.operation,
            tag: route.tag,
            player: match route.player {
                PlayerScope::None => "none",
                PlayerScope::Acting => "acting",
                PlayerScope::Required => "required",
                PlayerScope::Optional => "optional",
                _ => "unknown",
            },
            evidence: match route.evidence {
                Evidence::Documented => "documented",
                Evidence::Recorded => "recorded",
                Evidence::SdkTest => "sdk-test",
                Evidence::App => "app",
                Evidence::Inferred => "inferred",
                _ => "unknown",
            },
            summary: route.summary,
        }
    }
}

/// One line for each route where the terminal is wide enough, two where it is not.
fn table(rows: &[Row]) -> Table {
    let mut wide = output::table(["Method", "Path", "Operation", "Evidence", "Summary"]);
    for row in rows {
        let path = format!("/{}{}", row.version, row.path);
        wide.add_row([row.method, &path, row.operation, row.evidence, row.summary]);
    }
    // Each column has a blank on both sides, and one stands between two of them.
    let needed: u16 = wide.column_max_content_widths().iter().map(|width| width + 3).sum();
    if wide.width().is_none_or(|width| width >= needed) {
        return wide;
    }
    let mut narrow = output::table(["Method", "Path\nOperation (evidence): summary"]);
    for Row { version, method, path, operation, evidence, summary, .. } in rows {
        let route = format!("/{version}{path}\n{operation} ({evidence}): {summary}");
        narrow.add_row([*method, route.as_str()]);
    }
    narrow
}
