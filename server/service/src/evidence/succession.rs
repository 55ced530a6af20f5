//! How one install key follows another: an installation outlives its key, since a Key Attestation cannot be renewed for
//! an existing one.
//!
//! The old key goes on until the new one is *seen again*: the answer to the request that named both may have been lost,
//! and then the device still goes by the old one, and tries with a third. Whoever comes last follows. From the second
//! request of the new key on, the old one has ended: it gets decoys, whoever holds it, and nothing is attested of it any
//! more. Whether it takes over hangs on what evidence proved of the old key; devices see that in tokens
//! only, never in decoys.

use bonafide_protocol::measurement::Platform;

use crate::store::evidence::{KnownKey, Place, Succession};

/// What follows for the key that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Following {
    pub(super) installation: String,
    pub(super) succession: Option<Succession>,
    pub(super) superseded: bool,
}

/// The old key that vouched for the one that asks, and what is known of it.
pub(super) struct Old {
    pub(super) thumbprint: String,
    pub(super) known: KnownKey,
}

/// Decides which installation the key is of. `derived` gives that of a key without a place.
pub(super) fn follow(
    thumbprint: &str,
    platform: Platform,
    known: &KnownKey,
    old: Option<Old>,
    derived: impl Fn(&str) -> String,
) -> Following {
    if let Some(Place { installation, predecessor, ended }) = &known.place {
        let confirm = |old: &String| Succession::Confirm { old: old.clone(), installation: installation.clone() };
        return Following {
            installation: installation.clone(),
            succession: predecessor.as_ref().filter(|_| !ended).map(confirm),
            superseded: *ended,
        };
    }
    // Only a new key takes over, only where keys have to be changed, and only from one of which something is known.
    let takes_over = |old: &Old| {
        let live = old.known.place.as_ref().map_or(!old.known.attested.is_empty(), |place| !place.ended);
        platform == Platform::Android && known.attested.is_empty() && live
    };
    match old.filter(takes_over) {
        None => Following { installation: derived(thumbprint), succession: None, superseded: false },
        Some(Old { thumbprint: old, known: KnownKey { place, .. } }) => {
            let installation = place.as_ref().map_or_else(|| derived(&old), |place| place.installation.clone());
            let succession = Succession::Begin { old, installation: installation.clone(), place };
            Following { installation, succession: Some(succession), superseded: false }
        }
    }
}
