//! What is counted for the operator, see the crate's documentation.
//!
//! Both forms have the same functions: the one without the feature `metrics`
//! keeps nothing and does nothing, so its callers need not know.

pub(crate) use form::{Connected, Figures};

#[cfg(feature = "metrics")]
mod form {
    use std::sync::Arc;

    use metrics::{Counter, Gauge, Unit, counter, describe_counter, describe_gauge, gauge};

    use crate::Cause;

    /// The handles of one server, registered once, so that what has not
    /// happened yet is there at zero.
    #[derive(Clone)]
    pub(crate) struct Figures(Arc<Handles>);

    struct Handles {
        events: Counter,
        failures: Failures,
        refused: Counter,
        sockets: Gauge,
        unexpected_answers: Counter,
        violations: Counter,
    }

    /// Failures by their cause.
    struct Failures {
        answer: Counter,
        handler: Counter,
        panic: Counter,
        payload: Counter,
        refused: Counter,
    }

    impl Figures {
        pub(crate) fn new() -> Self {
            describe();
            let failures =
                |cause: &'static str| counter!("socketio_failures_total", "cause" => cause);
            Self(Arc::new(Handles {
                events: counter!("socketio_events_received_total"),
                failures: Failures {
                    answer: failures("answer"),
                    handler: failures("handler"),
                    panic: failures("panic"),
                    payload: failures("payload"),
                    refused: failures("refused"),
                },
                refused: counter!("socketio_sockets_refused_total"),
                sockets: gauge!("socketio_sockets"),
                unexpected_answers: counter!("socketio_unexpected_answers_total"),
                violations: counter!("socketio_violations_total"),
            }))
        }

        /// Counts a socket as long as what is returned is kept.
        pub(crate) fn connected(&self) -> Connected {
            self.0.sockets.increment(1.0);
            Connected(Some(self.clone()))
        }

        pub(crate) fn refused(&self) {
            self.0.refused.increment(1);
        }

        /// A client sent an event.
        pub(crate) fn event(&self) {
            self.0.events.increment(1);
        }

        pub(crate) fn failed(&self, cause: &Cause) {
            let failures = &self.0.failures;
            let counter = match cause {
                Cause::Decode(_) => &failures.payload,
                Cause::Encode(_) => &failures.answer,
                Cause::Handler(_) => &failures.handler,
                Cause::Panic(_) => &failures.panic,
                Cause::Refused(_) => &failures.refused,
            };
            counter.increment(1);
        }

        pub(crate) fn unexpected_answer(&self) {
            self.0.unexpected_answers.increment(1);
        }

        pub(crate) fn violated(&self) {
            self.0.violations.increment(1);
        }
    }

    /// That a socket is connected, if it is.
    pub(crate) struct Connected(Option<Figures>);

    impl Connected {
        pub(crate) fn not_yet() -> Self {
            Self(None)
        }
    }

    impl Drop for Connected {
        fn drop(&mut self) {
            if let Some(Figures(handles)) = &self.0 {
                handles.sockets.decrement(1.0);
            }
        }
    }

    fn describe() {
        describe_gauge!("socketio_sockets", Unit::Count, "Connected sockets.");
        describe_counter!(
            "socketio_sockets_refused_total",
            Unit::Count,
            "Clients that a namespace did not let in."
        );
        describe_counter!(
            "socketio_events_received_total",
            Unit::Count,
            "Events from clients."
        );
        describe_counter!(
            "socketio_failures_total",
            Unit::Count,
            "Events that were not handled to their end, and hooks that failed."
        );
        describe_counter!(
            "socketio_unexpected_answers_total",
            Unit::Count,
            "Answers that nobody waits for."
        );
        describe_counter!(
            "socketio_violations_total",
            Unit::Count,
            "Connections that were closed as their client broke the rules."
        );
    }
}

#[cfg(not(feature = "metrics"))]
mod form {
    use crate::Cause;

    #[derive(Clone)]
    pub(crate) struct Figures;

    impl Figures {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn connected(&self) -> Connected {
            Connected
        }

        pub(crate) fn refused(&self) {}

        pub(crate) fn event(&self) {}

        pub(crate) fn failed(&self, _: &Cause) {}

        pub(crate) fn unexpected_answer(&self) {}

        pub(crate) fn violated(&self) {}
    }

    pub(crate) struct Connected;

    impl Connected {
        pub(crate) fn not_yet() -> Self {
            Self
        }
    }
}
