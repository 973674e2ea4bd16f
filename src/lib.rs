// The README's links to files, as a reader of the documentation can follow them: of two definitions
// the first one counts.
#![doc = "[guide]: https://docs.rs/crate/playoff/latest/source/docs/guide/README.md"]
#![doc = "[official SDKs]: https://docs.rs/crate/playoff/latest/source/docs/guide/official-sdks.md"]
#![doc = "[reference]: https://docs.rs/crate/playoff/latest/source/docs/reference/README.md"]
#![doc = "[demo]: https://docs.rs/crate/playoff/latest/source/src/sandbox/game/demo.yaml"]
#![doc = "[faults]: https://docs.rs/crate/playoff/latest/source/docs/guide/faults.md"]
#![doc = "[performance]: https://docs.rs/crate/playoff/latest/source/docs/performance/README.md"]
#![doc = ""]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attempt;
mod auth;
mod builder;
mod client;
mod error;
mod form;
mod hosts;
mod kind;
pub mod model;
#[cfg(test)]
mod mutated;
#[cfg_attr(not(any(feature = "v1", feature = "v2")), allow(dead_code))]
mod page;
mod path;
mod preview;
mod random;
mod raw;
mod reading;
mod redact;
mod response;
mod retry;
pub mod routes;
#[cfg_attr(not(any(feature = "v1", feature = "v2")), allow(dead_code))]
mod runtime;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod store;
mod trace;
mod transport;
// Generated; documented like all the rest, by the spec.
#[cfg(feature = "v1")]
#[allow(unreachable_pub, clippy::all)]
pub mod v1;
#[cfg(feature = "v2")]
#[allow(unreachable_pub, clippy::all)]
pub mod v2;

pub use auth::{Login, PlayerToken, PlayerTokenBuilder, PlayoffApp, scope};
pub use builder::PlayoffBuilder;
pub use client::Playoff;
pub use error::Error;
pub use form::{File, Form};
pub use kind::{AuthorizationCode, ClientCredentials, FixedToken, PlayerTokens};
pub use page::Pages;
pub use preview::Preview;
pub use raw::{Binary, Json, RawCall, Text};
pub use response::{Image, ImageStream, Response};
pub use retry::RetryPolicy;
pub use transport::TokenCarrier;

pub use reqwest::header::HeaderMap;
pub use reqwest::{Method, StatusCode};
pub use secrecy::{ExposeSecret, SecretString};
