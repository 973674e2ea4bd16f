//! The sandbox's own page: the game at a glance.

use playoff::ExposeSecret;
use playoff::sandbox::Sandbox;
use serde_json::json;

use super::driver::{Browser, Driver};

const SECTIONS: [&str; 4] = ["players", "board", "feed", "requests"];

/// A sandbox and a browser that shows its page; `None` where there is none to be had.
struct Visit {
    sandbox: Sandbox,
    browser: Browser,
    _driver: Driver,
}

impl Visit {
    async fn new() -> Option<Visit> {
        let driver = Driver::start()?;
        let browser = driver.browser().await?;
        let sandbox = Sandbox::start().await.unwrap();
        browser.open(&sandbox.url()).await;
        browser.page("Garden Club").await;
        Some(Visit { sandbox, browser, _driver: driver })
    }

    async fn see(&self, part: &str, text: &str) -> String {
        let shown = "translate(., '\u{a0}', ' ')";
        self.browser.see(&format!("//*[@id='{part}']/*[contains({shown}, '{text}')]")).await
    }

    async fn true_of_page(&self, condition: &str) -> bool {
        self.browser.script(&format!("return {condition}")).await == true
    }

    async fn create_player(&self, id: &str, alias: &str) {
        let player = json!({"id": id, "alias": alias});
        self.sandbox.playoff().post("/admin/players").json(player).await.unwrap();
    }

    /// Neither the page nor a list within it is wider than what is seen of it.
    async fn has_no_sideways_scrolling(&self) -> bool {
        let lists = "[...document.querySelectorAll('.scroll')]\
                     .every(list => list.scrollWidth <= list.clientWidth)";
        self.true_of_page("document.documentElement.scrollWidth <= innerWidth").await
            && self.true_of_page(lists).await
    }
}

#[tokio::test]
async fn the_page_shows_players_a_leaderboard_the_feed_and_the_requests() {
    let Some(visit) = Visit::new().await else { return };
    let mira = visit.see("player-list", "Mira K").await;
    for part in ["mira", "Old oak", "Yield", "drops", "seed count", "Barrow"] {
        assert!(mira.contains(part), "{part} is not in {mira}");
    }
    let best = visit.see("board-rows", "Mira K").await;
    assert!(best.starts_with('1'), "{best}");
    visit.see("feed-list", "Lena B played Add drop: drops → 1").await;
    visit.see("feed-list", "Mira K reached the level Bloom").await;
    visit.see("request-rows", "No request yet.").await;
    assert_eq!(visit.browser.see("//*[@id='state']").await, "Live");
    let own = "performance.getEntriesByType('resource')\
               .every(({name}) => name.startsWith(location.origin) || name.startsWith('data:'))";
    assert!(visit.true_of_page(own).await);
    assert_eq!(visit.sandbox.requests(), [], "what the page asks for is not remembered");
}

#[tokio::test]
async fn a_play_appears_by_itself() {
    let Some(visit) = Visit::new().await else { return };
    visit.see("player-list", "Johny").await;
    visit.browser.script("window.first = true").await;
    let play = visit.sandbox.playoff();
    play.v2().play_action().action_id("water").player_id("johny").count(45).await.unwrap();
    visit.see("feed-list", "Johny played Water beds ×45: seed count → 90, Yield → 90").await;
    visit.see("feed-list", "Johny reached the level Old oak").await;
    let johny = visit.see("player-list", "Johny").await;
    assert!(johny.contains("90") && johny.contains("Old oak"), "{johny}");
    let best = visit.browser.see("//*[@id='board-rows']/tr[1]").await;
    assert!(best.contains("Johny") && best.contains("90"), "{best}");
    let request = visit.see("request-rows", "/v2/runtime/actions/water/play").await;
    assert!(request.starts_with("POST") && request.ends_with("200"), "{request}");
    assert!(visit.true_of_page("window.first").await, "the page was not loaded again");
    let listened = "document.getElementById('feed-log').ariaLive === 'polite'";
    assert!(visit.true_of_page(listened).await);
}

