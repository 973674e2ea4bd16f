//! Blocks of the guide in languages other than Rust.

use std::collections::BTreeMap;
use std::fs;

use playoff::sandbox::Sandbox;
use serde_json::Value;

use crate::page::{Outcome, at_root, blocks, guide};

/// The blocks of all pages in this language, each with the name of its page.
fn written_in(wanted: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in guide() {
        let page = fs::read_to_string(&path).expect("a page");
        let of_page = blocks(&page).filter(|(language, _)| language == wanted);
        found
            .extend(of_page.map(|(_, place)| (path.display().to_string(), page[place].to_owned())));
    }
    found
}

#[test]
fn every_block_is_in_a_language_that_is_looked_after() {
    // Python and JavaScript are run by the official clients, in tests/official.
    let known = ["rust", "text", "console", "yaml", "toml", "python", "js"];
    for path in guide() {
        let page = fs::read_to_string(&path).expect("a page");
        let mut code = 0;
        for (language, place) in blocks(&page) {
            assert!(known.contains(&language.as_str()), "{}: {}", path.display(), &page[place]);
            code += usize::from(language == "rust");
            // A `text` block is output, which the code above it printed.
            assert!(code > 0 || language != "text", "{}: {}", path.display(), &page[place]);
        }
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        let test = at_root("tests/guide").join(name.replace('-', "_")).with_extension("rs");
        assert!(code == 0 || test.exists(), "{name} has code and no test");
    }
}

#[tokio::test]
async fn every_game_starts() -> Outcome {
    let games = written_in("yaml");
    assert!(!games.is_empty());
    for (page, game) in games {
        let started = Sandbox::builder().seed_text(game).start().await;
        started.map_err(|error| format!("{page}: {error}"))?;
    }
    Ok(())
}

#[test]
fn every_manifest_asks_for_this_version_and_features_that_there_are() -> Outcome {
    let own: Value = toml_edit::de::from_str(&fs::read_to_string(at_root("Cargo.toml"))?)?;
    let features = own["features"].as_object().ok_or("no features")?;
    let manifests = written_in("toml");
    assert!(!manifests.is_empty());
    for (page, manifest) in manifests {
        let manifest: BTreeMap<String, Value> = toml_edit::de::from_str(&manifest)?;
        for playoff in manifest.values().filter_map(|section| section.get("playoff")) {
            let version = playoff["version"].as_str().ok_or("no version")?;
            assert!(env!("CARGO_PKG_VERSION").starts_with(version), "{page}: {version}");
            for feature in playoff["features"].as_array().into_iter().flatten() {
                let feature = feature.as_str().ok_or("no name")?;
                assert!(features.contains_key(feature), "{page}: {feature}");
            }
        }
    }
    Ok(())
}
