//! Users of the example `web_login` and of the sandbox's own pages, in a real browser.

#[path = "../../examples/web_login/app.rs"]
mod app;
mod docs_page;
mod driver;
mod sandbox_page;

use driver::{Browser, Driver};
use playoff::sandbox::Sandbox;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use tokio::net::TcpListener;

/// The example with its sandbox.
struct Site {
    sandbox: Sandbox,
    url: String,
    _driver: Driver,
}

/// The site and so many browsers; `None` where there is none to be had.
async fn start<const N: usize>() -> Option<(Site, [Browser; N])> {
    let driver = Driver::start()?;
    let mut browsers = Vec::new();
    for _ in 0..N {
        browsers.push(driver.browser().await?);
    }
    let sandbox = Sandbox::start().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = sandbox.app_builder(format!("{url}/callback")).pkce(true).build().unwrap();
    tokio::spawn(axum::serve(listener, app::router(app)).into_future());
    let browsers = browsers.try_into().ok()?;
    Some((Site { sandbox, url, _driver: driver }, browsers))
}

impl Site {
    async fn log_in(&self, browser: &Browser, player: &str) {
        browser.open(&self.url).await;
        browser.click("a.button").await;
        browser.type_into("#player", player).await;
        browser.click("button.main").await;
    }

    /// Where a request with this cookie leads, and the cookie that it brings.
    async fn follow(&self, address: &str, cookie: &str) -> (String, Option<String>) {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let request = client.build().unwrap().get(address).header(COOKIE, cookie);
        let response = request.send().await.unwrap();
        let header = |name| Some(response.headers().get(name)?.to_str().unwrap());
        let cookie = header(SET_COOKIE).and_then(|cookie| cookie.split(';').next());
        (header(LOCATION).unwrap_or_default().to_owned(), cookie.map(str::to_owned))
    }

    /// Whether this cookie opens a session.
    async fn is_open_to(&self, session: &str) -> bool {
        let request = reqwest::Client::new().get(&self.url);
        let response = request.header(COOKIE, format!("session={session}")).send().await.unwrap();
        response.text().await.unwrap().contains("Log out")
    }
}

#[tokio::test]
async fn a_user_logs_in_stays_logged_in_when_the_token_ends_and_logs_out() {
    let Some((site, [browser])) = start().await else { return };
    site.log_in(&browser, "johny").await;
    let page = browser.page("Hello, Johny").await;
    for part in ["drops", "Mira K", "student1", "6 of 6 players"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert_eq!(site.sandbox.token_requests(), 1);
    site.sandbox.expire_tokens();
    browser.reload().await;
    browser.page("Hello, Johny").await;
    assert_eq!(site.sandbox.token_requests(), 2);

    assert_eq!(browser.script("return document.cookie").await, "");
    let session = browser.cookie("session").await;
    assert!(site.is_open_to(&session).await);
    browser.click("form button").await;
    browser.page("Welcome").await;
    browser.back().await;
    browser.page("Welcome").await;
    browser.reload().await;
    browser.page("Welcome").await;
    assert!(!site.is_open_to(&session).await, "who kept the cookie has no session either");
    assert_eq!(site.sandbox.token_requests(), 2);
}

#[tokio::test]
async fn a_login_that_was_not_begun_in_this_browser_is_refused() {
    let Some((site, [browser])) = start().await else { return };
    let refused = "This login was not begun here";
    browser.open(&format!("{}/callback?code=x&state=forged", site.url)).await;
    let page = browser.page(refused).await;
    assert!(page.contains("Log in"));
    assert_eq!(browser.status().await, 400);

    // Somebody's own login, up to the callback, which they get the user to open.
    let (login, kept) = site.follow(&format!("{}/login", site.url), "").await;
    let (callback, _) = site.follow(&format!("{login}&player_id=mira"), "").await;
    browser.open(&callback).await;
    browser.page(refused).await;
    browser.click("a.button").await;
    browser.page("Log in to the Playoff sandbox").await;
    browser.open(&callback).await;
    browser.page(refused).await;
    browser.open(&site.url).await;
    browser.page("Welcome").await;
    assert_eq!(site.sandbox.token_requests(), 0);

    let (home, _) = site.follow(&callback, &kept.unwrap()).await;
    assert_eq!(home, "/", "where it was begun, the same callback is good");
    assert_eq!(site.sandbox.token_requests(), 1);
}

#[tokio::test]
async fn a_user_who_refuses_is_told_so_and_may_log_in_after_all() {
    let Some((site, [browser])) = start().await else { return };
    browser.open(&site.url).await;
    browser.click("a.button").await;
    browser.click("button[name=refuse]").await;
    browser.page("You refused the login").await;
    assert_eq!(site.sandbox.token_requests(), 0);
    browser.click("a.button").await;
    browser.type_into("#player", "lena").await;
    browser.click("button.main").await;
    browser.page("Hello, Lena B").await;
}

#[tokio::test]
async fn two_browsers_have_sessions_of_their_own() {
    let Some((site, [first, second])) = start().await else { return };
    site.log_in(&first, "johny").await;
    first.page("Hello, Johny").await;
    site.log_in(&second, "mira").await;
    second.page("Hello, Mira K").await;
    first.reload().await;
    first.page("Hello, Johny").await;
    first.click("form button").await;
    first.page("Welcome").await;
    second.reload().await;
    second.page("Hello, Mira K").await;
}

#[tokio::test]
async fn a_session_that_somebody_planted_in_the_browser_opens_nothing() {
    let Some((site, [browser])) = start().await else { return };
    browser.open(&site.url).await;
    browser.script("document.cookie = 'session=planted; path=/'").await;
    site.log_in(&browser, "johny").await;
    browser.page("Hello, Johny").await;
    assert_ne!(browser.cookie("session").await, "planted");
    assert!(!site.is_open_to("planted").await);
}
