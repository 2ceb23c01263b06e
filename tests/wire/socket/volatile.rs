//! What may be lost, over a websocket: whole or not at all.

use bytes::Bytes;
use engineio::SendError;
use socketio::{Binary, EmitError};

use super::{connected, server};
use crate::support::settle;
use crate::support::websocket::Websocket;

#[tokio::test(start_paused = true)]
async fn a_volatile_event_behind_another_is_lost_and_those_around_it_arrive() {
    let (io, server) = server();
    let mut client = connected(&server).await;
    let socket = io.sockets().remove(0);
    for volatile in [false, true] {
        settle().await;
        match volatile {
            false => socket.emit("first", ()).unwrap(),
            true => socket.volatile().emit("first", ()).unwrap(),
        }
        assert_dropped(socket.volatile().emit("lost", ()));
        io.volatile().emit("lost", ()).unwrap();
        socket.emit("second", ()).unwrap();
        assert_eq!(client.text().await, r#"42["first"]"#);
        assert_eq!(client.text().await, r#"42["second"]"#);
    }
    settle().await;
    socket.volatile().emit("third", ()).unwrap();
    assert_eq!(client.text().await, r#"42["third"]"#);
}

#[tokio::test(start_paused = true)]
async fn of_two_volatile_events_with_binary_one_arrives_and_no_part_of_the_other() {
    let (io, server) = server();
    let (mut one, mut two) = (connected(&server).await, connected(&server).await);
    let [first, second] = [1, 2].map(|n| (n, Binary::from(vec![n]), Binary::from(vec![n, n])));
    let whole = r#"452-["x",1,{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    settle().await;
    io.volatile().emit("x", &first).unwrap();
    io.volatile().emit("x", &second).unwrap();
    io.emit("end", ()).unwrap();
    for client in [&mut one, &mut two] {
        assert_eq!(client.text().await, whole);
        assert_eq!(client.binary().await, [1]);
        assert_eq!(client.binary().await, [1, 1]);
        assert_eq!(client.text().await, r#"42["end"]"#);
    }
    for socket in io.sockets() {
        socket.volatile().emit("x", &first).unwrap();
        assert_dropped(socket.volatile().emit("x", &second));
        socket.emit("end", ()).unwrap();
    }
    for client in [&mut one, &mut two] {
        assert_eq!(client.text().await, whole);
        assert_eq!(client.binary().await, [1]);
        assert_eq!(client.binary().await, [1, 1]);
        assert_eq!(client.text().await, r#"42["end"]"#);
    }
}

#[tokio::test(start_paused = true)]
async fn who_still_reads_something_long_gets_no_part_of_what_is_volatile() {
    let (io, server) = server();
    let mut slow = connected(&server).await;
    io.sockets()[0].join("slow").unwrap();
    let mut quick = connected(&server).await;
    // More than the pipe to the client holds.
    let long = Bytes::from(vec![7; 3 << 20]);
    io.to("slow").emit("long", &long).unwrap();
    settle().await;
    io.volatile()
        .emit("x", Bytes::from_static(b"part"))
        .unwrap();
    io.emit("end", ()).unwrap();
    assert_event(&mut quick, "x", b"part").await;
    assert_eq!(quick.text().await, r#"42["end"]"#);
    assert_event(&mut slow, "long", &long).await;
    assert_eq!(slow.text().await, r#"42["end"]"#);
    settle().await;
    io.volatile()
        .emit("x", Bytes::from_static(b"taken"))
        .unwrap();
    assert_event(&mut slow, "x", b"taken").await;
}

async fn assert_event(client: &mut Websocket, name: &str, data: &[u8]) {
    let packet = format!(r#"451-["{name}",{{"_placeholder":true,"num":0}}]"#);
    assert_eq!(client.text().await, packet);
    assert!(client.binary().await == data);
}

fn assert_dropped(outcome: Result<(), EmitError>) {
    let dropped = EmitError::Send(SendError::Dropped);
    assert_eq!(
        format!("{outcome:?}"),
        format!("{:?}", Err::<(), _>(dropped))
    );
}
