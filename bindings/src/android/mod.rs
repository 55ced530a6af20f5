//! What only Android needs: its way in through JNI, its log, and the platform's trust decision, which lives in Java.
//!
//! Kotlin has to load the library with `System.loadLibrary("bonafide")` before JNA does: JNA loads it without JNI, and
//! then nothing of this module runs.

mod logcat;
mod properties;
mod trust;

use std::ffi::c_void;

use jni::EnvUnowned;
use jni::objects::{JClass, JObject};
use jni::sys::{JNI_VERSION_1_6, JavaVM, jboolean, jint};

pub(crate) use properties::SystemProperties;
pub(crate) use trust::PlatformTrust;

use crate::unwind::or_bug;

/// Called by the virtual machine when it loads the library. Sends the log to logcat, until a facade sets its own.
///
/// Returns the version of JNI that is asked for.
#[expect(unsafe_code, reason = "the name is what the virtual machine looks for; no other library defines it for us")]
#[unsafe(no_mangle)]
extern "system" fn JNI_OnLoad(_: *mut JavaVM, _: *mut c_void) -> jint {
    or_bug(logcat::install, || ());
    JNI_VERSION_1_6
}

/// `io.bonafide.internal.PlatformTrust.initialise(context)`: takes the application's context for the trust decision.
/// To be called once, before the engine starts; more calls are harmless.
///
/// Returns whether that went well. If not, calls to a service with public certificates fail as *untrusted*, and say so.
#[expect(unsafe_code, reason = "the name is what the virtual machine looks for; no other library defines it for us")]
#[unsafe(no_mangle)]
extern "system" fn Java_io_bonafide_internal_PlatformTrust_initialise<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    context: JObject<'local>,
) -> jboolean {
    // A panic ends in the outcome, which then is not `Ok`.
    let outcome = env.with_env(|env| trust::initialise(env, context)).into_outcome();
    matches!(outcome, jni::Outcome::Ok(true))
}
