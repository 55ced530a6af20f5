use std::sync::Arc;

use bonafide_core::port::Properties;

use super::PortError;

/// System properties, as measurement reads them. May block.
#[uniffi::export(foreign)]
pub trait PropertiesPort: Send + Sync {
    /// The value; `None` where the platform has no such property.
    fn property(&self, name: String) -> Result<Option<String>, PortError>;
}

pub(super) struct ForeignProperties(pub(super) Arc<dyn PropertiesPort>);

impl Properties for ForeignProperties {
    fn property(&self, name: &str) -> Option<String> {
        self.0.property(name.to_owned()).unwrap_or_else(|error| {
            tracing::warn!(%error, name, "a system property could not be read");
            None
        })
    }
}
