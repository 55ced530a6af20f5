//! Development keys as an operator makes, hands out, renews and ends them.

use bonafide_protocol::development::DevelopmentKey;

use crate::bench::Service;

#[test]
fn what_no_key_can_be_is_refused_before_one_is_made() {
    let service = Service::start();
    let run = |arguments: &[&str]| service.data.run(&[&["device", "dev-key"], arguments].concat());
    for wrong in [
        &["create"][..],
        &["create", "--name", "ada", "--expires", "91d"],
        &["create", "--name", "ada", "--expires", "30"],
        &["rotate"],
        &["revoke", "AAAAAAAAAAAA"],
    ] {
        let ended = run(wrong);
        assert_eq!(ended.code, 2, "{wrong:?} {}", ended.stderr);
        assert_eq!(ended.error().get("exit").unwrap(), 2, "{wrong:?}");
    }
    for (wrong, code) in [
        (&["create", "--name", " "][..], 1),
        (&["rotate", "-AAAAAAAAAAA"], 1),
        (&["revoke", "AAAAAAAAAAAA", "--yes"], 1),
    ] {
        assert_eq!(run(wrong).code, code, "{wrong:?}");
    }
    assert_eq!(run(&["list"]).json(), serde_json::json!([]));
}

#[test]
fn a_key_is_shown_once_renewed_and_ended() {
    let service = Service::start();
    let run = |arguments: &[&str]| service.data.run(&[&["device", "dev-key"], arguments].concat());
    let made = run(&["create", "--name", "ada", "--expires", "8h"]).json();
    let text = made["key"].as_str().unwrap();
    let key: DevelopmentKey = text.parse().unwrap();
    assert_eq!(key.id(), made["key_id"].as_str().unwrap());
    let life = made["expires_at"].as_u64().unwrap() - made["created_at"].as_u64().unwrap();
    assert_eq!(life, 8 * 3600);

    let renewed = run(&["rotate", key.id(), "--overlap", "1h"]).json();
    assert_eq!((renewed["name"].as_str().unwrap(), renewed["replaces"].as_str().unwrap()), ("ada", key.id()));
    assert_eq!(run(&["revoke", key.id(), "--yes"]).code, 0);
    let list = run(&["list"]);
    let good = |id: &str| {
        let rows = list.json();
        let row = rows.as_array().unwrap().iter().find(|row| row["key_id"] == id).unwrap().clone();
        row["good"].as_bool().unwrap()
    };
    assert!(!good(key.id()) && good(renewed["key_id"].as_str().unwrap()));
    assert!(!list.stdout.contains(text) && !list.stdout.contains(text.split_once('.').unwrap().1));
}
