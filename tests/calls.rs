//! The calls that `docs/from-node.md` names, as they stand there, so that they
//! compile. None is ever made.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde::Deserialize;
use serde_json::{Value, json};
use socketio::engineio::{ConnectionError, Origins, SessionCookie, Sid, Transport};
use socketio::{
    Ack, Adapter, BoxError, ClientFiles, Config, ConnectError, Inbox, Incoming, Limits, Namespace,
    NodeId, Parser, Publication, Recovery, RemoteSocket, Server, Socket,
};

type Answer = String;
type P = String;
type User = String;

#[derive(Deserialize)]
struct Auth {
    token: String,
}

pub(crate) fn handlers(chat: &Namespace, socket: &Socket) {
    chat.on_connect(async |socket| drop(socket));
    chat.on("say", async |socket, text: String| {
        socket.emit("said", text)
    });
    chat.on("ask", async |_, value: Value| Ack(value));
    chat.on("later", async |_, _: Incoming| ());
    chat.middleware(async |socket, auth: Auth| {
        socket.extensions().insert(auth.token);
        Err(ConnectError::new("no").with_data(json!({ "code": 1 })))
    });
    chat.on_event(async |socket, event| socket.is_connected().then_some(event).ok_or("late"));
    socket.on_any(|socket, event| println!("{} {}", socket.id(), event.name()));
    socket.on_any_outgoing(|socket, name, args| println!("{} {name} {args:?}", socket.id()));
    chat.on_disconnect(async |socket, reason| println!("{} {reason}", socket.id()));
    chat.on_error(async |socket, failure| println!("{} {failure}", socket.id()));
}

pub(crate) async fn sending(io: Server, chat: Namespace, socket: Socket, socket_id: &str) {
    let (a, b, time) = (1, 2, Duration::from_secs(5));
    let _ = socket.emit("said", (a, b));
    let _ = io.emit("said", a);
    let _ = io.of("/x").emit("said", a);
    let _ = socket.emit("message", a);
    let _ = io.emit("message", a);
    let _ = socket.broadcast().emit("said", a);
    let _ = socket.to("room").emit("said", a);
    let _ = socket.except("room").emit("said", a);
    let _ = chat.to("a").to("b").except("c").emit("said", a);
    let _ = chat.to(socket_id).emit("said", a);
    let _ = socket.volatile().emit("said", a);
    let _ = chat.volatile().emit("said", a);
    drop(socket.volatile().emit_with_ack::<_, Answer>("said", a));
    let _ = socket.broadcast().local().emit("said", a);
    let _ = socket
        .emit_with_ack::<_, Answer>("ready?", ())
        .timeout(time)
        .await;
    let _ = chat
        .emit_with_ack::<_, Answer>("vote", ())
        .timeout(time)
        .collect()
        .await;
    let _ = socket.compress(false).emit("said", a);
    let _ = io.compress(false).emit("said", a);
    let _ = chat.compress(false).emit("said", a);
    let _ = (socket.ready().await, socket.buffered());
    tokio::spawn(async move { socket.emit_with_ack::<_, Answer>("ready?", ()).await });
}

pub(crate) async fn sockets(io: Server, chat: Namespace, socket: Socket, remote: RemoteSocket) {
    let (user, time) = (User::new(), Duration::from_secs(5));
    let _ = (socket.id(), socket.namespace(), &socket.handshake().auth);
    let handshake = socket.handshake();
    let _ = (handshake.headers(), handshake.uri(), handshake.address());
    let _ = (handshake.query("name"), handshake.queries().count());
    let _ = (handshake.xdomain(), handshake.secure(), handshake.issued);
    socket.extensions().insert(user);
    let _ = (socket.handshake().extensions(), socket.engine());
    let _ = (socket.engine().transport(), socket.engine().revision());
    let _ = socket.handshake().address();
    socket.extensions().update(|count: &mut u32| *count += 1);
    let _ = socket.join("room");
    socket.leave("room");
    let _ = (
        socket.rooms(),
        socket.is_in("room"),
        socket.is_connected(),
        socket.recovered(),
    );
    socket.disconnect();
    socket.close();
    let _ = socket.closed().await;
    tokio::spawn(async move {
        while socket.is_connected() {
            tokio::task::yield_now().await;
        }
    });
    let _ = chat.to("room").fetch_sockets().await;
    let _ = chat.fetch_sockets().await;
    let _ = (
        &remote.id,
        &remote.rooms,
        &remote.handshake,
        remote.data::<User>(),
    );
    let _ = remote.emit("said", 1);
    let _ = remote
        .emit_with_ack::<_, Answer>("vote", ())
        .timeout(time)
        .await;
    let _ = remote.join("x");
    remote.leave("x");
    remote.disconnect();
    remote.close();
    let _ = chat.to("room").join("x");
    chat.to("room").leave("x");
    chat.to("room").disconnect();
    chat.to("room").close();
    let _ = io.everyone().join("x");
    io.everyone().leave("x");
    io.everyone().disconnect();
    io.everyone().close();
}

