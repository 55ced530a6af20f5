//! A user property and a trace id: each request has its own, and one user's token is never another's.

use std::collections::BTreeSet;
use std::time::Duration;

use super::support::{Act, LONG, World};
use bonafide_core::Core;
use bonafide_core::protocol::status::Status;

const TOKENS: &str = "POST /v1/tokens";
const HOST: &str = "api.acme.com";

async fn token(core: &Core) -> String {
    core.token(HOST, None, LONG).await.unwrap().token.unwrap()
}

fn users(world: &World) -> Vec<Option<String>> {
    world.service.token_requests().into_iter().map(|request| request.user.map(String::from)).collect()
}

#[tokio::test]
async fn the_token_of_the_user_before_is_not_given_to_the_next() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let nobody = token(&core).await;
    core.set_user_property(Some("u-1".parse().unwrap()));
    let first = token(&core).await;
    assert_ne!(first, nobody);
    assert_eq!(token(&core).await, first, "kept while it is fresh");
    core.set_user_property(Some("u-2".parse().unwrap()));
    assert_ne!(token(&core).await, first);
    core.set_user_property(None);
    assert_eq!(token(&core).await, nobody, "it said of nobody what is true again");
    assert_eq!(users(&world), [None, Some("u-1".into()), Some("u-2".into())]);
}

#[tokio::test]
async fn a_failure_and_the_status_name_the_request() {
    let world = World::new().await;
    let core = world.start_settled().await;
    assert_eq!(core.status().token_trace, None);
    world.service.script(TOKENS, Act::Refuse(503, "service_unavailable"));
    let failure = core.token("strict.acme.com", None, LONG).await.unwrap_err();
    assert_eq!(failure.status(), Status::ServiceUnavailable);
    let trace = core.status().token_trace.unwrap();
    assert_eq!(failure.fact("trace"), Some(trace.as_str()));

    world.clock.advance(Duration::from_secs(600));
    token(&core).await;
    let sent: BTreeSet<String> =
        world.service.token_requests().into_iter().map(|request| request.trace.unwrap().into()).collect();
    assert!(sent.contains(core.status().token_trace.unwrap().as_str()));
    assert!(!sent.contains(trace.as_str()), "another request, another id");
}
