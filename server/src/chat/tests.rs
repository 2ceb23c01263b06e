use serde_json::json;

use crate::client::{Client, app};

/// Ann and Bob in the lobby, with the ids of their sockets. Both have heard
/// what there is to hear of that.
async fn lobby() -> ((Client, String), (Client, String)) {
    let app = app();
    let (mut ann, ann_id) = Client::connect(&app).await;
    ann.emit(json!(["join_room", "lobby", "Ann"])).await;
    ann.event().await;
    let (mut bob, bob_id) = Client::connect(&app).await;
    bob.emit(json!(["join_room", "lobby", "Bob"])).await;
    ann.event().await;
    bob.event().await;
    ((ann, ann_id), (bob, bob_id))
}

#[tokio::test]
async fn who_joins_is_told_who_is_there_and_the_others_are_told() {
    let app = app();
    let (mut ann, ann_id) = Client::connect(&app).await;
    ann.emit(json!(["join_room", "lobby", " Ann "])).await;
    let members = json!([{ "socketId": ann_id, "name": "Ann" }]);
    let expected = json!(["room_members", { "roomId": "lobby", "members": members }]);
    assert_eq!(ann.event().await, expected);

    let (mut bob, bob_id) = Client::connect(&app).await;
    bob.emit(json!(["join_room", "lobby"])).await;
    let name = format!("guest {}", &bob_id[..4]);
    let members =
        json!([{ "socketId": ann_id, "name": "Ann" }, { "socketId": bob_id, "name": name }]);
    let expected = json!(["room_members", { "roomId": "lobby", "members": members }]);
    assert_eq!(bob.event().await, expected);
    let joined = json!({ "roomId": "lobby", "socketId": bob_id, "name": name });
    assert_eq!(ann.event().await, json!(["user_joined", joined]));
}

#[tokio::test]
async fn a_message_reaches_the_others_in_the_room_and_is_acknowledged() {
    let ((mut ann, ann_id), (mut bob, _)) = lobby().await;
    let message = json!(["message", { "roomId": "lobby", "message": "hi" }]);
    ann.send(&format!("420{message}")).await;
    assert_eq!(ann.packet().await, "430[]");
    let heard = json!({ "roomId": "lobby", "socketId": ann_id, "name": "Ann", "message": "hi" });
    assert_eq!(bob.event().await, json!(["message", heard]));
}

#[tokio::test]
async fn only_who_is_in_a_room_can_speak_in_it() {
    let ((mut ann, _), (mut bob, _)) = lobby().await;
    ann.emit(json!(["leave_room", "lobby"])).await;
    bob.event().await;
    ann.emit(json!(["message", { "roomId": "lobby", "message": "hi" }]))
        .await;
    let refused = json!(["error", { "message": "you are not in this room" }]);
    assert_eq!(ann.event().await, refused);
    assert_eq!(bob.count().await, json!([{ "count": 2 }]));
}

#[tokio::test]
async fn leaving_and_disconnecting_are_seen_by_the_others() {
    let ((mut ann, ann_id), (mut bob, bob_id)) = lobby().await;
    ann.emit(json!(["leave_room", "lobby"])).await;
    let left = json!({ "roomId": "lobby", "socketId": ann_id, "name": "Ann" });
    assert_eq!(bob.event().await, json!(["user_left", left]));

    ann.emit(json!(["join_room", "lobby", "Ann"])).await;
    ann.event().await;
    bob.send("41").await;
    let left = json!({ "roomId": "lobby", "socketId": bob_id, "name": "Bob" });
    assert_eq!(ann.event().await, json!(["user_left", left]));
    assert_eq!(ann.count().await, json!([{ "count": 1 }]));
}

#[tokio::test]
async fn typing_is_shown_to_the_others() {
    let ((ann, ann_id), (mut bob, _)) = lobby().await;
    // It is only sent to who can hear it at once: to Bob's waiting poll.
    let (heard, ()) = tokio::join!(
        bob.event(),
        ann.emit(json!(["typing", { "roomId": "lobby", "typing": true }])),
    );
    let typing = json!({ "roomId": "lobby", "socketId": ann_id, "name": "Ann", "typing": true });
    assert_eq!(heard, json!(["typing", typing]));
}

