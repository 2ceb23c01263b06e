//! Everything at once, on several threads.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use socketio::{Server, Socket};
use tokio::sync::Barrier;
use tokio::task::{spawn_blocking, yield_now};

use crate::bus::Bus;
use crate::crowd::Node;
use crate::support::{Client, Log, server};

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
async fn handlers_that_wait_start_in_the_order_of_their_sockets_events() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").on("n", async move |socket, n: usize| {
        pen.send((socket.id().to_owned(), n)).unwrap();
        // Those that come later are done sooner.
        for _ in 0..10 - n % 10 {
            yield_now().await;
        }
    });
    for _ in 0..LISTENERS {
        let client = Client::connect(&io).await;
        tokio::spawn(async move {
            let events: Vec<_> = (0..EVENTS).map(|n| format!(r#"2["n",{n}]"#)).collect();
            for events in events.chunks(10) {
                let events: Vec<_> = events.iter().map(String::as_str).collect();
                client.send_all(&events).await;
            }
        });
    }
    let mut next = HashMap::new();
    for _ in 0..LISTENERS * EVENTS {
        let (socket, n) = log.next().await;
        let expected = next.entry(socket).or_insert(0);
        assert_eq!(n, *expected);
        *expected += 1;
    }
    assert_eq!(next.len(), LISTENERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_namespace_is_made_once_while_threads_ask_for_it_leave_it_and_name_it() {
    let io = server();
    io.of_matching(async |name, _| {
        yield_now().await;
        name.starts_with("/n")
    });
    for round in 0..50 {
        let name = format!("/n{round}");
        let start = Arc::new(Barrier::new(2 * LISTENERS + 1));
        let joining: Vec<_> = (0..2 * LISTENERS)
            .map(|n| tokio::spawn(meet(io.clone(), name.clone(), start.clone(), n % 2 == 0)))
            .collect();
        start.wait().await;
        if round % 2 == 0 {
            spawn_blocking({
                let (io, name) = (io.clone(), name.clone());
                move || io.of(&name)
            });
        }
        let mut clients = Vec::new();
        for client in joining {
            clients.extend(client.await.expect("it joins"));
        }
        assert_eq!(io.of(&name).socket_count(), LISTENERS);
        io.of(&name).emit("all", ()).expect("it can be written");
        for client in &mut clients {
            assert_eq!(client.recv().await, format!(r#"2{name},["all"]"#));
            client.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sockets_that_everybody_ends_at_once_end_once() {
    let io = server();
    let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (begin, end) = (begun.clone(), ended.clone());
    io.of("/").on_connect(async move |socket| {
        begin.fetch_add(1, Ordering::SeqCst);
        socket.join("room")
    });
    io.of("/").on_disconnect(async move |_, _| {
        end.fetch_add(1, Ordering::SeqCst);
    });
    let stop = Arc::new(AtomicBool::new(false));
    let broadcast = {
        let (io, stop) = (io.clone(), stop.clone());
        spawn_blocking(move || {
            while !stop.load(Ordering::SeqCst) {
                io.to("room").emit("x", ()).expect("it can be written");
            }
        })
    };
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
    stop.store(true, Ordering::SeqCst);
    broadcast.await.expect("it ends");
    io.close().await;
    assert_eq!(begun.load(Ordering::SeqCst), 50);
    assert_eq!(ended.load(Ordering::SeqCst), 50);
    assert_eq!((io.of("/").socket_count(), io.of("/").room_count()), (0, 0));
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

/// Joins a namespace at the same time as others. Who does not stay has left when
/// this is done.
async fn meet(io: Server, nsp: String, start: Arc<Barrier>, stays: bool) -> Option<Client> {
    let mut client = Client::open(&io).await;
    start.wait().await;
    client.join(&nsp).await;
    if stays {
        return Some(client);
    }
    client.send(&format!("1{nsp},")).await;
    // What comes behind it is done behind it.
    client.send("0/other,").await;
    client.recv().await;
    None
}

async fn end_somehow(socket: Socket, round: usize) {
    match round % 2 {
        0 => socket.disconnect(),
        _ => socket.close(),
    }
}
