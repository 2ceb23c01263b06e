use serde_json::json;

use crate::client::{Client, app};

/// Ann and Bob in the lobby, with the ids of their sockets. Both have heard
/// what there is to hear of that.
async fn lobby() -> ((Client, String), (Client, String)) {
    let app = app();
    let (mut ann, ann_id) = Client::connect(&app).await;
    ann.ask(json!(["join_room", "lobby", "Ann"])).await;
    let (mut bob, bob_id) = Client::connect(&app).await;
    bob.ask(json!(["join_room", "lobby", "Bob"])).await;
    ann.event().await;
    ((ann, ann_id), (bob, bob_id))
}

#[tokio::test]
async fn who_joins_is_told_who_is_there_and_the_others_are_told() {
    let app = app();
    let (mut ann, ann_id) = Client::connect(&app).await;
    let answer = ann.ask(json!(["join_room", "lobby", " Ann "])).await;
    let members = json!([{ "socketId": ann_id, "name": "Ann" }]);
    assert_eq!(answer, json!({ "roomId": "lobby", "members": members }));

    let (mut bob, bob_id) = Client::connect(&app).await;
    let answer = bob.ask(json!(["join_room", "lobby"])).await;
    let name = format!("guest {}", &bob_id[..4]);
    let members =
        json!([{ "socketId": ann_id, "name": "Ann" }, { "socketId": bob_id, "name": name }]);
    assert_eq!(answer, json!({ "roomId": "lobby", "members": members }));
    let joined = json!({ "roomId": "lobby", "socketId": bob_id, "name": name });
    assert_eq!(ann.event().await, json!(["user_joined", joined]));
}

#[tokio::test]
async fn who_joins_again_is_answered_and_nobody_else_is_told() {
    let ((mut ann, _), (mut bob, _)) = lobby().await;
    for join in [
        json!(["join_room", "lobby", "Bob"]),
        json!(["join_room", "lobby"]),
    ] {
        let answer = bob.ask(join).await;
        assert_eq!(answer["members"][1]["name"], "Bob");
    }
    assert_eq!(ann.count().await, 2);
}

#[tokio::test]
async fn another_name_is_announced_once_in_all_rooms() {
    let ((mut ann, _), (mut bob, bob_id)) = lobby().await;
    ann.ask(json!(["join_room", "attic"])).await;
    bob.ask(json!(["join_room", "attic"])).await;
    ann.event().await;
    for _ in 0..2 {
        bob.ask(json!(["join_room", "lobby", "Rob"])).await;
    }
    let mut told = [ann.event().await, ann.event().await];
    told.sort_by_key(|event| event[1]["roomId"].to_string());
    let expected = ["attic", "lobby"]
        .map(|room| json!(["user_joined", { "roomId": room, "socketId": bob_id, "name": "Rob" }]));
    assert_eq!(told, expected);
    assert_eq!(ann.count().await, 2);
}

#[tokio::test]
async fn a_message_reaches_the_others_in_the_room_and_is_acknowledged() {
    let ((mut ann, ann_id), (mut bob, _)) = lobby().await;
    let message = json!(["message", { "roomId": "lobby", "message": "hi" }]);
    let answer = ann.ask(message.clone()).await;
    let id = &answer["messageId"];
    assert_eq!(answer, json!({ "success": true, "messageId": id }));
    let heard = json!({
        "roomId": "lobby", "socketId": ann_id, "name": "Ann", "message": "hi", "messageId": id,
    });
    assert_eq!(bob.event().await, json!(["message", heard]));
    assert_ne!(ann.ask(message).await["messageId"], *id);
}

#[tokio::test]
async fn a_message_that_is_refused_is_answered_with_the_reason() {
    let (mut ann, _) = Client::connect(&app()).await;
    for (payload, why) in [
        (
            json!({ "roomId": "lobby", "message": "hi" }),
            "you are not in this room",
        ),
        (
            json!({ "roomId": "lobby", "message": " " }),
            "a message is 1 to 2000 characters long",
        ),
        (json!({ "roomId": "lobby" }), "this was not understood"),
    ] {
        let answer = ann.ask(json!(["message", payload])).await;
        assert_eq!(answer, json!({ "success": false, "message": why }));
        assert_eq!(ann.event().await, json!(["error", { "message": why }]));
    }
}

#[tokio::test]
async fn half_a_character_is_refused_in_plain_words() {
    let (mut ann, _) = Client::connect(&app()).await;
    ann.send(r#"42["join_room","half \ud83e"]"#).await;
    let refused = json!(["error", { "message": "this was not understood" }]);
    assert_eq!(ann.event().await, refused);
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
    assert_eq!(bob.count().await, 2);
}

#[tokio::test]
async fn leaving_and_disconnecting_are_seen_by_the_others() {
    let ((mut ann, ann_id), (mut bob, bob_id)) = lobby().await;
    ann.emit(json!(["leave_room", "lobby"])).await;
    let left = json!({ "roomId": "lobby", "socketId": ann_id, "name": "Ann" });
    assert_eq!(bob.event().await, json!(["user_left", left]));

    ann.ask(json!(["join_room", "lobby", "Ann"])).await;
    bob.event().await;
    bob.send("41").await;
    let left = json!({ "roomId": "lobby", "socketId": bob_id, "name": "Bob" });
    assert_eq!(ann.event().await, json!(["user_left", left]));
    assert_eq!(ann.count().await, 1);
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
    assert_eq!(ann.count().await, 1);
}

#[tokio::test]
async fn nobody_is_in_more_rooms_than_the_limit() {
    let (mut ann, _) = Client::connect(&app()).await;
    for room in 0..16 {
        let room = room.to_string();
        let answer = ann.ask(json!(["join_room", room])).await;
        assert_eq!(answer["roomId"], room);
    }
    let answer = ann.ask(json!(["join_room", "one more"])).await;
    assert_eq!(answer["success"], false);
    ann.event().await;
    let answer = ann.ask(json!(["join_room", "3"])).await;
    assert_eq!(answer["roomId"], "3");
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
    assert_eq!(ann.count().await, 1);
}

#[tokio::test]
async fn an_answer_tells_what_was_too_much() {
    let (mut ann, _) = Client::connect(&app()).await;
    for _ in 0..100 {
        ann.emit(json!(["typing"])).await;
        assert_eq!(ann.event().await[0], "error");
    }
    let answer = ann.ask(json!(["get:online:count"])).await;
    let refused = json!({ "success": false, "message": "Rate limit exceeded" });
    assert_eq!(answer, refused);
}
