//! What is counted for the operator, see the crate's documentation.
//!
//! Both forms have the same functions: the one without the feature `metrics`
//! keeps nothing and does nothing, so its callers need not know.

pub(crate) use form::Figures;

#[cfg(feature = "metrics")]
mod form {
    use std::sync::Arc;

    use metrics::{Counter, Gauge, Unit, counter, describe_counter, describe_gauge, gauge};

    use crate::{CloseReason, Refused, Revision, Transport};

    const REVISIONS: [Revision; 2] = [Revision::V3, Revision::V4];
    const TRANSPORTS: [Transport; 2] = [Transport::Polling, Transport::Websocket];
    const REASONS: [CloseReason; 7] = [
        CloseReason::ForcedClose,
        CloseReason::ParseError,
        CloseReason::PingTimeout,
        CloseReason::SlowConsumer,
        CloseReason::Stalled,
        CloseReason::TransportClose,
        CloseReason::TransportError,
    ];
    /// One of each code, then one of each status that comes without one.
    const REFUSALS: [Refused; 12] = [
        Refused::UnknownTransport,
        Refused::UnknownSid,
        Refused::BadHandshakeMethod,
        Refused::TransportMismatch,
        Refused::Forbidden,
        Refused::UnsupportedRevision,
        Refused::BadPayload,
        Refused::TooLarge,
        Refused::ContentEncoding,
        Refused::TooManySessions,
        Refused::Method,
        Refused::Unavailable,
    ];

    /// The handles of one engine, registered once, so that what has not
    /// happened yet is there at zero, and what happens is an atomic addition.
    #[derive(Clone)]
    pub(crate) struct Figures(Arc<Handles>);

    struct Handles {
        closed: Labelled<CloseReason, Counter>,
        outbox: Gauge,
        refused: Labelled<Label, Counter>,
        sessions: Labelled<(Transport, Revision), Sessions>,
        traffic: Labelled<Transport, Traffic>,
        upgrade_failures: Counter,
        upgrades: Counter,
    }

    struct Sessions {
        open: Gauge,
        opened: Counter,
    }

    struct Traffic {
        bytes_received: Counter,
        bytes_sent: Counter,
        packets_received: Counter,
        packets_sent: Counter,
    }

    impl Figures {
        pub(crate) fn new() -> Self {
            describe();
            let sessions = REVISIONS
                .into_iter()
                .flat_map(|revision| TRANSPORTS.map(|transport| (transport, revision)));
            Self(Arc::new(Handles {
                closed: Labelled::new(
                    REASONS,
                    |reason| counter!("engineio_sessions_closed_total", "reason" => reason.as_str()),
                ),
                outbox: gauge!("engineio_outbox_bytes"),
                refused: Labelled::new(
                    REFUSALS.iter().map(Label::of),
                    |label| counter!("engineio_requests_refused_total", label.key() => label.value()),
                ),
                sessions: Labelled::new(sessions, Sessions::register),
                traffic: Labelled::new(TRANSPORTS, Traffic::register),
                upgrade_failures: counter!("engineio_upgrade_failures_total"),
                upgrades: counter!("engineio_upgrades_total"),
            }))
        }

        pub(crate) fn opened(&self, transport: Transport, revision: Revision) {
            self.0.sessions.with(&(transport, revision), |sessions| {
                sessions.opened.increment(1);
                sessions.open.increment(1.0);
            });
        }

        /// A session moved to the websocket.
        pub(crate) fn upgraded(&self, revision: Revision) {
            self.0.upgrades.increment(1);
            self.gone(Transport::Polling, revision);
            self.0
                .sessions
                .with(&(Transport::Websocket, revision), |sessions| {
                    sessions.open.increment(1.0);
                });
        }

        pub(crate) fn upgrade_failed(&self) {
            self.0.upgrade_failures.increment(1);
        }

        pub(crate) fn closed(&self, reason: CloseReason) {
            self.0.closed.with(&reason, |closed| closed.increment(1));
        }

        /// A session that was on this transport is open no more.
        pub(crate) fn gone(&self, transport: Transport, revision: Revision) {
            self.0.sessions.with(&(transport, revision), |sessions| {
                sessions.open.decrement(1.0);
            });
        }

        pub(crate) fn received(&self, transport: Transport, packets: usize, bytes: usize) {
            self.0.traffic.with(&transport, |traffic| {
                traffic.packets_received.increment(packets as u64);
                traffic.bytes_received.increment(bytes as u64);
            });
        }

        pub(crate) fn sent(&self, transport: Transport, packets: usize, bytes: usize) {
            self.0.traffic.with(&transport, |traffic| {
                traffic.packets_sent.increment(packets as u64);
                traffic.bytes_sent.increment(bytes as u64);
            });
        }

