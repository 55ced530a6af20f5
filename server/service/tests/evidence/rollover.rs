//! One install key after another: the installation outlives its key.

use bonafide_protocol::evidence::{Evidence, Previous, rollover_message};
use bonafide_protocol::measurement::Fact;
use bonafide_protocol::message::TokenResponse;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::common::{ACCOUNT, Device, answer_in_the_end, genuine, parts, pin};
use crate::phone::{IPhone, Phone, World, copy};

fn chain(world: &World, phone: &Phone, challenge: &str) -> Vec<Evidence> {
    vec![world.chain(&phone.key(), &phone.key_hash(challenge), |_, _| {})]
}

/// The request by which `new` follows `old`.
async fn roll(world: &World, old: &Phone, new: &Phone) -> TokenResponse {
    let challenge = world.service.challenge().await;
    let evidence = chain(world, new, &challenge);
    new.ask_with(world, &challenge, evidence, Some(old.vouch(new, &challenge))).await
}

async fn plain(world: &World, phone: &Phone) -> TokenResponse {
    phone.ask(world, |_| Vec::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_outlives_its_keys_and_a_finished_key_is_good_for_nothing() {
    let world = World::new().await;
    let keys: Vec<Phone> = (0..12).map(|_| Phone::android()).collect();
    let first = keys.first().unwrap().enroll(&world).await;
    for pair in keys.windows(2) {
        let [old, new] = pair else { unreachable!() };
        let rolled = roll(&world, old, new).await;
        world.assert_passes("the first request by the new key").await;
        assert_eq!(rolled.installation, first.installation);
        // The answer may have been lost: the old key goes on until the new one is seen again.
        plain(&world, old).await;
        world.assert_passes("the old key, before the new one is seen again").await;
        assert_eq!(plain(&world, new).await.installation, first.installation);
        world.assert_passes("the new key").await;
        let late = plain(&world, old).await;
        world.assert_found(&["key_level_too_low", "evidence_missing", "key_superseded"], "the old key").await;
        let is_first = old.thumbprint() == keys.first().unwrap().thumbprint();
        assert_eq!(late.installation == first.installation, is_first, "an old key's decoy names its own id");
        world.service.clock.advance(1);
    }
    // However many keys came between, the one that gave the installation its id has ended for good.
    keys.first().unwrap().enroll(&world).await;
    world.assert_found(&["key_level_too_low", "evidence_missing", "key_superseded"], "the first key").await;
    let (_, rows) = world.service.operator("GET", "/admin/v1/installations", None).await;
    assert_eq!(rows.as_array().unwrap().len(), 1);

    // Neither a fresh attestation nor another key brings a finished key's installation back.
    let (finished, live) = (keys.get(10).unwrap(), keys.get(11).unwrap());
    finished.enroll(&world).await;
    world.assert_found(&["key_level_too_low", "evidence_missing", "key_superseded"], "attested anew").await;
    let thief = Phone::android();
    let stolen = roll(&world, finished, &thief).await;
    assert_ne!(stolen.installation, first.installation, "an installation of its own");
    assert_eq!(plain(&world, live).await.installation, first.installation);
    world.assert_passes("the live key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_costs_a_key_and_nothing_else() {
    let world = World::new().await;
    let (old, lost, new) = (Phone::android(), Phone::android(), Phone::android());
    let first = old.enroll(&world).await;
    roll(&world, &old, &lost).await;
    // The phone has never heard of it, and tries again with another key.
    assert_eq!(roll(&world, &old, &new).await.installation, first.installation);
    world.assert_passes("the second try").await;
    assert_eq!(plain(&world, &new).await.installation, first.installation);
    plain(&world, &old).await;
    world.assert_found(&["key_level_too_low", "evidence_missing", "key_superseded"], "the old key").await;
    assert_ne!(plain(&world, &lost).await.installation, first.installation, "a key of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_is_not_the_old_keys_is_a_broken_request() {
    let world = World::new().await;
    let (old, new, stranger) = (Phone::android(), Phone::android(), Phone::android());
    old.enroll(&world).await;
    let challenge = world.service.challenge().await;
    let other_challenge = world.service.challenge().await;
    let sign = |account: &str, challenge: &str, next: &Phone| {
        let message = rollover_message(account, challenge, &old.thumbprint(), &next.thumbprint());
        Previous::new(old.key(), &old.device.key.sign(&message).unwrap())
    };
    let good = sign(ACCOUNT, &challenge, &new);
    for (what, previous) in [
        ("by nobody", Previous { signature: String::new(), ..good.clone() }),
        ("not base64url", Previous { signature: "!".into(), ..good.clone() }),
        ("by another key", Previous { key: stranger.key(), ..good.clone() }),
        ("for another account", sign("other", &challenge, &new)),
        ("for another challenge", sign(ACCOUNT, &other_challenge, &new)),
        ("for another key", sign(ACCOUNT, &challenge, &stranger)),
        ("by the key itself", new.vouch(&new, &challenge)),
    ] {
        let body = new.request(&challenge, chain(&world, &new, &challenge), Some(previous));
        let (status, answer) = world.service.post("/v1/tokens", body).await;
        let expected = (400, Some("signature_invalid"));
        assert_eq!((status.as_u16(), answer.get("code").and_then(Value::as_str)), expected, "{what}");
    }
    // None of it has spent the challenge, and the request as a whole counts once.
    let body = new.request(&challenge, chain(&world, &new, &challenge), Some(good));
    assert_eq!(world.service.post("/v1/tokens", body.clone()).await.0, StatusCode::OK);
    world.assert_passes("the word").await;
    assert_eq!(world.service.post("/v1/tokens", body).await.0, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_new_key_takes_over_and_only_from_one_that_is_known() {
    let world = World::new().await;
    let (nobody, new) = (Phone::android(), Phone::android());
    let nobodys = plain(&world, &nobody).await.installation;
    assert_ne!(roll(&world, &nobody, &new).await.installation, nobodys, "of which nothing was ever proven");
    world.assert_passes("an installation of its own").await;

    let known = Phone::android();
    let known_id = known.enroll(&world).await.installation;
    assert_ne!(roll(&world, &known, &new).await.installation, known_id, "one that has its own already");
    plain(&world, &known).await;
    world.assert_passes("the other is not touched").await;

    let (iphone, next) = (IPhone::new(), IPhone::new());
    let held = iphone.enroll(&world).await.installation;
    let challenge = world.service.challenge().await;
    let evidence = vec![next.attestation(&world, &challenge, |_, _| {})];
    let word = iphone.phone.vouch(&next.phone, &challenge);
    let rolled = next.phone.ask_with(&world, &challenge, evidence, Some(word)).await;
    assert_ne!(rolled.installation, held, "an iPhone's key is never changed: its evidence is renewed");
}

/// A decoy names the installation that its key would have alone; the operator sees the one that it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_decoy_names_no_installation_that_was_taken_over() {
    let world = World::new().await;
    let (old, new) = (Phone::android(), Phone::android());
    let first = old.enroll(&world).await;
    let challenge = world.service.challenge().await;
    let evidence = vec![world.chain(&new.key(), &new.key_hash("another"), |_, _| {})];
    let word = old.vouch(&new, &challenge);
    let decoy = new.ask_with(&world, &challenge, evidence, Some(word)).await;
    world.assert_found(&["key_level_too_low", "evidence_missing", "evidence_invalid"], "refused").await;
    assert_ne!(decoy.installation, first.installation);
    assert_eq!(plain(&world, &new).await.installation, decoy.installation);
    world.assert_found(&["key_level_too_low", "evidence_missing"], "nothing was proven of it").await;
    let (_, list) = world.service.operator("GET", "/admin/v1/appraisals?limit=1", None).await;
    assert_eq!(list.pointer("/0/installation"), Some(&json!(first.installation)));
    new.enroll(&world).await;
    world.assert_passes("attested after all").await;
    assert_eq!(plain(&world, &new).await.installation, first.installation);
}

/// Both get decoys. A second key of theirs tells them whether the evidence of the first was good.
#[tokio::test(flavor = "multi_thread")]
async fn the_installation_does_not_tell_whether_evidence_was_taken() {
    let world = World::new().await;
    let mut told = Vec::new();
    for taken in [true, false] {
        // Debugged: whatever becomes of the evidence, it is a decoy.
        let (mut old, mut new) = (Phone::android(), Phone::android());
        for phone in [&mut old, &mut new] {
            let device = phone.device.request.measurement.device.as_mut().unwrap();
            device.debuggers = Fact::Known(vec!["gdb".into()]);
        }
        let first = old
            .ask(&world, |challenge| match taken {
                true => chain(&world, &old, challenge),
                false => vec![world.chain(&old.key(), &old.key_hash("another"), |_, _| {})],
            })
            .await;
        let challenge = world.service.challenge().await;
        let word = old.vouch(&new, &challenge);
        let second = new.ask_with(&world, &challenge, Vec::new(), Some(word)).await;
        told.push(first.installation == second.installation);
    }
    assert_eq!(told.first(), told.last(), "two decoys can be told apart by why they are decoys");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_verdict_follows_the_installation() {
    let world = World::new().await;
    let (old, new) = (Phone::android(), Phone::android());
    let id = old.enroll(&world).await.installation;
    let path = format!("/admin/v1/installations/{id}/forced");
    let body = json!({ "verdict": "fail", "seconds": 3600, "reason": "a test" });
    assert_eq!(world.service.operator("PUT", &path, Some(body)).await.0, StatusCode::OK);
    roll(&world, &old, &new).await;
    plain(&world, &new).await;
    let (_, list) = world.service.operator("GET", "/admin/v1/appraisals?limit=2", None).await;
    for place in 0..2 {
        let one = list.get(place).unwrap();
        assert_eq!((one.get("passed"), one.get("forced")), (Some(&json!(false)), Some(&json!("fail"))), "{one}");
    }
}

/// Two new keys for one old key at the same moment: both are answered, and one installation stays one key's.
#[tokio::test(flavor = "multi_thread")]
async fn two_rollovers_side_by_side_leave_one_key() {
    let world = World::new().await;
    for _ in 0..10 {
        let old = Phone::android();
        let id = old.enroll(&world).await.installation;
        let news: Vec<Phone> = (0..4).map(|_| Phone::android()).collect();
        let mut calls = Vec::new();
        for new in &news {
            let challenge = world.service.challenge().await;
            let word = old.vouch(new, &challenge);
            let body = new.request(&challenge, chain(&world, new, &challenge), Some(word));
            let url = format!("http://{}/v1/tokens", world.service.public());
            calls.push(tokio::spawn(answer_in_the_end(world.service.http.post(url).body(body))));
        }
        for call in calls {
            let (status, answer) = call.await.unwrap();
            assert_eq!(status, StatusCode::OK, "{answer}");
        }
        let mut holders = 0;
        for new in &news {
            let response = plain(&world, new).await;
            world.assert_passes("each of them was attested").await;
            holders += usize::from(response.installation == id);
        }
        assert_eq!(holders, 1);
        plain(&world, &old).await;
        world.assert_found(&["key_level_too_low", "evidence_missing", "key_superseded"], "the old key").await;
    }
}

/// One new key, two old ones that vouch for it, two requests side by side: what is refused leaves the old key alive.
#[tokio::test(flavor = "multi_thread")]
async fn two_words_for_one_key_do_not_keep_the_old_key_alive() {
    let world = World::new().await;
    let mut alive = 0;
    for _ in 0..20 {
        let (old, next, other, new) = (Phone::android(), Phone::android(), Phone::android(), Phone::android());
        let id = old.enroll(&world).await.installation;
        other.enroll(&world).await;
        let challenge = world.service.challenge().await;
        let chain = world.chain(&next.key(), &next.key_hash(&challenge), |_, _| {});
        next.ask_with(&world, &challenge, vec![chain], Some(old.vouch(&next, &challenge))).await;
        let mut calls = Vec::new();
        for vouching in [&other, &next] {
            let challenge = world.service.challenge().await;
            let body = new.request(&challenge, Vec::new(), Some(vouching.vouch(&new, &challenge)));
            let url = format!("http://{}/v1/tokens", world.service.public());
            calls.push(tokio::spawn(answer_in_the_end(world.service.http.post(url).body(body))));
        }
        for call in calls {
            call.await.unwrap();
        }
        // The key that took over is seen again and again; the one before it should have ended by now.
        let live = next.ask(&world, |_| Vec::new()).await;
        next.ask(&world, |_| Vec::new()).await;
        let (live_findings, _) = world.judged().await;
        let late = old.ask(&world, |_| Vec::new()).await;
        let (findings, _) = world.judged().await;
        let both =
            live.installation == id && late.installation == id && live_findings.is_empty() && findings.is_empty();
        alive += usize::from(both);
    }
    assert_eq!(alive, 0, "of 20 installations so many have two live keys, for good");
}

/// A key that has ended says that it is a desktop, and is the installation again, forced verdict included.
#[tokio::test(flavor = "multi_thread")]
async fn an_ended_key_is_not_the_installation_of_the_live_one_on_another_platform() {
    let world = World::new().await;
    let body = json!({ "pins": [pin(1), pin(2)], "mode": "enforce", "send_token": true,
        "policy": { "platforms": ["android", "ios", "jvm"], "least_key_level": "software" } });
    let (status, answer) = world.service.operator("PUT", "/admin/v1/hosts/api.acme.com", Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (old, new) = (Phone::android(), Phone::android());
    let id = old.enroll(&world).await.installation;
    let challenge = world.service.challenge().await;
    let chain = world.chain(&new.key(), &new.key_hash(&challenge), |_, _| {});
    new.ask_with(&world, &challenge, vec![chain], Some(old.vouch(&new, &challenge))).await;
    let live = new.ask(&world, |_| Vec::new()).await;
    world.assert_passes("the live key").await;
    old.ask(&world, |_| Vec::new()).await;
    world.assert_found(&["evidence_missing", "key_superseded"], "the ended key").await;

    let path = format!("/admin/v1/installations/{id}/forced");
    let body = json!({ "verdict": "pass", "seconds": 3600, "reason": "support" });
    assert_eq!(world.service.operator("PUT", &path, Some(body)).await.0, StatusCode::OK);
    // Nothing of this is registered.
    let thief = Phone { device: Device { key: copy(&old.device.key), ..Device::new() } };
    let stolen = thief.ask(&world, |_| Vec::new()).await;
    let jwks = world.service.operator("GET", "/.well-known/jwks.json", None).await.1;
    let sub = |token: &str| parts(token).1.get("sub").cloned();
    assert!(
        !genuine(&jwks, &stolen.token) || sub(&stolen.token) != sub(&live.token),
        "a production token for the live phone's `sub`, by its ended key: {:?}",
        world.judged().await
    );
}
