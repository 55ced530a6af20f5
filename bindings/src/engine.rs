//! The object that a facade holds: one line for each function of the core.

use std::sync::Arc;
use std::time::Duration;

use bonafide_core::protocol::status::Status;
use bonafide_core::protocol::tag::UserProperty;
use bonafide_core::{Core, HostRules, TokenLease};

use crate::failure::NativeFailure;
use crate::port::NativePorts;
use crate::runtime::Runtime;
use crate::settings::NativeSettings;
use crate::status::NativeStatus;
use crate::unwind::or_bug;
use crate::verdict::{NativeMismatch, NativeVerdict, PinCheck};

/// A started core with its runtime. Dropping it ends both.
#[derive(uniffi::Object)]
pub struct NativeEngine {
    core: Core,
    runtime: Runtime,
}

#[uniffi::export]
impl NativeEngine {
    /// Starts the core and its thread. Reads the stored record, makes no network call.
    #[uniffi::constructor]
    pub fn start(settings: NativeSettings, ports: NativePorts) -> Result<Arc<Self>, NativeFailure> {
        or_bug(|| Self::try_start(settings, ports).map(Arc::new), || Err(NativeFailure::bug()))
    }

    /// Counts the configs of this process, from 1.
    pub fn revision(&self) -> u64 {
        self.core.revision()
    }

    /// What the config says of a host.
    pub fn rules(&self, host: String) -> Result<NativeRules, NativeFailure> {
        or_bug(|| Ok(self.core.rules(&host).into()), || Err(NativeFailure::bug()))
    }

    /// Checks a validated chain. No I/O; whatever goes wrong is a mismatch.
    pub fn check_pins(&self, check: PinCheck) -> NativeVerdict {
        or_bug(|| self.core.check_pins(&check.host, &check.chain).into(), || NativeVerdict::refused(&check.host))
    }

    /// Asks for a newer config once, and checks again.
    pub async fn recheck_pins(&self, check: PinCheck, within_ms: u64) -> NativeVerdict {
        let (core, host) = (self.core.clone(), check.host.clone());
        let work = async move { core.recheck_pins(&check.host, &check.chain, millis(within_ms)).await };
        self.runtime.run(work).await.map_or_else(|_| NativeVerdict::refused(&host), NativeVerdict::from)
    }

    /// Queues the report of a mismatch.
    pub fn report_mismatch(&self, mismatch: NativeMismatch, enforced: bool) {
        or_bug(|| self.core.report_mismatch(&mismatch.into(), enforced), || ());
    }

    /// The token for a host.
    pub async fn token(
        &self,
        host: String,
        binding: Option<Vec<u8>>,
        within_ms: u64,
    ) -> Result<NativeLease, NativeFailure> {
        let core = self.core.clone();
        let work = async move { core.token(&host, binding.as_deref(), millis(within_ms)).await };
        Ok(self.runtime.run(work).await??.into())
    }

    /// What tokens say of the user from now on; `None`: nothing. Answers why a text cannot be it, and changes nothing
    /// then.
    pub fn set_user_property(&self, user: Option<String>) -> Result<Option<String>, NativeFailure> {
        let set = || match user.map(UserProperty::try_from).transpose() {
            Ok(user) => {
                self.core.set_user_property(user);
                None
            }
            Err(error) => Some(error.to_string()),
        };
        or_bug(|| Ok(set()), || Err(NativeFailure::bug()))
    }

    /// Whatever failed may work now, and is tried again when it is asked for next.
    pub fn try_again(&self) {
        or_bug(|| self.core.try_again(), || ());
    }

    /// Asks for a newer config; true if there was one.
    pub async fn refresh_config(&self, within_ms: u64) -> Result<bool, NativeFailure> {
        let core = self.core.clone();
        Ok(self.runtime.run(async move { core.refresh_config(millis(within_ms)).await }).await??)
    }

    /// Fetches what the first requests will need.
    pub async fn precheck(&self, within_ms: u64) -> Result<(), NativeFailure> {
        let core = self.core.clone();
        Ok(self.runtime.run(async move { core.precheck(millis(within_ms)).await }).await??)
    }

    /// The installation's id, once the service has given one.
    pub fn installation_id(&self) -> Option<String> {
        or_bug(|| self.core.installation_id(), || None)
    }

    /// How the core is doing.
    pub fn status(&self) -> Result<NativeStatus, NativeFailure> {
        or_bug(|| Ok(self.core.status().into()), || Err(NativeFailure::bug()))
    }

    /// Ends background work and the thread; waiting calls fail as `not_started`. Returns at once, safe twice.
    pub fn stop(&self) {
        self.runtime.stop();
    }
}

impl NativeEngine {
    fn try_start(settings: NativeSettings, ports: NativePorts) -> Result<Self, NativeFailure> {
        let runtime = Runtime::start().map_err(|error| NativeFailure::new(Status::Internal, "runtime", error))?;
        let ports = ports.into_ports(&settings.storage);
        let core = Core::start(settings.into_settings(runtime.handle().clone()), ports)?;
        Ok(Self { core, runtime })
    }
}

/// What the config says of one host; the names are core's.
#[derive(Clone, Debug, uniffi::Record)]
pub struct NativeRules {
    /// False for a host that the config does not name.
    pub listed: bool,
    /// Whether chains have to be checked.
    pub pinned: bool,
    /// Whether a mismatch stops the request.
    pub enforced: bool,
    /// Whether requests carry a token.
    pub protected_host: bool,
    /// Equal for hosts with equal pins and mode.
    pub pin_set: String,
    /// The name of the header that carries the token.
    pub token_header: String,
}

impl From<HostRules> for NativeRules {
    fn from(rules: HostRules) -> Self {
        Self {
            listed: rules.listed,
            pinned: rules.pinned,
            enforced: rules.enforced,
            protected_host: rules.protected,
            pin_set: rules.pin_set,
            token_header: rules.token_header,
        }
    }
}

/// What a request to a protected host leaves with.
#[derive(Clone, uniffi::Record)]
pub struct NativeLease {
    /// The name of the header that carries the token.
    pub header: String,
    /// The token; `None` if there has never been one.
    pub token: Option<String>,
    /// The code for `Bonafide-Status`; `None` for a valid token.
    pub status: Option<String>,
    /// How long the token is valid, milliseconds.
    pub valid_for_ms: u64,
    /// How long it may be used again without asking, milliseconds.
    pub fresh_for_ms: u64,
}

impl From<TokenLease> for NativeLease {
    fn from(lease: TokenLease) -> Self {
        let whole = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            header: lease.header,
            token: lease.token,
            status: lease.status.map(|status| status.code().to_owned()),
            valid_for_ms: whole(lease.valid_for),
            fresh_for_ms: whole(lease.fresh_for),
        }
    }
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}
