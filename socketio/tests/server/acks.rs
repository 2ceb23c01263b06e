//! Questions of the server, and the answers of clients.

use std::time::Duration;

use socketio::engineio::SendError;
use socketio::{AckError, Config, EmitError, Server, Socket};
use tokio::time::{Instant, sleep};

use crate::support::{Client, server};

#[tokio::test(start_paused = true)]
async fn a_client_answers_a_question() {
    let io = server();
    let mut client = Client::connect(&io).await;
    let question = only(&io.of("/").sockets()).emit_with_ack("sum?", (1, 2));
    assert_eq!(client.recv().await, r#"20["sum?",1,2]"#);
    client.send_all(&["39[0]", "30[3]", "30[4]"]).await;
    let sum: i64 = question.await.unwrap();
    assert_eq!(sum, 3);
    let text = only(&io.of("/").sockets()).emit_with_ack::<_, String>("text?", ());
    assert_eq!(client.recv().await, r#"21["text?"]"#);
    client.send("31[1]").await;
    assert!(matches!(text.await, Err(AckError::Decode(_))));
}

#[tokio::test(start_paused = true)]
async fn a_question_ends_with_its_time_or_its_socket() {
    let io = server();
    let mut client = Client::connect(&io).await;
    let socket = only(&io.of("/").sockets());
    let question = socket.emit_with_ack::<_, ()>("?", ());
    let timed_out = question.timeout(Duration::from_secs(1)).await;
    assert!(matches!(timed_out, Err(AckError::Timeout)));
    // The late answer is nobody's.
    client.send("30[]").await;
    let question = socket.emit_with_ack::<_, ()>("?", ());
    client.recv().await;
    client.close().await;
    assert!(matches!(question.await, Err(AckError::Disconnected)));
    let question = socket.emit_with_ack::<_, ()>("?", ());
    assert!(matches!(question.await, Err(AckError::Emit(_))));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_has_no_time_ends_once_however_late_the_answer_is() {
    let io = server();
    let mut client = Client::connect(&io).await;
    let socket = only(&io.of("/").sockets());
    let question = socket.emit_with_ack::<_, u8>("?", ());
    let outcome = question.timeout(Duration::ZERO).await;
    assert!(matches!(outcome, Err(AckError::Timeout)));
    assert_eq!(client.recv().await, r#"20["?"]"#);
    let next = socket.emit_with_ack::<_, u8>("?", ());
    assert_eq!(client.recv().await, r#"21["?"]"#);
    client.send_all(&["30[0]", "31[1]"]).await;
    assert_eq!(next.await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_volatile_question_is_asked_at_once_or_ends_at_once() {
    let io = server();
    let mut client = Client::connect(&io).await;
    client.silence().await;
    let socket = only(&io.of("/").sockets());
    let asked = socket.volatile().emit_with_ack::<_, u8>("?", ());
    let dropped = socket.volatile().emit_with_ack::<_, u8>("?", ());
    assert!(matches!(
        dropped.await,
        Err(AckError::Emit(EmitError::Send(SendError::Dropped)))
    ));
    assert_eq!(client.recv().await, r#"20["?"]"#);
    client.send_all(&["31[9]", "30[1]"]).await;
    assert_eq!(asked.await.unwrap(), 1);
    client.silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_question_without_a_timeout_has_that_of_the_configuration() {
    let io = Server::new(Config::default().ack_timeout(Duration::from_secs(7)));
    let client = Client::connect(&io).await;
    let socket = only(&io.of("/").sockets());
    let asked = Instant::now();
    let question = socket.emit_with_ack::<_, ()>("?", ());
    let broadcast = io.of("/").emit_with_ack::<_, ()>("?", ());
    // It counts from the emission.
    sleep(Duration::from_secs(2)).await;
    assert!(matches!(question.await, Err(AckError::Timeout)));
    assert!(broadcast.collect().await.is_err());
    assert_eq!(asked.elapsed().as_secs(), 7);

    let own = socket.emit_with_ack::<_, ()>("?", ());
    let outcome = own.timeout(Duration::from_secs(1)).await;
    assert!(matches!(outcome, Err(AckError::Timeout)));
    assert_eq!(asked.elapsed().as_secs(), 8);
    let patient = socket
        .emit_with_ack::<_, ()>("?", ())
        .timeout(Duration::MAX);
    sleep(Duration::from_secs(60)).await;
    client.send("33[]").await;
    assert!(patient.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_gathers_the_answers_of_who_stays() {
    let io = server();
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(Client::connect(&io).await);
    }
    let replies = io.of("/").emit_with_ack::<_, u8>("vote", "tea?");
    for client in &mut clients {
        assert_eq!(client.recv().await, r#"20["vote","tea?"]"#);
    }
    clients[3].send("30[3]").await;
    clients[0].send_all(&["30[0]", "30[9]"]).await;
    clients[1].close().await;
    clients[2].send("1").await;
    assert_eq!(replies.collect().await.unwrap(), [3, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_that_times_out_gives_what_came() {
    let io = server();
    let mut clients = [Client::connect(&io).await, Client::connect(&io).await];
    let replies = io.of("/").emit_with_ack::<_, u8>("vote", ());
    for client in &mut clients {
        client.recv().await;
    }
    clients[1].send("30[1]").await;
    let incomplete = replies
        .timeout(Duration::from_secs(1))
        .collect()
        .await
        .unwrap_err();
    assert!(matches!(incomplete.error, AckError::Timeout));
    assert_eq!(incomplete.replies, [1]);

    // One by one, and a reply that does not fit is one of several.
    let mut replies = io.of("/").emit_with_ack::<_, u8>("vote", ());
    clients[0].send(r#"31["x"]"#).await;
    assert!(matches!(
        replies.next().await,
        Some(Err(AckError::Decode(_)))
    ));
    clients[1].send("31[5]").await;
    assert_eq!(replies.next().await.unwrap().unwrap(), 5);
    assert!(replies.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_to_nobody_has_no_replies() {
    let io = server();
    let replies = io.of("/").to("nowhere").emit_with_ack::<_, u8>("vote", ());
    assert!(replies.collect().await.unwrap().is_empty());
}

fn only(sockets: &[Socket]) -> Socket {
    let [socket] = sockets else {
        panic!("{sockets:?}")
    };
    socket.clone()
}
