//! The links of all pages lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::page::at_root;

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let mut broken = Vec::new();
    let mut headings = BTreeMap::new();
    for page in documents() {
        for link in links(&page) {
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.with_file_name("").join(file),
            };
            let there = match heading {
                "" => target.exists(),
                heading => headings
                    .entry(target.clone())
                    .or_insert_with(|| anchors(&target))
                    .contains(heading),
            };
            if !there {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_page_of_the_guide_is_in_its_index() {
    let index = at_root("docs/guide/README.md");
    let listed: BTreeSet<String> = links(&index).into_iter().collect();
    for page in crate::page::guide().iter().filter(|page| **page != index) {
        let name = page.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(listed.contains(name), "the index has no link to {name}");
    }
}

/// All Markdown that readers meet.
fn documents() -> Vec<PathBuf> {
    let top = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "spec/README.md"];
    let mut found: Vec<PathBuf> = top.into_iter().map(at_root).collect();
    let mut folders = vec![at_root("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of documents").flatten() {
            match entry.path() {
                folder if folder.is_dir() => folders.push(folder),
                page if page.extension().is_some_and(|end| end == "md") => found.push(page),
                _ => {}
            }
        }
    }
    found
}

/// Links within the project; what is elsewhere can break without a change here.
fn links(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap_or_else(|error| panic!("{page:?}: {error}"));
    let links = Parser::new_ext(&text, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url),
        _ => None,
    });
    links.filter(|link| !link.contains("://")).map(|link| link.to_string()).collect()
}

/// The names of a page's headings, as GitHub makes them.
fn anchors(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap_or_default();
    let mut found = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::Text(text) | Event::Code(text), Some(heading)) => heading.push_str(&text),
            (Event::End(TagEnd::Heading(_)), Some(heading)) => {
                let name = anchor(heading);
                let again = (1..).map(|count| format!("{name}-{count}"));
                let free = std::iter::once(name.clone()).chain(again);
                found.extend(free.into_iter().find(|name| !found.contains(name)));
            }
            _ => {}
        }
    }
    found
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
