//! `lab-socket`: a server that can be asked what it saw.

mod control;
mod records;

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use socketio::{Args, Config, ConnectError, Namespace, Recovery, Server};

use crate::clients;
use crate::host::{self, Profile};
use crate::options::Options;
use records::Records;

pub(crate) fn profile(options: &Options) -> Profile {
    let config = Config::default()
        .engine(|engine| {
            let engine = engine
                .allow_revision_3(true)
                .max_payload(100_000)
                .upgrade_timeout(Duration::from_secs(1));
            options.apply(engine)
        })
        .connect_timeout(options.connect_timeout.unwrap_or(Duration::from_secs(1)))
        .recovery(
            Recovery::default()
                .max_disconnection(Duration::from_secs(3))
                .skip_middleware(true),
        );
    let server = Server::new(config);
    let records = Records::default();
    server.on_open({
        let records = records.clone();
        move |engine| records.open(engine)
    });
    for name in ["/", "/custom", "/日本語", "/guarded"] {
        register(&server.of(name), &records);
    }
    register(
        &server.of_matching(async |name, _| is_dynamic(&name)),
        &records,
    );
    server
        .of("/guarded")
        .middleware(async |_, auth: Args| guard(&auth));

    let control = control::service(server.engine().clone(), records);
    host::with_cors("/socket.io/", server.service(), control)
}

fn register(namespace: &Namespace, records: &Records) {
    let (connected, seen, left) = (records.clone(), records.clone(), records.clone());
    namespace
        .on_connect(async move |socket| connected.connect(socket.id(), socket.recovered()))
        .on_disconnect(async move |socket, reason| left.disconnect(socket.id(), reason.as_str()))
        .on_any(move |socket, event| seen.add(socket.id(), event));
    clients::register_echo(namespace);
    clients::register_rooms(namespace);
    clients::register_endings(namespace);
    clients::register_call(namespace);
}

fn is_dynamic(name: &str) -> bool {
    let number = name.strip_prefix("/dyn-").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// A payload of any other form is one without the token.
fn guard(auth: &Args) -> Result<(), ConnectError> {
    #[derive(Deserialize)]
    struct Auth {
        token: String,
    }

    match auth.parse() {
        Ok(Auth { token }) if token == "secret" => Ok(()),
        _ => {
            let data = json!({ "code": 401, "hint": "token" });
            Err(ConnectError::new("unauthorized").with_data(data))
        }
    }
}
