//! Typed calls and types of API version 2, generated from `spec/v2.yaml`.

include!(concat!(env!("OUT_DIR"), "/v2.rs"));
