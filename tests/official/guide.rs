//! The page of the guide for those who come from an official client, in their languages.

use std::fs;
use std::path::Path;
use std::process::Command;

use playoff::sandbox::Sandbox;

use crate::installed::{node_with, python_with};
use crate::internet::{Internet, Site};
use crate::program::Program;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide/official-sdks.md");

async fn picture() -> Vec<u8> {
    let sandbox = Sandbox::start().await.unwrap();
    let picture = sandbox.playoff().v2().get_game_image().player_id("johny").await.unwrap();
    picture.bytes().to_vec()
}

/// Runs the page's blocks of a language, where the clients find the host that they know.
async fn run(interpreter: Command, script: &str, language: &str) {
    let start = "2026-03-01T09:00:00Z".parse().unwrap();
    let builder = Sandbox::builder().time(start).frozen();
    let site = Site::start("playoffgamification.io", builder).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gold.png"), picture().await).unwrap();
    let internet = Internet::of(&[&site]).await;
    let program = Program::of(interpreter, script).folder(folder.path());
    let said = program.arguments([PAGE]).run(&internet, &site.sandbox).await;
    let page = fs::read_to_string(Path::new(PAGE)).unwrap();
    let blocks = page.matches(&format!("```{language}\n")).count();
    assert!(blocks > 8 && said == [format!("blocks {blocks}")], "{said:?}");
}

#[tokio::test]
async fn the_python_of_the_guide_is_true() {
    let packages = ["playoff==0.7.6", "PyJWT<2"];
    let test = "the_python_of_the_guide_is_true";
    let Some(python) = python_with(&packages, "PLAYOFF_TEST_PYTHON_LATEST", test) else { return };
    run(Command::new(python), "page.py", "python").await;
}

#[tokio::test]
async fn the_javascript_of_the_guide_is_true() {
    let test = "the_javascript_of_the_guide_is_true";
    let Some(node) = node_with("playlyfe", "0.4.4", test) else { return };
    run(node, "page.js", "js").await;
}
