//! Nobody gets locked out by accident: what every change of host entries has to stand up to.

use std::collections::HashSet;

use bonafide_protocol::config::{Config, HostEntry, Mode};
use bonafide_protocol::host::{Host, HostPattern};
use bonafide_protocol::pin::Pin;

use super::pins::{conflict, seen};
use crate::reply::Refusal;

/// What is known of the world that a change meets.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// The chains that are served now, if the caller looked.
    pub(super) chains: Option<&'a [Vec<Pin>]>,
    /// How many active installations there are.
    pub(super) active: u64,
}

/// Refuses a change of the entry for `pattern` that would lock devices out, unless forced.
///
/// An entry takes hosts from the pattern above it, and leaves them to it. So hosts of each kind that `pattern` covers
/// are looked up before and after, and whatever is another entry for them then has to stand up for itself.
pub(super) fn guard_change(
    (before, after): (&Config, &Config),
    pattern: &HostPattern,
    seen: Seen<'_>,
    force: bool,
) -> Result<(), Refusal> {
    for host in covered(pattern) {
        let (old, new) = (before.entry(&host), after.entry(&host));
        if old == new {
            continue;
        }
        if let Some(new) = new {
            guard_host(old, new, seen.chains, force)?;
        }
        let audience = |config: &Config, entry: &HostEntry| config.audience(entry).to_owned();
        let Some(old) = old.filter(|old| old.send_token && seen.active > 0 && !force) else { continue };
        let wanted = audience(before, old);
        if !new.is_some_and(|new| new.send_token && audience(after, new) == wanted) {
            return Err(conflict(format!(
                "{} active installations send a token for the audience {wanted} to hosts of {pattern}; after this they \
                 send none, or one for another, and an API that demands it refuses them.",
                seen.active
            )));
        }
    }
    Ok(())
}

/// A host of each kind that the pattern covers. The labels are such that hardly an entry names them.
fn covered(pattern: &HostPattern) -> Vec<Host> {
    let texts = match pattern {
        HostPattern::Exact(host) => return vec![host.clone()],
        HostPattern::OneLabel(name) => vec![format!("any--host.{name}")],
        HostPattern::AnyDepth(name) => {
            vec![name.clone(), format!("any--host.{name}"), format!("any--host.below.{name}")]
        }
    };
    texts.iter().filter_map(|text| Host::parse(text).ok()).collect()
}

/// Refuses pins that would lock devices out, unless forced; an enforced host without a pin always.
fn guard_host(
    before: Option<&HostEntry>,
    after: &HostEntry,
    chains: Option<&[Vec<Pin>]>,
    force: bool,
) -> Result<(), Refusal> {
    if after.mode != Mode::Enforce || force {
        return Ok(());
    }
    let pins = after.pins.pins();
    if pins.iter().collect::<HashSet<_>>().len() < 2 {
        return Err(conflict(format!(
            "{} is to be enforced with fewer than two different pins: when its key is lost, every app is locked out.",
            after.host
        )));
    }
    match seen(chains) {
        Some(chains) => {
            let refused = chains.iter().filter(|chain| !chain.iter().any(|pin| pins.contains(pin))).count();
            if refused > 0 {
                let of = chains.len();
                return Err(conflict(format!(
                    "{refused} of the {of} chains that {} serves now match none of the new pins: the apps that meet \
                     them would be locked out.",
                    after.host
                )));
            }
        }
        None => {
            let held = before.filter(|before| before.mode == Mode::Enforce).map(|before| before.pins.pins());
            if held.is_some_and(|held| !held.iter().any(|pin| pins.contains(pin))) {
                return Err(conflict(format!(
                    "The new pins of {} have none in common with those in force, and the request does not say what \
                     is served now (`chains`).",
                    after.host
                )));
            }
        }
    }
    Ok(())
}
