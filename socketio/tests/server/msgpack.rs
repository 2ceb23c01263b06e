//! Servers that are one to clients that speak MessagePack.

use engineio::{Message, Revision};
use serde_json::json;
use socketio::{
    Ack, Args, Binary, Config, Data, Decoder, Incoming, Limits, Packet, Parser, Server, Value,
};

use crate::bus::Bus;
use crate::crowd::Node;
use crate::support::{Client, Log};

#[tokio::test(start_paused = true)]
async fn what_a_client_sends_is_the_same_to_clients_of_other_nodes() {
    let nodes = nodes();
    nodes[0]
        .io
        .of("/")
        .on("say", async |socket, event: Incoming| {
            socket.broadcast().emit("said", event.into_args())
        });
    let speaker = Speaker::connect(&nodes[0].io).await;
    let mut hearer = Speaker::connect(&nodes[1].io).await;
    speaker.send(event("say", None, arguments())).await;
    assert_eq!(hearer.next().await, event("said", None, arguments()));
}

#[tokio::test(start_paused = true)]
async fn what_the_application_makes_is_the_same_to_clients_of_all_nodes() {
    let nodes = nodes();
    let mut speakers = [
        Speaker::connect(&nodes[0].io).await,
        Speaker::connect(&nodes[1].io).await,
    ];
    nodes[0].io.emit("said", payload()).unwrap();
    for speaker in &mut speakers {
        let Data::Event { args, .. } = speaker.next().await else {
            panic!("expected an event")
        };
        assert_eq!(args.parse::<[Value; 4]>().unwrap(), payload());
    }
}

#[tokio::test(start_paused = true)]
async fn answers_of_other_nodes_are_those_of_their_clients() {
    let nodes = nodes();
    let mut speaker = Speaker::connect(&nodes[1].io).await;
    let replies = nodes[0].io.emit_with_ack::<_, Args>("ask", ());
    let Data::Event { ack: id, .. } = speaker.next().await else {
        panic!("expected a question")
    };
    let args = arguments();
    speaker.send(Data::Ack { id, args }).await;
    assert_eq!(replies.collect().await.unwrap(), [arguments()]);
}

#[tokio::test(start_paused = true)]
async fn servers_tell_each_other_what_their_clients_told_them() {
    let nodes = nodes();
    let mut log = Log::new();
    let pen = log.pen();
    nodes[1].io.on_server_side("x", async move |_, args: Args| {
        pen.send(args.clone()).unwrap();
        Ack(args)
    });
    nodes[0].io.server_side_emit("x", arguments()).unwrap();
    assert_eq!(log.next().await, arguments());
    let replies = nodes[0]
        .io
        .server_side_emit_with_ack::<_, Args>("x", arguments());
    assert_eq!(replies.collect().await.unwrap(), [arguments()]);

    let _speaker = Speaker::connect(&nodes[1].io).await;
    let socket = nodes[1].io.sockets().pop().unwrap();
    socket.set_data(payload()).unwrap();
    let found = nodes[0].io.fetch_sockets().await.unwrap();
    assert_eq!(found[0].data::<[Value; 4]>().unwrap(), payload());
}

fn nodes() -> [Node; 2] {
    let bus = Bus::default();
    [(); 2].map(|()| Node::start_with(&bus, Config::default().parser(Parser::MessagePack)))
}

/// Binary data, and what is a placeholder to clients that speak JSON.
fn payload() -> [Value; 4] {
    [
        Binary::from(vec![1, 2]).into(),
        json!({ "_placeholder": true, "num": 0 }).into(),
        json!([{ "_placeholder": true, "num": 99 }]).into(),
        Value::Array(vec![Binary::default().into(), 1.5.into()]),
    ]
}

/// The payload as it comes from a client.
fn arguments() -> Args {
    let args = Args::new(payload()).expect("it is a payload");
    match decode(encode(event("x", None, args))) {
        Data::Event { args, .. } => args,
        other => panic!("expected an event, got {other:?}"),
    }
}

fn event(name: &str, ack: Option<u64>, args: Args) -> Data {
    let name = name.into();
    Data::Event { name, args, ack }
}

fn encode(data: Data) -> Message {
    let nsp = "/".into();
    let encoded = Parser::MessagePack.encode(&Packet { nsp, data });
    let encoded = encoded.expect("it is a packet");
    encoded.parts()[0].clone()
}

fn decode(message: Message) -> Data {
    let mut decoder = Decoder::new(Parser::MessagePack, Limits::default());
    let packet = decoder.handle(message).expect("it is a packet");
    packet.expect("it is whole").data
}

/// A client that speaks MessagePack.
struct Speaker(Client);

impl Speaker {
    async fn connect(io: &Server) -> Self {
        let mut speaker = Self(Client::open(io).await);
        speaker.send(Data::Connect(Args::default())).await;
        assert!(matches!(speaker.next().await, Data::Connect(_)));
        speaker
    }

    async fn send(&self, data: Data) {
        let mut payload = String::new();
        engineio::Packet::Message(encode(data)).write_text(Revision::V4, &mut payload);
        self.0.post(&payload).await;
    }

    async fn next(&mut self) -> Data {
        let text = format!("b{}", self.0.recv().await);
        match engineio::Packet::from_text(text.into(), Revision::V4) {
            Ok(engineio::Packet::Message(message)) => decode(message),
            other => panic!("expected a message, got {other:?}"),
        }
    }
}
