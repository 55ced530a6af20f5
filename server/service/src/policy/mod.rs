//! The policy on findings: what the account makes of what an appraisal found. Pure: no database, no clock.
//!
//! What evidence has to be stands in the same document, since one version of it decides.
//!
//! An audience's own policy (platforms, least key level) decides *whether* there is a finding; this one, what follows
//! from it: rejection, an annotation, or nothing but a line in the log.

mod defaults;
mod development;
mod document;
mod evidence;
mod rules;
mod trial;

pub(crate) use defaults::{default_action, why_fixed};
pub(crate) use development::{counted, why_excused};
pub(crate) use document::{Document, MAX_BYTES, to_json};
pub(crate) use evidence::{EvidencePolicy, LONGEST_AGE};
pub(crate) use rules::{Action, Decision, PLATFORMS, Rules, Verdict};
pub(crate) use trial::{Appraised, Trial, try_on};
