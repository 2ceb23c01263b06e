//! Events and their handlers.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use socketio::{
    Ack, Args, Binary, BoxError, Cause, Config, EmitError, Event, Incoming, Limits, Server, Socket,
};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::support::{Client, Log, fail, server};

#[tokio::test(start_paused = true)]
async fn what_a_handler_returns_is_the_answer() {
    let io = server();
    io.of("/")
        .on("nothing", async |_, ()| {})
        .on("one", async |_, n: i64| Ack(n + 1))
        .on("two", async |_, (a, b): (i64, String)| Ack((b, a)))
        .on("optional", async |_, (a, b): (u8, Option<u8>)| Ack((a, b)))
        .on("ok", async |_, ()| -> Result<Ack<&str>, BoxError> {
            Ok(Ack("fine"))
        })
        .on("err", async |_, ()| -> Result<Ack<&str>, BoxError> {
            Err("bad".into())
        });
    let mut client = Client::connect(&io).await;
    for (event, answer) in [
        (r#"20["nothing"]"#, "30[]"),
        (r#"21["one",1]"#, "31[2]"),
        (r#"22["two",1,"x"]"#, r#"32["x",1]"#),
        (r#"23["optional",1]"#, "33[1,null]"),
        (r#"24["ok"]"#, r#"34["fine"]"#),
    ] {
        client.send(event).await;
        assert_eq!(client.recv().await, answer);
    }
    client.send_all(&[r#"25["err"]"#, r#"2["one",1]"#]).await;
    client.silence().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_nobody_handles_is_not_answered() {
    let io = server();
    let mut client = Client::connect(&io).await;
    client.send(r#"21["unknown",1]"#).await;
    client.silence().await;
}

#[tokio::test(start_paused = true)]
async fn who_takes_the_whole_event_owns_the_answer() {
    let io = server();
    io.of("/").on("echo", async |_, event: Incoming| {
        let args = event.args().clone();
        event.ack(args)
    });
    io.of("/").on("never", async |_, _: Incoming| {});
    io.of("/").on("later", async |_, mut event: Incoming| {
        assert!(event.wants_ack());
        let acker = event.acker().expect("an answer is asked for");
        assert!(!event.wants_ack() && event.acker().is_none());
        tokio::spawn(async move {
            sleep(Duration::from_secs(1)).await;
            acker.send(("later", 1)).unwrap();
        });
    });
    let mut client = Client::connect(&io).await;
    client
        .send_all(&[
            r#"20["never"]"#,
            r#"21["later"]"#,
            r#"22["echo",1,{"a":[]}]"#,
            r#"2["echo"]"#,
        ])
        .await;
    assert_eq!(client.recv().await, r#"32[1,{"a":[]}]"#);
    assert_eq!(client.recv().await, r#"31["later",1]"#);
    client.silence().await;
}

#[tokio::test(start_paused = true)]
async fn unparsed_arguments_are_passed_on() {
    let io = server();
    io.of("/").on("message", async |socket, args: Args| {
        socket.emit("back", args)
    });
    let mut client = Client::connect(&io).await;
    client.send(r#"2["message",1.50,"2",{"3":[true]}]"#).await;
    assert_eq!(client.recv().await, r#"2["back",1.50,"2",{"3":[true]}]"#);
}

#[tokio::test(start_paused = true)]
async fn binary_comes_and_goes_at_any_depth() {
    let io = server();
    io.of("/")
        .on("turn", async |_, (first, second): (Binary, Binary)| {
            Ack(json_like(&second, &first))
        });
    let mut client = Client::connect(&io).await;
    let packet = r#"452-7["turn",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    client.post(&[packet, "bAQID", "bBA=="].join("\x1e")).await;
    let answer = r#"62-7[{"list":[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]}]"#;
    assert_eq!(client.recv().await, answer);
    assert_eq!(client.recv().await, "BA==");
    assert_eq!(client.recv().await, "AQID");
}

#[tokio::test(start_paused = true)]
async fn handlers_start_in_order_and_one_that_waits_holds_up_no_other() {
    let io = server();
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").on("wait", async move |_, (n, ms): (u8, u64)| {
        pen.send(format!("start {n}")).unwrap();
        sleep(Duration::from_millis(ms)).await;
        pen.send(format!("end {n}")).unwrap();
    });
    let client = Client::connect(&io).await;
    client
        .send_all(&[
            r#"2["wait",1,300]"#,
            r#"2["wait",2,100]"#,
            r#"2["wait",3,200]"#,
        ])
        .await;
    for expected in ["start 1", "start 2", "start 3", "end 2", "end 3", "end 1"] {
        assert_eq!(log.next().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn more_events_than_may_run_wait_in_order_and_answers_pass() {
    let limits = Limits::default().max_in_flight(2);
    let io = Server::new(Config::default().limits(limits));
    let mut log = Log::new();
    let (pen, gate) = (log.pen(), Arc::new(Notify::new()));
    let opened = gate.clone();
    io.of("/").on("ask", async move |socket, n: u8| {
        pen.send(n).unwrap();
        if n == 1 {
            let _: u8 = socket.emit_with_ack("what?", ()).await.unwrap();
        } else {
            gate.notified().await;
        }
    });
    let mut client = Client::connect(&io).await;
    let events: Vec<_> = (1..=5).map(|n| format!(r#"2["ask",{n}]"#)).collect();
    client
        .send_all(&events.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    assert_eq!(client.recv().await, r#"20["what?"]"#);
    assert_eq!((log.next().await, log.next().await), (1, 2));
    log.silence().await;
    client.send("30[1]").await;
    assert_eq!(log.next().await, 3);
    log.silence().await;
    for n in 4..=5 {
        opened.notify_one();
        assert_eq!(log.next().await, n);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_too_much_waiting_is_not_read_and_can_still_end() {
    let limits = Limits::default().max_in_flight(1).pending_bytes(1000);
    let io = Server::new(Config::default().limits(limits));
    let mut log = Log::new();
    let pen = log.pen();
    io.of("/").on("stuck", async |socket, ()| {
        let _ = socket.emit_with_ack::<_, ()>("never answered", ()).await;
    });
    io.of("/")
        .on("held", async |_, _: String| fail("its socket has left"));
    io.of("/")
        .on_disconnect(async move |_, reason| pen.send(reason.to_string()).unwrap());
    let client = Client::connect(&io).await;
    client.send(r#"2["stuck"]"#).await;
    let event = format!(r#"2["held","{}"]"#, "x".repeat(600));
    client.send_all(&[event.as_str(); 8]).await;
    log.silence().await;
    client.close().await;
    assert_eq!(log.next().await, "transport close");
    log.silence().await;
    assert_eq!(io.engine().session_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_touches_nothing_else() {
    let io = server();
    io.of("/").on("boom", async |_, late: bool| {
        if late {
            sleep(Duration::from_millis(1)).await;
        }
        fail("of a test");
    });
    io.of("/")
        .on("boom early", |_, ()| -> std::future::Ready<()> {
            panic!("of a test")
        });
    io.of("/").on("ping", async |_, ()| {});
    let mut client = Client::connect(&io).await;
    client
        .send_all(&[
            r#"20["boom",false]"#,
            r#"21["boom",true]"#,
            r#"22["boom early"]"#,
            r#"23["ping"]"#,
        ])
        .await;
    assert_eq!(client.recv().await, "33[]");
    client.silence().await;
    client.send(r#"24["ping"]"#).await;
    assert_eq!(client.recv().await, "34[]");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_silent_unless_the_hook_tells_the_client() {
    let io = server();
    io.of("/")
        .on("number", async |_, n: u8| Ack(n))
        .on("fail", async |_, ()| Err::<(), _>("went wrong"))
        .on("panic", async |_, ()| fail("of a test"))
        .on("own", async |_, _: Incoming| Err::<(), _>("went wrong"));
    let mut client = Client::connect(&io).await;
    let events = [
        r#"20["number","x"]"#,
        r#"21["fail"]"#,
        r#"22["panic"]"#,
        r#"23["own"]"#,
    ];
    client.send_all(&events).await;
    client.silence().await;

    io.of("/")
        .on_error(async |socket, mut failure| -> Result<(), EmitError> {
            let kind = match failure.cause() {
                Cause::Decode(_) => "decode",
                Cause::Handler(_) => "handler",
                Cause::Panic(_) => "panic",
                _ => "other",
            };
            match failure.acker() {
                Some(acker) => acker.send((failure.event(), kind)),
                None => socket.emit("error", (failure.event(), kind, failure.to_string())),
            }
        });
    client.send_all(&events).await;
    assert_eq!(client.recv().await, r#"30["number","decode"]"#);
    assert_eq!(client.recv().await, r#"31["fail","handler"]"#);
    assert_eq!(client.recv().await, r#"32["panic","panic"]"#);
    assert_eq!(
        client.recv().await,
        r#"2["error","own","handler","went wrong"]"#
    );
}

#[tokio::test(start_paused = true)]
async fn on_event_changes_what_the_handler_gets() {
    let io = server();
    let mut log = Log::new();
    let (seen, failed) = (log.pen(), log.pen());
    io.of("/")
        .on_event(async |_, event| match event.name() {
            "old" => Ok::<_, BoxError>(event.with_name("new")),
            _ => Ok(event),
        })
        .on_event(async move |_, event| {
            seen.send(event.name().to_owned()).unwrap();
            let (first, rest): (String, Option<i32>) = event.args().parse()?;
            Ok::<_, BoxError>(event.with_args((rest, first))?)
        })
        .on("new", async |_, args: (Option<i32>, String)| Ack(args))
        .on("old", async |_, ()| fail("it has another name"))
        .on_error(async move |_, failure| failed.send(failure.event().to_owned()).unwrap());
    let mut client = Client::connect(&io).await;
    for (event, answer) in [
        (r#"27["old","a",1]"#, r#"37[1,"a"]"#),
        (r#"28["new","b"]"#, r#"38[null,"b"]"#),
    ] {
        client.send(event).await;
        assert_eq!(client.recv().await, answer);
        assert_eq!(log.next().await, "new");
    }
    // A failure tells what the client sent.
    client.send(r#"2["old",1]"#).await;
    assert_eq!(
        (log.next().await, log.next().await),
        ("new".into(), "old".into())
    );
}

#[tokio::test(start_paused = true)]
async fn on_event_sees_and_stops_every_event() {
    let io = server();
    let mut log = Log::new();
    let (first, second) = (log.pen(), log.pen());
    io.of("/").on_event(async move |_, event| {
        first.send(format!("first {}", event.name())).unwrap();
        if event.name() == "slow" {
            sleep(Duration::from_secs(1)).await;
        }
        Ok::<_, &str>(event)
    });
    io.of("/").on_event(async move |_, mut event| {
        second.send(format!("second {}", event.name())).unwrap();
        if event.name() == "stop" {
            if let Some(acker) = event.acker() {
                acker.send("stopped").unwrap();
            }
            return Err("stopped");
        }
        Ok(event)
    });
    io.of("/")
        .on("slow", async |_, ()| Ack(1))
        .on("stop", async |_, ()| Ack(2));
    io.of("/").on("fast", async |_, ()| Ack(3));
    let mut client = Client::connect(&io).await;
    client
        .send_all(&[
            r#"20["slow"]"#,
            r#"21["stop"]"#,
            r#"22["fast"]"#,
            r#"23["unknown"]"#,
        ])
        .await;
    // The slow one holds up what follows, so the order stays.
    for expected in ["30[1]", r#"31["stopped"]"#, "32[3]"] {
        assert_eq!(client.recv().await, expected);
    }
    for name in ["slow", "stop", "fast", "unknown"] {
        assert_eq!(log.next().await, format!("first {name}"));
        assert_eq!(log.next().await, format!("second {name}"));
    }
    client.silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_sockets_own_handler_comes_first_and_is_dropped_with_it() {
    let io = server();
    let held = Arc::new(());
    let captured = held.clone();
    io.of("/").on("who", async |_, ()| Ack("namespace"));
    io.of("/").on_connect(async move |socket| {
        if io_has_one(&socket) {
            let (itself, captured) = (socket.clone(), captured.clone());
            socket.on("who", async move |_, ()| {
                let _captured = (&itself, &captured);
                Ack("socket")
            });
        }
    });
    let (mut first, mut second) = (Client::connect(&io).await, Client::connect(&io).await);
    for (client, answer) in [(&mut first, "socket"), (&mut second, "namespace")] {
        client.send(r#"20["who"]"#).await;
        assert_eq!(client.recv().await, format!(r#"30["{answer}"]"#));
    }
    assert_eq!(Arc::strong_count(&held), 3);
    first.send("1").await;
    first.silence().await;
    assert_eq!(Arc::strong_count(&held), 2);
}

#[tokio::test(start_paused = true)]
async fn typed_events_work_at_both_ends() {
    const SAY: Event<String, u64> = Event::new("say");
    const SAID: Event<(u64, String)> = Event::new("said");

    let io = server();
    io.of("/")
        .on(SAY, async |socket, text| -> Result<Ack<u64>, EmitError> {
            socket.emit(SAID, (1, text))?;
            let n = socket
                .emit_with_ack(SAY, "and you?".to_owned())
                .await
                .unwrap_or(0);
            Ok(Ack(n + 1))
        });
    let mut client = Client::connect(&io).await;
    client.send(r#"20["say","hello"]"#).await;
    assert_eq!(client.recv().await, r#"2["said",1,"hello"]"#);
    assert_eq!(client.recv().await, r#"20["say","and you?"]"#);
    client.send("30[41]").await;
    assert_eq!(client.recv().await, "30[42]");
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_any_function_of_two_arguments() {
    struct Greeter(String);

    impl Greeter {
        async fn greet(self: Arc<Self>, _: Socket, name: String) -> Ack<String> {
            Ack(format!("{} {name}", self.0))
        }
    }

    async fn echo<T: Serialize>(_: Socket, value: T) -> Result<Ack<T>, BoxError> {
        Ok(Ack(value))
    }

    let io = server();
    let (greeter, prefix) = (Arc::new(Greeter("hello".into())), "> ".to_owned());
    io.of("/")
        .on("function", echo::<Vec<u8>>)
        .on("method", move |socket, name| {
            greeter.clone().greet(socket, name)
        })
        .on("closure", |_: Socket, n: u8| async move { Ack(n) })
        .on("borrows", async move |socket, text: String| {
            let line = prefix.as_str().to_owned() + &text;
            sleep(Duration::from_millis(1)).await;
            socket.emit("line", &line)?;
            Ok::<_, EmitError>(Ack(prefix.len()))
        });
    let mut client = Client::connect(&io).await;
    for (event, answer) in [
        (r#"20["function",[1,2]]"#, "30[[1,2]]"),
        (r#"21["method","you"]"#, r#"31["hello you"]"#),
        (r#"22["closure",7]"#, "32[7]"),
        (r#"23["borrows","text"]"#, r#"2["line","> text"]"#),
    ] {
        client.send(event).await;
        assert_eq!(client.recv().await, answer);
    }
    assert_eq!(client.recv().await, "33[2]");
}

#[test]
#[should_panic(expected = "`disconnect` is a reserved event name")]
fn a_handler_for_a_reserved_name_is_a_mistake() {
    server().of("/").on("disconnect", async |_, ()| {});
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_reserved_name_is_not_sent() {
    let io = server();
    let client = Client::connect(&io).await;
    let socket = io.sockets().remove(0);
    for name in [
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
    ] {
        assert!(io.of("/").emit(name, json!(1)).is_err());
        let error = socket.emit(name, json!(1)).unwrap_err();
        assert!(error.to_string().contains(&format!("{name:?}")));
    }
    drop(client);
    assert!(io.of("/").emit("error", json!(1)).is_ok());
}

fn io_has_one(socket: &Socket) -> bool {
    socket.namespace().socket_count() == 1
}

fn json_like(first: &Binary, second: &Binary) -> impl serde::Serialize + use<> {
    std::collections::BTreeMap::from([("list", vec![first.clone(), second.clone()])])
}
