//! The guide in `docs/guide` is true: what its pages show was run, and what they say was printed.
//!
//! A page `leaderboards.md` has its Rust in `leaderboards.rs` here, between `// #region` and
//! `// #endregion`, in the same order. `TRYCMD=overwrite cargo test --test guide` puts code and
//! output into the pages anew; an empty block in a page is enough to begin with.

/// What the guide's code prints is kept for its page.
macro_rules! println {
    ($($text:tt)*) => { crate::page::printed(file!(), line!(), format!($($text)*)) };
}

mod at_scale;
mod blocks;
mod designing_a_game;
mod errors;
mod flows;
mod getting_started;
mod leaderboards;
mod links;
mod official_sdk_features;
mod official_sdks;
mod page;
mod players_and_actions;
mod sessions;
mod storing_tokens;
mod teams_and_processes;
mod testing;
