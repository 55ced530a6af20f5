use std::sync::Arc;

use bonafide_core::port::Observer;
use bonafide_core::{CoreStatus, Snapshot};

use super::PortError;

/// Who is told of changes. Called from any thread; must not block and must not call back.
#[uniffi::export(foreign)]
pub trait ObserverPort: Send + Sync {
    /// A config with this revision is in force.
    fn config_changed(&self, revision: u64) -> Result<(), PortError>;

    /// The status has changed.
    fn status_changed(&self) -> Result<(), PortError>;
}

pub(super) struct ForeignObserver(pub(super) Arc<dyn ObserverPort>);

impl Observer for ForeignObserver {
    fn config_changed(&self, snapshot: &Arc<Snapshot>) {
        if let Err(error) = self.0.config_changed(snapshot.revision()) {
            tracing::error!(%error, "the facade did not take a new config's revision");
        }
    }

    fn status_changed(&self, _: &CoreStatus) {
        if let Err(error) = self.0.status_changed() {
            tracing::error!(%error, "the facade did not take a change of status");
        }
    }
}
