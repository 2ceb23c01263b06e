//! Three servers on one wire, and their clients.

use std::sync::Arc;
use std::time::Duration;

use socketio::{Adapter, ClusterStatus, Config, NodeId, Replies, Server, Socket};
use tokio::task::yield_now;

use crate::bus::{Bus, Wire};
use crate::support::Client;

/// Bytes of a message between nodes.
pub(crate) const NODE_LIMIT: usize = 64 << 10;

/// Three servers with two clients each: the first two are on the first, and so
/// on.
pub(crate) struct Crowd {
    pub(crate) bus: Bus,
    pub(crate) clients: Vec<Client>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) sockets: Vec<Socket>,
}

pub(crate) struct Node {
    pub(crate) io: Server,
    wire: Arc<Wire>,
}

impl Node {
    pub(crate) fn start(bus: &Bus) -> Self {
        Self::start_with(bus, Config::default())
    }

    pub(crate) fn start_with(bus: &Bus, config: Config) -> Self {
        let wire = bus.adapter();
        let adapter: Arc<dyn Adapter> = wire.clone();
        let config = config.adapter(adapter).node_limit(NODE_LIMIT);
        let io = Server::new(config);
        Self { io, wire }
    }

    pub(crate) fn id(&self) -> &NodeId {
        self.wire.node()
    }
}

impl Crowd {
    pub(crate) async fn gather() -> Self {
        let bus = Bus::default();
        let nodes = [(); 3].map(|()| Node::start(&bus)).into();
        let mut crowd = Self {
            bus,
            clients: Vec::new(),
            nodes,
            sockets: Vec::new(),
        };
        for node in &crowd.nodes {
            for _ in 0..2 {
                let mut client = Client::open(&node.io).await;
                let id = client.join("/").await;
                let socket = node.io.of("/").socket(&id).expect("it is connected");
                crowd.sockets.push(socket);
                crowd.clients.push(client);
            }
        }
        crowd
    }

    /// Asks all clients from the first node; those named answer with their
    /// number.
    pub(crate) async fn vote(&mut self, voters: &[usize]) -> Replies<u8> {
        let votes = self.nodes[0].io.emit_with_ack("vote", ());
        for (n, client) in self.clients.iter_mut().enumerate() {
            assert_eq!(client.recv().await, r#"20["vote"]"#);
            if voters.contains(&n) {
                client.send(&format!("30[{n}]")).await;
            }
        }
        votes
    }

    /// The names of the events that each client heard.
    pub(crate) async fn heard(&mut self) -> Vec<String> {
        self.settle().await;
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

    pub(crate) fn rooms(&self) -> Vec<String> {
        let rooms = self.sockets.iter().map(Socket::rooms);
        rooms.map(|rooms| rooms.join(" ")).collect()
    }

    pub(crate) fn status(&self, node: usize) -> ClusterStatus {
        self.nodes[node].io.cluster().expect("it has an adapter")
    }

    /// Lets arrive what is on its way. On the paused clock a sleep ends when
    /// nothing else is left to do.
    pub(crate) async fn settle(&self) {
        yield_now().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    /// Asserts that nobody waits for anybody any more.
    pub(crate) async fn is_at_rest(&self) {
        self.settle().await;
        for n in 0..self.nodes.len() {
            let status = self.status(n);
            assert_eq!((status.asking, status.answering), (0, 0), "node {n}");
            assert_eq!((status.skipped, status.unpublished), (0, 0), "node {n}");
        }
    }
}
