//! `engine-v3` and `engine-v4`: every message comes back on its session.

use std::time::Duration;

use engineio::{Config, Engine};

use crate::host::{self, Profile};
use crate::options::Options;

pub(crate) fn revision_3(options: &Options) -> Profile {
    profile(options.apply(config().allow_revision_3(true)))
}

pub(crate) fn revision_4(options: &Options) -> Profile {
    profile(options.apply(config()))
}

fn config() -> Config {
    Config::default()
        .ping_interval(Duration::from_millis(300))
        .ping_timeout(Duration::from_millis(200))
}

fn profile(config: Config) -> Profile {
    let engine = Engine::new(config, async |socket| {
        while let Some(message) = socket.recv().await {
            if socket.send(message).is_err() {
                break;
            }
        }
    });
    host::with_cors("/engine.io/", engine.service(), host::not_found())
}