#[tokio::test]
async fn chat_reaches_everyone_as_it_came() {
    let ((mut ann, _), (mut bob, _)) = lobby().await;
    let chat = json!(["chat", { "name": "Ann", "anything": [1, null] }, "more"]);
    ann.emit(chat.clone()).await;
    assert_eq!(ann.event().await, chat);
    assert_eq!(bob.event().await, chat);

    let longest = json!({ "name": "🦀".repeat(32), "message": "🦀".repeat(2_000) });
    ann.emit(json!(["chat", longest])).await;
    assert_eq!(ann.event().await, json!(["chat", longest]));

    ann.emit(json!(["chat", "x".repeat(9_000)])).await;
    let refused = json!(["error", { "message": "this is too long" }]);
    assert_eq!(ann.event().await, refused);
}

#[tokio::test]
async fn an_announcement_reaches_everyone_in_its_namespace() {
    let ((mut ann, _), (bob, _)) = lobby().await;
    ann.send("40/announcements,").await;
    let connected = ann.packet().await;
    assert!(connected.starts_with("40/announcements,{"), "{connected}");
    bob.send("40/announcements,").await;
    bob.send(r#"42/announcements,["announce","lunch"]"#).await;
    assert_eq!(
        ann.packet().await,
        r#"42/announcements,["announcement","lunch"]"#
    );
}

#[tokio::test]
async fn what_is_no_room_or_name_is_refused() {
    let (mut ann, _) = Client::connect(&app()).await;
    for args in [
        json!(["join_room"]),
        json!(["join_room", 7]),
        json!(["join_room", " "]),
        json!(["join_room", "x".repeat(65)]),
        json!(["join_room", "lobby", "x".repeat(33)]),
        json!(["join_room", "lobby", { "name": "Ann" }]),
        json!(["message", "lobby"]),
        json!(["typing", { "roomId": "lobby", "typing": 1 }]),
    ] {
        ann.emit(args.clone()).await;
        assert_eq!(ann.event().await[0], "error", "{args}");
    }
    assert_eq!(ann.count().await, json!([{ "count": 1 }]));
}

#[tokio::test]
async fn nobody_is_in_more_rooms_than_the_limit() {
    let (mut ann, _) = Client::connect(&app()).await;
    for room in 0..16 {
        ann.emit(json!(["join_room", room.to_string()])).await;
        assert_eq!(ann.event().await[0], "room_members");
    }
    ann.emit(json!(["join_room", "one more"])).await;
    assert_eq!(ann.event().await[0], "error");
    ann.emit(json!(["join_room", "3"])).await;
    assert_eq!(ann.event().await[0], "room_members");
}

#[tokio::test]
async fn who_sends_too_much_is_refused_and_at_last_disconnected() {
    let ((mut ann, _), (mut bob, bob_id)) = lobby().await;
    let chat = json!(["chat", "x".repeat(8_000)]);
    let flood = vec![format!("42{chat}"); 11 + 50];
    bob.send(&flood.join("\u{1e}")).await;
    for _ in 0..11 {
        assert_eq!(bob.event().await, chat);
        assert_eq!(ann.event().await, chat);
    }
    let refused = json!(["error", { "message": "Rate limit exceeded" }]);
    for _ in 1..50 {
        assert_eq!(bob.event().await, refused);
    }
    assert_eq!(bob.packet().await, "41");
    let left = json!({ "roomId": "lobby", "socketId": bob_id, "name": "Bob" });
    assert_eq!(ann.event().await, json!(["user_left", left]));
    assert_eq!(ann.count().await, json!([{ "count": 1 }]));
}

#[tokio::test]
async fn an_answer_tells_what_was_too_much() {
    let (mut ann, _) = Client::connect(&app()).await;
    for _ in 0..100 {
        ann.emit(json!(["typing"])).await;
        assert_eq!(ann.event().await[0], "error");
    }
    ann.send("427[\"get:online:count\"]").await;
    let refused = json!([{ "success": false, "message": "Rate limit exceeded" }]);
    assert_eq!(ann.packet().await, format!("437{refused}"));
}
