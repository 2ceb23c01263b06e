//! Handlers that run one after the other.

use std::time::Duration;

use socketio::{Config, EmitError, Server};
use tokio::time::sleep;

use crate::support::{Client, Log, fail};

#[tokio::test(start_paused = true)]
async fn each_handler_is_done_before_the_next_one_starts() {
    let io = serial();
    let log = slow(&io);
    let client = Client::connect(&io).await;
    client
        .send_all(&[
            r#"2["slow",1,300]"#,
            r#"2["slow",2,0]"#,
            r#"2["slow",3,100]"#,
        ])
        .await;
    client.send(r#"2["slow",4,0]"#).await;
    expect(
        log,
        &["1", "1 done", "2", "2 done", "3", "3 done", "4", "4 done"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_socket_has_an_order_of_its_own() {
    let io = serial();
    let log = slow(&io);
    io.of("/other").on("slow", {
        let pen = log.pen();
        async move |_, ()| pen.send("other".into()).unwrap()
    });
    let (mut first, second) = (Client::connect(&io).await, Client::connect(&io).await);
    first.join("/other").await;
    first
        .send_all(&[
            r#"2["slow",1,100]"#,
            r#"2["slow",2,0]"#,
            r#"2/other,["slow"]"#,
        ])
        .await;
    second.send(r#"2["slow",3,10]"#).await;
    expect(log, &["1", "other", "3", "3 done", "1 done", "2", "2 done"]).await;
}

#[tokio::test(start_paused = true)]
async fn answers_and_heartbeats_pass_a_handler_that_waits() {
    let io = serial();
    io.of("/")
        .on("ask", async |socket, n: u8| -> Result<(), EmitError> {
            sleep(Duration::from_secs(60)).await;
            let answer: u8 = socket.emit_with_ack("question", n).await.unwrap_or(0);
            socket.emit("answered", answer)
        });
    let mut client = Client::connect(&io).await;
    client.send_all(&[r#"2["ask",1]"#, r#"2["ask",2]"#]).await;
    for n in 1..=2 {
        sleep(Duration::from_secs(59)).await;
        assert_eq!(
            client.recv().await,
            format!(r#"2{}["question",{n}]"#, n - 1)
        );
        client.send(&format!("3{}[{n}]", n - 1)).await;
        assert_eq!(client.recv().await, format!(r#"2["answered",{n}]"#));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_makes_way_when_its_failure_was_reported() {
    let io = serial();
    let log = Log::new();
    let (late, pen) = (log.pen(), log.pen());
    io.of("/")
        .on("panic", async |_, late: bool| {
            if late {
                sleep(Duration::from_millis(1)).await;
            }
            fail("of a test");
        })
        .on("next", async move |_, ()| pen.send("next".into()).unwrap());
    io.of("/").on_error(async move |_, failure| {
        sleep(Duration::from_secs(1)).await;
        late.send(failure.event().into()).unwrap();
    });
    let client = Client::connect(&io).await;
    client
        .send_all(&[
            r#"2["panic",true]"#,
            r#"2["next"]"#,
            r#"2["panic",false]"#,
            r#"2["panic","unfit"]"#,
            r#"2["next"]"#,
        ])
        .await;
    expect(log, &["panic", "next", "panic", "panic", "next"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_last_handler_of_a_socket_waits_for_the_one_that_runs() {
    let io = serial();
    let log = slow(&io);
    let pen = log.pen();
    io.of("/")
        .on_disconnect(async move |_, reason| pen.send(reason.to_string()).unwrap());
    let client = Client::connect(&io).await;
    client
        .send_all(&[r#"2["slow",1,1000]"#, r#"2["slow",2,0]"#])
        .await;
    client.close().await;
    expect(log, &["1", "1 done", "transport close"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_outlives_its_socket_too_long_is_dropped() {
    let io = serial();
    let mut log = slow(&io);
    let pen = log.pen();
    io.of("/")
        .on_disconnect(async move |_, reason| pen.send(reason.to_string()).unwrap());
    let mut client = Client::connect(&io).await;
    client.send(r#"2["slow",1,6000]"#).await;
    assert_eq!(log.next().await, "1");
    io.of("/").sockets()[0].disconnect();
    assert_eq!(client.recv().await, "1");
    // The client may come back meanwhile, and is not held up.
    client.join("/").await;
    client.send(r#"2["slow",2,0]"#).await;
    expect(log, &["2", "2 done", "server namespace disconnect"]).await;
}

fn serial() -> Server {
    Server::new(Config::default().serial_handlers(true))
}

/// Logs when handlers start and end.
fn slow(io: &Server) -> Log<String> {
    let log = Log::new();
    let pen = log.pen();
    io.of("/").on("slow", async move |_, (n, ms): (u8, u64)| {
        pen.send(n.to_string()).expect("the log is there");
        sleep(Duration::from_millis(ms)).await;
        pen.send(format!("{n} done")).expect("the log is there");
    });
    log
}

async fn expect(mut log: Log<String>, entries: &[&str]) {
    for entry in entries {
        assert_eq!(log.next().await, *entry);
    }
    log.silence().await;
}
