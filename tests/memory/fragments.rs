//! Messages that never end.

use engineio::Config;
use tokio::io::AsyncWriteExt;

use crate::client::{SESSION, ends, frame, open_websocket, settle, silent};
use crate::measure::{measure, processor_time, run};

const CLIENTS_OF_FRAGMENTS: usize = 16;

const FRAGMENTS: usize = 100_000;

pub(crate) fn fragments_of_a_byte_cost_a_byte() {
    // A buffer that doubles is there twice for a moment.
    measure(
        CLIENTS_OF_FRAGMENTS * (3 * FRAGMENTS + SESSION),
        async || {
            endless_message(CLIENTS_OF_FRAGMENTS, b"x", FRAGMENTS).await;
        },
    );
    takes_linear_time(b"x");
}

pub(crate) fn empty_fragments_cost_nothing() {
    measure(CLIENTS_OF_FRAGMENTS * SESSION, async || {
        endless_message(CLIENTS_OF_FRAGMENTS, b"", FRAGMENTS).await;
    });
    takes_linear_time(b"");
}

/// Messages that never end, in pieces.
pub(crate) async fn endless_message(clients: usize, piece: &[u8], pieces: usize) {
    let engine = silent(Config::default());
    let mut streams = Vec::new();
    let batch = frame(0x00, piece).repeat(1000);
    for _ in 0..clients {
        let mut stream = open_websocket(&engine.service()).await;
        stream.write_all(&frame(0x01, b"4")).await.unwrap();
        for _ in 0..pieces / 1000 {
            stream.write_all(&batch).await.unwrap();
        }
        streams.push(stream);
    }
    settle().await;
    assert_eq!(engine.session_count(), clients);
    drop(streams);
    ends(&engine).await;
}

/// Eight times as many pieces take about eight times the work: less than half of
/// what they would take if each were paid for by all before it. Work is what the
/// kernel charges to this thread, whoever else wants the processor.
fn takes_linear_time(piece: &[u8]) {
    let work = |pieces| {
        let before = processor_time();
        run(&async || endless_message(1, piece, pieces).await);
        processor_time() - before
    };
    let (few, many) = (work(50_000), work(400_000));
    println!(
        "  8 times the pieces took {:.1} times the work",
        many as f64 / few as f64
    );
    assert!(many < 32 * few, "{few} ns became {many} ns");
}
