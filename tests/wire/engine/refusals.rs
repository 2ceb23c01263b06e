//! Who is not let in, and what the server's operator is told of it.

use engineio::{Config, Origins};

use crate::support::http::websocket_headers;
use crate::support::{Server, echo};

const POLLING: &str = "?EIO=4&transport=polling";
const WEBSOCKET: &str = "?EIO=4&transport=websocket";

#[tokio::test(start_paused = true)]
async fn an_opaque_origin_and_a_forged_forwarded_host_are_foreign() {
    let engine = echo(Config::default().origins(Origins::Same));
    let server = Server::engine(&engine);
    for forged in [
        &[("Origin", "null")][..],
        &[("Origin", "")],
        &[
            ("Origin", "http://evil.example"),
            ("X-Forwarded-Host", "evil.example"),
            ("Forwarded", "host=evil.example"),
        ],
    ] {
        let response = server.client().request("GET", POLLING, forged, b"").await;
        response.assert_refused(403, 4, "Forbidden");
        let headers = [&websocket_headers()[..], forged].concat();
        let mut client = server.client();
        let response = client.request("GET", WEBSOCKET, &headers, b"").await;
        response.assert(400, "Forbidden");
    }
    assert_eq!(engine.session_count(), 0);
}
