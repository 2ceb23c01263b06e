//! Rooms and broadcasts.

use socketio::{Binary, Config, JoinError, Limits, Server, Socket};

use crate::support::{Client, server};

#[tokio::test(start_paused = true)]
async fn a_broadcast_reaches_each_member_once() {
    let io = server();
    let mut crowd = Crowd::gather(&io, 4).await;
    crowd.sockets[0].join("a").unwrap();
    crowd.sockets[1].join("a").unwrap();
    crowd.sockets[1].join("b").unwrap();
    crowd.sockets[2].join("b").unwrap();
    let chat = io.of("/");
    chat.emit("all", ()).unwrap();
    chat.to("a").emit("a", ()).unwrap();
    chat.to("a").to("b").emit("ab", ()).unwrap();
    chat.to("b").except("a").emit("b-a", ()).unwrap();
    chat.except("a").emit("-a", ()).unwrap();
    assert_eq!(
        crowd.heard().await,
        ["all a ab", "all a ab", "all ab b-a -a", "all -a"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_sender_does_not_hear_itself() {
    let io = server();
    let mut crowd = Crowd::gather(&io, 3).await;
    crowd.sockets[0].join("a").unwrap();
    crowd.sockets[1].join("a").unwrap();
    let sender = &crowd.sockets[0];
    sender.broadcast().emit("others", ()).unwrap();
    sender.to("a").emit("room", ()).unwrap();
    sender.except("a").emit("not the room", ()).unwrap();
    sender.to(sender.id()).emit("nobody", ()).unwrap();
    sender.emit("self", ()).unwrap();
    assert_eq!(
        crowd.heard().await,
        ["self", "others room", "others not the room"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_id_is_a_name_for_its_socket() {
    let io = server();
    let mut crowd = Crowd::gather(&io, 3).await;
    let id = crowd.sockets[0].id().to_owned();
    // Joining one's own id means nothing; leaving it neither.
    crowd.sockets[0].join(&id).unwrap();
    crowd.sockets[0].leave(&id);
    assert!(crowd.sockets[0].rooms().is_empty());
    crowd.sockets[1].join(&id).unwrap();
    crowd.sockets[2].to(&id).emit("private", ()).unwrap();
    io.of("/").except(&id).emit("others", ()).unwrap();
    assert_eq!(crowd.heard().await, ["private", "private", "others"]);
}

#[tokio::test(start_paused = true)]
async fn namespaces_share_no_rooms() {
    let io = server();
    io.of("/other").on_connect(async |socket| socket.join("a"));
    io.of("/").on_connect(async |socket| socket.join("a"));
    let (mut main, mut other) = (Client::open(&io).await, Client::open(&io).await);
    main.join("/").await;
    other.join("/other").await;
    io.of("/other").to("a").emit("x", ()).unwrap();
    assert_eq!(other.recv().await, r#"2/other,["x"]"#);
    main.silence().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_emitted_to_a_namespace_stays_in_it() {
    let io = server();
    let mut client = Client::connect(&io).await;
    io.of("/other");
    let id = client.join("/other").await;
    let mut main = Client::connect(&io).await;
    let other = io.of("/other");
    let socket = other.socket(&id).expect("it is connected");
    for emit in [0, 1, 2] {
        let data = Binary::from(vec![emit]);
        match emit {
            0 => other.emit("x", ("text", &data)).unwrap(),
            1 => other.local().emit("x", ("text", &data)).unwrap(),
            _ => socket.emit("x", ("text", &data)).unwrap(),
        }
        socket.broadcast().local().emit("x", &data).unwrap();
        let packet = r#"51-/other,["x","text",{"_placeholder":true,"num":0}]"#;
        assert_eq!(client.recv().await, packet);
        assert_eq!(
            client.recv().await,
            ["AA==", "AQ==", "Ag=="][usize::from(emit)]
        );
    }
    main.silence().await;
    client.silence().await;
}

#[tokio::test(start_paused = true)]
async fn rooms_are_counted_and_forgotten() {
    let io = server();
    let crowd = Crowd::gather(&io, 2).await;
    let [first, second] = &crowd.sockets[..] else {
        unreachable!()
    };
    for room in ["a", "b"] {
        first.join(room).unwrap();
        second.join(room).unwrap();
    }
    assert_eq!(io.of("/").room_count(), 2);
    assert_eq!(
        io.of("/")
            .rooms()
            .iter()
            .map(|room| &**room)
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    first.leave("a");
    first.leave("unknown");
    second.disconnect();
    assert_eq!(names(first), ["b"]);
    assert_eq!(io.of("/").room_count(), 1);
    first.disconnect();
    assert_eq!(io.of("/").room_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn there_is_a_limit_to_rooms_and_to_their_names() {
    let io = Server::new(Config::default().limits(Limits::default().rooms(2).room_length(3)));
    let crowd = Crowd::gather(&io, 1).await;
    let socket = &crowd.sockets[0];
    assert_eq!(socket.join("long"), Err(JoinError::NameLength(3)));
    assert_eq!(
        (socket.join("a"), socket.join("b"), socket.join("a")),
        (Ok(()), Ok(()), Ok(()))
    );
    assert_eq!(socket.join("c"), Err(JoinError::TooManyRooms(2)));
    assert_eq!(names(socket), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn many_sockets_are_moved_at_once() {
    let io = server();
    let mut crowd = Crowd::gather(&io, 3).await;
    crowd.sockets[0].join("a").unwrap();
    io.of("/").to("a").join("b").unwrap();
    io.of("/").except("a").join("c").unwrap();
    assert_eq!(names(&crowd.sockets[0]), ["a", "b"]);
    assert_eq!(io.of("/").to("c").sockets().len(), 2);
    io.of("/").to("c").leave("c");
    assert_eq!(io.of("/").room_count(), 2);
    io.of("/").to("b").disconnect();
    assert_eq!(crowd.clients[0].recv().await, "1");
    assert_eq!(io.of("/").socket_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_server_speaks_for_its_main_namespace() {
    let io = server();
    io.on_connect(async |socket| socket.join("all"));
    let mut crowd = Crowd::gather(&io, 2).await;
    io.emit("all", ()).unwrap();
    io.to(crowd.sockets[0].id()).emit("one", ()).unwrap();
    io.except(crowd.sockets[0].id()).emit("other", ()).unwrap();
    io.everyone().join("b").unwrap();
    io.everyone().leave("all");
    io.compress(false).to("b").emit("b", ()).unwrap();
    io.of("/")
        .compress(true)
        .to("none")
        .emit("nobody", ())
        .unwrap();
    io.to("all").emit("nobody", ()).unwrap();
    crowd.sockets[1].compress(true).emit("self", ()).unwrap();
    assert_eq!(crowd.heard().await, ["all one b", "all other b self"]);
    assert_eq!(io.sockets().len(), 2);
    assert_eq!(io.of("/").rooms().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_selection_that_is_narrowed_leaves_the_wider_one_as_it_was() {
    let io = server();
    let mut crowd = Crowd::gather(&io, 2).await;
    crowd.sockets[0].join("a").unwrap();
    let wide = io.of("/").everyone();
    let narrow = wide.clone().to("a");
    let empty = narrow.clone().except("a").volatile();
    empty.emit("nobody", ()).unwrap();
    narrow.emit("narrow", ()).unwrap();
    wide.emit("wide", ()).unwrap();
    assert_eq!(crowd.heard().await, ["narrow wide", "wide"]);
}

#[tokio::test(start_paused = true)]
async fn volatile_reaches_who_can_take_it() {
    let io = server();
    let mut crowd = Crowd::gather(&io, 1).await;
    crowd.clients[0].silence().await;
    let socket = crowd.sockets[0].clone();
    // The GET that waits takes the first; nothing takes the next two.
    socket.emit("reliable", ()).unwrap();
    assert!(socket.volatile().emit("dropped", ()).is_err());
    io.of("/").volatile().emit("dropped", ()).unwrap();
    socket.emit("reliable", ()).unwrap();
    crowd.clients[0].recv().await;
    crowd.clients[0].recv().await;
    crowd.clients[0].silence().await;
    socket.volatile().emit("taken", ()).unwrap();
    assert_eq!(crowd.clients[0].recv().await, r#"2["taken"]"#);
}

/// Some clients and their sockets, in the order of their connecting.
struct Crowd {
    clients: Vec<Client>,
    sockets: Vec<Socket>,
}

impl Crowd {
    async fn gather(io: &Server, size: usize) -> Self {
        let (mut clients, mut sockets) = (Vec::new(), Vec::new());
        for _ in 0..size {
            let mut client = Client::open(io).await;
            let id = client.join("/").await;
            sockets.push(io.of("/").socket(&id).expect("it is connected"));
            clients.push(client);
        }
        Self { clients, sockets }
    }

    /// The names of the events that each client heard.
    async fn heard(&mut self) -> Vec<String> {
        for socket in &self.sockets {
            socket.emit("end", ()).expect("it is connected");
        }
        let mut heard = Vec::new();
        for client in &mut self.clients {
            let mut names = Vec::new();
            loop {
                let packet = client.recv().await;
                let name = packet
                    .trim_start_matches(r#"2[""#)
                    .trim_end_matches(r#""]"#);
                if name == "end" {
                    break;
                }
                names.push(name.to_owned());
            }
            heard.push(names.join(" "));
        }
        heard
    }
}

fn names(socket: &Socket) -> Vec<String> {
    socket.rooms().iter().map(ToString::to_string).collect()
}
