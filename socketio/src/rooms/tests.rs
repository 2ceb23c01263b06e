use proptest::prelude::*;

use super::*;

#[test]
fn a_member_of_two_targeted_rooms_is_selected_once() {
    let rooms = index(&[("a", &["x", "y"]), ("b", &["y"]), ("c", &[])]);
    assert_eq!(select(&rooms, &["x", "y"], &[]), ["a", "b"]);
    assert_eq!(select(&rooms, &["x", "x"], &[]), ["a"]);
    assert_eq!(select(&rooms, &[], &[]), ["a", "b", "c"]);
}

#[test]
fn an_id_names_its_socket_and_the_room_so_named() {
    let rooms = index(&[("a", &[]), ("b", &["a"]), ("c", &[])]);
    assert_eq!(select(&rooms, &["a"], &[]), ["a", "b"]);
    assert_eq!(select(&rooms, &[], &["a"]), ["c"]);
    assert_eq!(select(&rooms, &["c", "a"], &["b"]), ["a", "c"]);
}

#[test]
fn the_sender_is_left_out_but_not_who_joined_a_room_of_its_name() {
    let rooms = index(&[("a", &["x"]), ("b", &["x", "a"])]);
    let mut out = Vec::new();
    let mut to_x = selection(&["x"], &[]);
    to_x.sender = Some("a".into());
    rooms.select(&to_x, 0, 99, &mut out);
    assert_eq!(out, ["b"]);
}

#[test]
fn joining_or_leaving_ones_own_id_does_nothing() {
    let mut rooms = index(&[("a", &[])]);
    assert!(rooms.join("a", "a", 8));
    assert_eq!(rooms.room_count(), 0);
    rooms.leave("a", "a");
    assert_eq!(select(&rooms, &["a"], &[]), ["a"]);
}

#[test]
fn a_room_without_members_is_forgotten() {
    let mut rooms = index(&[("a", &["x"]), ("b", &["x"])]);
    rooms.leave("a", "x");
    rooms.leave("a", "unknown");
    assert_eq!(rooms.room_count(), 1);
    assert_eq!(names(rooms.remove("b")), ["x"]);
    assert_eq!(rooms.room_count(), 0);
    assert!(rooms.room_names().is_empty());
    assert!(select(&rooms, &["x"], &[]).is_empty());
}

#[test]
fn rooms_are_told_in_the_order_of_joining() {
    let mut rooms = index(&[("a", &["z", "b", "m"])]);
    rooms.leave("a", "b");
    rooms.join("a", "b", 8);
    assert_eq!(names(rooms.rooms_of("a")), ["z", "m", "b"]);
    assert!(rooms.rooms_of("unknown").is_empty());
}

#[test]
fn a_member_joins_no_more_rooms_than_the_limit() {
    let mut rooms = index(&[("a", &["x", "y"])]);
    assert!(!rooms.join("a", "z", 2));
    assert!(rooms.join("a", "y", 2), "it is in there already");
    assert_eq!(rooms.room_count(), 2);
    rooms.leave("a", "x");
    assert!(rooms.join("a", "z", 2));
}

#[test]
fn a_member_that_is_not_admitted_is_not_reached() {
    let mut rooms = index(&[("a", &["x"])]);
    rooms.insert("p".into(), "p");
    rooms.join("p", "x", 8);
    assert_eq!(select(&rooms, &["x", "p"], &[]), ["a"]);
    assert_eq!((rooms.len(), rooms.get("p")), (1, None));
    rooms.admit("p");
    rooms.admit("p");
    assert_eq!(select(&rooms, &["x"], &[]), ["a", "p"]);
    assert_eq!((rooms.len(), rooms.get("p")), (2, Some("p")));
}

#[test]
fn a_crowd_that_has_gone_takes_no_room() {
    let mut rooms = index(&[]);
    let crowd: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    for id in &crowd {
        rooms.insert(id.as_str().into(), "");
        rooms.join(id, &format!("room {id}"), 8);
    }
    for id in &crowd {
        rooms.remove(id);
    }
    assert!(rooms.ids.capacity() + rooms.names.capacity() < 32);
    assert_eq!(rooms.members.iter().count() + rooms.rooms.iter().count(), 0);
}

#[test]
fn a_piece_ends_also_where_nobody_is_left() {
    let mut rooms = index(&[("a", &[])]);
    let crowd: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    for id in &crowd {
        rooms.insert(id.as_str().into(), "");
    }
    rooms.insert("z".into(), "z");
    rooms.admit("z");
    for id in &crowd {
        rooms.remove(id);
    }
    let everyone = selection(&[], &[]);
    let mut out = Vec::new();
    assert_eq!(rooms.select(&everyone, 0, 256, &mut out), Some(256));
    assert_eq!(rooms.select(&everyone, 800, 256, &mut out), None);
    assert_eq!(out, ["a", "z"]);
}

#[test]
fn a_change_between_two_pieces_repeats_nobody_and_loses_nobody() {
    let mut rooms = index(&[("a", &["x"]), ("b", &["x"]), ("c", &["x"]), ("d", &["x"])]);
    let x = selection(&["x"], &[]);
    let mut out = Vec::new();
    let next = rooms.select(&x, 0, 2, &mut out);
    // One who was reached leaves, and another takes its slot.
    rooms.remove("a");
    rooms.insert("e".into(), "e");
    rooms.admit("e");
    rooms.join("e", "x", 8);
    out.clear();
    let end = rooms.select(&x, next.expect("there are more"), 9, &mut out);
    assert_eq!((out, end), (vec!["c", "d"], None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn rooms_do_what_a_search_through_all_members_does(
        operations in prop::collection::vec(any::<u8>(), 0..200)
            .prop_map(|bytes| model::operations(&bytes)),
    ) {
        model::run(&operations);
    }
}

fn index(members: &[(&'static str, &[&str])]) -> Rooms<&'static str> {
    let mut rooms = Rooms::new();
    for (id, joined) in members {
        rooms.insert((*id).into(), *id);
        rooms.admit(id);
        for room in *joined {
            rooms.join(id, room, 8);
        }
    }
    rooms
}

fn select(rooms: &Rooms<&'static str>, to: &[&str], except: &[&str]) -> Vec<&'static str> {
    let mut out = Vec::new();
    assert_eq!(rooms.select(&selection(to, except), 0, 99, &mut out), None);
    out
}

fn selection(to: &[&str], except: &[&str]) -> Selection {
    let list = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
    Selection {
        rooms: list(to),
        except: list(except),
        sender: None,
    }
}

fn names(list: Vec<Arc<str>>) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}
