//! The files of the client.

use engineio::Body;
use http::{Request, Response};
use socketio::{ClientFiles, Config, Server as Io};
use tokio::io::AsyncReadExt;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::Server;
use crate::support::http::Response as Answer;

/// The names that the reference serves.
const NAMES: [&str; 8] = [
    "socket.io.js",
    "socket.io.js.map",
    "socket.io.min.js",
    "socket.io.min.js.map",
    "socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map",
    "socket.io.esm.min.js",
    "socket.io.esm.min.js.map",
];

#[tokio::test(start_paused = true)]
async fn the_eight_files_are_served_whatever_the_query_and_the_method() {
    let (_io, server) = serving(NAMES.map(|name| (name, &b"content"[..])));
    for name in NAMES {
        for target in [name.to_owned(), format!("{name}?EIO=4&transport=polling")] {
            let file = get(&server, &target, &[]).await;
            file.assert(200, "content");
            let kind = match name.ends_with(".map") {
                true => "application/json; charset=utf-8",
                false => "application/javascript; charset=utf-8",
            };
            assert_eq!(file.header("content-type"), Some(kind));
            assert_eq!(file.header("cache-control"), Some("public, max-age=0"));
            assert!(file.header("etag").is_some());
            assert_eq!(file.header("content-encoding"), None);
        }
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let mut client = server.client();
        let file = client.request(method, "socket.io.js", &[], b"").await;
        file.assert(200, "content");
    }
    let mut client = server.client();
    let close = [("Connection", "close")];
    client.send("HEAD", "socket.io.js", &close, b"").await;
    let mut bytes = String::new();
    let mut stream = client.into_stream();
    stream.read_to_string(&mut bytes).await.unwrap();
    assert!(bytes.contains("content-length: 7\r\n"), "{bytes}");
    assert!(bytes.ends_with("\r\n\r\n"), "{bytes}");
}

#[tokio::test(start_paused = true)]
async fn without_files_their_names_are_left_to_the_engine() {
    let server = Server::socketio(&Io::new(Config::default()));
    for name in NAMES {
        let answer = get(&server, &format!("/socket.io/{name}"), &[]).await;
        answer.assert_refused(400, 0, "Transport unknown");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_file_of_the_client_is_left_to_the_engine() {
    let (_io, server) = serving([
        ("socket.io.js", &b"content"[..]),
        ("socket.io.js.br", b"br"),
    ]);
    for name in [
        "",
        "socket.io.min.js",
        "socket.io.esm.js",
        "socket.io.js.br",
        "socket.io.js/",
        "./socket.io.js",
        "../socket.io/socket.io.js",
        "%2e%2e/socket.io.js",
        "socket.io%2ejs",
        "deeper/socket.io.js",
        "/socket.io.js",
        "../../Cargo.toml",
        "..%2f..%2fCargo.toml",
    ] {
        let target = format!("/socket.io/{name}");
        let answer = get(&server, &target, &[]).await;
        answer.assert_refused(400, 0, "Transport unknown");
    }
    for target in ["/socket.io.js", "/socket.ioX/socket.io.js", "/"] {
        assert_eq!(get(&server, target, &[]).await.status, 404);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_the_browser_has_is_not_sent_again() {
    let (_io, server) = serving([
        ("socket.io.js", &b"content"[..]),
        ("socket.io.js.gz", b"zipped"),
    ]);
    let plain = get(&server, "socket.io.js", &[]).await;
    let gzip = ("Accept-Encoding", "gzip");
    let zipped = get(&server, "socket.io.js", &[gzip]).await;
    let (plain, zipped) = (
        plain.header("etag").unwrap(),
        zipped.header("etag").unwrap(),
    );
    assert_ne!(plain, zipped);
    let weak = format!("W/{plain}");
    for tags in [plain, &weak] {
        let answer = get(&server, "socket.io.js", &[("If-None-Match", tags)]).await;
        answer.assert(304, "");
        assert_eq!(answer.header("etag"), Some(plain));
        assert_eq!(answer.header("content-type"), None);
    }
    let answer = get(&server, "socket.io.js", &[("If-None-Match", zipped), gzip]).await;
    answer.assert(304, "");
    let answer = get(&server, "socket.io.js", &[("If-None-Match", "\"other\"")]).await;
    answer.assert(200, "content");
}

#[tokio::test(start_paused = true)]
async fn a_compressed_file_is_sent_to_who_accepts_it() {
    let (_io, server) = serving([
        ("socket.io.js", &b"content"[..]),
        ("socket.io.js.br", b"br"),
        ("socket.io.js.gz", b"gzip"),
        ("socket.io.min.js", b"content"),
    ]);
    for (accept, coding) in [("gzip, deflate, br", "gzip"), ("br, gzip", "br")] {
        let file = get(&server, "socket.io.js", &[("Accept-Encoding", accept)]).await;
        file.assert(200, coding);
        assert_eq!(file.header("content-encoding"), Some(coding));
        assert_eq!(file.header("vary"), Some("Accept-Encoding"));
        let kind = file.header("content-type");
        assert_eq!(kind, Some("application/javascript; charset=utf-8"));
        let file = get(&server, "socket.io.min.js", &[("Accept-Encoding", accept)]).await;
        file.assert(200, "content");
        assert_eq!(file.header("vary"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn the_layer_serves_the_files_and_leaves_others_to_the_service_inside() {
    let io = io([("socket.io.js", &b"content"[..])]);
    let app = io.layer().layer(service_fn(async |_: Request<Body>| {
        Ok::<_, std::convert::Infallible>(Response::new(Body::from("inside")))
    }));
    for (target, length) in [
        ("socket.io.js", 7),
        ("socket.io.min.js", 6),
        ("admin.js", 6),
    ] {
        let request = Request::get(format!("/socket.io/{target}"));
        let request = request.body(Body::default()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let size = http_body::Body::size_hint(response.body()).exact();
        assert_eq!((response.status().as_u16(), size), (200, Some(length)));
    }
}

#[test]
fn a_folder_is_read_once_and_has_to_have_a_file() {
    let folder = std::env::temp_dir().join(format!("client-files-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let empty = ClientFiles::from_dir(&folder).unwrap_err();
    std::fs::write(folder.join("socket.io.min.js"), "content").unwrap();
    std::fs::write(folder.join("other.js"), "content").unwrap();
    let files = ClientFiles::from_dir(&folder).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(empty.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(format!("{files:?}"), r#"["socket.io.min.js"]"#);
    assert!(ClientFiles::from_dir(&folder).is_err());
}

#[test]
#[should_panic(expected = "`../secret.js` is no file of socket.io-client")]
fn a_file_of_another_name_is_a_mistake() {
    ClientFiles::embedded(&[("../secret.js", b"content")]);
}

fn io<const N: usize>(files: [(&str, &'static [u8]); N]) -> Io {
    Io::new(Config::default().client_files(ClientFiles::embedded(&files)))
}

fn serving<const N: usize>(files: [(&str, &'static [u8]); N]) -> (Io, Server) {
    let io = io(files);
    let server = Server::socketio(&io);
    (io, server)
}

async fn get(server: &Server, target: &str, headers: &[(&str, &str)]) -> Answer {
    server.client().request("GET", target, headers, b"").await
}
