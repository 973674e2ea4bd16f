//! What a call costs on loopback, and how it divides: typed, raw and plain reqwest with the same
//! request against the same sandbox.

use criterion::{Criterion, criterion_group, criterion_main};
use playoff::sandbox::Sandbox;

fn call(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let sandbox = runtime.block_on(Sandbox::start()).expect("a sandbox");
    let playoff = sandbox.playoff();
    runtime.block_on(playoff.connect()).expect("a token");
    let http = reqwest::Client::new();
    let token = runtime.block_on(plain_token(&http, &sandbox)).expect("a token");
    let url = format!("{}/v2/admin/players/johny", sandbox.url());

    let mut group = criterion.benchmark_group("read a player");
    group.bench_function("typed", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                playoff.v2().admin_get_player().player_id("johny").await.expect("a player")
            })
        });
    });
    group.bench_function("raw", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async { playoff.get("/admin/players/johny").await.expect("a player") })
        });
    });
    group.bench_function("plain reqwest", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let answer = http.get(&url).bearer_auth(&token).send().await.expect("an answer");
                let body = answer.bytes().await.expect("a body");
                serde_json::from_slice::<playoff::v2::types::PlayerProfile>(&body)
                    .expect("a player")
            })
        });
    });
    group.finish();
}

async fn plain_token(http: &reqwest::Client, sandbox: &Sandbox) -> Option<String> {
    let body = r#"{"client_id":"bench","client_secret":"b","grant_type":"client_credentials"}"#;
    let request = http.post(format!("{}/auth/token", sandbox.url())).body(body);
    let answer = request.send().await.ok()?.bytes().await.ok()?;
    let answer: serde_json::Value = serde_json::from_slice(&answer).ok()?;
    Some(answer["access_token"].as_str()?.to_owned())
}

criterion_group!(benches, call);
criterion_main!(benches);
