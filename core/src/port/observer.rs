use bonafide_protocol::verdict::Mismatch;

use crate::{CoreStatus, Snapshot};
use std::sync::Arc;

/// Who is told of changes. Called from the core's own threads, one call at a time is not promised; must not block and
/// must not call back into the core.
pub trait Observer: Send + Sync {
    /// Another config is in force. Connections made before have to be rechecked.
    fn config_changed(&self, _snapshot: &Arc<Snapshot>) {}

    /// A pin mismatch was handed in with [`crate::Core::report_mismatch`]; `enforced` when it stopped a request.
    fn mismatch(&self, _mismatch: &Mismatch, _enforced: bool) {}

    /// The status has changed: a call to the service failed or succeeded again, or storage did.
    fn status_changed(&self, _status: &CoreStatus) {}
}