#[tokio::test]
async fn a_request_unfolds_to_its_time_and_its_answer_without_the_token() {
    let Some(visit) = Visit::new().await else { return };
    let playoff = visit.sandbox.playoff();
    playoff.get("/admin/players/<img src=x>").await.unwrap_err();
    playoff.get("/admin/players/nobody").await.unwrap_err();
    visit.see("request-rows", "/admin/players/nobody").await;
    visit.browser.click("#request-rows tr:first-child summary").await;
    let unfolded = visit.browser.see("//*[@id='request-rows']/tr[1]//details[@open]").await;
    for part in [":", "player_not_found", " bytes", "Player with ID 'nobody' does not exist"] {
        assert!(unfolded.contains(part), "{part} is not in {unfolded}");
    }
    visit.browser.click("#request-rows tr:last-child summary").await;
    let token = visit.browser.see("//*[@id='request-rows']/tr[last()]//details[@open]").await;
    assert!(token.contains(r#""access_token":"[redacted]""#), "{token}");
    let access = playoff.access_token().await.unwrap();
    let markup = visit.browser.script("return document.documentElement.outerHTML").await;
    assert!(!markup.to_string().contains(access.expose_secret()));
    assert!(visit.true_of_page("!document.querySelector('main img')").await);
    playoff.get("/admin/players").await.unwrap();
    visit.browser.see("//*[@id='request-rows']/tr[4]").await;
    let open = "document.querySelectorAll('#request-rows details[open]').length === 2";
    assert!(visit.true_of_page(open).await, "what is unfolded stays so");
    visit.browser.resize(390, 844).await;
    assert!(visit.has_no_sideways_scrolling().await);
}

#[tokio::test]
async fn the_chosen_board_and_cycle_stay() {
    let Some(visit) = Visit::new().await else { return };
    visit.browser.choose("#board-choice", "team_drops").await;
    visit.see("board-rows", "Rose Bed").await;
    visit.browser.choose("#cycle-choice", "weekly").await;
    visit.browser.see("//*[@id='board-note'][.='1 ranked']").await;
    visit.browser.reload().await;
    visit.see("board-rows", "Rose Bed").await;
    let chosen = "document.getElementById('cycle-choice').value === 'weekly'";
    assert!(visit.true_of_page(chosen).await);
}

#[tokio::test]
async fn a_hostile_alias_stays_text() {
    let Some(visit) = Visit::new().await else { return };
    let alias = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    visit.create_player("eve", alias).await;
    let play = visit.sandbox.playoff();
    play.v2().play_action().action_id("water").player_id("eve").count(45).await.unwrap();
    for part in ["player-list", "board-rows", "feed-list"] {
        let shown = visit.see(part, "<script>").await;
        assert!(shown.contains(alias), "{shown}");
    }
    assert!(visit.true_of_page("!document.querySelector('main script, main img')").await);
}

#[tokio::test]
async fn nothing_on_a_phone_is_wider_than_the_screen() {
    let Some(visit) = Visit::new().await else { return };
    visit.browser.resize(390, 844).await;
    assert!(visit.true_of_page("innerWidth === 390").await);
    let id = "a".repeat(60);
    visit.create_player(&id, &"Rhabarber".repeat(12)).await;
    let play = visit.sandbox.playoff().with_player(&id);
    let variables = json!({"variables": {"amount": 9_007_199_254_740_991_i64}});
    play.post("/runtime/actions/set_seeds/play").json(variables).await.unwrap();
    visit.see("board-rows", "Rhabarber").await;
    visit.see("request-rows", "set_seeds").await;
    assert!(visit.has_no_sideways_scrolling().await);
}

/// Width, height and number of colours.
fn picture(png: &[u8]) -> (u32, u32, usize) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let size = frame.color_type.samples();
    let colours: std::collections::HashSet<&[u8]> =
        pixels[..frame.buffer_size()].chunks_exact(size).collect();
    (frame.width, frame.height, colours.len())
}

#[tokio::test]
async fn a_picture_of_the_page_has_all_its_parts() {
    let Some(visit) = Visit::new().await else { return };
    for (width, height) in [(1280, 900), (390, 844)] {
        visit.browser.resize(width, height).await;
        visit.see("player-list", "Mira K").await;
        for section in SECTIONS {
            let show = format!("document.getElementById('{section}').scrollIntoView()");
            visit.browser.script(&show).await;
            let visible = format!(
                "(part => part.top < innerHeight && part.bottom > 0 && part.left >= 0 && \
                 part.right <= innerWidth && part.width > 200 && part.height > 100)\
                 (document.getElementById('{section}').getBoundingClientRect()) && \
                 document.querySelector('#{section} h2').innerText.length > 0"
            );
            assert!(visit.true_of_page(&visible).await, "{section} at {width}");
            let size = visit.browser.script("return [innerWidth, innerHeight]").await;
            let (wide, high, colours) = picture(&visit.browser.screenshot().await);
            assert_eq!(json!([wide, high]), size);
            assert!(colours > 20, "{section} at {width}: {colours} colours");
        }
    }
}

#[tokio::test]
async fn the_last_picture_stays_when_the_sandbox_is_gone() {
    let Some(Visit { sandbox, browser, _driver }) = Visit::new().await else { return };
    browser.see("//*[@id='player-list']/*[contains(., 'Mira K')]").await;
    drop(sandbox);
    let gone = "//*[@id='state'][contains(., 'The sandbox does not answer.')]";
    assert!(browser.see(gone).await.ends_with("This is how it was last seen."));
    browser.see("//*[@id='player-list']/*[contains(., 'Mira K')]").await;
}
