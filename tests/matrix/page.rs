//! The page that shows the outcomes.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

use crate::Outcome;

const BEGIN: &str = "<!-- outcomes -->\n";
const END: &str = "<!-- /outcomes -->\n";

/// An outcome in a few words: `ok 2` is a success whose second request reached the server.
pub(crate) fn said(outcome: &Outcome) -> String {
    let result = match &outcome.result {
        Ok(()) => "ok".to_owned(),
        Err(error) => match error.status() {
            Some(status) => format!("`{}` {}", error.name(), status.as_u16()),
            None => format!("`{}`", error.name()),
        },
    };
    format!("{result} × {}", outcome.calls)
}

/// What is the same for several ways to call is said once.
pub(crate) fn cell(said: &[(&str, String)]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (call, outcome) in said {
        match groups.iter_mut().find(|(known, _)| known == outcome) {
            Some((_, calls)) => calls.push(call),
            None => groups.push((outcome, vec![call])),
        }
    }
    let alone = groups.len() == 1;
    let texts = groups.iter().map(|(outcome, calls)| match alone {
        true => (*outcome).to_owned(),
        false => format!("{}: {outcome}", calls.join(", ")),
    });
    let texts: Vec<String> = texts.collect();
    texts.join("<br>")
}

pub(crate) fn table(rows: &[(String, Vec<String>)]) -> String {
    let mut table = String::from(
        "| fault | idempotent, once | idempotent, always | other, once | other, always |\n\
         |---|---|---|---|---|\n",
    );
    for (fault, cells) in rows {
        let _ = writeln!(table, "| {fault} | {} |", cells.join(" | "));
    }
    table
}

/// The page has this table between its marks.
pub(crate) fn assert_shows(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/faults.md");
    let page = fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page.split_once(BEGIN).expect("the table has a beginning");
    let (_, after) = rest.split_once(END).expect("the table has an end");
    let page = format!("{before}{BEGIN}\n{table}\n{END}{after}");
    let shown = Data::read_from(&path, Some(DataFormat::Text)).raw();
    Assert::new().action_env("TRYCMD").eq(page, shown);
}
