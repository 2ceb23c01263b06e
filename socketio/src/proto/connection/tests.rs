use super::*;

mod protocol_4;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(45);

struct Pair {
    connection: Connection,
    start: Instant,
}

impl Pair {
    fn new(limits: Limits) -> Self {
        Self::with_protocol(Protocol::V5, limits)
    }

    fn with_protocol(protocol: Protocol, limits: Limits) -> Self {
        #[expect(clippy::disallowed_methods, reason = "any instant will do")]
        let start = Instant::now();
        Self {
            connection: Connection::new(
                Parser::Json,
                protocol,
                limits.into(),
                CONNECT_TIMEOUT,
                start,
            ),
            start,
        }
    }

    /// A client that is in the main namespace.
    fn joined() -> Self {
        let mut pair = Self::new(Limits::default());
        pair.join("/");
        pair
    }

    fn say(&mut self, message: impl Into<Message>) -> Result<Option<Input>, Violation> {
        self.connection.handle(message.into(), self.start)
    }

    fn join(&mut self, nsp: &str) {
        self.connect(nsp).unwrap();
        self.connection.accept(nsp);
    }

    fn connect(&mut self, nsp: &str) -> Result<Option<Input>, Violation> {
        self.say(format!("0{nsp},"))
    }

    fn after(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }
}

fn nsp_of(input: Result<Option<Input>, Violation>) -> String {
    match input.unwrap().expect("something to do") {
        Input::Ack { nsp, .. }
        | Input::Connect { nsp, .. }
        | Input::Disconnect { nsp }
        | Input::Event { nsp, .. } => nsp.to_string(),
    }
}

