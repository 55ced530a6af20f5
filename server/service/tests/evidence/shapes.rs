//! Whatever became of evidence, the answer looks the same.

use serde_json::{Value, json};

use crate::phone::{IPhone, World};

fn shape(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text.len()),
        Value::Number(number) => json!(number.to_string().len()),
        Value::Array(list) => list.iter().map(shape).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn taken_refused_and_missing_evidence_have_one_answer() {
    let world = World::new().await;
    let mut shapes = Vec::new();
    let (good, bad, none) = (IPhone::new(), IPhone::new(), IPhone::new());
    shapes.push(good.enroll(&world).await);
    world.assert_passes("taken").await;
    shapes.push(bad.phone.ask(&world, |_| vec![bad.attestation(&world, "another", |_, _| {})]).await);
    world.assert_found(&["key_level_too_low", "evidence_missing", "evidence_invalid"], "refused").await;
    shapes.push(none.phone.ask(&world, |_| Vec::new()).await);
    world.assert_found(&["key_level_too_low", "evidence_missing"], "missing").await;
    let shapes: Vec<Value> = shapes.iter().map(|response| shape(&serde_json::to_value(response).unwrap())).collect();
    assert!(shapes.iter().all(|one| Some(one) == shapes.first()), "{shapes:#?}");
}
