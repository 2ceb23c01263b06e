//! Events, with text and with binary.

use std::collections::BTreeMap;

use bytes::Bytes;
use socketio::{Args, Binary};

use super::{connected, join, server};

#[tokio::test(start_paused = true)]
async fn forwarded_arguments_come_back_as_they_were_sent() {
    let (io, server) = server();
    io.of("/").on("message", async |socket, args: Args| {
        socket.emit("message-back", args)
    });
    let mut socket = connected(&server).await;
    for args in [
        "",
        r#",1,"2",{"3":[true]}"#,
        r#",null"#,
        r#",{"z":1,"a":1e21,"__proto__":{"x":-0.5}}"#,
        r#","é€😀 \u2028 \ud800 \"\\""#,
    ] {
        socket.send(format!(r#"42["message"{args}]"#)).await;
        assert_eq!(socket.text().await, format!(r#"42["message-back"{args}]"#));
    }
}

#[tokio::test(start_paused = true)]
async fn forwarded_binary_comes_back_behind_its_packet() {
    let (io, server) = server();
    io.of("/").on("message", async |socket, args: Args| {
        socket.emit("message-back", args)
    });
    let mut socket = connected(&server).await;
    let args = r#"{"_placeholder":true,"num":0},[{"deep":{"_placeholder":true,"num":1}}]"#;
    socket.send(format!(r#"452-["message",{args}]"#)).await;
    socket.send(vec![1, 2, 3]).await;
    socket.send(vec![4, 5, 6]).await;
    assert_eq!(
        socket.text().await,
        format!(r#"452-["message-back",{args}]"#)
    );
    assert_eq!(socket.binary().await, [1, 2, 3]);
    assert_eq!(socket.binary().await, [4, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn one_poll_brings_the_connect_and_what_was_emitted_at_once() {
    let (io, server) = server();
    io.of("/").on_connect(async |socket| {
        socket.emit("bin", Binary::from(vec![1, 2, 3])).unwrap();
        socket.emit("é€😀", ()).unwrap();
    });
    let session = server.polling().await;
    session.post("40").await.assert(200, "ok");
    let body = session.get().await;
    let (connect, rest) = body.text().split_once('\u{1e}').unwrap();
    assert!(connect.starts_with(r#"40{"sid":""#), "{connect}");
    assert_eq!(
        rest,
        concat!(
            r#"451-["bin",{"_placeholder":true,"num":0}]"#,
            "\u{1e}bAQID\u{1e}",
            r#"42["é€😀"]"#
        )
    );
}

#[tokio::test(start_paused = true)]
async fn binary_is_found_at_any_depth_and_in_any_type() {
    let (io, server) = server();
    io.of("/").on(
        "files",
        async |socket, files: BTreeMap<String, Vec<Binary>>| {
            let sizes: Vec<usize> = files.values().flatten().map(|file| file.len()).collect();
            socket.emit("sizes", (sizes, Bytes::from_static(b"done")))
        },
    );
    let mut socket = connected(&server).await;
    socket
        .send(
            r#"453-["files",{"b":[{"num":1,"_placeholder":true}],"a":[{"_placeholder":true,"num":0},{"_placeholder":true,"num":2}]}]"#,
        )
        .await;
    for size in [1, 2, 3] {
        socket.send(vec![0; size]).await;
    }
    assert_eq!(
        socket.text().await,
        r#"451-["sizes",[1,3,2],{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(socket.binary().await, b"done");
}

#[tokio::test(start_paused = true)]
async fn a_tuple_is_several_arguments_and_missing_ones_are_none() {
    let (io, server) = server();
    io.of("/").on(
        "three",
        async |socket, (a, b, c): (i64, String, Option<bool>)| socket.emit("got", (c, b, a)),
    );
    let mut socket = connected(&server).await;
    socket.send(r#"42["three",1,"two"]"#).await;
    assert_eq!(socket.text().await, r#"42["got",null,"two",1]"#);
    socket.send(r#"42["three",1,"two",true,"ignored"]"#).await;
    assert_eq!(socket.text().await, r#"42["got",true,"two",1]"#);
}

#[tokio::test(start_paused = true)]
async fn an_escaped_or_numeric_event_name_is_a_name() {
    let (io, server) = server();
    let namespace = io.of("/");
    namespace.on("café", async |socket, ()| socket.emit("escaped", ()));
    namespace.on("5", async |socket, ()| socket.emit("numeric", ()));
    namespace.on("error", async |socket, ()| {
        socket.emit("error is a name", ())
    });
    let mut socket = connected(&server).await;
    socket.send(r#"42["caf\u00e9"]"#).await;
    assert_eq!(socket.text().await, r#"42["escaped"]"#);
    socket.send("42[5]").await;
    assert_eq!(socket.text().await, r#"42["numeric"]"#);
    socket.send(r#"42["error"]"#).await;
    assert_eq!(socket.text().await, r#"42["error is a name"]"#);
}

#[tokio::test(start_paused = true)]
async fn events_are_handled_in_the_order_in_which_they_came() {
    let (io, server) = server();
    io.of("/").on("count", async |socket, number: u32| {
        socket.emit("count", number)
    });
    let mut socket = connected(&server).await;
    for number in 0..200 {
        socket.send(format!(r#"42["count",{number}]"#)).await;
    }
    for number in 0..200 {
        assert_eq!(socket.text().await, format!(r#"42["count",{number}]"#));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_or_fails_harms_nobody() {
    let (io, server) = server();
    let namespace = io.of("/");
    namespace.on("panic", async |_, ()| -> () {
        panic!("this handler panics on purpose");
    });
    namespace.on("fail", async |_, ()| Err::<(), _>("on purpose"));
    namespace.on("ping", async |socket, ()| socket.emit("pong", ()));
    let mut other = connected(&server).await;
    let mut socket = connected(&server).await;
    socket.send(r#"42["panic"]"#).await;
    socket.send(r#"42["fail"]"#).await;
    socket.send(r#"42["ping",1]"#).await;
    assert_eq!(socket.text().await, r#"42["pong"]"#);
    other.send(r#"42["ping"]"#).await;
    assert_eq!(other.text().await, r#"42["pong"]"#);
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_does_not_fit_is_told_where_a_hook_says_so() {
    let (io, server) = server();
    let namespace = io.of("/");
    namespace.on("number", async |_, _: u8| ());
    namespace.on_error(async |socket, failure| {
        assert_eq!(failure.event(), "number");
        socket.emit("error", "bad payload")
    });
    let mut socket = connected(&server).await;
    socket.send(r#"42["number","ten"]"#).await;
    assert_eq!(socket.text().await, r#"42["error","bad payload"]"#);
}

#[tokio::test(start_paused = true)]
async fn namespaces_on_one_connection_do_not_mix() {
    let (io, server) = server();
    for name in ["/", "/custom"] {
        io.of(name).on("where", async |socket, ()| {
            let name = socket.namespace().name().to_owned();
            socket.emit("here", name)
        });
    }
    let mut socket = connected(&server).await;
    join(&mut socket, "/custom,").await;
    socket.send(r#"42/custom,["where"]"#).await;
    assert_eq!(socket.text().await, r#"42/custom,["here","/custom"]"#);
    socket.send(r#"42["where"]"#).await;
    assert_eq!(socket.text().await, r#"42["here","/"]"#);
}
