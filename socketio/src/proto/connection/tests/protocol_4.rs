use super::*;

/// A client whose implied CONNECT was handed out.
fn opened() -> Pair {
    let mut pair = Pair::with_protocol(Protocol::V4, Limits::default());
    assert!(pair.connection.poll_input().is_some());
    pair
}

fn auth_of(input: Result<Option<Input>, Violation>) -> String {
    match input.unwrap() {
        Some(Input::Connect { auth, .. }) => auth.as_json().to_owned(),
        other => panic!("expected a CONNECT, got {other:?}"),
    }
}

#[test]
fn a_client_is_connected_to_the_main_namespace_without_asking() {
    let mut pair = Pair::with_protocol(Protocol::V4, Limits::default());
    let implied = Input::Connect {
        nsp: "/".into(),
        auth: Args::default(),
    };
    assert_eq!(pair.connection.poll_input(), Some(implied));
    assert_eq!(pair.connection.poll_input(), None);
    assert_eq!(nsp_of(pair.say("2[\"early\"]")), "/");
    pair.connection.accept("/");
    assert_eq!(pair.connection.poll_timeout(), None);
    assert_eq!(nsp_of(pair.say("2[\"event\"]")), "/");
}

#[test]
fn nobody_else_is() {
    let mut pair = Pair::new(Limits::default());
    assert_eq!(pair.connection.poll_input(), None);
    assert_eq!(pair.say("2[\"early\"]"), Err(Violation::NotJoined));
}

#[test]
fn a_connect_to_the_main_namespace_is_one_too_many() {
    assert_eq!(opened().say("0"), Err(Violation::AlreadyJoined));
    let mut pair = opened();
    pair.connection.accept("/");
    assert_eq!(pair.say("0/?token=1,"), Err(Violation::AlreadyJoined));
}

#[test]
fn the_main_namespace_can_be_left_and_refused_like_any_other() {
    let mut pair = opened();
    assert_eq!(nsp_of(pair.say("1")), "/");
    assert_eq!(nsp_of(pair.say("0")), "/");
    pair.connection.refuse("/");
    assert_eq!(pair.say("2[\"a\"]"), Err(Violation::NotJoined));
    let mut refused = opened();
    refused.connection.refuse("/");
    let late = refused.connection.handle_timeout(refused.after(45));
    assert_eq!(late, Err(Violation::ConnectTimeout));
}

#[test]
fn the_query_of_a_namespace_is_the_auth_payload() {
    let mut pair = opened();
    let input = pair.say("0/admin?token=abc&x=1,");
    assert_eq!(auth_of(input), r#"{"token":"abc","x":"1"}"#);
    pair.connection.accept("/admin");
    assert_eq!(nsp_of(pair.say("2/admin,[\"a\"]")), "/admin");
    assert_eq!(nsp_of(pair.say("2/admin?again=1,[\"a\"]")), "/admin");
    assert_eq!(pair.say("0/admin?other=1,"), Err(Violation::AlreadyJoined));
}

#[test]
fn the_payload_of_a_connect_means_nothing() {
    let mut pair = opened();
    assert_eq!(auth_of(pair.say(r#"0/admin,{"token":"abc"}"#)), "");
}

#[test]
fn a_name_arrives_escaped_as_in_a_url() {
    let mut pair = opened();
    assert_eq!(nsp_of(pair.connect("/日本")), "/%E6%97%A5%E6%9C%AC");
    pair.connection.accept("/%E6%97%A5%E6%9C%AC");
    assert_eq!(nsp_of(pair.say("2/日本,[\"a\"]")), "/%E6%97%A5%E6%9C%AC");
}

#[test]
fn name_and_query_are_limited_each_on_its_own() {
    let long = |len| "x".repeat(len);
    let limit = Limits::default().auth_bytes;
    let mut pair = opened();
    pair.connect(&format!("/a?{}", long(limit))).unwrap();
    let query = pair.connect(&format!("/b?{}", long(limit + 1)));
    assert_eq!(query, Err(PacketError::AuthBytes.into()));
    opened().connect(&format!("/{}?a", long(255))).unwrap();
    let name = opened().connect(&format!("/{}?a", long(256)));
    assert_eq!(name, Err(PacketError::NamespaceLength.into()));
}

#[test]
fn a_client_of_protocol_five_has_no_query() {
    let mut pair = Pair::new(Limits::default());
    assert_eq!(nsp_of(pair.connect("/admin?token=1")), "/admin?token=1");
}
