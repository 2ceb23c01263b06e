//! What is counted for the operator.

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

/// The figures of one engine or server, as a recorder of its own sees them.
pub(crate) struct Figures {
    prefix: &'static str,
    snapshots: Snapshotter,
    /// What they add up to: a snapshot takes what came since the last one.
    sums: BTreeMap<String, i64>,
}

impl Figures {
    /// What is made by `new`, and those of its figures that begin with `prefix`.
    pub(crate) fn of<T>(prefix: &'static str, new: impl FnOnce() -> T) -> (T, Self) {
        let recorder = DebuggingRecorder::new();
        let snapshots = recorder.snapshotter();
        let made = metrics::with_local_recorder(&recorder, new);
        let sums = BTreeMap::new();
        let figures = Self {
            prefix,
            snapshots,
            sums,
        };
        (made, figures)
    }

    /// All that are not zero.
    pub(crate) fn read(&mut self) -> Vec<String> {
        let mut figures = self.all();
        figures.retain(|_, value| *value != 0);
        let show = |(name, value)| format!("{name} {value}");
        figures.into_iter().map(show).collect()
    }

    pub(crate) fn all(&mut self) -> BTreeMap<String, i64> {
        for (key, _, _, value) in self.snapshots.snapshot().into_vec() {
            let key = key.key();
            let Some(name) = key.name().strip_prefix(self.prefix) else {
                continue;
            };
            let mut name = name.to_owned();
            for label in key.labels() {
                name.push_str(&format!(" {}={}", label.key(), label.value()));
            }
            let change = match value {
                DebugValue::Counter(value) => value as i64,
                DebugValue::Gauge(value) => value.0 as i64,
                DebugValue::Histogram(_) => panic!("{name} is a histogram"),
            };
            *self.sums.entry(name).or_default() += change;
        }
        self.sums.clone()
    }
}
