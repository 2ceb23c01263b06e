//! Everything at once, on several threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use socketio::{Server, Socket};
use tokio::task::spawn_blocking;

use crate::bus::Bus;
use crate::crowd::Node;
use crate::support::{Client, server};

const LISTENERS: usize = 4;
const EVENTS: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn broadcasts_arrive_in_order_and_once_while_others_come_and_go() {
    let io = server();
    io.of("/").on_connect(async |socket| socket.join("room"));
    let mut listeners = Vec::new();
    for _ in 0..LISTENERS {
        listeners.push(Client::connect(&io).await);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let guests: Vec<_> = (0..LISTENERS)
        .map(|_| tokio::spawn(come_and_go(io.clone(), stop.clone())))
        .collect();

    let broadcast = tokio::spawn({
        let io = io.clone();
        async move {
            for n in 0..EVENTS {
                let to = io.of("/").to("room").to("other");
                to.emit("n", n).expect("a number can be written");
                tokio::task::yield_now().await;
            }
        }
    });
    for client in &mut listeners {
        for n in 0..EVENTS {
            assert_eq!(client.recv().await, format!(r#"2["n",{n}]"#));
        }
    }
    broadcast.await.expect("it ends");
    stop.store(true, Ordering::SeqCst);
    for guest in guests {
        guest.await.expect("it ends");
    }
    io.close().await;
    assert_eq!((io.of("/").socket_count(), io.of("/").room_count()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn broadcasts_of_another_node_arrive_in_order_and_once() {
    let bus = Bus::default();
    let [here, there] = [Node::start(&bus), Node::start(&bus)];
    there.io.on_connect(async |socket| socket.join("room"));
    let mut listener = Client::connect(&there.io).await;
    let stop = Arc::new(AtomicBool::new(false));
    let guests: Vec<_> = (0..LISTENERS)
        .map(|_| tokio::spawn(come_and_go(there.io.clone(), stop.clone())))
        .collect();
    let asking = tokio::spawn({
        let (io, stop) = (here.io.clone(), stop.clone());
        async move {
            while !stop.load(Ordering::SeqCst) {
                drop(io.to("nobody").emit_with_ack::<_, ()>("?", ()));
                io.fetch_sockets().await.expect("the other node answers");
            }
        }
    });
    for n in 0..EVENTS {
        here.io.to("room").emit("n", n).expect("it can be written");
    }
    for n in 0..EVENTS {
        assert_eq!(listener.recv().await, format!(r#"2["n",{n}]"#));
    }
    stop.store(true, Ordering::SeqCst);
    for guest in guests {
        guest.await.expect("it ends");
    }
    asking.await.expect("it ends");
    there.io.close().await;
    let status = here.io.cluster().expect("it has an adapter");
    assert_eq!((status.asking, status.skipped), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rooms_are_opened_and_closed_in_turn() {
    let bus = Bus::default();
    let node = Node::start(&bus);
    let mut clients = Vec::new();
    for _ in 0..LISTENERS {
        clients.push(Client::connect(&node.io).await);
    }
    let threads = node.io.sockets().into_iter().map(|socket| {
        spawn_blocking(move || {
            for _ in 0..EVENTS {
                socket.join("room").expect("it may");
                socket.leave("room");
            }
        })
    });
    let threads: Vec<_> = threads.collect();
    for thread in threads {
        thread.await.expect("it ends");
    }
    // The wire notes what is out of turn.
    assert_eq!(bus.rooms(node.id()).len(), LISTENERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sockets_that_everybody_ends_at_once_end_once() {
    let io = server();
    let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (begin, end) = (begun.clone(), ended.clone());
    io.of("/").on_connect(async move |_| {
        begin.fetch_add(1, Ordering::SeqCst);
    });
    io.of("/").on_disconnect(async move |_, _| {
        end.fetch_add(1, Ordering::SeqCst);
    });
    for round in 0..50 {
        let mut client = Client::open(&io).await;
        let id = client.join("/").await;
        let socket = io.of("/").socket(&id).expect("it is connected");
        let by_server = tokio::spawn(end_somehow(socket.clone(), round));
        let by_client = async {
            match round % 3 {
                0 => drop(client.post("41").await),
                1 => drop(client.post("4garbage").await),
                _ => client.close().await,
            }
        };
        tokio::join!(by_client, socket.closed()).1.to_string();
        by_server.await.expect("it ends");
        client.close().await;
    }
    io.close().await;
    assert_eq!(begun.load(Ordering::SeqCst), 50);
    assert_eq!(ended.load(Ordering::SeqCst), 50);
    assert_eq!(io.of("/").socket_count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_emitted_before_the_connect() {
    let io = server();
    let stop = Arc::new(AtomicBool::new(false));
    let broadcast = {
        let (io, stop) = (io.clone(), stop.clone());
        spawn_blocking(move || {
            while !stop.load(Ordering::SeqCst) {
                io.of("/").emit("x", ()).expect("it can be written");
            }
        })
    };
    for _ in 0..50 {
        // What comes first is what joining waits for.
        Client::connect(&io).await.close().await;
    }
    stop.store(true, Ordering::SeqCst);
    broadcast.await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_emitted_behind_the_disconnect() {
    let io = server();
    for _ in 0..50 {
        let mut client = Client::open(&io).await;
        let id = client.join("/").await;
        let socket = io.of("/").socket(&id).expect("it is connected");
        let emitters: Vec<_> = (0..3)
            .map(|_| {
                let socket = socket.clone();
                spawn_blocking(move || {
                    let mut emitted = (0..100_000).map(|_| socket.emit("x", ()));
                    assert!(
                        emitted.any(|outcome| outcome.is_err()),
                        "it is disconnected"
                    );
                })
            })
            .collect();
        assert_eq!(client.recv().await, r#"2["x"]"#);
        socket.disconnect();
        for emitter in emitters {
            emitter.await.expect("it ends");
        }
        client.send("0").await;
        let mut packets = Vec::new();
        while !packets
            .last()
            .is_some_and(|packet: &String| packet.starts_with("0{"))
        {
            packets.push(client.recv().await);
        }
        let behind = packets.iter().skip_while(|packet| *packet != "1");
        assert_eq!(behind.count(), 2, "the DISCONNECT and the next CONNECT");
        client.close().await;
    }
}

async fn come_and_go(io: Server, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        let mut client = Client::open(&io).await;
        let id = client.join("/").await;
        if let Some(socket) = io.of("/").socket(&id) {
            // A failure would be one of the limits.
            socket.join("other").expect("there is room");
            tokio::task::yield_now().await;
            socket.leave("room");
            socket.disconnect();
        }
        client.close().await;
    }
}

async fn end_somehow(socket: Socket, round: usize) {
    match round % 2 {
        0 => socket.disconnect(),
        _ => socket.close(),
    }
}
