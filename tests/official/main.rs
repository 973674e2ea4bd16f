//! The official clients, as they come from PyPI and npm, do their whole job against the sandbox.
//!
//! They insist on https and on two host names. Both are had without a change to them or to this
//! machine: see [`internet`].

mod guide;
mod installed;
mod internet;
mod program;

use std::process::Command;

use installed::{node_with, python_with};
use internet::{Internet, Site};
use playoff::sandbox::{Received, Sandbox};
use program::Program;

/// What the official clients were told to call.
const HOST: &str = "playoff.test";

fn paths<'a>(requests: &'a [Received], method: &str) -> Vec<&'a str> {
    let of_method = requests.iter().filter(|request| request.method == method);
    of_method.map(|request| request.path.as_str()).collect()
}

/// The client did its job over the wire, under both names and as itself.
fn assert_it_called(sandbox: &Sandbox, agent: Option<&str>) {
    let requests = sandbox.requests();
    let header = |request: &Received, name| {
        let value = request.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    for request in &requests {
        let api = if request.path.starts_with("/auth") { "" } else { "api." };
        let host = header(request, "host");
        assert!(host == format!("{api}{HOST}"), "{} came to {host}", request.path);
        if let Some(agent) = agent {
            assert!(header(request, "user-agent").starts_with(agent), "{request:?}");
        }
    }
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        for version in if method == "PUT" { &["/v1/"][..] } else { &["/v1/", "/v2/"] } {
            let called = paths(&requests, method);
            assert!(called.iter().any(|path| path.starts_with(version)), "{method} {version}");
        }
    }
}

async fn python_sdk(version: &str, variable: &str, test: &str) {
    let package = format!("playoff=={version}");
    let Some(python) = python_with(&[&package, "PyJWT<2"], variable, test) else { return };
    let site = Site::start(HOST, Sandbox::builder()).await;
    let (internet, sandbox) = (Internet::of(&[&site]).await, &site.sandbox);
    let program = Program::of(Command::new(python), "python_sdk.py");
    let said = program.arguments([HOST]).run(&internet, sandbox).await;
    assert!(said.contains(&format!("version {version}")), "{said:?}");
    assert_it_called(sandbox, Some("Python-urllib/"));
}

#[tokio::test]
async fn the_official_python_sdk_does_its_whole_job() {
    let test = "the_official_python_sdk_does_its_whole_job";
    python_sdk("0.7.5", "PLAYOFF_TEST_PYTHON", test).await;
}

#[tokio::test]
async fn the_latest_official_python_sdk_does_its_whole_job() {
    let test = "the_latest_official_python_sdk_does_its_whole_job";
    python_sdk("0.7.6", "PLAYOFF_TEST_PYTHON_LATEST", test).await;
}

#[tokio::test]
async fn the_official_node_sdk_does_its_whole_job() {
    let test = "the_official_node_sdk_does_its_whole_job";
    let Some(node) = node_with("playlyfe", "0.4.4", test) else { return };
    let site = Site::start(HOST, Sandbox::builder()).await;
    let (internet, sandbox) = (Internet::of(&[&site]).await, &site.sandbox);
    let program = Program::of(node, "node_sdk.js");
    let said = program.arguments([HOST]).run(&internet, sandbox).await;
    assert!(said.contains(&"version 0.4.4".to_owned()), "{said:?}");
    assert_it_called(sandbox, None);
    let uploads = sandbox.requests().into_iter().filter(|request| {
        request.headers.get("content-type").is_some_and(|kind| {
            kind.to_str().is_ok_and(|kind| kind.starts_with("multipart/form-data"))
        })
    });
    assert_eq!(uploads.count(), 1);
}

#[tokio::test]
async fn the_official_toolbox_clones_a_game_into_another_sandbox() {
    let test = "the_official_toolbox_clones_a_game_into_another_sandbox";
    let packages = ["playoff_core==0.8.3", "playoff", "PyJWT<2", "python-dotenv"];
    let Some(python) = python_with(&packages, "PLAYOFF_TEST_PYTHON_CORE", test) else { return };
    let original = Site::start(HOST, Sandbox::builder()).await;
    let copy = Site::start("copy.test", Sandbox::builder().empty()).await;
    let internet = Internet::of(&[&original, &copy]).await;
    let (original, copy) = (&original.sandbox, &copy.sandbox);
    let folder = tempfile::tempdir().unwrap();
    let program = Program::of(Command::new(python), "clone_game.py").folder(folder.path());
    let said = program.arguments([HOST, "copy.test"]).run(&internet, copy).await;
    assert!(said.contains(&"the same game".to_owned()), "{said:?}");

    let (read, written) = (original.requests(), copy.requests());
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let changes = paths(&read, method);
        assert!(changes.iter().all(|path| *path == "/auth/token"), "{changes:?}");
    }
    for created in ["players", "teams"] {
        assert!(paths(&written, "POST").contains(&format!("/v2/admin/{created}/").as_str()));
    }
    for designed in ["teams", "metrics", "actions", "leaderboards", "rules"] {
        let path = format!("/v2/design/versions/latest/{designed}/");
        assert!(paths(&written, "POST").contains(&path.as_str()), "{designed}");
    }
}
