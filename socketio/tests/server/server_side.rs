//! Events from server to server.

use std::time::Duration;

use socketio::{Ack, AckError, Args, Binary, EncodeError, Event, Incoming, Namespace, Server};
use tokio::sync::oneshot;

use crate::crowd::Crowd;
use crate::support::{Client, Log, fail, server};

#[tokio::test(start_paused = true)]
async fn the_other_nodes_hear_what_a_node_emits_for_them() {
    let mut crowd = Crowd::gather().await;
    let mut log = Log::new();
    for (n, node) in crowd.nodes.iter().enumerate() {
        let pen = log.pen();
        node.io
            .on_server_side("x", async move |main: Namespace, args: Args| {
                assert_eq!(main.name(), "/");
                pen.send((n, args.as_json().to_owned())).unwrap();
            });
        let pen = log.pen();
        let other = node.io.of("/other");
        other.on_server_side("x", async move |other, data: Binary| {
            pen.send((n, format!("{} {:?}", other.name(), &*data)))
                .unwrap();
        });
    }
    crowd.nodes[0].io.server_side_emit("x", (1, "a")).unwrap();
    let mut heard = [log.next().await, log.next().await];
    heard.sort();
    let args = r#"1,"a""#.to_owned();
    assert_eq!(heard, [(1, args.clone()), (2, args)]);
    let other = crowd.nodes[2].io.of("/other");
    other.server_side_emit("x", Binary::from(vec![7])).unwrap();
    let mut heard = [log.next().await, log.next().await];
    heard.sort();
    let args = "/other [7]".to_owned();
    assert_eq!(heard, [(0, args.clone()), (1, args)]);
    log.silence().await;
    crowd.clients[0].silence().await;
}

