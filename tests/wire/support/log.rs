//! What is logged.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

/// Every event of every crate, at every level, without a formatter that would
/// make up for what the events do wrong.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Line>>>);

#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The spans and their fields, from the outside in.
    pub(crate) spans: Vec<String>,
    pub(crate) level: Level,
    pub(crate) message: String,
    pub(crate) fields: String,
}

impl Log {
    /// Everything on this thread, until the guard is dropped.
    pub(crate) fn capture() -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(Registry::default().with(log.clone()));
        (log, guard)
    }

    pub(crate) fn take(&self) -> Vec<Line> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// The messages that were logged in the span of this session.
    pub(crate) fn take_of(&self, sid: &str) -> Vec<String> {
        let span = span_of(sid);
        let mut messages = Vec::new();
        for line in self.take() {
            assert_eq!(line.spans, [span.as_str()], "{line:?}");
            messages.push(line.message);
        }
        messages
    }
}

/// Lets no place that logs be taken for one that nobody listens to. Tracing decides that
/// when the place is first reached, and misses who begins to listen at that moment on
/// another thread.
pub(crate) fn listen_everywhere() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        tracing::subscriber::set_global_default(Registry::default()).expect("it is the only one");
    });
}

fn span_of(sid: &str) -> String {
    format!("session sid={}…", &sid[..6])
}

pub(crate) struct Text<'a> {
    pub(crate) message: &'a mut String,
    pub(crate) fields: &'a mut String,
}

impl Visit for Text<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => write!(self.message, "{value:?}").unwrap(),
            name => write!(self.fields, " {name}={value:?}").unwrap(),
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let (mut name, mut fields) = (attributes.metadata().name().to_owned(), String::new());
        attributes.record(&mut Text {
            message: &mut String::new(),
            fields: &mut fields,
        });
        name.push_str(&fields);
        cx.span(id).unwrap().extensions_mut().insert(name);
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let spans = cx
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root());
        let spans = spans.map(|span| span.extensions().get::<String>().unwrap().clone());
        let mut line = Line {
            spans: spans.collect(),
            level: *event.metadata().level(),
            message: String::new(),
            fields: String::new(),
        };
        event.record(&mut Text {
            message: &mut line.message,
            fields: &mut line.fields,
        });
        self.0.lock().unwrap().push(line);
    }
}
