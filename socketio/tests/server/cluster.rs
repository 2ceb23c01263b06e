//! Servers that are one to their clients.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use socketio::{
    Ack, AckError, Adapter, Binary, BoxError, Config, Inbox, NodeId, Publication, Server,
};

use crate::bus::Bus;
use crate::crowd::{Crowd, NODE_LIMIT, Node};
use crate::support::Client;

#[tokio::test(start_paused = true)]
async fn a_broadcast_reaches_each_member_once_on_every_node() {
    let mut crowd = Crowd::gather().await;
    for n in [0, 2, 3] {
        crowd.sockets[n].join("a").unwrap();
        crowd.sockets[n].join("b").unwrap();
    }
    crowd.sockets[5].join("b").unwrap();
    let io = &crowd.nodes[0].io;
    io.emit("all", ()).unwrap();
    io.to("a").emit("a", ()).unwrap();
    io.to("a").to("b").emit("ab", ()).unwrap();
    io.to("b").except("a").emit("b-a", ()).unwrap();
    io.except("b").emit("-b", ()).unwrap();
    io.except(crowd.sockets[4].id()).emit("-4", ()).unwrap();
    io.to(crowd.sockets[4].id()).emit("4", ()).unwrap();
    assert_eq!(
        crowd.heard().await,
        [
            "all a ab -4",
            "all -b -4",
            "all a ab -4",
            "all a ab -4",
            "all -b 4",
            "all ab b-a -4"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_sender_is_left_out_and_its_peers_on_all_nodes_are_not() {
    let mut crowd = Crowd::gather().await;
    for socket in &crowd.sockets {
        socket.join("a").unwrap();
    }
    crowd.sockets[3].to("a").emit("room", ()).unwrap();
    crowd.sockets[3].broadcast().emit("others", ()).unwrap();
    crowd.sockets[3].emit("self", ()).unwrap();
    let mut expected = vec!["room others"; 6];
    expected[3] = "self";
    assert_eq!(crowd.heard().await, expected);
}

#[tokio::test(start_paused = true)]
async fn what_a_node_publishes_arrives_in_its_order() {
    let mut crowd = Crowd::gather().await;
    crowd.bus.hold(crowd.nodes[1].id());
    for socket in &crowd.sockets {
        socket.join("a").unwrap();
    }
    let io = &crowd.nodes[0].io;
    let mut expected = Vec::new();
    for n in 0..50 {
        let event = n.to_string();
        match n % 3 {
            0 => io.emit(&event, ()).unwrap(),
            1 => io.to("a").emit(&event, ()).unwrap(),
            _ => io.to("a").to("b").emit(&event, ()).unwrap(),
        }
        expected.push(event);
    }
    crowd.bus.release(crowd.nodes[1].id());
    let expected = expected.join(" ");
    assert_eq!(crowd.heard().await, vec![&*expected; 6]);
}

#[tokio::test(start_paused = true)]
async fn arguments_and_attachments_are_the_same_on_every_node() {
    let mut crowd = Crowd::gather().await;
    let io = &crowd.nodes[0].io;
    io.emit("x", (1, "é\n", Binary::from(vec![1, 2]), [()]))
        .unwrap();
    for client in &mut crowd.clients {
        let packet = client.recv().await;
        let expected = r#"51-["x",1,"é\n",{"_placeholder":true,"num":0},[null]]"#;
        assert_eq!(packet, expected);
        assert_eq!(client.recv().await, "AQI=");
    }
}

#[tokio::test(start_paused = true)]
async fn namespaces_of_different_nodes_are_one_and_others_are_not_made() {
    let bus = Bus::default();
    let nodes = [Node::start(&bus), Node::start(&bus)];
    nodes[0].io.of("/here");
    nodes[1].io.of_matching(async |name, _| name == "/here");
    let mut client = Client::open(&nodes[1].io).await;
    client.join("/here").await;
    nodes[0].io.of("/here").emit("x", ()).unwrap();
    assert_eq!(client.recv().await, r#"2/here,["x"]"#);
    nodes[0].io.of("/nowhere").emit("x", ()).unwrap();
    let replies = nodes[0].io.of("/nowhere").emit_with_ack::<_, ()>("x", ());
    assert!(replies.collect().await.unwrap().is_empty());
    client.send("0/nowhere").await;
    let refused = r#"4/nowhere,{"message":"Invalid namespace"}"#;
    assert_eq!(client.recv().await, refused);
}

#[tokio::test(start_paused = true)]
async fn what_is_emitted_to_a_pattern_reaches_its_namespaces_on_all_nodes() {
    let bus = Bus::default();
    let nodes = [Node::start(&bus), Node::start(&bus)];
    let patterns = nodes.each_ref().map(|node| {
        let io = &node.io;
        io.of_matching(async |name, _| name.starts_with("/game-"))
    });
    let mut clients = Vec::new();
    for node in &nodes {
        let mut client = Client::open(&node.io).await;
        client.join("/game-1").await;
        clients.push(client);
    }
    patterns[0].emit("x", ()).unwrap();
    patterns[0].everyone().join("a").unwrap();
    for client in &mut clients {
        assert_eq!(client.recv().await, r#"2/game-1,["x"]"#);
        client.silence().await;
    }
    assert_eq!(nodes[1].io.of("/game-1").to("a").sockets().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_local_is_not_published() {
    let mut crowd = Crowd::gather().await;
    let before = crowd.bus.published().len();
    let local = crowd.nodes[1].io.local();
    local.emit("x", ()).unwrap();
    local.join("a").unwrap();
    local.clone().to("a").leave("a");
    assert_eq!(local.sockets().len(), 2);
    let replies = local.emit_with_ack::<_, ()>("y", ());
    crowd.sockets[2].emit("z", ()).unwrap();
    drop(replies);
    local.disconnect();
    local.close();
    assert_eq!(crowd.bus.published().len(), before);
    assert_eq!(crowd.nodes[0].io.sockets().len(), 2);
    assert_eq!(crowd.nodes[1].io.sockets().len(), 0);
    assert_eq!(crowd.clients[2].recv().await, r#"2["x"]"#);
    crowd.clients[0].silence().await;
}

#[tokio::test(start_paused = true)]
async fn volatile_events_of_other_nodes_are_volatile() {
    let mut crowd = Crowd::gather().await;
    crowd.clients[2].silence().await;
    crowd.nodes[0].io.volatile().emit("taken", ()).unwrap();
    assert_eq!(crowd.clients[2].recv().await, r#"2["taken"]"#);
    crowd.clients[2].silence().await;
    // The GET that waits takes the first, and nothing the one of the other node.
    let volatile = crowd.bus.published().pop().expect("it was published");
    crowd.sockets[2].emit("reliable", ()).unwrap();
    crowd.bus.inject(crowd.nodes[1].id(), volatile.body);
    assert_eq!(crowd.clients[2].recv().await, r#"2["reliable"]"#);
    crowd.clients[2].silence().await;
}

#[tokio::test(start_paused = true)]
async fn sockets_of_all_nodes_are_moved_and_disconnected() {
    let mut crowd = Crowd::gather().await;
    crowd.sockets[0].join("a").unwrap();
    crowd.sockets[2].join("a").unwrap();
    let io = &crowd.nodes[0].io;
    io.to("a").join("b").unwrap();
    io.except("a").join("c").unwrap();
    io.to(crowd.sockets[5].id()).join("d").unwrap();
    io.to("b").leave("a");
    crowd.settle().await;
    assert_eq!(crowd.rooms(), ["b", "c", "b", "c", "c", "c d"]);
    io.to("b").disconnect();
    io.to("d").close();
    crowd.settle().await;
    assert_eq!(crowd.clients[0].recv().await, "1");
    assert_eq!(crowd.clients[2].recv().await, "1");
    assert_eq!(crowd.clients[5].rest().await, ["1"]);
    let left: Vec<_> = crowd.sockets.iter().map(|s| !s.is_connected()).collect();
    assert_eq!(left, [true, false, true, false, false, true]);
    assert_eq!(crowd.nodes[1].io.engine().session_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_was_made_to_join_a_room_hears_what_comes_next() {
    let mut crowd = Crowd::gather().await;
    let io = &crowd.nodes[0].io;
    io.everyone().join("a").unwrap();
    io.to("a").emit("in", ()).unwrap();
    io.everyone().leave("a");
    io.to("a").emit("out", ()).unwrap();
    assert_eq!(crowd.heard().await, ["in"; 6]);
}

#[tokio::test(start_paused = true)]
async fn an_event_before_a_disconnect_arrives_first() {
    let mut crowd = Crowd::gather().await;
    let io = &crowd.nodes[0].io;
    io.emit("bye", ()).unwrap();
    io.everyone().disconnect();
    for client in &mut crowd.clients {
        assert_eq!(client.recv().await, r#"2["bye"]"#);
        assert_eq!(client.recv().await, "1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_gathers_the_answers_of_all_nodes() {
    let mut crowd = Crowd::gather().await;
    let votes = crowd.vote(&[0, 1, 2, 3, 4]).await;
    crowd.clients[5].close().await;
    let mut votes = votes.collect().await.unwrap();
    votes.sort_unstable();
    assert_eq!(votes, [0, 1, 2, 3, 4]);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn answers_come_one_by_one_and_with_attachments() {
    let mut crowd = Crowd::gather().await;
    let mut votes = crowd.nodes[0].io.emit_with_ack::<_, Binary>("vote", ());
    for client in &mut crowd.clients {
        client.recv().await;
    }
    crowd.clients[4]
        .post("461-0[{\"_placeholder\":true,\"num\":0}]\u{1e}bAQI=")
        .await;
    assert_eq!(&*votes.next().await.unwrap().unwrap(), [1, 2]);
    drop(votes);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn answers_that_do_not_come_in_time_leave_nothing_behind() {
    let mut crowd = Crowd::gather().await;
    let votes = crowd.vote(&[1, 3]).await;
    let incomplete = votes.timeout(Duration::from_secs(1)).collect().await;
    let mut incomplete = incomplete.unwrap_err();
    assert!(matches!(incomplete.error, AckError::Timeout));
    incomplete.replies.sort_unstable();
    assert_eq!(incomplete.replies, [1, 3]);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_given_up_leaves_nothing_behind() {
    let mut crowd = Crowd::gather().await;
    let votes = crowd.vote(&[]).await;
    assert_eq!(crowd.status(1).answering, 1);
    drop(votes);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_is_not_waited_for() {
    let mut crowd = Crowd::gather().await;
    let votes = crowd.vote(&[0, 1, 2, 4, 5]).await;
    assert_eq!(crowd.status(0).asking, 1);
    crowd.settle().await;
    crowd.bus.kill(crowd.nodes[1].id());
    // What it says now is too late, and nobody hears it.
    crowd.clients[3].send("30[3]").await;
    let mut votes = votes.collect().await.unwrap();
    votes.sort_unstable();
    assert_eq!(votes, [0, 1, 2, 4, 5]);
    crowd.settle().await;
    assert_eq!(crowd.status(0).asking, 0);
    assert_eq!(crowd.status(0).peers.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_on_for_a_node_that_died() {
    let mut crowd = Crowd::gather().await;
    let votes = crowd.vote(&[]).await;
    assert_eq!(crowd.status(1).answering, 1);
    crowd.bus.kill(crowd.nodes[0].id());
    crowd.settle().await;
    assert_eq!(crowd.status(1).answering, 0);
    assert_eq!(crowd.status(2).answering, 0);
    drop(votes);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_closes_is_not_waited_for() {
    let mut crowd = Crowd::gather().await;
    let votes = crowd.vote(&[0, 1, 4, 5]).await;
    crowd.nodes[1].io.close().await;
    assert_eq!(votes.collect().await.unwrap().len(), 4);
    assert_eq!(crowd.status(0).peers.len(), 1);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_closed_is_silent() {
    let crowd = Crowd::gather().await;
    let votes = crowd.nodes[0].io.emit_with_ack::<_, u8>("vote", ());
    crowd.nodes[0].io.close().await;
    // It waits for nobody, whom nobody brings an answer.
    assert!(votes.collect().await.unwrap().is_empty());
    crowd.settle().await;
    let before = crowd.bus.published().len();
    crowd.nodes[0].io.emit("x", ()).unwrap();
    crowd.nodes[0].io.server_side_emit("x", ()).unwrap();
    let found = crowd.nodes[0].io.fetch_sockets().await.unwrap();
    assert!(found.is_empty());
    crowd.settle().await;
    assert_eq!(crowd.bus.published().len(), before);
    assert_eq!(crowd.nodes[1].io.sockets().len(), 2);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_node_asked_is_not_begun() {
    let mut crowd = Crowd::gather().await;
    crowd.bus.hold(crowd.nodes[1].id());
    let votes = crowd.nodes[0].io.emit_with_ack::<_, u8>("vote", ());
    let fetch = crowd.nodes[0].io.fetch_sockets();
    crowd.settle().await;
    crowd.bus.kill(crowd.nodes[0].id());
    crowd.bus.release(crowd.nodes[1].id());
    assert_eq!(crowd.clients[2].recv().await, r#"20["vote"]"#);
    crowd.settle().await;
    assert_eq!(crowd.status(1).answering, 0);
    drop((votes, fetch));
}

#[tokio::test(start_paused = true)]
async fn a_wire_may_bring_everything_at_once() {
    let mut crowd = Crowd::gather().await;
    crowd.bus.shorten();
    for node in &crowd.nodes {
        node.io.on_server_side("x", async |_, ()| Ack(1));
    }
    let io = crowd.nodes[0].io.clone();
    assert_eq!(io.fetch_sockets().await.unwrap().len(), 6);
    let answers = io.server_side_emit_with_ack::<_, u8>("x", ());
    assert_eq!(answers.collect().await.unwrap(), [1, 1]);
    let votes = crowd.vote(&[0, 1, 2, 3, 4, 5]).await;
    assert_eq!(votes.collect().await.unwrap().len(), 6);
    io.emit("x", ()).unwrap();
    assert_eq!(crowd.heard().await, ["x"; 6]);
    drop(io.emit_with_ack::<_, u8>("vote", ()));
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_answers_are_late_is_waited_for() {
    let mut crowd = Crowd::gather().await;
    crowd.bus.hold(crowd.nodes[2].id());
    let votes = crowd.nodes[0].io.emit_with_ack::<_, u8>("vote", ());
    for n in 0..4 {
        assert_eq!(crowd.clients[n].recv().await, r#"20["vote"]"#);
        crowd.clients[n].send(&format!("30[{n}]")).await;
    }
    let votes = tokio::spawn(votes.collect());
    crowd.clients[4].silence().await;
    assert!(!votes.is_finished());
    crowd.bus.release(crowd.nodes[2].id());
    for n in 4..6 {
        assert_eq!(crowd.clients[n].recv().await, r#"20["vote"]"#);
        crowd.clients[n].send(&format!("30[{n}]")).await;
    }
    assert_eq!(votes.await.unwrap().unwrap().len(), 6);
    crowd.is_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_is_skipped_and_counted() {
    let mut crowd = Crowd::gather().await;
    crowd.nodes[0].io.emit("good", ()).unwrap();
    let good = crowd.bus.published().last().unwrap().body.clone();
    let node = crowd.nodes[1].id();
    let text = std::str::from_utf8(&good).unwrap();
    let large = text.replace("good", &"x".repeat(NODE_LIMIT));
    for bad in [
        "",
        "\u{82}\u{a4}type\u{3}",
        &text.replace("socketio/1", "socketio/9"),
        &text.replace("good", "bad"),
        &text.replace(r#"["good"]"#, r#"{"good"}"#),
        &text[..text.len() / 2],
        &large,
    ] {
        crowd.bus.inject(node, Bytes::from(bad.to_owned()));
    }
    assert_eq!(crowd.status(1).skipped, 7);
    assert_eq!(crowd.status(0).skipped, 0);
    assert_eq!(crowd.heard().await, ["good"; 6]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_published_reaches_who_is_here() {
    let mut crowd = Crowd::gather().await;
    crowd.bus.fill(true);
    crowd.nodes[1].io.emit("full", ()).unwrap();
    let votes = crowd.nodes[1].io.emit_with_ack::<_, u8>("vote", ());
    for n in [2, 3] {
        assert_eq!(crowd.clients[n].recv().await, r#"2["full"]"#);
        assert_eq!(crowd.clients[n].recv().await, r#"20["vote"]"#);
        crowd.clients[n].send(&format!("30[{n}]")).await;
    }
    assert_eq!(votes.collect().await.unwrap().len(), 2);
    crowd.bus.fill(false);
    crowd.nodes[1]
        .io
        .emit("large", "x".repeat(NODE_LIMIT))
        .unwrap();
    assert_eq!(crowd.status(1).unpublished, 3);
    crowd.clients[0].silence().await;
}

#[tokio::test(start_paused = true)]
async fn an_adapter_hears_which_rooms_have_somebody() {
    let mut crowd = Crowd::gather().await;
    let (bus, node) = (crowd.bus.clone(), crowd.nodes[0].id().clone());
    let [first, second] = &crowd.sockets[..2] else {
        unreachable!()
    };
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|n| ("/".to_owned(), (*n).to_owned()))
            .collect()
    };
    let (a, b) = (first.id(), second.id());
    assert_eq!(bus.rooms(&node), names(&[a, b]));
    first.join("room").unwrap();
    second.join("room").unwrap();
    // A room that has the name of a socket is open for both.
    first.join(b).unwrap();
    assert_eq!(bus.rooms(&node), names(&[a, b, "room"]));
    first.leave("room");
    first.leave(b);
    assert_eq!(bus.rooms(&node), names(&[a, b, "room"]));
    second.disconnect();
    assert_eq!(bus.rooms(&node), names(&[a]));
    first.leave("room");
    crowd.nodes[0].io.everyone().close();
    crowd.settle().await;
    assert_eq!(bus.rooms(&node), names(&[]));
    crowd.clients.clear();
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_panics_harms_nobody() {
    #[derive(Debug)]
    struct Broken;

    impl Adapter for Broken {
        fn start(&self, _: Inbox) {}

        fn publish(&self, _: Publication) -> Result<(), BoxError> {
            panic!("publish")
        }

        fn peers(&self) -> Vec<NodeId> {
            panic!("peers")
        }

        fn room_opened(&self, _: &str, _: &str) {
            panic!("room_opened")
        }

        fn close(&self) {
            panic!("close")
        }
    }

    let io = Server::new(Config::default().adapter(Arc::new(Broken)));
    let mut client = Client::connect(&io).await;
    io.everyone().join("a").unwrap();
    io.to("a").emit("x", ()).unwrap();
    assert_eq!(client.recv().await, r#"2["x"]"#);
    assert_eq!(io.fetch_sockets().await.unwrap().len(), 1);
    assert_eq!(io.cluster().unwrap().unpublished, 3);
    io.close().await;
}

#[test]
fn a_server_that_is_alone_is_in_no_cluster() {
    assert!(Server::new(Config::default()).cluster().is_none());
}
