//! What is logged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use socketio::{Config, Recovery, Server};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::shared_store::{Fault, SharedStore};
use crate::support::{Client, server};

#[tokio::test(start_paused = true)]
async fn the_first_payload_of_a_connection_that_does_not_fit_is_a_warning() {
    let warnings = Arc::new(AtomicUsize::new(0));
    let _logged = tracing::subscriber::set_default(Told(Level::WARN, warnings.clone(), || ()));
    let io = server();
    io.of("/").on("n", async |_, _: u8| {});
    for connections in 1..=2 {
        let mut client = Client::connect(&io).await;
        client.send_all(&[r#"2["n","x"]"#; 3]).await;
        client.silence().await;
        assert_eq!(warnings.load(Ordering::SeqCst), connections);
    }
}

#[tokio::test(start_paused = true)]
async fn who_logs_may_emit_also_what_goes_wrong_with_a_store() {
    let store = Arc::new(SharedStore::default());
    let recovery = Recovery::default().store(store.handle());
    let io = Server::new(Config::default().recovery(recovery));
    let mut client = Client::open(&io).await;
    client.send("0").await;
    client.recv().await;
    let (told, log) = (Arc::new(AtomicUsize::new(0)), io.clone());
    let errors = Told(Level::ERROR, told.clone(), move || {
        log.emit("log", ()).unwrap();
    });
    let _logged = tracing::subscriber::set_default(errors);
    for fault in [Fault::Miscounts, Fault::Panics] {
        store.breaks(Some(fault));
        for _ in 0..100 {
            io.emit("e", ()).unwrap();
        }
    }
    // Each time that there are twice as many.
    let told = told.load(Ordering::SeqCst);
    assert!((8..12).contains(&told), "{told}");
}

/// Counts what is logged at a level, and calls something each time.
struct Told<F>(Level, Arc<AtomicUsize>, F);

impl<F: Fn() + Send + Sync + 'static> Subscriber for Told<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == self.0 && metadata.target().starts_with("socketio")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.2();
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
