//! When the service was last heard of: what `stale_after_seconds` is measured from, across restarts.

use serde::{Deserialize, Serialize};

use crate::port::{Clock, Record, Storage, StorageFailure};
use crate::store::{self, Content};

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moment {
    /// The wall clock, Unix seconds.
    unix: u64,
    /// The boot clock, milliseconds; comparable within one boot only.
    boot: u64,
}

impl Moment {
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self { unix: clock.unix_seconds(), boot: clock.boot_millis() }
    }

    /// Milliseconds since then, in this process or an earlier one.
    ///
    /// The greater of what the two clocks say: setting the wall clock back does not make a device younger, and after a
    /// reboot the boot clock has begun anew and says too little.
    pub(crate) fn age(self, clock: &dyn Clock) -> u64 {
        let by_wall = clock.unix_seconds().saturating_sub(self.unix).saturating_mul(1000);
        by_wall.max(clock.boot_millis().saturating_sub(self.boot))
    }

    /// Milliseconds since then, in this process only: the wall clock may have jumped, the boot clock cannot.
    pub(crate) fn age_by_boot_clock(self, clock: &dyn Clock) -> u64 {
        clock.boot_millis().saturating_sub(self.boot)
    }

    /// The last contact as stored; the first start counts as one. A damaged record counts as none.
    pub(crate) fn load(storage: &dyn Storage, clock: &dyn Clock) -> Self {
        match store::read(storage, Record::Contact) {
            Ok(Content::Intact(moment)) => moment,
            Ok(Content::Absent) => Self::now(clock),
            // Who breaks the record does not make the device fresh.
            Ok(Content::Damaged) => Self { unix: 0, boot: 0 },
            Err(_) => Self::now(clock),
        }
    }

    pub(crate) fn save(self, storage: &dyn Storage) -> Result<(), StorageFailure> {
        store::write(storage, Record::Contact, &self)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_frozen() {
        let moment = Moment { unix: 1_790_000_000, boot: 42 };
        let json = r#"{"unix":1790000000,"boot":42}"#;
        assert_eq!(serde_json::to_string(&moment).unwrap(), json);
        assert_eq!(serde_json::from_str::<Moment>(json).unwrap(), moment);
    }
}
