//! Clients of Engine.IO revision 3, who speak protocol 4.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use socketio::{Ack, Args, Binary, Config, ConnectError, Server as Io, Socket, Value};

use crate::support::websocket::{End, Websocket};
use crate::support::{Polling, Server};

const POLLING: &str = "?EIO=3&transport=polling";
const WEBSOCKET: &str = "?EIO=3&transport=websocket";

fn server() -> (Io, Server) {
    let io = Io::new(Config::default().engine(|engine| engine.allow_revision_3(true)));
    let server = Server::socketio(&io);
    (io, server)
}

/// A websocket whose open packet was taken.
async fn opened(server: &Server) -> Websocket {
    let mut socket = server.dial(WEBSOCKET).await;
    assert!(socket.text().await.starts_with("0{"));
    socket
}

/// A websocket client that is connected to `/`.
async fn connected(server: &Server) -> Websocket {
    let mut socket = opened(server).await;
    assert_eq!(socket.text().await, "40");
    socket
}

async fn echo(socket: Socket, args: Args) -> Result<(), socketio::EmitError> {
    socket.emit("echo", args)
}

#[tokio::test(start_paused = true)]
async fn a_client_is_connected_in_the_first_poll_behind_the_handshake() {
    let (io, server) = server();
    io.of("/").on_connect(async |socket| socket.emit("hi", 1));
    let open = server.client().get(POLLING).await;
    let (length, packet) = open.text().split_once(':').unwrap();
    assert_eq!(length, packet.len().to_string(), "the open packet alone");
    let session = server.polling_with(POLLING).await;
    session.get().await.assert(200, "2:4010:42[\"hi\",1]");
}

#[tokio::test(start_paused = true)]
async fn a_slow_middleware_of_the_main_namespace_holds_the_answer_back() {
    let (io, server) = server();
    io.of("/").middleware(async |socket, auth: Args| {
        assert!(auth.is_empty());
        assert_eq!(socket.handshake().query("EIO").as_deref(), Some("3"));
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok::<_, ConnectError>(())
    });
    io.of("/").on("echo", echo);
    let mut socket = opened(&server).await;
    socket.send("42[\"echo\",\"early\"]").await;
    assert_eq!(socket.text().await, "40");
    assert_eq!(socket.text().await, "42[\"echo\",\"early\"]");
}

#[tokio::test(start_paused = true)]
async fn an_explicit_connect_to_the_main_namespace_closes_the_connection() {
    let (_io, server) = server();
    let mut socket = connected(&server).await;
    socket.send("40").await;
    assert_eq!(socket.end().await, End::Close(None));
}

