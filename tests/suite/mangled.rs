//! What comes of answers that are nearly right, and of ids and values that nobody foresaw.

use std::sync::LazyLock;

use playoff::Playoff;
use proptest::prelude::*;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::mutated::{config, mangled, mangled_bytes};
use super::samples;
use super::scripted::{Reply, Scripted, Seen};

/// All samples, of all types: each decoder meets the answers that belong to others.
static SAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    samples::decoders().map(|(_, json, _)| json.to_string().into_bytes()).collect()
});

proptest! {
    #![proptest_config(config())]

    #[test]
    fn mangled_answers_are_refused_by_every_model_or_come_back_the_same_each_time(
        json in mangled_bytes(&SAMPLES),
    ) {
        // A key that comes twice makes two answers of one, and models may take different ones.
        let value = serde_json::from_slice::<Value>(&json);
        let plain = value.map_or(json.clone(), |value| value.to_string().into_bytes());
        for (file, _, decode) in samples::decoders() {
            let _ = decode(&json);
            if let Ok(once) = decode(&plain) {
                let twice = decode(once.to_string().as_bytes());
                prop_assert_eq!(twice.ok(), Some(once), "the type of {}", file);
            }
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn echo() -> (Scripted, Playoff) {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "{}")).await;
    let playoff = server.builder().token_carrier(playoff::TokenCarrier::Query).build().unwrap();
    (server, playoff)
}

/// Path segments and query of a request, decoded.
fn decoded(seen: &Seen) -> (Vec<String>, Vec<(String, String)>) {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let plain = |part| percent_encoding::percent_decode_str(part).decode_utf8().unwrap().into();
    (path.split('/').map(plain).collect(), serde_urlencoded::from_str(query).unwrap())
}

const IDS: [&str; 6] =
    ["johny", "a/../b", "%2F", "a?x=1&player_id=b#c", "\u{1f331} +", "x\r\ny: z"];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn mangled_ids_and_values_arrive_as_they_were_given(
        id in mangled(&IDS), player in mangled(&IDS), key in mangled(&IDS), value in mangled(&IDS),
    ) {
        // An address holds 64 KiB at the most; what does not fit is an `invalid_call`.
        prop_assume!([&id, &player, &key, &value].iter().all(|text| text.len() < 4_000));
        runtime().block_on(async {
            let (server, playoff) = echo().await;
            let token = ("access_token".to_owned(), "CANARY-TOKEN-1".to_owned());

            let call = playoff.v2().play_action().action_id(id.as_str()).player_id(player.as_str());
            let refused = call.await.is_err_and(|error| error.is_invalid_call());
            if refused {
                prop_assert!(["", ".", ".."].contains(&id.as_str()) || player.is_empty());
            } else {
                let acting = ("player_id".to_owned(), player.clone());
                let expected = ["", "v2", "runtime", "actions", id.as_str(), "play"];
                let seen = decoded(&server.last());
                prop_assert_eq!(seen.0, expected);
                prop_assert_eq!(seen.1, vec![acting, token.clone()]);
            }

            let pair = (key.clone(), value.clone());
            let sent: Value = playoff.get("/admin/players").query([pair.clone()]).await.unwrap();
            prop_assert_eq!(sent, serde_json::json!({}));
            let seen = decoded(&server.last());
            prop_assert_eq!(seen.0, ["", "v2", "admin", "players"]);
            prop_assert_eq!(seen.1, vec![pair, token]);
            Ok(())
        })?;
    }
}
