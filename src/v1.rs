//! Typed calls and types of API version 1, generated from `spec/v1.yaml`.

include!(concat!(env!("OUT_DIR"), "/v1.rs"));
