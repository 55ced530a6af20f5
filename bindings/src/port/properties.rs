use std::sync::Arc;

use bonafide_core::adapter::NoProperties;
use bonafide_core::port::Properties;

#[cfg(target_os = "android")]
use crate::android::SystemProperties;
#[cfg(not(target_os = "android"))]
use bonafide_core::adapter::NoProperties as SystemProperties;

use super::PortError;

/// System properties, as measurement reads them. May block.
#[uniffi::export(foreign)]
pub trait PropertiesPort: Send + Sync {
    /// The value; `None` where the platform has no such property.
    fn property(&self, name: String) -> Result<Option<String>, PortError>;
}

/// What the facade tells of itself.
const OWN_NAMES: &str = "bonafide.";

/// The system's own properties where the system gives them, and what the platform's code tells where it does not.
pub(super) struct AllProperties {
    system: Arc<dyn Properties>,
    platform: Arc<dyn Properties>,
}

impl AllProperties {
    pub(super) fn new(platform: Option<Arc<dyn PropertiesPort>>) -> Self {
        let platform: Arc<dyn Properties> = match platform {
            Some(platform) => Arc::new(ForeignProperties(platform)),
            None => Arc::new(NoProperties),
        };
        Self { system: Arc::new(SystemProperties), platform }
    }
}

impl Properties for AllProperties {
    fn property(&self, name: &str) -> Option<String> {
        let system = || if name.starts_with(OWN_NAMES) { None } else { self.system.property(name) };
        system().or_else(|| self.platform.property(name))
    }
}

struct ForeignProperties(Arc<dyn PropertiesPort>);

impl Properties for ForeignProperties {
    fn property(&self, name: &str) -> Option<String> {
        self.0.property(name.to_owned()).unwrap_or_else(|error| {
            tracing::warn!(%error, name, "a system property could not be read");
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Said(&'static [(&'static str, &'static str)]);

    impl Properties for Said {
        fn property(&self, name: &str) -> Option<String> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn the_system_is_believed_before_the_platforms_code_but_for_the_facades_own_names() {
        let all = AllProperties {
            system: Arc::new(Said(&[("ro.debuggable", "1"), ("bonafide.adb", "0")])),
            platform: Arc::new(Said(&[("ro.debuggable", "0"), ("ro.hardware", "qcom"), ("bonafide.adb", "1")])),
        };
        let asked = |name| all.property(name);
        assert_eq!(asked("ro.debuggable").as_deref(), Some("1"));
        assert_eq!(asked("ro.hardware").as_deref(), Some("qcom"));
        assert_eq!(asked("bonafide.adb").as_deref(), Some("1"));
        assert_eq!(asked("ro.secure"), None);
    }
}
