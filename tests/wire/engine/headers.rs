//! Cookies, and where they are set.

use engineio::cookie::{Cookie, SameSite};
use engineio::{Config, SessionCookie};

use crate::support::http::{Response, websocket_headers};
use crate::support::{Polling, Server};

const POLLING: &str = "?EIO=4&transport=polling";
const WEBSOCKET: &str = "?EIO=4&transport=websocket";

fn cookies(response: &Response) -> Vec<&str> {
    response.headers("set-cookie").collect()
}

fn session_cookie(cookie: impl Into<Cookie<'static>>) -> Config {
    Config::default().cookie(SessionCookie::new(cookie).unwrap())
}

/// The answer to a websocket handshake.
async fn upgrade(server: &Server, query: &str) -> Response {
    let headers = websocket_headers();
    server.client().request("GET", query, &headers, b"").await
}

/// The answers to a polling handshake, a POST and a GET.
async fn poll(server: &Server) -> (Polling, [Response; 3]) {
    let client = server.polling().await;
    let posted = client.post("4hello").await;
    let polled = client.get().await;
    let open = server.client().get(POLLING).await;
    (client, [open, posted, polled])
}

#[tokio::test(start_paused = true)]
async fn a_polling_handshake_sets_the_cookie_of_its_session() {
    let server = Server::echo(Config::default().cookie(SessionCookie::default()));
    let open = server.client().get(POLLING).await;
    let json: serde_json::Value = serde_json::from_str(&open.text()[1..]).unwrap();
    let sid = json["sid"].as_str().unwrap();
    let cookie = format!("io={sid}; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(cookies(&open), [cookie]);
}

#[tokio::test(start_paused = true)]
async fn the_cookie_has_the_attributes_that_it_was_given() {
    let io = || Cookie::build("io").http_only(true).same_site(SameSite::Lax);
    for (cookie, name, attributes) in [
        (
            Cookie::build("woot").path("/").http_only(true),
            "woot",
            "; Path=/; HttpOnly",
        ),
        (
            io().path("/custom"),
            "io",
            "; Path=/custom; HttpOnly; SameSite=Lax",
        ),
        (io(), "io", "; HttpOnly; SameSite=Lax"),
        (
            io().same_site(SameSite::Strict),
            "io",
            "; HttpOnly; SameSite=Strict",
        ),
        (io().http_only(false), "io", "; SameSite=Lax"),
        (
            io().secure(true).same_site(SameSite::None),
            "io",
            "; HttpOnly; Secure; SameSite=None",
        ),
    ] {
        let server = Server::echo(session_cookie(cookie));
        let open = server.client().get(POLLING).await;
        let [cookie] = cookies(&open)[..] else {
            panic!("expected one cookie, got {open:?}");
        };
        let (sent, rest) = cookie.split_once('=').unwrap();
        assert_eq!((sent, &rest[20..]), (name, attributes));
    }
}

#[tokio::test(start_paused = true)]
async fn the_cookie_is_set_once_and_only_on_polling() {
    let with_cookie = Config::default().cookie(SessionCookie::default());
    for (config, count) in [(with_cookie, 1), (Config::default(), 0)] {
        let server = Server::echo(config);
        let (client, [open, posted, polled]) = poll(&server).await;
        assert_eq!(cookies(&open).len(), count);
        let candidate = client.query().replace("polling", "websocket");
        let upgraded = upgrade(&server, &candidate).await;
        let opened = upgrade(&server, WEBSOCKET).await;
        assert_eq!((upgraded.status, opened.status), (101, 101));
        for response in [posted, polled, upgraded, opened] {
            assert_eq!(cookies(&response).len(), 0, "{response:?}");
        }
    }
}
