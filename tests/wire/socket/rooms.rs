//! Rooms and broadcasts.

use socketio::{Args, Namespace};

use super::{join, server};
use crate::support::Server;
use crate::support::websocket::Websocket;

fn register(namespace: &Namespace) {
    namespace.on("join", async |socket, rooms: Vec<String>| {
        for room in rooms {
            socket.join(room).unwrap();
        }
        socketio::Ack("ok")
    });
    namespace.on("to", async |socket, rooms: Vec<String>| {
        let mut rooms = rooms.iter();
        let first = rooms.next().expect("the test names a room");
        let members = rooms.fold(socket.to(first), |members, room| members.to(room));
        members.emit("to", ())
    });
    namespace.on("except", async |socket, room: String| {
        socket.except(room).emit("except", ())
    });
    namespace.on("all", async |socket, args: Args| {
        socket.namespace().emit("all", args)
    });
    namespace.on("others", async |socket, args: Args| {
        socket.broadcast().emit("others", args)
    });
}

/// A client in these rooms, and its id.
async fn member(server: &Server, rooms: &[&str]) -> (Websocket, String) {
    let mut socket = server.websocket().await;
    let id = join(&mut socket, "").await;
    socket
        .send(format!("420{}", serde_json::json!(["join", rooms])))
        .await;
    assert_eq!(socket.text().await, r#"430["ok"]"#);
    (socket, id)
}

/// Asserts that nothing has come: what was asked for last comes first.
async fn assert_quiet(socket: &mut Websocket) {
    socket.send(r#"429["join",[]]"#).await;
    assert_eq!(socket.text().await, r#"439["ok"]"#);
}

#[tokio::test(start_paused = true)]
async fn a_room_reaches_each_of_its_members_once_and_not_the_sender() {
    let (io, server) = server();
    register(&io.of("/"));
    let (mut sender, _) = member(&server, &["a", "b"]).await;
    let (mut both, _) = member(&server, &["a", "b"]).await;
    let (mut one, _) = member(&server, &["b"]).await;
    let (mut none, _) = member(&server, &["c"]).await;
    sender.send(r#"42["to",["a","b","a"]]"#).await;
    for member in [&mut both, &mut one] {
        assert_eq!(member.text().await, r#"42["to"]"#);
    }
    for socket in [&mut sender, &mut both, &mut one, &mut none] {
        assert_quiet(socket).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_is_reached_by_its_id() {
    let (io, server) = server();
    register(&io.of("/"));
    let (mut sender, _) = member(&server, &[]).await;
    let (mut target, id) = member(&server, &["a"]).await;
    let (mut other, _) = member(&server, &[]).await;
    sender.send(format!(r#"42["to",["{id}","a"]]"#)).await;
    assert_eq!(target.text().await, r#"42["to"]"#);
    sender.send(format!(r#"42["except","{id}"]"#)).await;
    assert_eq!(other.text().await, r#"42["except"]"#);
    for socket in [&mut sender, &mut target, &mut other] {
        assert_quiet(socket).await;
    }
}

#[tokio::test(start_paused = true)]
async fn everyone_is_everyone_and_a_broadcast_leaves_out_the_sender() {
    let (io, server) = server();
    register(&io.of("/"));
    let (mut sender, _) = member(&server, &[]).await;
    let (mut other, _) = member(&server, &["muted"]).await;
    sender.send(r#"42["all",1]"#).await;
    assert_eq!(sender.text().await, r#"42["all",1]"#);
    assert_eq!(other.text().await, r#"42["all",1]"#);
    sender.send(r#"42["others",2]"#).await;
    assert_eq!(other.text().await, r#"42["others",2]"#);
    sender.send(r#"42["except","muted"]"#).await;
    for socket in [&mut sender, &mut other] {
        assert_quiet(socket).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_with_binary_reaches_polling_and_websocket() {
    let (io, server) = server();
    register(&io.of("/"));
    let (mut sender, _) = member(&server, &[]).await;
    let polling = server.polling().await;
    polling.post("40").await.assert(200, "ok");
    assert!(polling.get().await.text().starts_with("40{"));
    sender
        .send(r#"451-["all",{"_placeholder":true,"num":0}]"#)
        .await;
    sender.send(vec![1, 2, 3]).await;
    let text = r#"451-["all",{"_placeholder":true,"num":0}]"#;
    assert_eq!(sender.text().await, text);
    assert_eq!(sender.binary().await, [1, 2, 3]);
    polling
        .get()
        .await
        .assert(200, &format!("{text}\u{1e}bAQID"));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_in_no_room_any_more() {
    let (io, server) = server();
    let namespace = io.of("/");
    register(&namespace);
    let (mut socket, _) = member(&server, &["a", "b"]).await;
    assert_eq!(namespace.room_count(), 2);
    socket.send("41").await;
    socket.send("40").await;
    assert!(socket.text().await.starts_with("40{"));
    assert_eq!(namespace.room_count(), 0);
    assert_eq!(namespace.socket_count(), 1);
}