#[tokio::test(start_paused = true)]
async fn the_query_of_a_namespace_is_its_auth_payload() {
    let (io, server) = server();
    io.of("/admin").on_connect(async |socket| {
        let auth = socket.handshake().auth.clone();
        socket.emit("auth", (auth.parse::<Value>().ok(), auth.len()))
    });
    let mut socket = connected(&server).await;
    socket.send("40/admin?token=abc&x=1,").await;
    assert_eq!(socket.text().await, "40/admin,");
    assert_eq!(
        socket.text().await,
        r#"42/admin,["auth",{"token":"abc","x":"1"},1]"#
    );
    let mut socket = connected(&server).await;
    socket.send("40/admin").await;
    assert_eq!(socket.text().await, "40/admin,");
    assert_eq!(socket.text().await, r#"42/admin,["auth",null,0]"#);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_the_data_of_the_error_or_its_message() {
    let (io, server) = server();
    let refuse = |name, error: ConnectError| {
        io.of(name)
            .middleware(async move |_, ()| Err::<(), _>(error));
    };
    refuse("/mw", ConnectError::new("bad auth"));
    refuse(
        "/data",
        ConnectError::new("no").with_data(json!({ "code": 1 })),
    );
    refuse("/zero", ConnectError::new("zero").with_data(json!(0)));
    let mut socket = connected(&server).await;
    for (nsp, error) in [
        ("/mw", r#""bad auth""#),
        ("/data", r#"{"code":1}"#),
        ("/zero", r#""zero""#),
        ("/nope", r#"{"message":"Invalid namespace"}"#),
        ("/nope?a=b", r#"{"message":"Invalid namespace"}"#),
    ] {
        socket.send(format!("40{nsp},")).await;
        let name = nsp.split('?').next().unwrap();
        assert_eq!(socket.text().await, format!("44{name},{error}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_the_main_namespace_refuses_has_to_join_another_in_time() {
    let (io, server) = server();
    io.of("/")
        .middleware(async |_, ()| Err::<(), _>(ConnectError::new("no")));
    io.of("/open");
    let mut joined = opened(&server).await;
    assert_eq!(joined.text().await, r#"44"no""#);
    joined.send("40/open,").await;
    assert_eq!(joined.text().await, "40/open,");
    let mut late = opened(&server).await;
    assert_eq!(late.text().await, r#"44"no""#);
    tokio::time::sleep(Duration::from_secs(40)).await;
    for socket in [&mut joined, &mut late] {
        socket.send("2").await;
        assert_eq!(socket.text().await, "3");
    }
    assert_eq!(late.end().await, End::Close(None));
    joined.send("2").await;
    assert_eq!(joined.text().await, "3");
}

#[tokio::test(start_paused = true)]
async fn ids_are_our_own_and_not_the_sessions() {
    let (io, server) = server();
    io.of("/").on("id", async |socket, ()| {
        let id = socket.id().to_owned();
        Ack((id.len(), id == socket.engine().sid().as_str()))
    });
    let mut socket = connected(&server).await;
    socket.send("420[\"id\"]").await;
    assert_eq!(socket.text().await, "430[20,false]");
}

#[tokio::test(start_paused = true)]
async fn leaving_the_main_namespace_leaves_the_connection_open() {
    let (io, server) = server();
    let count = Arc::new(AtomicUsize::new(0));
    let left = count.clone();
    io.of("/").on_disconnect(async move |_, _| {
        left.fetch_add(1, Ordering::SeqCst);
    });
    io.of("/admin").on("echo", echo);
    let mut socket = connected(&server).await;
    socket.send("40/admin,").await;
    assert_eq!(socket.text().await, "40/admin,");
    socket.send_at_once(["41", "42/admin,[\"echo\",1]"]).await;
    assert_eq!(socket.text().await, "42/admin,[\"echo\",1]");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    socket.send("40").await;
    assert_eq!(socket.text().await, "40");
}

#[tokio::test(start_paused = true)]
async fn events_acknowledgements_and_binary_data_are_those_of_protocol_five() {
    let (io, server) = server();
    io.of("/").on("echo", echo);
    io.of("/")
        .on("sum", async |_, (a, b): (i64, i64)| Ack(a + b));
    let mut socket = connected(&server).await;
    socket.send("427[\"sum\",1,2]").await;
    assert_eq!(socket.text().await, "437[3]");
    socket
        .send(r#"451-["echo",{"_placeholder":true,"num":0}]"#)
        .await;
    socket.send(vec![4, 1, 2]).await;
    assert_eq!(
        socket.text().await,
        r#"451-["echo",{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(socket.binary().await, [4, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn binary_data_arrives_over_polling_in_both_forms() {
    let (io, server) = server();
    io.of("/").on_connect(async |socket| {
        socket.emit("bin", Binary::from(vec![1, 2, 3]))?;
        socket.emit("é€😀", ())
    });
    let base64 = server
        .polling_with("?EIO=3&transport=polling&b64=1")
        .await
        .get()
        .await;
    base64.assert(
        200,
        concat!(
            r#"2:4041:451-["bin",{"_placeholder":true,"num":0}]6:b4AQID"#,
            r#"10:42["é€😀"]"#
        ),
    );
    let binary = server.polling_with(POLLING).await.get().await;
    assert_eq!(
        binary.header("content-type"),
        Some("application/octet-stream")
    );
    let mut expected = b"\x00\x02\xff40\x00\x04\x01\xff".to_vec();
    expected.extend(br#"451-["bin",{"_placeholder":true,"num":0}]"#);
    expected.extend(b"\x01\x04\xff\x04\x01\x02\x03\x00\x01\x05\xff");
    expected.extend("42[\"é€😀\"]".as_bytes());
    assert_eq!(binary.body, expected);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_reaches_clients_of_both_protocols() {
    let (io, server) = server();
    let mut old = connected(&server).await;
    let mut new = super::connected(&server).await;
    io.of("/").emit("news", 1).unwrap();
    assert_eq!(old.text().await, "42[\"news\",1]");
    assert_eq!(new.text().await, "42[\"news\",1]");
    for socket in io.of("/").sockets() {
        socket.disconnect();
    }
    assert_eq!(old.text().await, "41");
    assert_eq!(new.text().await, "41");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_upgrades_stays_connected() {
    let (io, server) = server();
    io.of("/").on("echo", echo);
    let session: Polling = server.polling_with(POLLING).await;
    session.get().await.assert(200, "2:40");
    let mut socket = session.upgrade().await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket.send("5").await;
    socket.send("42[\"echo\",1]").await;
    assert_eq!(socket.text().await, "42[\"echo\",1]");
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_rules_closes_the_connection() {
    let (_io, server) = server();
    for packet in [
        "42/other,[\"a\"]",
        "41/other,",
        "44\"no\"",
        "42[\"connect\"]",
        "4x",
    ] {
        let mut socket = connected(&server).await;
        socket.send(packet).await;
        assert_eq!(socket.end().await, End::Close(None), "{packet}");
    }
}
