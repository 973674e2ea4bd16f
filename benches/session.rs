//! What a user's session costs a web server, and what signing for a player does.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use playoff::{PlayerToken, Playoff, scope};

fn session(criterion: &mut Criterion) {
    let app = Playoff::authorization_code("id", "secret", "https://shop.example/callback")
        .build()
        .expect("an application");
    let mut group = criterion.benchmark_group("session");
    let mut count = 0_u64;
    group.bench_function("of a user that nobody else uses", |bencher| {
        bencher.iter_batched(
            || {
                count += 1;
                format!("user {count}")
            },
            |user| app.session(&user),
            BatchSize::SmallInput,
        );
    });
    let _held = app.session("zoe");
    group.bench_function("of a user in use", |bencher| bencher.iter(|| app.session("zoe")));
    let held = app.session("zoe");
    group.bench_function("cloned", |bencher| bencher.iter(|| held.clone()));
    group.finish();

    let token = PlayerToken::builder("id", "secret", "zoe").scopes([scope::RUNTIME_READ]);
    criterion.bench_function("player token", |bencher| {
        bencher.iter(|| token.clone().build().expect("a token"));
    });
}

criterion_group!(benches, session);
criterion_main!(benches);