#[tokio::test(start_paused = true)]
async fn handlers_start_in_the_order_in_which_a_node_emits() {
    let crowd = Crowd::gather().await;
    let mut log = Log::new();
    let pen = log.pen();
    crowd.nodes[1]
        .io
        .on_server_side("x", async move |_, n: u64| {
            pen.send(format!("{n} starts")).unwrap();
            tokio::time::sleep(Duration::from_secs(10 - n)).await;
            pen.send(format!("{n} ends")).unwrap();
        });
    for n in 0..3 {
        crowd.nodes[0].io.server_side_emit("x", n).unwrap();
    }
    for expected in [
        "0 starts", "1 starts", "2 starts", "2 ends", "1 ends", "0 ends",
    ] {
        assert_eq!(log.next().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_answers_of_the_other_nodes_are_gathered() {
    const COUNT: Event<(), u8> = Event::new("count");
    let crowd = Crowd::gather().await;
    for (n, node) in (0..).zip(&crowd.nodes) {
        node.io.on_server_side(COUNT, async move |_, ()| Ack(n));
        node.io
            .on_server_side("later", async move |_, event: Incoming| {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    event.ack((n, n)).unwrap();
                });
            });
    }
    let mut answers = ask(&crowd, 1, "count").await.unwrap();
    answers.sort_unstable();
    assert_eq!(answers, [0, 2]);
    let answers = crowd.nodes[0].io.server_side_emit_with_ack(COUNT, ());
    assert_eq!(answers.collect().await.unwrap().iter().sum::<u8>(), 3);
    let later = crowd.nodes[2].io.server_side_emit_with_ack("later", ());
    let mut later: Vec<(u8, u8)> = later.collect().await.unwrap();
    later.sort_unstable();
    assert_eq!(later, [(0, 0), (1, 1)]);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn who_cannot_answer_is_not_waited_for() {
    let crowd = Crowd::gather().await;
    let start = tokio::time::Instant::now();
    // Nobody handles it, and nobody has the namespace.
    assert!(ask(&crowd, 0, "unknown").await.unwrap().is_empty());
    let nowhere = crowd.nodes[0].io.of("/nowhere");
    let answers = nowhere.server_side_emit_with_ack::<_, u8>("x", ());
    assert!(answers.collect().await.unwrap().is_empty());
    crowd.nodes[1]
        .io
        .on_server_side("x", async |_, _: u8| Ack(1));
    crowd.nodes[2].io.on_server_side("x", async |_, ()| Ack(2));
    assert_eq!(ask(&crowd, 0, "x").await.unwrap(), [2]);
    crowd.nodes[1]
        .io
        .on_server_side("x", async |_, ()| fail("on purpose"));
    assert_eq!(ask(&crowd, 0, "x").await.unwrap(), [2]);
    crowd.nodes[1]
        .io
        .on_server_side("x", async |_, ()| Err::<(), _>("no"));
    assert_eq!(ask(&crowd, 0, "x").await.unwrap(), [2]);
    crowd.nodes[1]
        .io
        .on_server_side("x", async |_, event: Incoming| drop(event));
    assert_eq!(ask(&crowd, 0, "x").await.unwrap(), [2]);
    assert_eq!(start.elapsed(), Duration::ZERO);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_answer_in_time_is_missing() {
    let crowd = Crowd::gather().await;
    let (answer, mut wait) = oneshot::channel::<()>();
    let answer = std::sync::Arc::new(std::sync::Mutex::new(Some(answer)));
    crowd.nodes[1]
        .io
        .on_server_side("x", async move |_, event: Incoming| {
            let answer = answer.lock().unwrap().take();
            if let Some(mut answer) = answer {
                answer.closed().await;
            }
            event.ack(1).unwrap();
        });
    crowd.nodes[2].io.on_server_side("x", async |_, ()| Ack(2));
    let start = tokio::time::Instant::now();
    let incomplete = ask(&crowd, 0, "x").await.unwrap_err();
    assert!(matches!(incomplete.error, AckError::Timeout));
    assert_eq!(incomplete.replies, [2]);
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    // Its answer is nobody's.
    wait.close();
    crowd.is_at_rest().await;
    assert_eq!(ask(&crowd, 0, "x").await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_before_it_answers_is_not_waited_for() {
    let crowd = Crowd::gather().await;
    crowd.bus.hold(crowd.nodes[1].id());
    crowd.nodes[2].io.on_server_side("x", async |_, ()| Ack(2));
    let answers = crowd.nodes[0]
        .io
        .server_side_emit_with_ack::<_, u8>("x", ());
    let answers = tokio::spawn(answers.collect());
    crowd.settle().await;
    assert!(!answers.is_finished());
    crowd.bus.kill(crowd.nodes[1].id());
    assert_eq!(answers.await.unwrap().unwrap(), [2]);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_pattern_handles_for_the_namespaces_that_are_there() {
    let crowd = Crowd::gather().await;
    for node in &crowd.nodes[1..] {
        let games = node
            .io
            .of_matching(async |name, _| name.starts_with("/game-"));
        games.on_server_side("name", async |game: Namespace, ()| {
            Ack(game.name().to_owned())
        });
    }
    let mut client = Client::open(&crowd.nodes[1].io).await;
    client.join("/game-1").await;
    let game = crowd.nodes[0].io.of("/game-1");
    let names = game.server_side_emit_with_ack::<_, String>("name", ());
    assert_eq!(names.collect().await.unwrap(), ["/game-1"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_alone_asks_nobody() {
    let io = server();
    io.on_server_side("x", async |_, ()| Ack(1_u8));
    io.server_side_emit("x", ()).unwrap();
    let answers = io.server_side_emit_with_ack::<_, u8>("x", ());
    assert!(answers.collect().await.unwrap().is_empty());
    let refused = io.server_side_emit("connect", ());
    assert!(matches!(refused, Err(EncodeError::ReservedName(_))));
    let refused = io.server_side_emit_with_ack::<_, u8>("connect", ());
    assert!(matches!(
        refused.collect().await.unwrap_err().error,
        AckError::Emit(_)
    ));
}

async fn ask(crowd: &Crowd, node: usize, event: &str) -> Result<Vec<u8>, socketio::Incomplete<u8>> {
    let io: &Server = &crowd.nodes[node].io;
    io.server_side_emit_with_ack(event, ()).collect().await
}
