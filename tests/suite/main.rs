//! The crate as its user sees it, over real HTTP on this machine, and the build's reading of specs.

mod answers;
mod calls;
#[path = "../../build/dialect/mod.rs"]
mod dialect;
mod every_operation;
mod models;
mod operations;
mod pages;
mod properties;
mod raw;
mod samples;
mod sandbox;
mod scripted;
#[path = "../../build/spec.rs"]
mod spec;
mod spec_rules;
mod token;
