//! What the service is shown by the same server: an interceptor of this machine rarely stands in front of both.

use std::collections::BTreeSet;
use std::fmt;

use bonafide_protocol::pin::Pin;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::exit::{Failure, Outcome};
use crate::operator::Operator;
use crate::out::Out;
use crate::tls::survey::Survey;
use crate::tls::target::Target;

/// How the service's sight of a server compares with ours.
pub(crate) enum Elsewhere {
    /// The same leaves.
    Same,
    /// Other leaves, or not all the same.
    Other { here: BTreeSet<Pin>, there: BTreeSet<Pin> },
    /// None: the service saw nothing, or may not look for this caller.
    Unseen { why: String },
}

/// The answer of `POST /admin/v1/look`.
#[derive(Deserialize)]
struct Answer {
    leaves: Vec<Leaf>,
    silent: Vec<Silent>,
    unresolved: Option<String>,
}

#[derive(Deserialize)]
struct Leaf {
    pin: Pin,
}

#[derive(Deserialize)]
struct Silent {
    address: String,
    error: String,
}

/// Lets the service look at the server that was looked at from here.
pub(crate) async fn compare(operator: &Operator, seen: &Survey, out: Out) -> Outcome<Elsewhere> {
    let target = &seen.target;
    let _spinner = out.spin(format!("the service looks at {target}"));
    let wanted = json!({"host": target.host.to_string(), "port": target.port});
    let answer = match operator.post(&["look"], &[], &wanted).await {
        Ok(answer) => answer,
        // To check, a token that reads is enough; to publish, this one is not, and the service will say so.
        Err(failure) if failure.code() == Some("forbidden") => {
            return Ok(Elsewhere::Unseen { why: "this operator token lacks the scope `publish`".into() });
        }
        Err(failure) => return Err(failure.within("the service was to look at the server itself")),
    };
    let answer: Answer = serde_json::from_value(answer)
        .map_err(|error| Failure::refused(format!("what the service sees cannot be read: {error}")))?;
    Ok(Elsewhere::of(seen.leaf_pins(), answer))
}

impl Elsewhere {
    fn of(here: BTreeSet<Pin>, answer: Answer) -> Self {
        let there: BTreeSet<Pin> = answer.leaves.iter().map(|leaf| leaf.pin).collect();
        if there.is_empty() {
            let silent = answer.silent.iter().map(|one| format!("{}: {}", one.address, one.error));
            let why: BTreeSet<String> = answer.unresolved.into_iter().chain(silent).collect();
            return Self::Unseen { why: why.into_iter().collect::<Vec<_>>().join("; ") };
        }
        if there == here { Self::Same } else { Self::Other { here, there } }
    }

    /// Whether the service was shown something else.
    pub(crate) fn differs(&self) -> bool {
        matches!(self, Self::Other { .. })
    }

    /// Refuses what the service sees otherwise; with `force` it is a warning.
    pub(crate) fn accept(&self, target: &Target, force: bool, out: Out) -> Outcome {
        if !self.differs() {
            return Ok(());
        }
        if force {
            out.warn(format!("{target}: {self}"));
            return Ok(());
        }
        Err(Failure::refused(format!("{target}: {self}"))
            .next("find out at the server itself which one is its own (`bonafide pin show CERTIFICATE`); --force takes what this machine sees")
            .facts(json!({"reason": "other_certificate", "service": self.to_json()})))
    }

    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Same => json!({"same": true}),
            Self::Other { here, there } => json!({"same": false, "here": here, "there": there}),
            Self::Unseen { why } => json!({"same": null, "why": why}),
        }
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |pins: &BTreeSet<Pin>| pins.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Same => f.write_str("the service sees the same"),
            Self::Other { here, there } => write!(
                f,
                "the service sees another certificate than this machine: somebody between here and there intercepts, \
                 or different servers answer; leaf pins seen from here: {}; by the service: {}",
                list(here),
                list(there)
            ),
            Self::Unseen { why } => write!(f, "the service did not see it, so nothing is compared: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pins(bytes: &[u8]) -> BTreeSet<Pin> {
        bytes.iter().map(|byte| Pin::from_digest([*byte; 32])).collect()
    }

    fn seen(there: &[u8]) -> Answer {
        let leaves = there.iter().map(|byte| Leaf { pin: Pin::from_digest([*byte; 32]) }).collect();
        let silent = vec![Silent { address: "[2001:db8::1]:443".into(), error: "unreachable".into() }];
        Answer { leaves, silent, unresolved: None }
    }

    #[test]
    fn anything_but_the_very_same_leaves_is_refused() {
        for (here, there) in [(&[1][..], &[2][..]), (&[1], &[1, 2]), (&[1, 2], &[1]), (&[], &[1])] {
            assert!(Elsewhere::of(pins(here), seen(there)).differs(), "{here:?} {there:?}");
        }
        // In any order and number, also where one of the addresses is out of the service's reach.
        assert!(matches!(Elsewhere::of(pins(&[1, 2]), seen(&[2, 1, 2])), Elsewhere::Same));
    }

    #[test]
    fn a_service_that_saw_nothing_says_why() {
        let unseen = Elsewhere::of(pins(&[1]), seen(&[]));
        assert!(!unseen.differs());
        assert!(unseen.to_string().contains("[2001:db8::1]:443: unreachable"), "{unseen}");
    }
}
