//! The table of features names what there is.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::page::at_root;

/// All that a user could name: sources, specs, examples, features.
fn project() -> String {
    let mut text = String::new();
    for place in ["src", "spec", "examples", "Cargo.toml"] {
        add(&at_root(place), &mut text);
    }
    text
}

fn add(path: &Path, text: &mut String) {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| add(&entry.path(), text)),
        Err(_) => text.push_str(&fs::read_to_string(path).unwrap_or_default()),
    }
}

/// What stands as code in the last column of each row that has three.
fn named(page: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut column = 0;
    for event in Parser::new_ext(page, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::TableRow) => column = 0,
            Event::End(TagEnd::TableCell) => column += 1,
            Event::Code(code) if column == 2 => names.push(code.to_string()),
            _ => {}
        }
    }
    names
}

#[test]
fn everything_that_the_table_of_features_offers_is_there() {
    let page = fs::read_to_string(at_root("docs/guide/official-sdk-features.md")).expect("a page");
    let project = project();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: HashSet<&str> = project.split(|c| !is_word(c)).collect();
    let is_there = |name: &str| {
        let last = name.rsplit("::").next().unwrap_or(name);
        let word = last.split('(').next().unwrap_or(last);
        !word.chars().all(is_word) || words.contains(word)
    };
    let names = named(&page);
    assert!(names.len() > 80, "{names:?}");
    for name in names {
        assert!(is_there(&name), "there is no `{name}`");
    }
}
