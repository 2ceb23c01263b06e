//! Leaving, from either side, and how it is told.

use engineio::Close;
use socketio::{DisconnectReason, Namespace};
use tokio::sync::mpsc;

use super::{connected, join, server};
use crate::support::settle;
use crate::support::websocket::{End, Websocket};

/// Reports the reason of each disconnect, and the rooms that the socket was in.
fn observe(namespace: &Namespace) -> mpsc::UnboundedReceiver<(String, usize)> {
    let (sender, receiver) = mpsc::unbounded_channel();
    namespace.on_connect(async |socket| socket.join("room"));
    namespace.on_disconnect(move |socket: socketio::Socket, reason: DisconnectReason| {
        let sender = sender.clone();
        async move {
            assert!(!socket.is_connected());
            sender
                .send((reason.to_string(), socket.rooms().len()))
                .unwrap();
        }
    });
    receiver
}

#[tokio::test(start_paused = true)]
async fn every_disconnect_has_its_reason_and_is_told_once() {
    let (io, server) = server();
    let namespace = io.of("/");
    let mut reasons = observe(&namespace);
    namespace.on("bye", async |socket, ()| socket.disconnect());
    namespace.on("close", async |socket, ()| socket.close());
    namespace.on("drop", async |socket, ()| {
        socket.engine().close(Close::Discard);
    });

    for (packets, reason) in [
        (&["41"][..], "client namespace disconnect"),
        (&[r#"42["bye"]"#], "server namespace disconnect"),
        (&[r#"42["close"]"#], "server namespace disconnect"),
        (&[r#"42["drop"]"#], "forced close"),
        (&["1"], "transport close"),
        (&["garbage"], "parse error"),
        (&["4garbage"], "forced close"),
    ] {
        let mut socket = connected(&server).await;
        for packet in packets {
            socket.send(*packet).await;
        }
        let told = reasons.recv().await;
        assert_eq!(told, Some((reason.into(), 1)), "{packets:?}");
    }
    drop(connected(&server).await);
    assert_eq!(reasons.recv().await, Some(("transport close".into(), 1)));
    let _silent = connected(&server).await;
    assert_eq!(reasons.recv().await, Some(("ping timeout".into(), 1)));
    let _last = connected(&server).await;
    io.close().await;
    let shutdown = Some(("server shutting down".into(), 1));
    assert_eq!(reasons.recv().await, shutdown);
    assert_eq!(namespace.socket_count(), 0);
    assert!(reasons.try_recv().is_err(), "each was told once");
}

#[tokio::test(start_paused = true)]
async fn sockets_that_are_ended_in_mid_upgrade_are_told_once_and_leave_nothing() {
    // From either side, before and after each packet of the upgrade.
    for step in 0..4_usize {
        for (by_client, reason) in [
            (false, "server namespace disconnect"),
            (true, "transport close"),
        ] {
            let (io, server) = server();
            let mut reasons = ["/", "/custom"].map(|name| observe(&io.of(name)));
            let session = server.polling().await;
            session.post("40\u{1e}40/custom,").await.assert(200, "ok");
            session.get().await;
            let get = session.start_get().await;
            let mut candidate: Option<Websocket> = None;
            if step > 0 {
                candidate = Some(session.upgrade().await);
            }
            for packet in ["2probe", "5"].iter().take(step.saturating_sub(1)) {
                let candidate = candidate.as_mut().expect("it was opened first");
                candidate.send(*packet).await;
                settle().await;
            }
            if by_client {
                // A session on polling would outlive its candidate.
                session.post("1").await;
                drop((get, candidate));
            } else {
                let socket = io.sockets().remove(0);
                socket.close();
                socket.close();
                drop((get, candidate));
            }
            for reasons in &mut reasons {
                let told = reasons.recv().await;
                assert_eq!(told, Some((reason.into(), 1)), "step {step}");
            }
            io.close().await;
            for (name, mut reasons) in ["/", "/custom"].into_iter().zip(reasons) {
                assert!(reasons.try_recv().is_err(), "{name} was told twice");
                let namespace = io.of(name);
                assert_eq!((namespace.socket_count(), namespace.room_count()), (0, 0));
            }
            assert_eq!(io.engine().session_count(), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_disconnects_one_namespace_or_the_connection() {
    let (io, server) = server();
    for name in ["/", "/custom"] {
        let namespace = io.of(name);
        namespace.on("bye", async |socket, ()| socket.disconnect());
        namespace.on("close", async |socket, ()| socket.close());
        namespace.on("hi", async |socket, ()| socket.emit("hello", ()));
    }
    let mut socket = connected(&server).await;
    join(&mut socket, "/custom,").await;
    socket.send(r#"42/custom,["bye"]"#).await;
    assert_eq!(socket.text().await, "41/custom,");
    socket.send(r#"42["hi"]"#).await;
    assert_eq!(socket.text().await, r#"42["hello"]"#);
    join(&mut socket, "/custom,").await;
    socket.send(r#"42["close"]"#).await;
    let mut told = [socket.text().await, socket.text().await];
    told.sort();
    assert_eq!(told, ["41", "41/custom,"]);
    assert_eq!(socket.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn what_a_client_sent_before_it_knew_is_not_held_against_it() {
    let (io, server) = server();
    let namespace = io.of("/custom");
    namespace.on("bye", async |socket, ()| socket.disconnect());
    let mut socket = connected(&server).await;
    join(&mut socket, "/custom,").await;
    socket
        .send_at_once([
            r#"42/custom,["bye"]"#,
            r#"42/custom,["late"]"#,
            "41/custom,",
        ])
        .await;
    assert_eq!(socket.text().await, "41/custom,");
    join(&mut socket, "/custom,").await;
}

#[tokio::test(start_paused = true)]
async fn a_left_namespace_can_be_joined_again_with_a_new_id() {
    let (io, server) = server();
    io.of("/custom");
    let mut socket = connected(&server).await;
    let first = join(&mut socket, "/custom,").await;
    socket.send("41/custom,").await;
    let second = join(&mut socket, "/custom,").await;
    assert_ne!(first, second);
    assert_eq!(io.of("/custom").socket_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn leaving_the_main_namespace_keeps_the_connection() {
    let (_io, server) = server();
    let mut socket = connected(&server).await;
    socket.send("41").await;
    assert_eq!(socket.text().await, "2");
}