#[test]
fn a_client_joins_speaks_and_leaves() {
    let mut pair = Pair::new(Limits::default());
    let Some(Input::Connect { nsp, auth }) = pair.say(r#"0/chat,{"token":"123"}"#).unwrap() else {
        panic!("no connect")
    };
    assert_eq!((&*nsp, auth.as_json()), ("/chat", r#"{"token":"123"}"#));
    pair.connection.accept("/chat");
    let Some(Input::Event {
        nsp,
        name,
        args,
        ack,
    }) = pair.say(r#"2/chat,3["say",1]"#).unwrap()
    else {
        panic!("no event")
    };
    assert_eq!(
        (&*nsp, &*name, args.as_json(), ack),
        ("/chat", "say", "1", Some(3))
    );
    let answer = Input::Ack {
        nsp: "/chat".into(),
        id: 8,
        args: Args::new(2).unwrap(),
    };
    assert_eq!(pair.say("3/chat,8[2]"), Ok(Some(answer)));
    assert_eq!(
        pair.say("1/chat,"),
        Ok(Some(Input::Disconnect {
            nsp: "/chat".into()
        }))
    );
}

#[test]
fn what_comes_while_the_server_decides_is_handed_out() {
    let mut pair = Pair::new(Limits::default());
    pair.connect("/").unwrap();
    assert_eq!(nsp_of(pair.say("2[\"early\"]")), "/");
    assert_eq!(nsp_of(pair.say("30[]")), "/");
    assert_eq!(nsp_of(pair.say("1")), "/");
    pair.connection.accept("/");
    assert_eq!(pair.say("2[\"late\"]"), Err(Violation::NotJoined));
}

#[test]
fn a_second_connect_is_a_violation_even_while_the_first_is_pending() {
    let mut pair = Pair::new(Limits::default());
    pair.connect("/").unwrap();
    assert_eq!(pair.connect("/"), Err(Violation::AlreadyJoined));
    assert_eq!(Pair::joined().connect("/"), Err(Violation::AlreadyJoined));
}

#[test]
fn packets_for_a_namespace_not_joined_are_violations() {
    for text in ["2/x,[\"a\"]", "3/x,0[]", "3/x,[]", "1/x,"] {
        assert_eq!(
            Pair::joined().say(text),
            Err(Violation::NotJoined),
            "{text}"
        );
    }
    assert_eq!(
        Pair::new(Limits::default()).say("2[\"a\"]"),
        Err(Violation::NotJoined)
    );
    let mut pair = Pair::joined();
    pair.say("1").unwrap();
    assert_eq!(pair.say("2[\"a\"]"), Err(Violation::NotJoined));
}

#[test]
fn a_client_refuses_nobody() {
    assert_eq!(
        Pair::joined().say("4{\"message\":\"x\"}"),
        Err(Violation::ConnectError)
    );
    assert_eq!(Pair::joined().say("4"), Err(Violation::ConnectError));
}

#[test]
fn what_is_no_packet_is_a_violation() {
    for (text, error) in [
        ("abc", PacketError::Type('a')),
        ("", PacketError::Empty),
        ("2{}", PacketError::Payload),
        ("2abc[\"x\"]", PacketError::Payload),
        ("5woooot", PacketError::AttachmentCount),
    ] {
        assert_eq!(Pair::joined().say(text), Err(error.into()), "{text}");
    }
    let binary = Pair::joined().say(vec![1]);
    assert_eq!(binary, Err(PacketError::UnexpectedBinary.into()));
}

#[test]
fn an_answer_without_id_is_ignored() {
    assert_eq!(Pair::joined().say("3[1]"), Ok(None));
}

#[test]
fn a_refused_name_is_free_again() {
    let mut pair = Pair::new(Limits::default());
    pair.connect("/x").unwrap();
    pair.connection.refuse("/x");
    assert_eq!(nsp_of(pair.connect("/x")), "/x");
    pair.connection.refuse("/x");
    assert_eq!(pair.say("2/x,[\"a\"]"), Err(Violation::NotJoined));
}

#[test]
fn a_client_may_join_again_after_it_left() {
    let mut pair = Pair::joined();
    pair.say("1").unwrap();
    assert_eq!(nsp_of(pair.connect("/")), "/");
}

#[test]
fn packets_that_cross_the_servers_disconnect_are_dropped() {
    let mut pair = Pair::joined();
    pair.connection.leave("/");
    for text in ["2[\"late\"]", "30[]", "1", "2[\"later\"]"] {
        assert_eq!(pair.say(text), Ok(None), "{text}");
    }
    assert_eq!(nsp_of(pair.connect("/")), "/");
    pair.connection.accept("/");
    assert_eq!(nsp_of(pair.say("2[\"again\"]")), "/");
}

#[test]
fn left_namespaces_are_remembered_up_to_the_limit() {
    let mut pair = Pair::new(Limits::default().namespaces(2));
    for nsp in ["/a", "/b", "/c"] {
        pair.join(nsp);
        pair.connection.leave(nsp);
    }
    assert_eq!(pair.say("2/b,[\"late\"]"), Ok(None));
    assert_eq!(pair.say("2/c,[\"late\"]"), Ok(None));
    assert_eq!(pair.say("2/a,[\"late\"]"), Err(Violation::NotJoined));
    assert_eq!(pair.connection.namespaces.len(), 2);
}

#[test]
fn namespaces_are_limited_pending_ones_included() {
    let mut pair = Pair::new(Limits::default());
    for index in 0..64 {
        pair.connect(&format!("/{index}")).unwrap();
    }
    assert_eq!(pair.connect("/64"), Err(Violation::TooManyNamespaces));
    let mut pair = Pair::new(Limits::default().namespaces(1));
    for index in 0..1_000 {
        let nsp = format!("/{index}");
        pair.connect(&nsp).unwrap();
        pair.connection.refuse(&nsp);
    }
    assert_eq!(pair.connection.namespaces.len(), 0);
}

#[test]
fn long_names_are_refused() {
    let name = "x".repeat(64 << 10);
    let refused = Pair::joined().connect(&format!("/{name}"));
    assert_eq!(refused, Err(PacketError::NamespaceLength.into()));
    let mut pair = Pair::new(Limits::default().name_length(8));
    assert_eq!(nsp_of(pair.say("0/1234567")), "/1234567");
    let refused = pair.say("0/12345678");
    assert_eq!(refused, Err(PacketError::NamespaceLength.into()));
}

#[test]
fn a_client_that_joins_nothing_is_late() {
    let mut pair = Pair::new(Limits::default());
    assert_eq!(pair.connection.poll_timeout(), Some(pair.after(45)));
    pair.connect("/x").unwrap();
    pair.connection.refuse("/x");
    pair.connect("/pending").unwrap();
    assert_eq!(pair.connection.handle_timeout(pair.after(44)), Ok(()));
    let late = pair.connection.handle_timeout(pair.after(45));
    assert_eq!(late, Err(Violation::ConnectTimeout));
}

#[test]
fn the_connect_deadline_ends_with_the_first_namespace() {
    let mut pair = Pair::joined();
    assert_eq!(pair.connection.poll_timeout(), None);
    pair.say("1").unwrap();
    assert_eq!(pair.connection.poll_timeout(), None);
}

#[test]
fn an_accept_that_comes_after_the_client_withdrew_does_nothing() {
    let mut pair = Pair::new(Limits::default());
    pair.connect("/").unwrap();
    pair.say("1").unwrap();
    pair.connection.accept("/");
    assert_eq!(pair.say("2[\"a\"]"), Err(Violation::NotJoined));
    assert_eq!(pair.connection.poll_timeout(), Some(pair.after(45)));
}

#[test]
fn attachments_have_one_deadline_for_all_of_them() {
    let mut pair = Pair::joined();
    pair.say(r#"52-["a"]"#).unwrap();
    assert_eq!(pair.connection.poll_timeout(), Some(pair.after(30)));
    pair.connection
        .handle(vec![1].into(), pair.after(20))
        .unwrap();
    assert_eq!(pair.connection.poll_timeout(), Some(pair.after(30)));
    assert_eq!(pair.connection.handle_timeout(pair.after(29)), Ok(()));
    let late = pair.connection.handle_timeout(pair.after(30));
    assert_eq!(late, Err(Violation::AttachmentTimeout));
}

#[test]
fn the_deadline_ends_with_the_last_attachment() {
    let mut pair = Pair::joined();
    pair.say(r#"51-["a"]"#).unwrap();
    assert!(pair.connection.awaits_attachments());
    assert_eq!(
        nsp_of(pair.connection.handle(vec![1].into(), pair.after(31))),
        "/"
    );
    assert!(!pair.connection.awaits_attachments());
    assert_eq!(pair.connection.poll_timeout(), None);
}

#[test]
fn the_nearest_deadline_is_told() {
    let mut pair = Pair::new(Limits::default());
    pair.say(r#"51-["a"]"#).unwrap();
    assert_eq!(pair.connection.poll_timeout(), Some(pair.after(30)));
}

#[test]
fn a_timeout_beyond_all_clocks_is_none() {
    let pair = Pair::new(Limits::default());
    let connection = Connection::new(
        Parser::Json,
        Protocol::V5,
        Limits::default().into(),
        Duration::MAX,
        pair.start,
    );
    assert_eq!(connection.poll_timeout(), None);
}

#[test]
fn event_names_leave_nothing_behind() {
    let mut pair = Pair::joined();
    for index in 0..10_000 {
        pair.say(format!("2[\"event {index}\"]")).unwrap();
    }
    assert_eq!(pair.connection.namespaces.len(), 1);
}

#[test]
fn a_connection_is_small() {
    let size = size_of::<Connection>();
    assert!(size <= 88, "{size} bytes");
}
