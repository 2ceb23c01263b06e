//! Packets in MessagePack.

use serde_json::json;
use socketio::{
    Ack, Args, Binary, Config, ConnectError, Data, Decoder, Incoming, Limits, Packet, Parser,
    Server as Io, Value,
};

use crate::support::Server;
use crate::support::websocket::{End, Websocket};

fn server() -> (Io, Server) {
    let io = Io::new(Config::default().parser(Parser::MessagePack));
    let server = Server::socketio(&io);
    (io, server)
}

/// A websocket whose client is connected to `/`, as the official client does
/// it: without auth payload, which it writes as `undefined`.
async fn connected(server: &Server) -> Websocket {
    let mut socket = server.websocket().await;
    socket
        .send(&b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\xd4\x00\x00"[..])
        .await;
    let answer = socket.binary().await;
    let (start, sid) = answer.split_at(answer.len() - 20);
    assert_eq!(
        start,
        b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa3sid\xb4"
    );
    assert!(sid.is_ascii());
    socket
}

fn event(name: &str, ack: Option<u64>, args: Args) -> Vec<u8> {
    encode(Data::Event {
        name: name.into(),
        args,
        ack,
    })
}

fn encode(data: Data) -> Vec<u8> {
    let packet = Packet {
        nsp: "/".into(),
        data,
    };
    let encoded = Parser::MessagePack.encode(&packet).unwrap();
    let [engineio::Message::Binary(message)] = encoded.parts() else {
        panic!("a packet is one binary message")
    };
    message.to_vec()
}

async fn next(socket: &mut Websocket) -> Data {
    let message = socket.binary().await;
    let mut decoder = Decoder::new(Parser::MessagePack, Limits::default());
    let packet = decoder.handle(message.into()).unwrap().unwrap();
    assert_eq!(packet.nsp, "/");
    packet.data
}

#[tokio::test(start_paused = true)]
async fn events_come_and_go_with_binary_data_inside() {
    let (io, server) = server();
    io.of("/").on("echo", async |socket, event: Incoming| {
        socket.emit("echo", event.into_args())
    });
    let mut socket = connected(&server).await;
    let sent = b"\x85\xa4type\x02\xa4data\x93\xa4echo\x81\xa1a\x91\xc4\x02\x01\x02\xd4\x00\x00\
        \xa7options\x81\xa8compress\xc3\xa2id\xd4\x00\x00\xa3nsp\xa1/";
    socket.send(&sent[..]).await;
    assert_eq!(
        socket.binary().await,
        b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x93\xa4echo\x81\xa1a\x91\xc4\x02\x01\x02\xc0"
    );
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_go_both_ways() {
    let (io, server) = server();
    io.of("/")
        .on("sum", async |_, (a, b): (i64, i64)| Ack(a + b));
    io.of("/").on("ask", async |socket, ()| {
        let image: Binary = socket.emit_with_ack("image?", 1).await?;
        socket.emit("image", image.len())?;
        Ok::<_, socketio::BoxError>(())
    });
    let mut socket = connected(&server).await;
    socket
        .send(event("sum", Some(7), Args::new((1, 2)).unwrap()))
        .await;
    let answer = Data::Ack {
        id: Some(7),
        args: Args::new(3).unwrap(),
    };
    assert_eq!(next(&mut socket).await, answer);
    socket.send(event("ask", None, Args::default())).await;
    let Data::Event { ack: Some(id), .. } = next(&mut socket).await else {
        panic!("expected a question")
    };
    let args = Args::new(Binary::from(vec![1, 2, 3])).unwrap();
    socket.send(encode(Data::Ack { id: Some(id), args })).await;
    let image = Data::Event {
        name: "image".into(),
        args: Args::new(3).unwrap(),
        ack: None,
    };
    assert_eq!(next(&mut socket).await, image);
}

#[tokio::test(start_paused = true)]
async fn packets_are_base64_over_polling() {
    let (_io, server) = server();
    let session = server.polling().await;
    // 82 type 00 nsp "/"
    session
        .post("bgqR0eXBlAKNuc3ChLw==")
        .await
        .assert(200, "ok");
    let answer = session.get().await;
    assert!(
        answer
            .text()
            .starts_with("bg6R0eXBlAKNuc3ChL6RkYXRhgaNzaWS0")
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_object() {
    let (io, server) = server();
    io.of("/").middleware(async |_, auth: Option<Value>| {
        assert_eq!(auth, None);
        Err::<(), _>(ConnectError::new("no").with_data(json!([1])))
    });
    let mut socket = server.websocket().await;
    socket.send(encode(Data::Connect(Args::default()))).await;
    assert_eq!(
        socket.binary().await,
        b"\x83\xa4type\x04\xa3nsp\xa1/\xa4data\x82\xa7message\xa2no\xa4data\x91\x01"
    );
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_is_written_once_for_all() {
    let (io, server) = server();
    let mut sockets = [connected(&server).await, connected(&server).await];
    io.of("/").emit("news", (1, Binary::from(vec![7]))).unwrap();
    for socket in &mut sockets {
        assert_eq!(
            socket.binary().await,
            b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x93\xa4news\x01\xc4\x01\x07"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_of_protocol_four_speaks_messagepack_as_well() {
    let config = Config::default().engine(|engine| engine.allow_revision_3(true));
    let io = Io::new(config.parser(Parser::MessagePack));
    let mut socket = Server::socketio(&io)
        .dial("?EIO=3&transport=websocket")
        .await;
    assert!(socket.text().await.starts_with("0{"));
    assert_eq!(socket.binary().await, b"\x04\x82\xa4type\x00\xa3nsp\xa1/");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_packet_closes_its_own_connection_only() {
    let (io, server) = server();
    let mut witness = connected(&server).await;
    let deep = [&[0x91; 200][..], &[0x90]].concat();
    let deep = [&b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1a"[..], &deep].concat();
    for message in [
        &b""[..],
        b"\xc1",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\x83\xa4type\x00\xa3nsp\xa2/x\xa4data\xc3",
        b"\x82\xa4type\x00\xa3nsp\xa1/",
        b"\x83\xa4type\x04\xa3nsp\xa1/\xa4data\xa1x",
        b"\x83\xa4type\x02\xa3nsp\xa2/x\xa4data\x91\xa1a",
        &deep,
    ] {
        let mut socket = connected(&server).await;
        socket.send(message).await;
        assert_eq!(socket.end().await, End::Close(None), "{message:x?}");
    }
    let mut socket = connected(&server).await;
    socket.send("42[\"a\"]").await;
    assert_eq!(socket.end().await, End::Close(None), "text");
    io.of("/").emit("on", ()).unwrap();
    assert_eq!(
        witness.binary().await,
        b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa2on"
    );
}
