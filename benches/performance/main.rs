//! What the SDK costs: calls, tokens, decoding, streams, beside the official clients, and its build.
//!
//!     cargo bench --bench performance
//!     cargo bench --bench performance -- calls decode
//!     cargo bench --bench performance -- --test
//!
//! The first measures everything and writes `docs/performance`; the second measures two sections
//! anew and takes the others as they were measured last on this machine; the third is a tiny run of
//! all but the builds, which writes nothing. Nothing here fails because it is slow.
//!
//! Servers are processes of their own, so that their time and memory are not counted as ours.

mod build;
mod calls;
mod chart;
mod decode;
mod instructions;
mod measure;
mod official;
mod report;
mod scripted;
mod server;
mod streams;
mod tokens;
mod units;

use std::alloc::System;
use std::env;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use report::Section;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How much is done: as much as figures need, or as little as shows that it works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    tiny: bool,
}

impl Effort {
    fn of(self, full: usize, tiny: usize) -> usize {
        if self.tiny { tiny } else { full }
    }
}

type Measure = fn(Effort) -> Section;

const SECTIONS: [(&str, Measure); 7] = [
    ("calls", calls::measure),
    ("tokens", tokens::measure),
    ("decode", decode::measure),
    ("streams", streams::measure),
    ("official", official::measure),
    ("build", build::measure),
    ("units", units::measure),
];

fn main() {
    if server::is_one() {
        return server::serve();
    }
    if instructions::is_counted() {
        return instructions::call();
    }
    let arguments: Vec<String> =
        env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let effort = Effort { tiny: arguments.iter().any(|argument| argument == "--test") };
    let named: Vec<&String> =
        arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let unknown =
        named.iter().find(|name| SECTIONS.iter().all(|(section, _)| *section != name.as_str()));
    if let Some(unknown) = unknown {
        let known = SECTIONS.map(|(name, _)| name).join(", ");
        panic!("no section is called `{unknown}`: use some of {known}");
    }
    for (name, measure) in SECTIONS {
        let wanted = named.is_empty() || named.iter().any(|wanted| *wanted == name);
        if !wanted || (effort.tiny && ["build", "units"].contains(&name)) {
            continue;
        }
        let section = measure(effort);
        print!("{}", section.markdown());
        if !effort.tiny {
            section.keep(name);
        }
    }
    if !effort.tiny {
        report::write(&SECTIONS.map(|(name, _)| name));
    }
}
