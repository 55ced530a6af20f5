//! Play Integrity: Google's word on app and device, for this nonce. It says nothing of the install key but its name.

use std::time::Duration;

use bonafide_attestation::play_integrity::{
    AppLicensing, AppRecognition, DeviceRecognition, Expectation, Keys, verify_token,
};
use bonafide_protocol::encoding::{from_base64url, to_hex};
use bonafide_protocol::evidence::{EvidenceKind, bound_hash};

use super::Trust;
use super::facts::{Attested, Facts, Play};
use super::verify::Subject;
use crate::appraise::KeyLevel;

/// How old a token may be. The challenge in its nonce lives no longer either.
const MAX_AGE: Duration = Duration::from_secs(600);

/// How far ahead Google's clock may be.
const MAX_SKEW: Duration = Duration::from_secs(60);

/// `None` where no keys are set for the app: nobody here can read it, and it says nothing, neither for nor against.
pub(super) fn verify(token: &str, subject: &Subject<'_>, trust: &Trust) -> Option<Result<Attested, String>> {
    trust.play.get(subject.app).map(|keys| verify_with(keys, token, subject))
}

fn verify_with(keys: &Keys, token: &str, subject: &Subject<'_>) -> Result<Attested, String> {
    let nonce = bound_hash(subject.account, subject.platform, subject.challenge, Some(subject.thumbprint));
    let expectation = Expectation {
        package_name: subject.app,
        nonce: &nonce,
        time: i64::try_from(subject.now).unwrap_or(i64::MAX),
        max_age: MAX_AGE,
        max_skew: MAX_SKEW,
        allow_testing_response: false,
    };
    let verdict = verify_token(token, keys, &expectation).map_err(|error| error.to_string())?;
    let vouched = [DeviceRecognition::MeetsDeviceIntegrity, DeviceRecognition::MeetsStrongIntegrity];
    let device = verdict.device.recognition.iter().any(|label| vouched.contains(label));
    // A digest that cannot be read is nobody's.
    let signers = verdict.app.certificate_sha256.iter();
    let signers = signers.map(|digest| from_base64url(digest).map(|raw| to_hex(&raw)).unwrap_or_default()).collect();
    Ok(Attested {
        kind: EvidenceKind::PlayIntegrity,
        level: if device { KeyLevel::Platform } else { KeyLevel::Software },
        proven_at: subject.now,
        facts: Facts {
            apps: verdict.app.package_name.into_iter().collect(),
            signers,
            version_code: verdict.app.version_code.and_then(|code| u64::try_from(code).ok()),
            play: Some(Play {
                recognized: verdict.app.recognition == AppRecognition::PlayRecognized,
                device,
                unlicensed: verdict.licensing == Some(AppLicensing::Unlicensed),
            }),
            ..Facts::default()
        },
        app_key: None,
    })
}
