//! The application is asked who may connect, and under which id.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engineio::{Close, Config, Engine, Handshake, Limits, Sid, Socket};
use tokio::sync::{Barrier, Notify, mpsc};
use tokio::time::timeout;

use crate::support::http::{Client, Response, websocket_headers};
use crate::support::{Server, echo, settle};

const POLLING: &str = "?EIO=4&transport=polling";
const WEBSOCKET: &str = "?EIO=4&transport=websocket";

async fn ask_for_websocket(server: &Server, query: &str) -> Response {
    let headers = websocket_headers();
    server.client().request("GET", query, &headers, b"").await
}

#[tokio::test(start_paused = true)]
async fn who_the_application_refuses_gets_its_text_and_no_session() {
    let engine = echo(Config::default().allow_request(async |handshake| {
        let is_denied = handshake.query().any(|(key, _)| key == "deny");
        if is_denied { Err("not today") } else { Ok(()) }
    }));
    let server = Server::engine(&engine);
    let response = server.client().get(&format!("{POLLING}&deny=1")).await;
    response.assert_refused(403, 4, "not today");
    let response = ask_for_websocket(&server, &format!("{WEBSOCKET}&deny=1")).await;
    response.assert(400, "not today");
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(engine.session_count(), 0);

    server.polling().await;
    server.websocket().await;
    assert_eq!(engine.session_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_text_is_forbidden() {
    let server = Server::echo(Config::default().allow_request(async |_| Err("")));
    let response = server.client().get(POLLING).await;
    response.assert_refused(403, 4, "Forbidden");
    ask_for_websocket(&server, WEBSOCKET)
        .await
        .assert(400, "Forbidden");
}

#[tokio::test(start_paused = true)]
async fn the_text_of_a_refusal_injects_nothing() {
    const TEXT: &str = "a\r\nSet-Cookie: b=1\r\n\r\n\"}\u{1b}[31m\0<script>";
    let server = Server::echo(Config::default().allow_request(async |_| Err(TEXT)));
    let response = server.client().get(POLLING).await;
    assert_eq!(response.status, 403);
    assert_eq!(response.header("set-cookie"), None);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert!(!response.text().contains(char::is_control));
    let json: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(json, serde_json::json!({ "code": 4, "message": TEXT }));

    let response = ask_for_websocket(&server, WEBSOCKET).await;
    response.assert(400, TEXT);
    assert_eq!(response.header("set-cookie"), None);
}

#[tokio::test(start_paused = true)]
async fn the_application_is_asked_between_the_method_and_the_revision() {
    let asked = Arc::new(AtomicUsize::new(0));
    let server = Server::echo(Config::default().allow_request({
        let asked = asked.clone();
        move |_| {
            asked.fetch_add(1, Relaxed);
            async { Err("no") }
        }
    }));
    let mut client = server.client();
    for (method, query, code) in [
        ("GET", "?EIO=4&transport=abc", 0),
        ("GET", "?EIO=4&transport=polling&sid=unknown", 1),
        ("POST", POLLING, 2),
        ("GET", WEBSOCKET, 3),
    ] {
        let response = client.request(method, query, &[], b"").await;
        let json: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(json["code"], code, "{method} {query}");
        assert_eq!(asked.load(Relaxed), 0, "{method} {query}");
    }
    let response = client.get("?EIO=3&transport=polling").await;
    response.assert_refused(403, 4, "no");
    ask_for_websocket(&server, "?EIO=3&transport=websocket")
        .await
        .assert(400, "no");
    assert_eq!(asked.load(Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn only_handshakes_are_asked_about() {
    let asked = Arc::new(AtomicUsize::new(0));
    let server = Server::echo(Config::default().allow_request({
        let asked = asked.clone();
        move |_| {
            asked.fetch_add(1, Relaxed);
            async { Ok::<_, Infallible>(()) }
        }
    }));
    let client = server.polling().await;
    client.post("4hello").await.assert(200, "ok");
    client.get().await.assert(200, "4hello");
    let mut socket = client.upgrade().await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket.send("5").await;
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
    assert_eq!(asked.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_handler_holds_the_handshake_that_was_asked_about() {
    let asked: Arc<Mutex<Option<Arc<Handshake>>>> = Arc::default();
    let (same, mut receiver) = mpsc::unbounded_channel();
    let config = Config::default().allow_request({
        let asked = asked.clone();
        move |handshake| {
            *asked.lock().unwrap() = Some(handshake);
            async { Ok::<_, Infallible>(()) }
        }
    });
    let engine = Engine::new(config, move |socket: Socket| {
        let asked = asked.lock().unwrap().take().unwrap();
        let _ = same.send(std::ptr::eq(&*asked, socket.handshake()));
        async {}
    });
    let server = Server::engine(&engine);
    server.client().get(POLLING).await;
    assert_eq!(receiver.recv().await, Some(true));
    server.dial(WEBSOCKET).await;
    assert_eq!(receiver.recv().await, Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_panics_refuses_its_request_and_no_other() {
    // At once for one, and when it is waited for for the other.
    let engine = echo(Config::default().allow_request(|handshake| {
        let query = handshake.uri.query().unwrap_or_default().to_owned();
        assert!(!query.contains("at-once"));
        async move {
            tokio::task::yield_now().await;
            assert!(!query.contains("later"));
            Ok::<_, Infallible>(())
        }
    }));
    let server = Server::engine(&engine);
    let mut client = server.client();
    for when in ["at-once", "later"] {
        let response = client.get(&format!("{POLLING}&{when}")).await;
        response.assert_refused(403, 4, "Forbidden");
        ask_for_websocket(&server, &format!("{WEBSOCKET}&{when}"))
            .await
            .assert(400, "Forbidden");
    }
    assert_eq!(client.get(POLLING).await.status, 200);
    assert_eq!(engine.session_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_an_answer_has_a_place_until_it_goes_away() {
    let limits = Limits::default().sessions(1);
    let config = Config::default().limits(limits);
    let engine = echo(config.allow_request(async |handshake| {
        if handshake.query().any(|(key, _)| key == "slow") {
            std::future::pending::<()>().await;
        }
        Ok::<_, Infallible>(())
    }));
    let server = Server::engine(&engine);
    let mut waiting = server.client();
    let query = format!("{POLLING}&slow");
    waiting.send("GET", &query, &[], b"").await;
    settle().await;
    assert_eq!(server.client().get(POLLING).await.status, 503);
    drop(waiting);
    settle().await;
    assert_eq!(server.client().get(POLLING).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn closing_the_engine_refuses_those_who_wait_for_an_answer() {
    let engine = echo(Config::default().allow_request(async |_| {
        std::future::pending::<()>().await;
        Ok::<_, Infallible>(())
    }));
    let server = Server::engine(&engine);
    let mut polling = server.client();
    polling.send("GET", POLLING, &[], b"").await;
    let mut websocket = server.client();
    let headers = websocket_headers();
    websocket.send("GET", WEBSOCKET, &headers, b"").await;
    settle().await;
    timeout(Duration::from_secs(3600), engine.close(Close::Discard))
        .await
        .expect("the questions are dropped");
    assert_eq!(polling.response().await.status, 503);
    assert_eq!(websocket.response().await.status, 503);
}

#[tokio::test(start_paused = true)]
async fn a_session_has_the_id_that_the_application_made() {
    let count = Arc::new(AtomicUsize::new(0));
    let server = Server::echo(Config::default().generate_id(move |_| {
        let number = count.fetch_add(1, Relaxed);
        async move { Sid::new(format!("my.id-{number}")) }
    }));
    let client = server.polling().await;
    assert_eq!(client.sid, "my.id-0");
    client.post("4hello").await.assert(200, "ok");
    client.get().await.assert(200, "4hello");
    let mut socket = server.dial(WEBSOCKET).await;
    let open = socket.text().await;
    assert!(open.starts_with(r#"0{"sid":"my.id-1","#), "{open}");
}

#[tokio::test(start_paused = true)]
async fn without_an_id_there_is_no_session() {
    let engine = echo(Config::default().generate_id(|handshake| {
        let panics = handshake.query().any(|(key, _)| key == "panic");
        async move {
            assert!(!panics);
            Err("the store of ids is down")
        }
    }));
    let server = Server::engine(&engine);
    for extra in ["", "&panic"] {
        let response = server.client().get(&format!("{POLLING}{extra}")).await;
        response.assert_refused(400, 3, "Bad request");
        ask_for_websocket(&server, &format!("{WEBSOCKET}{extra}"))
            .await
            .assert(400, "Bad request");
    }
    assert_eq!(engine.session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn of_two_handshakes_with_one_id_one_gets_a_session() {
    let barrier = Arc::new(Barrier::new(2));
    let engine = echo(Config::default().generate_id(move |_| {
        let barrier = barrier.clone();
        async move {
            barrier.wait().await;
            Sid::new("the-same")
        }
    }));
    let server = Server::engine(&engine);
    for (one, other) in [(POLLING, POLLING), (POLLING, WEBSOCKET)] {
        let (mut first, mut second) = (server.client(), server.client());
        let (one, other) = tokio::join!(ask(&mut first, one), ask(&mut second, other));
        let opened = [one, other].iter().filter(|status| **status != 400).count();
        assert_eq!(opened, 1, "{one} {other}");
        // Until its session has ended, nobody else gets it.
        let (mut third, mut fourth) = (server.client(), server.client());
        let both = tokio::join!(ask(&mut third, POLLING), ask(&mut fourth, WEBSOCKET));
        assert_eq!(both, (400, 400));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(engine.session_count(), 0);
    }
}

/// Sends a handshake; the status of its answer.
async fn ask(client: &mut Client, query: &str) -> u16 {
    let headers = websocket_headers();
    let headers = if query == WEBSOCKET {
        &headers[..]
    } else {
        &[]
    };
    client.request("GET", query, headers, b"").await.status
}

#[tokio::test(start_paused = true)]
async fn a_question_may_take_its_time() {
    let go = Arc::new(Notify::new());
    let server = Server::echo(Config::default().allow_request({
        let go = go.clone();
        move |_| {
            let go = go.clone();
            async move {
                go.notified().await;
                Ok::<_, Infallible>(())
            }
        }
    }));
    let mut client = server.client();
    client.send("GET", POLLING, &[], b"").await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    go.notify_one();
    assert_eq!(client.response().await.status, 200);
}
