//! What the configuration changes on the wire.

use engineio::Config;

use crate::support::Server;
use crate::support::http::websocket_headers;

const POLLING: &str = "?EIO=4&transport=polling";
const WEBSOCKET: &str = "?EIO=4&transport=websocket";

#[tokio::test(start_paused = true)]
async fn the_initial_packet_follows_the_open_packet_in_the_same_payload() {
    let server = Server::echo(Config::default().initial_packet("faster"));
    let open = server.client().get(POLLING).await;
    assert!(open.text().starts_with("0{"), "{}", open.text());
    assert!(open.text().ends_with("}\u{1e}4faster"), "{}", open.text());
}

#[tokio::test(start_paused = true)]
async fn the_initial_packet_is_the_second_frame_of_a_websocket() {
    let initial = bytes::Bytes::from_static(&[1, 2, 3]);
    let server = Server::echo(Config::default().initial_packet(initial));
    let mut socket = server.websocket().await;
    assert_eq!(socket.binary().await, [1, 2, 3]);
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
}

#[tokio::test(start_paused = true)]
async fn the_path_without_its_slash_is_served_where_none_is_added() {
    let server = Server::echo(Config::default().add_trailing_slash(false));
    for (path, status) in [
        ("/engine.io", 200),
        ("/engine.io/", 200),
        ("/engine.io/foo/bar/", 200),
        ("/engine.ioX", 404),
        ("/engine.ioX/", 404),
    ] {
        let response = server.client().get(&format!("{path}{POLLING}")).await;
        assert_eq!(response.status, status, "{path}");
        let target = format!("{path}{WEBSOCKET}");
        let headers = websocket_headers();
        let mut client = server.client();
        let response = client.request("GET", &target, &headers, b"").await;
        let expected = if status == 200 { 101 } else { status };
        assert_eq!(response.status, expected, "{path}");
    }
}
