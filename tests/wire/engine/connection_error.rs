//! What the operator of a server hears of refused requests.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use engineio::{Config, Limits, Origins, Sid};

use crate::support::Server;
use crate::support::http::websocket_headers;

const POLLING: &str = "?EIO=4&transport=polling";
const WEBSOCKET: &str = "?EIO=4&transport=websocket";

type Told = (u8, String, Vec<(&'static str, String)>);

/// What was told.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Told>>>);

impl Log {
    fn config(&self, config: Config) -> Config {
        let log = self.0.clone();
        config.on_connection_error(move |error| {
            let told = (error.code(), error.message().into(), error.context().into());
            log.lock().unwrap().push(told);
        })
    }

    #[track_caller]
    fn assert(&self, code: u8, message: &str, context: &[(&str, &str)]) {
        let told: Vec<_> = self.0.lock().unwrap().drain(..).collect();
        let [(told_code, told_message, told_context)] = &told[..] else {
            panic!("expected one, was told {told:?}");
        };
        let told_context: Vec<_> = told_context
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!((*told_code, told_message.as_str()), (code, message));
        assert_eq!(told_context, context);
    }

    #[track_caller]
    fn assert_silent(&self) {
        assert_eq!(*self.0.lock().unwrap(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn each_refusal_is_told_with_its_code_and_context() {
    let log = Log::default();
    let server = Server::echo(log.config(Config::default().allow_revision_3(true)));
    let mut client = server.client();
    let origin = [("Origin", "http://\u{e9}")];
    for (method, query, headers, code, message, context) in [
        ("GET", "", &[][..], 0, "Transport unknown", &[][..]),
        (
            "GET",
            "?transport=polling&transport=constructor",
            &[],
            0,
            "Transport unknown",
            &[("transport", "constructor")],
        ),
        (
            "GET",
            "?EIO=4&transport=polling&sid=un%0Aknown",
            &[],
            1,
            "Session ID unknown",
            &[("sid", "un\nknown")],
        ),
        (
            "OPTIONS",
            POLLING,
            &[],
            2,
            "Bad handshake method",
            &[("method", "OPTIONS")],
        ),
        (
            "GET",
            POLLING,
            &origin,
            3,
            "Bad request",
            &[("name", "INVALID_ORIGIN"), ("origin", "http://é")],
        ),
        (
            "GET",
            WEBSOCKET,
            &[],
            3,
            "Bad request",
            &[("name", "TRANSPORT_HANDSHAKE_ERROR")],
        ),
    ] {
        let response = client.request(method, query, headers, b"").await;
        response.assert_refused(400, code, message);
        log.assert(code, message, context);
    }

    let session = server.polling().await;
    log.assert_silent();
    let sid = &session.sid;
    let mismatch = format!("?EIO=4&transport=websocket&sid={sid}");
    client
        .get(&mismatch)
        .await
        .assert_refused(400, 3, "Bad request");
    let context = [
        ("name", "TRANSPORT_MISMATCH"),
        ("transport", "websocket"),
        ("previousTransport", "polling"),
    ];
    log.assert(3, "Bad request", &context);
    let mismatch = format!("?EIO=3&transport=polling&sid={sid}");
    client
        .get(&mismatch)
        .await
        .assert_refused(400, 3, "Bad request");
    let context = [
        ("name", "PROTOCOL_MISMATCH"),
        ("protocol", "3"),
        ("previousProtocol", "4"),
    ];
    log.assert(3, "Bad request", &context);
    // The session does not mind.
    session.post("4hello").await.assert(200, "ok");
    session.get().await.assert(200, "4hello");
    log.assert_silent();

    let mut socket = session.upgrade().await;
    socket.send("5").await;
    socket.send("4again").await;
    assert_eq!(socket.text().await, "4again");
    session.get().await.assert_refused(400, 3, "Bad request");
    let context = [
        ("name", "TRANSPORT_MISMATCH"),
        ("transport", "polling"),
        ("previousTransport", "websocket"),
    ];
    log.assert(3, "Bad request", &context);
}

#[tokio::test(start_paused = true)]
async fn a_refused_websocket_is_told_as_well() {
    let log = Log::default();
    let server = Server::echo(log.config(Config::default()));
    let mut headers = websocket_headers();
    for (query, code, message, context) in [
        (
            "?EIO=4&transport=__proto__",
            0,
            "Transport unknown",
            &[("transport", "__proto__")],
        ),
        (
            "?EIO=4&transport=websocket&sid=x",
            1,
            "Session ID unknown",
            &[("sid", "x")],
        ),
        (
            "?EIO=3&transport=websocket",
            5,
            "Unsupported protocol version",
            &[("protocol", "3")],
        ),
    ] {
        let mut client = server.client();
        let response = client.request("GET", query, &headers, b"").await;
        response.assert(400, message);
        log.assert(code, message, context);
    }
    headers[3].1 = "no key";
    let mut client = server.client();
    client.request("GET", WEBSOCKET, &headers, b"").await;
    log.assert(3, "Bad request", &[("name", "TRANSPORT_HANDSHAKE_ERROR")]);
}

#[tokio::test(start_paused = true)]
async fn what_the_application_said_is_in_the_context() {
    let log = Log::default();
    let config = Config::default()
        .allow_request(async |handshake| match handshake.uri.query() {
            Some(query) if query.contains("deny") => Err("not today"),
            _ => Ok(()),
        })
        .generate_id(async |_| Err::<Sid, _>("no more ids"));
    let server = Server::echo(log.config(config));
    let headers = websocket_headers();
    for (query, headers) in [(POLLING, &[][..]), (WEBSOCKET, &headers)] {
        let denied = format!("{query}&deny");
        let mut client = server.client();
        client.request("GET", &denied, headers, b"").await;
        log.assert(4, "Forbidden", &[("message", "not today")]);
        let mut client = server.client();
        client.request("GET", query, headers, b"").await;
        let context = [("name", "ID_GENERATION_ERROR"), ("error", "no more ids")];
        log.assert(3, "Bad request", &context);
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_origin_is_told_with_its_name() {
    let log = Log::default();
    let server = Server::echo(log.config(Config::default().origins(Origins::Same)));
    let headers = [("Origin", "http://evil.example")];
    let mut client = server.client();
    client.request("GET", POLLING, &headers, b"").await;
    log.assert(4, "Forbidden", &[("origin", "http://evil.example")]);
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_on_a_session_or_has_no_code_is_not_told() {
    let log = Log::default();
    let limits = Limits::default().sessions(1);
    let config = Config::default().limits(limits).max_payload(10);
    let server = Server::echo(log.config(config));
    let client = server.polling().await;
    assert_eq!(server.client().get(POLLING).await.status, 503);
    assert_eq!(client.post("4 far too long").await.status, 413);
    let query = client.query();
    let mut connection = server.client();
    let response = connection.request("PUT", &query, &[], b"").await;
    assert_eq!(response.status, 500);
    let headers = [("Content-Encoding", "gzip")];
    let response = connection.request("POST", &query, &headers, b"4a").await;
    assert_eq!(response.status, 415);
    assert_eq!(client.post("nonsense").await.status, 400);
    assert_eq!(server.client().get("/elsewhere").await.status, 404);
    log.assert_silent();
}

#[tokio::test(start_paused = true)]
async fn a_listener_sees_the_request_and_may_panic() {
    let seen = Arc::new(Mutex::new(None));
    let server = Server::echo(Config::default().on_connection_error({
        let seen = seen.clone();
        move |error| {
            let agent = error.request().headers["user-agent"].clone();
            *seen.lock().unwrap() = Some((error.request().uri.clone(), agent));
            panic!("the listener's own fault");
        }
    }));
    let headers = [("User-Agent", "test")];
    let mut client = server.client();
    let response = client.request("GET", "?transport=x", &headers, b"").await;
    response.assert_refused(400, 0, "Transport unknown");
    let (uri, agent) = seen.lock().unwrap().take().unwrap();
    assert_eq!(uri, "/engine.io/?transport=x");
    assert_eq!(agent, "test");
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_is_told_as_such() {
    let log = Log::default();
    let config = Config::default().generate_id(async |_| {
        let sid = Sid::new("the-same").unwrap();
        Ok::<_, Infallible>(sid)
    });
    let server = Server::echo(log.config(config));
    server.polling().await;
    server.client().get(POLLING).await;
    let context = [
        ("name", "ID_GENERATION_ERROR"),
        ("error", "the id is in use"),
    ];
    log.assert(3, "Bad request", &context);
}
