//! Sockets of other servers.

use std::time::Duration;

use http::Request;
use serde::{Deserialize, Serialize};
use serde_json::json;
use socketio::{AckError, Binary, Config, RemoteSocket, Server, Socket};

use crate::crowd::{Crowd, NODE_LIMIT};
use crate::support::{Client, server};

#[tokio::test(start_paused = true)]
async fn sockets_of_all_nodes_are_found() {
    let crowd = Crowd::gather().await;
    let io = &crowd.nodes[0].io;
    let found = io.fetch_sockets().await.unwrap();
    assert_eq!(ids(&found), ids_of(&crowd.sockets));
    crowd.sockets[1].join("a").unwrap();
    crowd.sockets[4].join("a").unwrap();
    crowd.sockets[5].join("b").unwrap();
    let found = io
        .to("a")
        .to("b")
        .except("b")
        .fetch_sockets()
        .await
        .unwrap();
    let expected = [crowd.sockets[1].clone(), crowd.sockets[4].clone()];
    assert_eq!(ids(&found), ids_of(&expected));
    let found = io.local().fetch_sockets().await.unwrap();
    assert_eq!(ids(&found), ids_of(&crowd.sockets[..2]));
    let found = io.of("/nowhere").fetch_sockets().await.unwrap();
    assert!(found.is_empty());
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_socket_of_another_node_is_seen_as_it_is() {
    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct User {
        name: String,
        image: Binary,
    }

    let crowd = Crowd::gather().await;
    let user = || User {
        name: "x".into(),
        image: Binary::from(vec![1, 2]),
    };
    let head = Request::builder().header("x-a", "1").header("x-a", "2");
    let mut client = Client::open_with(&crowd.nodes[1].io, head, "&q=a%20b").await;
    client.send(r#"0{"token":"t"}"#).await;
    client.recv().await;
    let mut sockets = crowd.nodes[1].io.sockets();
    let socket = sockets.pop().expect("the last one is new");
    socket.set_data(user()).unwrap();
    socket.join("b").unwrap();
    socket.join("a").unwrap();

    let found = crowd.nodes[0].io.to(socket.id()).fetch_sockets().await;
    let [seen] = &found.unwrap()[..] else {
        panic!("it is one")
    };
    assert_eq!(&*seen.id, socket.id());
    assert_eq!(seen.rooms, ["b".into(), "a".into()]);
    assert_eq!(seen.data::<User>().unwrap(), user());
    assert!(seen.data::<u8>().is_err());
    let (theirs, ours) = (&seen.handshake, socket.handshake());
    assert_eq!(
        theirs.auth.parse::<serde_json::Value>().unwrap(),
        json!({"token": "t"})
    );
    assert_eq!(theirs.headers(), ours.headers());
    assert_eq!(theirs.uri(), ours.uri());
    assert_eq!(theirs.query("q").as_deref(), Some("a b"));
    assert_eq!(theirs.address(), ours.address());
    let age = ours.issued.duration_since(theirs.issued).unwrap();
    assert!(age < Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn what_a_client_says_of_itself_is_not_taken_for_the_data_of_another() {
    let crowd = Crowd::gather().await;
    let image = || Binary::from(vec![1, 2]);
    crowd.sockets[2].set_data(image()).unwrap();
    for num in [0, 99] {
        let mut client = Client::open(&crowd.nodes[1].io).await;
        let auth = json!({ "token": { "_placeholder": true, "num": num } });
        client.send(&format!("0{auth}")).await;
        client.recv().await;
        let found = crowd.nodes[0].io.fetch_sockets().await.unwrap();
        let guest = found
            .iter()
            .find(|seen| !ids_of(&crowd.sockets).contains(&seen.id.to_string()));
        let guest = guest.expect("it is among them");
        assert_eq!(
            guest.handshake.auth.parse::<serde_json::Value>().unwrap(),
            auth
        );
        let owner = found.iter().find(|seen| &*seen.id == crowd.sockets[2].id());
        assert_eq!(
            owner.expect("it is among them").data::<Binary>().unwrap(),
            image()
        );
        client.close().await;
        crowd.is_at_rest().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_is_kept_with_a_socket_for_other_nodes() {
    let io = server();
    let _client = Client::connect(&io).await;
    let socket = io.sockets().pop().unwrap();
    assert_eq!(socket.data::<Option<u8>>().unwrap(), None);
    assert!(socket.data::<u8>().is_err());
    // A tuple is one value here, and no list of arguments.
    socket.set_data((1, "a")).unwrap();
    assert_eq!(socket.data::<(u8, String)>().unwrap(), (1, "a".into()));
    socket.set_data(7).unwrap();
    let found = io.fetch_sockets().await.unwrap();
    assert_eq!(found[0].data::<u8>().unwrap(), 7);
    assert_eq!(&*found[0].id, socket.id());
}

#[tokio::test(start_paused = true)]
async fn a_socket_of_another_node_is_told_and_moved() {
    let mut crowd = Crowd::gather().await;
    crowd.sockets[4].set_data("it").unwrap();
    let found = crowd.nodes[0].io.fetch_sockets().await.unwrap();
    let mut it = found
        .iter()
        .filter(|found| matches!(found.data(), Ok(Some::<String>(_))));
    let it = it.next().expect("one has data");
    it.emit("x", 1).unwrap();
    assert_eq!(crowd.clients[4].recv().await, r#"2["x",1]"#);
    it.join("a").unwrap();
    it.join("b").unwrap();
    it.leave("a");
    let request = it.emit_with_ack::<_, u8>("sum?", (1, 2));
    assert_eq!(crowd.clients[4].recv().await, r#"20["sum?",1,2]"#);
    crowd.clients[4].send("30[3]").await;
    assert_eq!(request.await.unwrap(), 3);
    assert_eq!(crowd.rooms(), ["", "", "", "", "b", ""]);
    it.disconnect();
    assert_eq!(crowd.clients[4].recv().await, "1");
    let request = it.emit_with_ack::<_, u8>("are you there?", ());
    assert!(matches!(request.await, Err(AckError::Disconnected)));
    it.close();
    found.iter().for_each(RemoteSocket::close);
    crowd.settle().await;
    assert_eq!(crowd.nodes[2].io.engine().session_count(), 1);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_question_to_a_remote_socket_has_the_timeout_of_the_configuration() {
    let io = Server::new(Config::default().ack_timeout(Duration::from_secs(7)));
    let _client = Client::connect(&io).await;
    let found = io.fetch_sockets().await.unwrap();
    let asked = tokio::time::Instant::now();
    let question = found[0].emit_with_ack::<_, ()>("?", ());
    let outcome = tokio::time::timeout(Duration::from_secs(60), question).await;
    assert!(matches!(outcome, Ok(Err(AckError::Timeout))), "{outcome:?}");
    assert_eq!(asked.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_tell_its_sockets_in_time_is_missing() {
    let crowd = Crowd::gather().await;
    crowd.bus.hold(crowd.nodes[1].id());
    let start = tokio::time::Instant::now();
    let incomplete = crowd.nodes[0].io.fetch_sockets().await.unwrap_err();
    assert!(matches!(incomplete.error, AckError::Timeout));
    assert_eq!(incomplete.replies.len(), 4);
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    let fetch = crowd.nodes[0].io.fetch_sockets();
    fetch.timeout(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(6));
    let fetch = tokio::spawn(crowd.nodes[0].io.fetch_sockets());
    crowd.settle().await;
    assert!(!fetch.is_finished());
    crowd.bus.kill(crowd.nodes[1].id());
    assert_eq!(fetch.await.unwrap().unwrap().len(), 4);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn many_sockets_are_told_in_several_messages() {
    let crowd = Crowd::gather().await;
    let mut clients = Vec::new();
    for _ in 0..200 {
        clients.push(Client::connect(&crowd.nodes[1].io).await);
    }
    // Of those that are large all together are more than a message may have.
    for socket in crowd.nodes[1].io.sockets().iter().take(10) {
        socket.set_data("x".repeat(NODE_LIMIT / 2)).unwrap();
    }
    let found = crowd.nodes[0].io.fetch_sockets().await.unwrap();
    assert_eq!(found.len(), 206);
    crowd.is_at_rest().await;
}

fn ids(found: &[RemoteSocket]) -> Vec<String> {
    let mut ids: Vec<_> = found.iter().map(|found| found.id.to_string()).collect();
    ids.sort();
    ids
}

fn ids_of(sockets: &[Socket]) -> Vec<String> {
    let mut ids: Vec<_> = sockets
        .iter()
        .map(|socket| socket.id().to_owned())
        .collect();
    ids.sort();
    ids
}
