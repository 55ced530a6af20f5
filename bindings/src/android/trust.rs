//! The platform's trust decision. It is Java's, so it needs the application's context; rustls-platform-verifier panics
//! when it is asked without.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bonafide_core::adapter::StandardTrust;
use bonafide_core::port::{ServerTrust, TrustFailure};
use jni::objects::JObject;
use jni::{Env, errors};
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;

static INITIALISED: AtomicBool = AtomicBool::new(false);

/// Whether the platform can be asked from now on. What Java threw on the way is logged by its kind and cleared, so that
/// it does not reappear in the caller.
pub(super) fn initialise(env: &mut Env<'_>, context: JObject<'_>) -> errors::Result<bool> {
    if context.is_null() {
        tracing::error!("the platform's trust needs a context, and was given null");
        return Ok(false);
    }
    if let Err(error) = rustls_platform_verifier::android::init_with_env(env, context) {
        env.exception_clear();
        tracing::error!(%error, "the platform's trust could not be initialised");
        return Ok(false);
    }
    INITIALISED.store(true, Ordering::Release);
    Ok(true)
}

/// Core's standard trust, once the platform can be asked. Private roots need no platform.
#[derive(Default)]
pub(crate) struct PlatformTrust(StandardTrust);

impl ServerTrust for PlatformTrust {
    fn verifier(&self, roots: Vec<CertificateDer<'static>>) -> Result<Arc<dyn ServerCertVerifier>, TrustFailure> {
        if roots.is_empty() && !INITIALISED.load(Ordering::Acquire) {
            let why = "PlatformTrust.initialise(context) has not been called, or failed".to_owned();
            return Err(TrustFailure { why });
        }
        self.0.verifier(roots)
    }
}
