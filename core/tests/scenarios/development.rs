//! A developer's build: it proves its key with every request, and says loudly what it is.

use bonafide_core::Core;
use bonafide_core::protocol::development::DevelopmentKey;
use bonafide_core::protocol::status::Status;

use super::support::{LONG, World};

const HOST: &str = "api.acme.com";

#[tokio::test]
async fn a_key_that_cannot_be_read_stops_the_start_and_is_not_repeated() {
    let world = World::new().await;
    let whole = DevelopmentKey::from_random(&[1; 9], &[2; 32]).reveal();
    let cut = whole.get(..whole.len() - 1).unwrap();
    for text in ["", cut, "bonafide_whatever"] {
        let settings = bonafide_core::Settings { development_key: Some(text.into()), ..world.settings() };
        let failure = Core::start(settings, world.ports()).unwrap_err();
        assert_eq!(failure.status(), Status::BadDevelopmentKey, "{text}");
        assert!(text.is_empty() || !format!("{failure} {failure:?}").contains(text));
    }
}

#[tokio::test]
async fn every_request_proves_the_key_for_its_own_challenge_and_install_key() {
    let world = World::new().await;
    let key = DevelopmentKey::from_random(&[1; 9], &[2; 32]);
    let settings = bonafide_core::Settings { development_key: Some(key.reveal()), ..world.settings() };
    assert!(!format!("{settings:?}").contains(&key.reveal()));
    let core = Core::start(settings, world.ports()).unwrap();
    assert_eq!(core.status().development_key.as_deref(), Some(key.id()));
    core.token(HOST, None, LONG).await.unwrap();
    core.token(HOST, Some(b"bound"), LONG).await.unwrap();
    let requests = world.service.signed_requests();
    assert_eq!(requests.len(), 2);
    for (install_key, request) in &requests {
        let thumbprint = &install_key.thumbprint();
        let proof = request.development.as_ref().unwrap();
        assert!(!key.digest().verifies(proof, &request.account, "another", thumbprint));
        assert!(key.digest().verifies(proof, &request.account, &request.challenge, thumbprint));
        let secret = key.reveal().split_once('.').unwrap().1.to_owned();
        assert!(!serde_json::to_string(request).unwrap().contains(&secret), "the key itself stays on the device");
    }
}

#[tokio::test]
async fn a_build_as_it_is_released_proves_none() {
    let world = World::new().await;
    let core = world.start_settled().await;
    core.token(HOST, None, LONG).await.unwrap();
    assert_eq!(core.status().development_key, None);
    assert!(world.service.token_requests().iter().all(|request| request.development.is_none()));
}