        pub(crate) fn refused(&self, refused: &Refused) {
            let label = Label::of(refused);
            self.0.refused.with(&label, |refused| refused.increment(1));
        }

        /// What is charged to a session was `before`, and is `after` now.
        pub(crate) fn charged(&self, before: usize, after: usize) {
            if after > before {
                self.0.outbox.increment((after - before) as f64);
            } else if after < before {
                self.0.outbox.decrement((before - after) as f64);
            }
        }
    }

    impl Sessions {
        fn register((transport, revision): &(Transport, Revision)) -> Self {
            let labels = [
                ("transport", transport.as_str()),
                ("revision", revision.as_str()),
            ];
            Self {
                open: gauge!("engineio_sessions", &labels),
                opened: counter!("engineio_sessions_opened_total", &labels),
            }
        }
    }

    impl Traffic {
        fn register(transport: &Transport) -> Self {
            let transport = transport.as_str();
            Self {
                bytes_received: counter!("engineio_bytes_received_total", "transport" => transport),
                bytes_sent: counter!("engineio_bytes_sent_total", "transport" => transport),
                packets_received: counter!("engineio_packets_received_total", "transport" => transport),
                packets_sent: counter!("engineio_packets_sent_total", "transport" => transport),
            }
        }
    }

    /// What tells refusals apart: their code, else their status.
    #[derive(Debug, Eq, PartialEq)]
    enum Label {
        Code(u8),
        Status(u16),
    }

    impl Label {
        fn of(refused: &Refused) -> Self {
            match refused.code() {
                Some(code) => Self::Code(code),
                None => Self::Status(refused.status().as_u16()),
            }
        }

        fn key(&self) -> &'static str {
            match self {
                Self::Code(_) => "code",
                Self::Status(_) => "status",
            }
        }

        fn value(&self) -> String {
            match self {
                Self::Code(code) => code.to_string(),
                Self::Status(status) => status.to_string(),
            }
        }
    }

    /// A handle for each value of a label. They are few, so they are searched.
    struct Labelled<K, H> {
        handles: Box<[(K, H)]>,
        register: fn(&K) -> H,
    }

    impl<K: PartialEq, H> Labelled<K, H> {
        fn new(labels: impl IntoIterator<Item = K>, register: fn(&K) -> H) -> Self {
            let with_handle = |label| {
                let handle = register(&label);
                (label, handle)
            };
            Self {
                handles: labels.into_iter().map(with_handle).collect(),
                register,
            }
        }

        fn with(&self, label: &K, change: impl FnOnce(&H)) {
            match self.handles.iter().find(|(known, _)| known == label) {
                Some((_, handle)) => change(handle),
                None => change(&(self.register)(label)),
            }
        }
    }

    fn describe() {
        describe_gauge!("engineio_sessions", Unit::Count, "Open sessions.");
        describe_counter!(
            "engineio_sessions_opened_total",
            Unit::Count,
            "Sessions that were opened."
        );
        describe_counter!(
            "engineio_sessions_closed_total",
            Unit::Count,
            "Sessions that ended."
        );
        describe_counter!(
            "engineio_upgrades_total",
            Unit::Count,
            "Sessions that moved to a websocket."
        );
        describe_counter!(
            "engineio_upgrade_failures_total",
            Unit::Count,
            "Candidates that did not become a transport."
        );
        describe_counter!(
            "engineio_packets_received_total",
            Unit::Count,
            "Packets from clients."
        );
        describe_counter!(
            "engineio_packets_sent_total",
            Unit::Count,
            "Packets to clients."
        );
        describe_counter!(
            "engineio_bytes_received_total",
            Unit::Bytes,
            "Bytes of packets from clients."
        );
        describe_counter!(
            "engineio_bytes_sent_total",
            Unit::Bytes,
            "Bytes of packets to clients."
        );
        describe_counter!(
            "engineio_requests_refused_total",
            Unit::Count,
            "Requests that were refused."
        );
        describe_gauge!(
            "engineio_outbox_bytes",
            Unit::Bytes,
            "What is charged to all sessions."
        );
    }
}

#[cfg(not(feature = "metrics"))]
mod form {
    use crate::{CloseReason, Refused, Revision, Transport};

    #[derive(Clone)]
    pub(crate) struct Figures;

    impl Figures {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn opened(&self, _: Transport, _: Revision) {}

        pub(crate) fn upgraded(&self, _: Revision) {}

        pub(crate) fn upgrade_failed(&self) {}

        pub(crate) fn closed(&self, _: CloseReason) {}

        pub(crate) fn gone(&self, _: Transport, _: Revision) {}

        pub(crate) fn received(&self, _: Transport, _: usize, _: usize) {}

        pub(crate) fn sent(&self, _: Transport, _: usize, _: usize) {}

        pub(crate) fn refused(&self, _: &Refused) {}

        pub(crate) fn charged(&self, _: usize, _: usize) {}
    }
}
