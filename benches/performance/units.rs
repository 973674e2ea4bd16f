//! What the cold build is spent on.

use std::fs;

use serde::Deserialize;

use crate::Effort;
use crate::build::Library;
use crate::report::Section;

/// In seconds: units that take longer are listed.
const LONG: f64 = 5.0;

/// Why a unit takes long.
const REASONS: [(&str, &str); 3] = [
    (
        "aws-lc-sys build-script (run)",
        "compiles aws-lc, C and assembler, for TLS and signatures; rustls and jsonwebtoken stand on it",
    ),
    ("playoff", "the typed calls: 189 operations with their builders and types"),
    ("rustls", "TLS in Rust; the feature native-tls builds none of it"),
];

#[derive(Deserialize)]
struct Unit {
    name: String,
    /// Empty for a library.
    target: String,
    duration: f64,
}

impl Unit {
    fn named(&self) -> String {
        let what = self.target.trim();
        let what = if what.contains("lib") { "" } else { what };
        format!("{} {what}", self.name).trim().to_owned()
    }
}

pub(crate) fn measure(_: Effort) -> Section {
    let library = Library::usual();
    let all = library.cold();
    let mut units = timed(&library);
    units.sort_by(|one, two| two.duration.total_cmp(&one.duration));
    let work: f64 = units.iter().map(|unit| unit.duration).sum();
    let mut section = Section::new(
        "The cold build, unit by unit",
        &format!(
            "As Cargo's `--timings` tells of one build of the library with its usual features: {} units take \
             {work:.0} s one after another, and {all:.0} s side by side. Those of more than {LONG} \
             seconds, with what they are there for.",
            units.len()
        ),
        &["unit", "seconds", "why"],
    );
    for unit in units.iter().filter(|unit| unit.duration > LONG) {
        let name = unit.named();
        let reason = REASONS.iter().find(|(known, _)| *known == name);
        let reason = reason.map_or("not explained yet", |(_, reason)| reason);
        section.row([name.as_str(), &format!("{:.1}", unit.duration), reason]);
        section.bar(name, unit.duration);
    }
    section.bars.title = format!("Units of more than {LONG} seconds, cold, seconds");
    section
}

/// The units that Cargo's page of the last build lists.
fn timed(library: &Library) -> Vec<Unit> {
    let page = library.target().join("cargo-timings/cargo-timing.html");
    let page = fs::read_to_string(page).expect("Cargo's timings");
    let (_, rest) = page.split_once("UNIT_DATA = ").expect("Cargo's list of units");
    let mut list = serde_json::Deserializer::from_str(rest).into_iter::<Vec<Unit>>();
    list.next().expect("a list").expect("units as Cargo writes them")
}
