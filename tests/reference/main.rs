//! Calls every operation, typed and raw, and keeps docs/reference true to what happens.
//!
//! Where a page is to change: `INSTA_UPDATE=always cargo test --test reference`, then read what git
//! says of it.

mod calls;
#[path = "../../build/docs.rs"]
#[allow(dead_code, reason = "the build has more to say of an operation than a page")]
mod docs;
mod index;
mod kept;
mod layout;
mod mangled;
mod message;
#[path = "../../src/mutated.rs"]
mod mutated;
#[path = "../../build/operation.rs"]
#[allow(dead_code, reason = "the build knows more of an operation than a page")]
mod operation;
mod page;
mod raw;
mod schema;
mod spec;
mod tee;
mod witness;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use spec::Spec;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use witness::Witness;

/// What was seen of all operations, in the order of the list.
static SEEN: LazyLock<Vec<Result<Witness, String>>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(see_all())
});

/// As many worlds at a time as keep a small machine busy.
const AT_ONCE: usize = 8;

async fn see_all() -> Vec<Result<Witness, String>> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (index, call) in calls::ALL.iter().enumerate() {
        let permits = permits.clone();
        tasks.spawn(async move {
            let _permit = permits.acquire().await;
            let seen = Witness::of(call).await;
            (index, seen.map_err(|error| format!("{} {}: {error}", call.version, call.operation)))
        });
    }
    let mut seen = tasks.join_all().await;
    seen.sort_by_key(|(index, _)| *index);
    seen.into_iter().map(|(_, seen)| seen).collect()
}

/// Every page by its path in docs/reference.
fn pages() -> BTreeMap<String, String> {
    let specs = Spec::all();
    let mut pages = BTreeMap::from([("README.md".to_owned(), index::of(&specs))]);
    for spec in &specs {
        pages.insert(format!("{}/types.md", spec.version), schema::page(spec));
        for (tag, operations) in spec.tags() {
            let page = page::of(spec, tag, &operations, &SEEN);
            pages.insert(format!("{}/{}", spec.version, page::file(tag)), page);
        }
    }
    pages
}

#[test]
fn every_operation_can_be_called_typed_and_raw_to_the_same_end() {
    let known: BTreeSet<String> = playoff::routes::all()
        .map(|route| format!("{} {}", route.version, route.operation))
        .collect();
    let listed: BTreeSet<String> =
        calls::ALL.iter().map(|call| format!("{} {}", call.version, call.operation)).collect();
    assert_eq!(listed, known);
    let failed: Vec<&str> =
        SEEN.iter().filter_map(|seen| seen.as_ref().err()).map(String::as_str).collect();
    assert_eq!(failed, [""; 0]);
}

#[test]
fn every_page_says_what_happens_now() {
    let mut changed = Vec::new();
    for (path, text) in pages() {
        if !kept::is_kept(&path, &text) {
            changed.push(path);
        }
    }
    assert!(
        changed.is_empty(),
        "to accept what has changed: INSTA_UPDATE=always cargo test --test reference\n{changed:#?}"
    );
}

#[test]
fn no_page_is_left_of_what_is_gone() {
    let made: BTreeSet<String> = pages().into_keys().collect();
    let left: Vec<String> = kept::all().difference(&made).cloned().collect();
    assert_eq!(left, [""; 0], "nothing makes these files of docs/reference: delete them");
}

#[test]
fn no_page_shows_a_token() {
    let pages = pages();
    for witness in SEEN.iter().flatten() {
        for secret in &witness.secrets {
            for (path, text) in &pages {
                assert!(!text.contains(secret), "{path} shows a token of {}", witness.operation);
            }
        }
    }
}
