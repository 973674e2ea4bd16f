//! The program `playoff`, run as its user runs it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::{env, fs};

use playoff::Playoff;
use tempfile::tempdir;

/// A running `playoff sandbox`.
struct Program {
    child: Child,
    _output: BufReader<ChildStdout>,
    url: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playoff"));
    command.arg("sandbox").args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

impl Program {
    fn start(arguments: &[&str]) -> Program {
        let mut child = command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        output.read_line(&mut ready).unwrap();
        let url = ready.trim().strip_prefix("Playoff sandbox ready at ");
        let url = url.unwrap_or_else(|| panic!("the ready line is {ready:?}")).to_owned();
        Program { child, _output: output, url }
    }

    fn client(&self) -> Playoff {
        Playoff::client_credentials("any", "secret")
            .auth_url(&self.url)
            .api_url(&self.url)
            .build()
            .unwrap()
    }

    /// Sends a signal by its name and waits for the end.
    fn end(&mut self, signal: &str) -> bool {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a start that fails says.
fn failed(arguments: &[&str]) -> String {
    let output: Output = command(arguments).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn the_sandbox_says_when_it_is_ready_and_ends_on_ctrl_c() {
    for signal in ["INT", "TERM"] {
        let mut program = Program::start(&[]);
        let johny = program.client().v2().get_player().player_id("johny").await.unwrap();
        assert_eq!(johny.id, "johny");
        assert!(program.end(signal), "it ends well on SIG{signal}");
    }
}

#[tokio::test]
async fn the_sandbox_runs_the_game_of_a_seed_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("game.yaml");
    fs::write(&path, "game: {id: shop, title: Shop}\nplayers: [{id: nico, alias: Nico R}]\n")
        .unwrap();
    let program = Program::start(&["--seed", path.to_str().unwrap()]);
    let players = program.client().v2().admin_list_players().await.unwrap();
    assert_eq!((players.total, players.data[0].id.as_str()), (1, "nico"));
}

#[tokio::test]
async fn the_game_of_the_readme_can_be_played() {
    let readme = include_str!("../README.md");
    let (_, from) = readme.split_once("```yaml\n").unwrap();
    let folder = tempdir().unwrap();
    let path = folder.path().join("game.yaml");
    fs::write(&path, from.split_once("```").unwrap().0).unwrap();
    let program = Program::start(&["--seed", path.to_str().unwrap()]);
    let nico = program.client().v2().get_player().player_id("nico").await.unwrap();
    assert_eq!(nico.scores[0].value.to_string(), "12");
}

#[test]
fn a_seed_file_with_an_error_is_named_with_the_place() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("game.yaml");
    let path_text = path.to_str().unwrap();
    for (text, place) in [
        ("players:\n  - id: nico\n  alias: [\n", "line 3"),
        ("players:\n  - {id: nico, alias: N, colour: red}\n", "colour"),
        ("metrics:\n  - {id: m, name: M, type: coins}\n", "metrics.0.type"),
    ] {
        fs::write(&path, text).unwrap();
        let said = failed(&["--seed", path_text]);
        assert!(said.contains(path_text) && said.contains(place), "{said}");
    }
    assert!(failed(&["--seed", "no/such/file.yaml"]).contains("no/such/file.yaml"));
}

#[tokio::test]
async fn the_sandbox_speaks_tls_and_writes_its_certificate_for_clients() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("certificate.pem");
    let program = Program::start(&["--tls", "--write-cert", path.to_str().unwrap()]);
    assert!(program.url.starts_with("https://127.0.0.1:"));
    let trusted = reqwest::Certificate::from_pem(&fs::read(&path).unwrap()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
    let builder = Playoff::client_credentials("any", "secret");
    let builder = builder.auth_url(&program.url).api_url(&program.url).http_client(http);
    assert_eq!(builder.build().unwrap().v2().admin_get_status().await.unwrap().status, "ok");
}

#[tokio::test]
async fn a_certificate_of_ones_own_is_served() {
    let folder = tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::write(&cert, own.cert.pem()).unwrap();
    fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let program = Program::start(&["--cert", cert, "--key", key]);
    let trusted = reqwest::Certificate::from_pem(own.cert.pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
    assert_eq!(http.get(&program.url).send().await.unwrap().status(), 200);
    let said = failed(&["--cert", cert, "--key", cert]);
    assert!(said.contains("private key"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let program = Program::start(&[]);
    let port = program.url.rsplit_once(':').unwrap().1;
    let said = failed(&["--port", port]);
    assert!(said.contains(&format!("port {port}")), "{said}");
}

#[tokio::test]
async fn time_starts_where_it_is_told_and_stands_still() {
    let program = Program::start(&["--time", "2026-03-01T09:00:00Z", "--frozen", "--random", "7"]);
    let playoff = program.client().with_player("johny");
    let played = playoff.v2().play_action().action_id("water").await.unwrap();
    let at = played.events.local[0].timestamp.as_ref().unwrap();
    assert_eq!(at.as_str(), "2026-03-01T09:00:00.000Z");
}
