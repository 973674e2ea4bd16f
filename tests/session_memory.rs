//! What a user's session costs in memory. A program of its own: it counts every allocation.

use peak_alloc::PeakAlloc;
use playoff::Playoff;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const SESSIONS: usize = 10_000;

#[test]
fn a_session_costs_a_few_hundred_bytes_and_those_that_are_gone_do_not_pile_up() {
    let redirect_uri = "https://shop.example/callback";
    let app = Playoff::authorization_code("id", "secret", redirect_uri).build().unwrap();
    let open = |round: usize| -> Vec<Playoff> {
        (0..SESSIONS).map(|number| app.session(&format!("user {round}-{number}"))).collect()
    };
    let before = MEMORY.current_usage();
    let sessions = open(0);
    let each = (MEMORY.current_usage() - before) / SESSIONS;
    println!("a session: {each} bytes");
    assert!((100..800).contains(&each), "{each} bytes each");
    drop(sessions);
    for round in 1..10 {
        drop(open(round));
    }
    let left = MEMORY.current_usage().saturating_sub(before);
    println!("left of {} sessions: {left} bytes", 10 * SESSIONS);
    assert!(left < 4 * SESSIONS * each, "{left} bytes are left of sessions that are gone");
}
