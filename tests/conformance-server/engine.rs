//! The Engine.IO profiles.

use std::time::Duration;

use engineio::{Config, Engine};

use crate::host::{Profile, hosted};
use crate::options::Options;

/// `engine-v4`: every message comes back on its session.
pub(crate) fn echo(options: &Options) -> Profile {
    let config = Config::default()
        .ping_interval(Duration::from_millis(300))
        .ping_timeout(Duration::from_millis(200));
    let engine = Engine::new(options.apply(config), async |socket| {
        while let Some(message) = socket.recv().await {
            if socket.send(message).is_err() {
                break;
            }
        }
    });
    hosted(engine.service())
}
