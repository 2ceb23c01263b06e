//! Clients that stopped reading, while they are sent as much as they may be.

use engineio::{CloseReason, Config, Engine, Limits, Message, Socket};
use tokio::io::DuplexStream;
use tokio::sync::{mpsc, watch};

use crate::client::{SESSION, client, ends, handshake, open_websocket, settle};
use crate::http::Client;
use crate::measure::{KIB, MIB, measure};

/// N clients that take the handshake and nothing else, on either transport.
pub(crate) fn stopped_readers_share_what_they_are_sent() {
    const READERS: usize = 600;
    const PAYLOAD: usize = 4 * MIB;
    measure(2 * PAYLOAD + READERS * SESSION, async || {
        let payload = Message::from(vec![7; PAYLOAD]);
        // Room for one: the second is more than the budget.
        let filled = Filled::new(payload, PAYLOAD + 10 * KIB);
        let mut readers = Vec::new();
        for _ in 0..READERS / 2 {
            readers.push(open_websocket(&filled.engine.service()).await);
            let mut client = client(&filled.engine.service());
            handshake(&mut client).await;
            readers.push(client.into_stream());
        }
        filled.finish(READERS, readers).await;
    });
}

/// N clients whose poll is answered with as much as the budget allows, and who
/// do not read it. The answer is text of their own, so nothing is shared.
pub(crate) fn unread_answers_cost_the_budget() {
    const READERS: usize = 100;
    const BUDGET: usize = MIB;
    let allowed = READERS * (BUDGET + SESSION) + 2 * BUDGET;
    measure(allowed, async || {
        let payload = Message::from("x".repeat(BUDGET / 16));
        let filled = Filled::new(payload, BUDGET);
        let (mut readers, mut polls) = (Vec::new(), Vec::new());
        for _ in 0..READERS {
            let mut client = client(&filled.engine.service());
            let sid = handshake(&mut client).await;
            polls.push(format!("?EIO=4&transport=polling&sid={sid}"));
            readers.push(client);
        }
        filled.fill().await;
        for (client, query) in readers.iter_mut().zip(&polls) {
            client.send("GET", query, &[], b"").await;
        }
        settle().await;
        let readers = readers.into_iter().map(Client::into_stream).collect();
        filled.finish(READERS, readers).await;
    });
}

/// An engine whose sessions are filled to their budget when they are told to,
/// and beyond it when they are told again.
struct Filled {
    engine: Engine,
    step: watch::Sender<u8>,
    full: mpsc::UnboundedReceiver<Option<CloseReason>>,
}

impl Filled {
    fn new(payload: Message, budget: usize) -> Self {
        let (step, steps) = watch::channel(0);
        let (report, full) = mpsc::unbounded_channel();
        let config = Config::default().limits(Limits::default().budget(budget));
        let engine = Engine::new(config, move |socket: Socket| {
            let (mut steps, report, payload) = (steps.clone(), report.clone(), payload.clone());
            async move {
                steps.wait_for(|step| *step >= 1).await.unwrap();
                while socket.buffered() + payload.len() + 64 <= budget {
                    socket.send(payload.clone()).unwrap();
                    // A websocket takes what it can in between.
                    tokio::task::yield_now().await;
                }
                report.send(None).unwrap();
                steps.wait_for(|step| *step >= 2).await.unwrap();
                socket.send(payload).unwrap_err();
                report.send(socket.close_reason()).unwrap();
            }
        });
        Self { engine, step, full }
    }

    async fn fill(&self) {
        self.step.send_replace(1);
        settle().await;
    }

    async fn finish(mut self, readers: usize, clients: Vec<DuplexStream>) {
        self.fill().await;
        for _ in 0..readers {
            assert_eq!(self.full.recv().await, Some(None));
        }
        self.step.send_replace(2);
        for _ in 0..readers {
            let reason = self.full.recv().await.unwrap();
            assert_eq!(reason, Some(CloseReason::SlowConsumer));
        }
        drop(clients);
        ends(&self.engine).await;
    }
}
