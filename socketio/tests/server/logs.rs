//! What is logged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::support::{Client, server};

#[tokio::test(start_paused = true)]
async fn the_first_payload_of_a_connection_that_does_not_fit_is_a_warning() {
    let warnings = Arc::new(AtomicUsize::new(0));
    let _logged = tracing::subscriber::set_default(Warnings(warnings.clone()));
    let io = server();
    io.of("/").on("n", async |_, _: u8| {});
    for connections in 1..=2 {
        let mut client = Client::connect(&io).await;
        client.send_all(&[r#"2["n","x"]"#; 3]).await;
        client.silence().await;
        assert_eq!(warnings.load(Ordering::SeqCst), connections);
    }
}

/// Counts warnings.
struct Warnings(Arc<AtomicUsize>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target().starts_with("socketio")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
