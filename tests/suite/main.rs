//! The crate as its user sees it, over real HTTP on this machine, and the build's reading of specs.

mod answer_limit;
mod answers;
mod calls;
#[path = "../../build/dialect/mod.rs"]
mod dialect;
mod faults;
mod handover;
mod hands;
mod login;
mod mangled;
mod models;
mod moody;
#[path = "../../src/mutated.rs"]
mod mutated;
mod nesting;
mod open_telemetry;
mod operations;
mod pages;
mod player_tokens;
mod properties;
mod public_api;
mod raw;
mod redirects;
mod reference;
mod repeats;
mod samples;
mod sandbox;
mod sandbox_login;
mod scripted;
mod self_signed;
mod spans;
#[path = "../../build/spec.rs"]
mod spec;
mod spec_rules;
mod stores;
mod tls;
mod token;
mod token_requests;
mod web_client;
mod wire;
