//! Polling through script tags and forms.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use engineio::{Config, Engine, Message, Origins, Socket};
use http::Request;
use http_body::Body;
use http_body_util::Empty;

use crate::support::{Polling, Server, echo};

const FORM: [(&str, &str); 1] = [("Content-Type", "application/x-www-form-urlencoded")];

fn server() -> Server {
    Server::echo(Config::default().allow_revision_3(true))
}

async fn post(session: &Polling, form: &str) {
    let mut client = session.server().client();
    let response = client
        .request("POST", &session.query(), &FORM, form.as_bytes())
        .await;
    response.assert(200, "ok");
}

#[tokio::test(start_paused = true)]
async fn a_get_is_answered_with_a_script_that_calls_the_clients_number() {
    let server = server();
    let response = server.client().get("?EIO=4&transport=polling&j=3").await;
    assert!(response.text().starts_with(r#"___eio[3]("0{\"sid\":\""#));
    assert!(response.text().ends_with("}\");"));
    assert_eq!(
        response.header("content-type"),
        Some("text/javascript; charset=UTF-8")
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_but_digits_of_the_number_ends_up_in_the_script() {
    let server = server();
    let query = "?EIO=4&transport=polling&j=1);alert(document.cookie);(2";
    let response = server.client().get(query).await;
    assert!(response.text().starts_with("___eio[12](\"0{"));
}

#[tokio::test(start_paused = true)]
async fn a_form_brings_packets_in_its_field_d() {
    for (query, payload, script) in [
        (
            "?EIO=4&transport=polling&j=0",
            "4a%5Cnb%1E4%E2%80%A8",
            r#"___eio[0]("4a\nb\u001e4\u2028");"#,
        ),
        (
            "?EIO=3&transport=polling&j=0&b64=1",
            "2:4a6:b4AQI%3D",
            r#"___eio[0]("2:4a6:b4AQI=");"#,
        ),
    ] {
        let session = server().polling_with(query).await;
        post(&session, &format!("d={payload}")).await;
        session.get().await.assert(200, script);
    }
}

#[tokio::test(start_paused = true)]
async fn binary_data_is_base64_in_a_script_of_either_revision() {
    for (query, payload) in [("4", "bAQI="), ("3", "6:b4AQI=")] {
        let query = format!("?EIO={query}&transport=polling&j=7");
        let session = server().polling_with(&query).await;
        post(&session, &format!("d={payload}")).await;
        let script = format!("___eio[7](\"{payload}\");");
        session.get().await.assert(200, &script);
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_without_its_field_brings_nothing() {
    let session = server().polling_with("?EIO=4&transport=polling&j=0").await;
    post(&session, "x=4a").await;
    post(&session, "d=4b").await;
    session.get().await.assert(200, r#"___eio[0]("4b");"#);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_the_handshake_stays() {
    let session = server().polling_with("?EIO=4&transport=polling&j=0").await;
    post(&session, "d=4a").await;
    let query = session.query().replace("j=0", "j=5");
    let response = session.server().client().get(&query).await;
    response.assert(200, r#"___eio[0]("4a");"#);
}

/// A script element sends cookies and no origin, whatever page it is on: what it
/// is answered runs there.
#[tokio::test(start_paused = true)]
async fn a_script_of_a_foreign_page_opens_no_session() {
    let own = ("Origin", "http://localhost:3000");
    for origins in [Origins::Same, Origins::List(vec![own.1.into()])] {
        let engine = echo(Config::default().origins(origins));
        let server = Server::engine(&engine);
        let query = "?EIO=4&transport=polling&j=0";
        let response = server.client().get(query).await;
        response.assert_refused(403, 4, "Forbidden");
        assert_eq!(engine.session_count(), 0);
        let response = server.client().request("GET", query, &[own], b"").await;
        assert_eq!(response.status, 200, "it names its origin");
        let websocket = "?EIO=4&transport=websocket&j=0";
        assert!(server.dial(websocket).await.text().await.starts_with("0{"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_is_counted_as_long_as_it_was_written() {
    let opened = Arc::new(Mutex::new(None));
    let engine = Engine::new(Config::default(), {
        let opened = opened.clone();
        move |socket: Socket| {
            *opened.lock().unwrap() = Some(socket.clone());
            async move { while socket.recv().await.is_some() {} }
        }
    });
    for (query, message) in [
        (
            "?EIO=4&transport=polling&j=0",
            Message::from("\u{1}".repeat(1000)),
        ),
        ("?EIO=4&transport=polling", vec![7; 1000].into()),
    ] {
        let session = Server::engine(&engine).polling_with(query).await;
        let socket = opened.lock().unwrap().take().unwrap();
        socket.send(message).unwrap();
        let get = Request::get(format!("/engine.io/{}", session.query()));
        let get = get.body(Empty::<Bytes>::new()).unwrap();
        let response = engine.handle(get).await;
        let length = response.body().size_hint().exact().unwrap();
        assert_eq!(socket.buffered() as u64, length);
        drop(response);
        assert_eq!(socket.buffered(), 0);
    }
}
