//! The page on which each operation of the specs can be tried.

use playoff::sandbox::Sandbox;

use super::driver::{Browser, Driver};

/// `GET /runtime/player` on the page; Swagger UI escapes the slash of the tag.
const GET_PLAYER: &str = "[id$='player-get_player']";

/// A sandbox and a browser that shows its docs; `None` where there is none to be had.
struct Visit {
    sandbox: Sandbox,
    browser: Browser,
    _driver: Driver,
}

impl Visit {
    async fn new(page: &str) -> Option<Visit> {
        let driver = Driver::start()?;
        let browser = driver.browser().await?;
        let sandbox = Sandbox::start().await.unwrap();
        browser.open(&format!("{}{page}", sandbox.url())).await;
        let visit = Visit { sandbox, browser, _driver: driver };
        visit.authorized().await;
        Some(visit)
    }

    /// Waits until the page is drawn and has its token.
    async fn authorized(&self) {
        self.browser.see("//*[contains(@class, 'authorize')][contains(@class, 'locked')]").await;
    }

    async fn unfold(&self) {
        self.browser.click(&format!("{GET_PLAYER} .opblock-summary-control")).await;
    }

    /// Status and body of what the unfolded operation is answered with.
    async fn execute(&self) -> (String, String) {
        self.browser.click(&format!("{GET_PLAYER} .execute")).await;
        let answer = "//*[contains(@class, 'live-responses-table')]/tbody/tr";
        let status = format!("{answer}/*[contains(@class, 'response-col_status')]");
        let body = format!("({answer}//*[contains(@class, 'highlight-code')])[1]");
        (self.browser.see(&status).await, self.browser.see(&body).await)
    }

    async fn true_of_page(&self, condition: &str) -> bool {
        self.browser.script(&format!("return {condition}")).await == true
    }
}

#[tokio::test]
async fn both_versions_are_shown_with_their_operations() {
    let Some(visit) = Visit::new("/docs").await else { return };
    let browser = &visit.browser;
    let operations = "document.querySelectorAll('.opblock').length";
    assert_eq!(browser.script(&format!("return {operations}")).await, 132);
    let player = browser.see("//*[contains(@id, 'player-get_player')]").await;
    assert!(player.contains("/runtime/player") && player.contains("Profile of the acting player"));
    assert_eq!(browser.see("//nav/*[@aria-current]").await, "Version 2");

    browser.click("[href='/docs/v1']").await;
    visit.authorized().await;
    assert_eq!(browser.see("//nav/*[@aria-current]").await, "Version 1");
    assert_eq!(browser.script(&format!("return {operations}")).await, 57);
    browser.click("[href='/docs/v2']").await;
    visit.authorized().await;
    assert_eq!(browser.see("//nav/*[@aria-current]").await, "Version 2");
    assert_eq!(browser.console().await, [""; 0]);
}

#[tokio::test]
async fn an_operation_is_explained_and_executed_at_once() {
    let Some(visit) = Visit::new("/docs/v2").await else { return };
    let browser = &visit.browser;
    visit.unfold().await;
    let told = browser.see("//*[contains(@id, 'player-get_player')]").await;
    for part in ["Answers alias, scores and teams.", "x-playoff-evidence", "documented"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    browser.retype(&format!("{GET_PLAYER} [data-param-name=player_id] input"), "johny").await;
    let (status, body) = visit.execute().await;
    assert_eq!(status, "200");
    assert!(body.contains(r#""alias": "Johny""#) && body.contains("drops"), "{body}");

    let requests = visit.sandbox.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(
        (request.operation, request.path.as_str()),
        (Some("get_player"), "/v2/runtime/player")
    );
    assert_eq!(request.query, [("player_id".to_owned(), "johny".to_owned())]);
    assert_eq!(visit.sandbox.token_requests(), 0, "the token of the page is nobody's");

    assert_eq!(browser.console().await, [""; 0]);
    let own = "performance.getEntriesByType('resource')\
               .every(({name}) => name.startsWith(location.origin) || name.startsWith('data:'))";
    assert!(visit.true_of_page(own).await);
    browser.click("header [href='/']").await;
    browser.see("//*[@id='request-rows']/*[contains(., '/v2/runtime/player')]").await;
    browser.click("[href='/docs']").await;
    visit.authorized().await;
}

#[tokio::test]
async fn the_token_of_the_page_outlives_tokens_and_can_be_done_without() {
    let Some(visit) = Visit::new("/docs").await else { return };
    visit.unfold().await;
    visit.sandbox.expire_tokens();
    let (status, body) = visit.execute().await;
    assert_eq!(status, "200", "{body}");

    visit.browser.click("button.authorize.locked").await;
    // The dialog opens with its last field in view.
    visit.browser.see("//*[contains(@class, 'modal-ux-content')]").await;
    visit.browser.script("document.querySelector('.modal-ux-content').scrollTop = 0").await;
    visit.browser.click("[aria-label='Remove authorization']").await;
    visit.browser.click(".close-modal").await;
    visit.browser.click(&format!("{GET_PLAYER} .btn-clear")).await;
    let (status, body) = visit.execute().await;
    assert!(status.starts_with("401") && body.contains("invalid_access_token"), "{status} {body}");
}

#[tokio::test]
async fn nothing_of_another_origin_could_be_loaded() {
    let Some(visit) = Visit::new("/docs").await else { return };
    assert_eq!(visit.browser.console().await, [""; 0]);
    let elsewhere = "return fetch('http://127.0.0.1:9/').catch(() => 'refused')";
    assert_eq!(visit.browser.script(elsewhere).await, "refused");
    visit.browser.script("document.body.append(document.createElement('script'))").await;
    visit.browser.script("document.body.lastChild.textContent = 'window.inline = true'").await;
    assert!(visit.true_of_page("!window.inline").await);
    let refusals = visit.browser.console().await.join("\n");
    assert!(refusals.contains("connect-src 'self'"), "{refusals}");
    assert!(refusals.contains("script-src 'self'"), "{refusals}");
}

#[tokio::test]
async fn an_executed_operation_fits_a_phone() {
    let Some(visit) = Visit::new("/docs").await else { return };
    visit.browser.resize(390, 844).await;
    assert!(visit.true_of_page("innerWidth === 390").await);
    visit.unfold().await;
    visit.execute().await;
    assert!(visit.true_of_page("document.documentElement.scrollWidth <= innerWidth").await);
}
