//! What can go wrong, and that the tables of the page name it all.

use std::time::Duration;

use playoff::sandbox::{Fault, Sandbox};
use playoff::store::{StoreError, StoredToken, TokenKey, TokenStore};
use playoff::{Error, Playoff, PlayoffBuilder, SecretString};
use serde_json::json;

use crate::page::{Outcome, at_root, has_run, sandbox};

#[tokio::test]
async fn errors_is_true() -> Outcome {
    let sandbox = sandbox().start().await?;
    let playoff = sandbox.playoff();

    // #region
    let error = playoff.v2().admin_get_player().player_id("nobody").await.unwrap_err();
    match error.name() {
        "player_not_found" => println!("create the player first"),
        "rate_limit_exceeded" => println!("{}", error.message()),
        _ if error.is_timeout() => println!("try again later"),
        _ => println!("{error}"),
    }
    // #endregion

    // #region
    println!("{error}");
    println!("{}, {:?}, {:?}", error.name(), error.status(), error.call());
    // #endregion

    // #region
    let zoe = json!({"id": "zoe", "alias": 7, "colour": "red"});
    let error = playoff.post("/admin/players").json(zoe).await.unwrap_err();
    println!("{:#}", error.data().unwrap_or_default());
    // #endregion

    // #region
    let error = playoff.get("/admin/plyers").await.unwrap_err();
    println!("{error}");
    // #endregion

    // #region
    let create = playoff.v2().admin_create_player().id("zoe").alias("Zoë");
    let play = playoff.v2().play_action().action_id("water").player_id("zoe");
    match play.clone().await {
        Err(error) if error.name() == "player_not_found" => {
            create.await?;
            play.await?;
        }
        played => drop(played?),
    }
    // #endregion

    has_run(file!());
    Ok(())
}

fn page() -> String {
    std::fs::read_to_string(at_root("docs/guide/errors.md")).expect("the page is there")
}

type Predicate = (&'static str, fn(&Error) -> bool);

/// The rows of the table of this crate's own errors.
const OWN: [Predicate; 10] = [
    ("is_init_failed", Error::is_init_failed),
    ("is_invalid_call", Error::is_invalid_call),
    ("is_invalid_state", Error::is_invalid_state),
    ("is_login_required", Error::is_login_required),
    ("is_token_source_failed", Error::is_token_source_failed),
    ("is_store_failed", Error::is_store_failed),
    ("is_connect", Error::is_connect),
    ("is_timeout", Error::is_timeout),
    ("is_connection_lost", Error::is_connection_lost),
    ("is_bad_answer", Error::is_bad_answer),
];

#[tokio::test]
async fn each_error_of_the_crate_is_in_the_table_under_its_name_and_predicate() -> Outcome {
    let sandbox = sandbox().start().await?;
    let page = page();
    let all = own_errors(&sandbox).await?;
    for (error, (predicate, _)) in all.iter().zip(OWN) {
        for (other, holds) in OWN {
            assert_eq!(holds(error), other == predicate, "{error:?} and {other}");
        }
        let row = format!("| `{}` | `{predicate}()` |", error.name());
        assert_eq!(page.matches(&row).count(), 1, "the page has no row {row}");
    }
    Ok(())
}

/// One of each, in the order of the table.
async fn own_errors(
    sandbox: &Sandbox,
) -> Result<[Error; 10], Box<dyn std::error::Error + Send + Sync>> {
    let playoff = sandbox.playoff().with_player("johny");
    let app = sandbox.app_builder("https://shop.example/callback").build()?;
    let source = || std::future::ready(Err::<SecretString, _>("the backend is down"));
    let broken =
        sandbox.app_builder("https://shop.example/callback").token_store(Broken).build()?;
    let hasty = sandbox.playoff_builder().timeout(Duration::from_millis(50)).build()?;
    let nowhere =
        here(Playoff::client_credentials("id", "secret"), "http://127.0.0.1:9").build()?;
    let profile = |playoff: &Playoff| playoff.v2().get_player();

    sandbox.inject(Fault::silence().on("list_actions"));
    sandbox.inject(Fault::cut_body(10).on("list_players"));
    sandbox.inject(Fault::html(502).on("list_teams"));
    Ok([
        Playoff::client_credentials("", "secret").build().unwrap_err(),
        playoff.v2().play_action().await.unwrap_err(),
        app.resume_login("forged").unwrap_err(),
        profile(&app.session("nobody")).await.unwrap_err(),
        profile(&here(Playoff::player_tokens(source), &sandbox.url()).build()?).await.unwrap_err(),
        profile(&broken.session("nobody")).await.unwrap_err(),
        profile(&nowhere).await.unwrap_err(),
        hasty.v2().list_actions().player_id("johny").await.unwrap_err(),
        playoff.v2().list_players().await.unwrap_err(),
        playoff.v2().list_teams().await.unwrap_err(),
    ])
}

fn here<K>(builder: PlayoffBuilder<K>, url: &str) -> PlayoffBuilder<K> {
    builder.auth_url(url).api_url(url)
}

struct Broken;

impl TokenStore for Broken {
    async fn load(&self, _: &TokenKey) -> Result<Option<SecretString>, StoreError> {
        Err("the disk is gone".into())
    }

    async fn store(&self, _: &TokenKey, _: &StoredToken) -> Result<(), StoreError> {
        Err("the disk is gone".into())
    }

    async fn remove(&self, _: &TokenKey) -> Result<(), StoreError> {
        Err("the disk is gone".into())
    }
}

#[test]
fn each_error_of_the_server_in_the_table_is_one_that_is_known() {
    let page = page();
    let (_, table) = page.split_once("| name of the server |").expect("the table is there");
    let names = table.lines().skip(2).map_while(|row| row.strip_prefix("| `")?.split('`').next());
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 10, "{names:?}");
    let known = ["spec/v1.yaml", "spec/v2.yaml", "spec/README.md", "src/error.rs"]
        .map(|path| std::fs::read_to_string(at_root(path)).expect("it is there"));
    for name in names {
        assert!(known.iter().any(|text| text.contains(name)), "nothing is known of {name}");
    }
}
