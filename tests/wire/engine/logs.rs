//! What is logged, and what never is.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use engineio::{Config, Engine, Socket};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, Registry};

use crate::support::http::websocket_headers;
use crate::support::log::{Log, Text};
use crate::support::{Server, settle};

/// What a hostile client wants to see in a log: another line, a colour.
const HOSTILE: &str = "\u{1b}[31mpwned\r\nERROR forged";
const PAYLOAD: &str = "4payload-that-nobody-may-read";

#[tokio::test(start_paused = true)]
async fn the_life_of_a_session_is_logged_in_its_span() {
    let (log, _guard) = Log::capture();
    let server = Server::echo(Config::default());
    let session = server.polling().await;
    settle().await;
    assert_eq!(log.take_of(&session.sid), ["session opened"]);

    session.upgrade().await.send("4not a probe").await;
    settle().await;
    let failed = ["bad packet on a candidate", "upgrade failed"];
    assert_eq!(log.take_of(&session.sid), failed);

    let mut socket = session.upgrade().await;
    session.upgrade().await.end().await;
    let turned_away = ["upgrade failed: there is another websocket"];
    assert_eq!(log.take_of(&session.sid), turned_away);

    socket.send_at_once(["2probe", "5"]).await;
    assert_eq!(socket.text().await, "3probe");
    settle().await;
    assert_eq!(log.take_of(&session.sid), ["session upgraded"]);

    session.get().await.assert_refused(400, 3, "Bad request");
    assert_eq!(log.take_of(&session.sid), ["request refused"]);

    socket.send("no packet").await;
    socket.end().await;
    settle().await;
    assert_eq!(log.take_of(&session.sid), ["bad packet", "session closed"]);
}

#[tokio::test(start_paused = true)]
async fn a_bad_post_and_what_a_handler_logs_are_in_the_sessions_span() {
    let (log, _guard) = Log::capture();
    let engine = Engine::new(Config::default(), async |socket: Socket| {
        tracing::info!("the handler runs");
        while socket.recv().await.is_some() {}
    });
    let session = Server::engine(&engine).polling().await;
    settle().await;
    let opened = ["session opened", "the handler runs"];
    assert_eq!(log.take_of(&session.sid), opened);
    session.post("no packet").await.assert(400, "");
    settle().await;
    let mut closed = log.take_of(&session.sid);
    // The session's task and the request end at the same time.
    closed.sort();
    let expected = ["bad payload", "request refused", "session closed"];
    assert_eq!(closed, expected);
}

#[tokio::test(start_paused = true)]
async fn no_payload_no_whole_id_and_nothing_unescaped_is_logged() {
    let (log, _guard) = Log::capture();
    let server = Server::echo(Config::default());
    let session = server.polling().await;
    session.post(PAYLOAD).await.assert(200, "ok");
    session.get().await.assert(200, PAYLOAD);
    let mut socket = session.upgrade().await;
    socket.send_at_once(["2probe", "5", PAYLOAD]).await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(socket.text().await, PAYLOAD);

    for bad in [HOSTILE, "b!", "\u{1b}[31m", "\n4x", ""] {
        let body = format!("{PAYLOAD}\u{1e}{bad}");
        server.polling().await.post(body).await.assert(400, "");
        let mut socket = server.websocket().await;
        socket.send(format!("{bad}{PAYLOAD}")).await;
        socket.next().await.ok();
        let candidate = server.polling().await;
        candidate.upgrade().await.send(bad).await;
        settle().await;
    }
    let escaped = "%1b%5b31mpwned%0d%0aERROR%20forged";
    for query in [
        format!("?EIO=4&transport={escaped}"),
        format!("?EIO={escaped}&transport=polling"),
        format!("?EIO=4&transport=polling&sid={escaped}"),
        format!("?EIO=4&transport=polling&{escaped}={escaped}"),
    ] {
        server.client().get(&query).await;
        let mut client = server.client();
        client
            .request("GET", &query, &websocket_headers(), b"")
            .await;
    }
    let headers = [
        ("Origin", "http://\u{1b}[31mpwned"),
        ("User-Agent", "\u{1b}[31mpwned"),
        ("Cookie", "\u{1b}[31mpwned"),
    ];
    for header in headers {
        let query = "?EIO=4&transport=polling";
        server.client().request("GET", query, &[header], b"").await;
    }
    let mut cut_off = server.client();
    let length = [("Content-Length", "100")];
    let victim = server.polling().await;
    cut_off.send("POST", &victim.query(), &length, b"").await;
    cut_off.write(PAYLOAD.as_bytes()).await;
    settle().await;
    drop(cut_off);
    settle().await;

    let lines = log.take();
    assert!(lines.len() > 30, "only {} lines", lines.len());
    for line in lines {
        let text = format!("{} {} {}", line.spans.concat(), line.message, line.fields);
        assert!(text.len() < 200, "{text:?}");
        assert!(!text.contains(char::is_control), "{text:?}");
        for secret in ["payload-that", "pwned", "forged", &session.sid] {
            assert!(!text.contains(secret), "{text:?}");
        }
    }
}

/// A subscriber that has to do with sessions, as one that sends logs to clients has.
#[derive(Clone, Default)]
struct Calls {
    socket: Arc<Mutex<Option<Socket>>>,
    /// The messages that were logged, and whether the session could be called.
    seen: Arc<Mutex<Vec<(String, bool)>>>,
}

impl<S: Subscriber> Layer<S> for Calls {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(socket) = self.socket.lock().unwrap().clone() else {
            return;
        };
        let (mut message, mut fields) = (String::new(), String::new());
        event.record(&mut Text {
            message: &mut message,
            fields: &mut fields,
        });
        let (tell, told) = mpsc::channel();
        #[expect(
            clippy::disallowed_methods,
            reason = "under the lock the call would wait for ever"
        )]
        std::thread::spawn(move || tell.send(socket.buffered()));
        let was_called = told.recv_timeout(Duration::from_secs(5)).is_ok();
        self.seen.lock().unwrap().push((message, was_called));
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_may_call_the_session_that_is_logged_about() {
    let calls = Calls::default();
    let _guard = tracing::subscriber::set_default(Registry::default().with(calls.clone()));
    let slot = calls.socket.clone();
    let engine = Engine::new(Config::default(), move |socket: Socket| {
        *slot.lock().unwrap() = Some(socket.clone());
        async move { while socket.recv().await.is_some() {} }
    });
    let server = Server::engine(&engine);
    server.polling().await.post("no packet").await;
    server.websocket().await.send("2").await;
    settle().await;
    let seen = calls.seen.lock().unwrap();
    for message in ["bad payload", "bad packet"] {
        assert!(
            seen.contains(&(message.into(), true)),
            "{message}: {seen:?}"
        );
    }
}
