//! Who is not let in, and what the server's operator is told of it.

use engineio::{Body, Config, Origins};
use http::Request;

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

#[tokio::test(start_paused = true)]
async fn a_compressed_body_is_refused_and_its_session_lives_on() {
    let server = Server::echo(Config::default());
    let client = server.polling().await;
    for coding in ["gzip", "identity, br"] {
        let headers = [("Content-Encoding", coding)];
        let mut connection = server.client();
        let response = connection
            .request("POST", &client.query(), &headers, b"4hello")
            .await;
        response.assert(415, "");
        assert_eq!(response.header("accept-encoding"), Some("identity"));
    }
    let headers = [("Content-Encoding", "Identity")];
    let mut connection = server.client();
    let response = connection
        .request("POST", &client.query(), &headers, b"4hello")
        .await;
    response.assert(200, "ok");
    client.get().await.assert(200, "4hello");
}

#[tokio::test(start_paused = true)]
async fn a_websocket_is_refused_where_nothing_could_follow_the_101() {
    let engine = echo(Config::default());
    let client = Server::engine(&engine).polling().await;
    // As HTTP/2 gives it, and a host that does not let go of its connections.
    let request = |query: &str| {
        let mut request = Request::get(format!("/engine.io/{query}"));
        for (name, value) in websocket_headers() {
            request = request.header(name, value);
        }
        request.body(Body::default()).unwrap()
    };
    let candidate = client.query().replace("polling", "websocket");
    for query in [WEBSOCKET, &candidate] {
        let response = engine.handle(request(query)).await;
        assert_eq!(response.status(), 400, "{query}");
    }
    assert_eq!(engine.session_count(), 1);
    client.post("4hello").await.assert(200, "ok");
    client.get().await.assert(200, "4hello");
}

#[tokio::test(start_paused = true)]
async fn no_browser_is_to_guess_what_a_polling_response_is() {
    let server = Server::echo(Config::default());
    let client = server.polling().await;
    let open = server.client().get(POLLING).await;
    let posted = client.post("4<script>").await;
    let polled = client.get().await;
    let refused = server.client().get("?EIO=4&transport=%3Cscript%3E").await;
    for response in [open, posted, polled, refused] {
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_ne!(response.header("content-type"), None);
    }
}