pub(crate) async fn servers(config: Config, request: Request<Full<Bytes>>, id: &str) {
    let io = Server::new(config);
    let _ = (io.layer(), io.service(), io.handle(request).await);
    let _ = &io.config().engine.path;
    let chat = io.of("/");
    let _ = (io.of("/admin"), chat.name());
    io.of("/admin").on_connect(async |socket| drop(socket));
    io.of_matching(async |name, auth| name.len() > auth.len())
        .middleware(async |socket, auth: Auth| socket.set_data(auth.token));
    io.on_open(|connection| println!("{}", connection.transport()));
    let _ = (chat.socket(id), chat.sockets(), chat.socket_count());
    let _ = (chat.rooms(), chat.room_count(), chat.to("room").sockets());
    let _ = (io.engine().session_count(), io.cluster());
    let _ = io.local().emit("said", 1);
    let _ = io.server_side_emit("hello", 1);
    drop(io.server_side_emit_with_ack::<_, Answer>("hello", 1));
    io.on_server_side("hello", async |namespace, payload: P| {
        println!("{namespace:?} {payload}");
    });
    io.close().await;
}

pub(crate) fn options(files: ClientFiles, time: Duration, adapter: Arc<dyn Adapter>) -> Config {
    let config = Config::default().connect_timeout(time);
    let config = Config::adapter(config, adapter);
    let config = Config::engine(config, |engine| {
        let engine = engine
            .path("/socket.io/")
            .ping_interval(time)
            .ping_timeout(time);
        let engine = engine.upgrade_timeout(time).max_payload(1_000_000);
        let engine = engine.transports([Transport::Polling]).allow_upgrades(true);
        let engine = engine
            .allow_revision_3(true)
            .cookie(SessionCookie::default());
        let engine = engine.initial_packet("hello").add_trailing_slash(true);
        let engine = engine.allow_request(async |_| Ok::<_, &str>(()));
        let engine = engine.generate_id(async |_| Ok::<_, BoxError>(Sid::random()));
        let engine = engine.initial_headers(|_, _| ()).headers(|_, _| ());
        engine
            .on_connection_error(|error: &ConnectionError| println!("{error:?}"))
            .origins(Origins::Any)
    });
    let config = Config::connect_timeout(config, time);
    let recovery = Recovery::max_disconnection(Recovery::default(), time);
    let config = Config::recovery(
        config,
        Recovery::skip_middleware(recovery, true).other_auth(true),
    );
    // With the feature `msgpack`.
    let config = Config::parser(config, Parser::MessagePack);
    let config = Config::client_files(config, files.clone());
    let config = Config::serial_handlers(config, true).limits(Limits::default());
    drop(Config::default().client_files(files));
    Config::ack_timeout(config, time)
}

/// One that sends nothing, for a lone server that is to hear of its rooms.
#[derive(Debug)]
pub(crate) struct Alone;

impl Adapter for Alone {
    fn start(&self, _: Inbox) {}

    fn publish(&self, _: Publication) -> Result<(), BoxError> {
        Ok(())
    }

    fn peers(&self) -> Vec<NodeId> {
        Vec::new()
    }
}

pub(crate) fn rooms(adapter: &Alone) {
    Adapter::room_opened(adapter, "/", "room");
    adapter.room_closed("/", "room");
}
