//! Clients that make the server remember, or wait.

use std::time::Duration;

use engineio::{Close, Config};
use tokio::io::AsyncWriteExt;

use crate::client::{
    SESSION, client, ends, frame, handshake, open_websocket, open_websocket_at, serve, settle,
    silent, upgraded,
};
use crate::http::{Client, websocket_headers};
use crate::measure::{KIB, MIB, measure};

/// A client that never uses a name twice.
pub(crate) fn names_leave_nothing_behind() {
    const NAMES: usize = 500_000;
    measure(4 * MIB, async || {
        let io = socketio::Server::new(socketio::Config::default());
        io.of("/").on("known", async |_, _: u8| {});
        let mut stream = open_websocket_at(&io.service(), "/socket.io/").await;
        stream.write_all(&frame(0x81, b"40")).await.unwrap();
        let mut batch = Vec::new();
        for number in 0..NAMES {
            let event = format!(r#"42["name-{number}",{{"key-{number}":{number}}}]"#);
            batch.extend(frame(0x81, event.as_bytes()));
            if batch.len() > 60 * KIB {
                stream.write_all(&batch).await.unwrap();
                batch.clear();
            }
        }
        stream.write_all(&batch).await.unwrap();
        settle().await;
        assert_eq!(io.engine().session_count(), 1);
        io.close().await;
    });
}

/// Packet after packet with all the attachments that it may have, and one that
/// is never whole.
pub(crate) fn attachments_without_end_cost_those_of_one_packet() {
    const BYTES: usize = 900 * KIB;
    const PACKETS: usize = 20;
    measure(14 * MIB, async || {
        let io = socketio::Server::new(socketio::Config::default());
        let mut stream = open_websocket_at(&io.service(), "/socket.io/").await;
        stream.write_all(&frame(0x81, b"40")).await.unwrap();
        let mut attachment = vec![0x82, 0xff];
        attachment.extend_from_slice(&(BYTES as u64).to_be_bytes());
        attachment.resize(attachment.len() + 4 + BYTES, 0);
        for packet in 0..=PACKETS {
            let header = frame(0x81, br#"4510-["unknown"]"#);
            stream.write_all(&header).await.unwrap();
            for _ in 0..if packet < PACKETS { 10 } else { 9 } {
                stream.write_all(&attachment).await.unwrap();
            }
        }
        settle().await;
        assert_eq!(io.engine().session_count(), 1);
        tokio::time::sleep(Duration::from_secs(31)).await;
        assert_eq!(io.engine().session_count(), 0);
        io.close().await;
    });
}

/// Frames as large as may be, of which only the head and a little comes.
pub(crate) fn a_claimed_length_costs_nothing() {
    const CLIENTS: usize = 2000;
    measure(CLIENTS * SESSION, async || {
        let engine = silent(Config::default());
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let mut stream = open_websocket(&engine.service()).await;
            let mut claim = vec![0x82, 0xff];
            claim.extend_from_slice(&1_000_000_u64.to_be_bytes());
            claim.extend_from_slice(&[0; 4 + 14]);
            stream.write_all(&claim).await.unwrap();
            clients.push(stream);
        }
        settle().await;
        assert_eq!(engine.session_count(), CLIENTS);
        drop(clients);
        ends(&engine).await;
    });
}

/// Sessions, upgrades and websockets that begin, and are silent then.
pub(crate) fn what_is_never_finished_is_cleared_away() {
    const EACH: usize = 500;
    measure(5 * EACH * SESSION, async || {
        let tasks = || {
            tokio::runtime::Handle::current()
                .metrics()
                .num_alive_tasks()
        };
        let before = tasks();
        let engine = silent(Config::default());
        let service = engine.service();
        let mut clients = Vec::new();
        for _ in 0..EACH {
            let mut abandoned = client(&service);
            handshake(&mut abandoned).await;
            clients.push(abandoned.into_stream());

            let mut polling = client(&service);
            let sid = handshake(&mut polling).await;
            clients.push(polling.into_stream());
            let query = format!("?EIO=4&transport=websocket&sid={sid}");
            let mut candidate = upgraded(&service, "/engine.io/", &query).await;
            candidate.write_all(&frame(0x81, b"2probe")).await.unwrap();
            clients.push(candidate);

            clients.push(open_websocket(&service).await);

            let (near, far) = tokio::io::duplex(16);
            serve(far, service.clone());
            let mut no_101 = Client::new(near, "/engine.io/");
            let query = "?EIO=4&transport=websocket";
            no_101.send("GET", query, &websocket_headers(), b"").await;
            clients.push(no_101.into_stream());
        }
        settle().await;
        assert_eq!(engine.session_count(), 3 * EACH);
        // The upgrade timeout leaves the sessions alone, the heartbeat does not.
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert_eq!(engine.session_count(), 3 * EACH);
        tokio::time::sleep(Duration::from_secs(45)).await;
        assert_eq!(engine.session_count(), 0);
        // Nor has the engine a task left to wait for.
        let now = tokio::time::Instant::now();
        engine.close(Close::Discard).await;
        assert_eq!(now.elapsed(), Duration::ZERO);
        // A host's connection that cannot write its 101 waits for the client.
        drop(clients);
        settle().await;
        assert_eq!(tasks(), before);
    });
}
