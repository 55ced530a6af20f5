//! The labels that verdicts are made of. Google adds new ones: a label that is not known here is kept as it came.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An enum of labels, with its names on the wire.
macro_rules! labels {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $label:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
            /// A label that this version does not know.
            Other(String),
        }

        impl $name {
            /// Google's name for the label.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $label,)*
                    Self::Other(label) => label,
                }
            }
        }

        impl From<String> for $name {
            fn from(label: String) -> Self {
                match label.as_str() {
                    $($label => Self::$variant,)*
                    _ => Self::Other(label),
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

labels! {
    /// Whether Google Play knows the app's binary.
    AppRecognition {
        /// App and certificate are those that Google Play distributes.
        PlayRecognized = "PLAY_RECOGNIZED",
        /// Certificate or package name are others than Google Play's.
        UnrecognizedVersion = "UNRECOGNIZED_VERSION",
        /// Not evaluated, as when the device is not trustworthy enough.
        Unevaluated = "UNEVALUATED",
    }
}

labels! {
    /// What a device fulfils. A device that fulfils nothing has no label.
    DeviceRecognition {
        /// A certified device with Google Play services.
        MeetsDeviceIntegrity = "MEETS_DEVICE_INTEGRITY",
        /// Basic checks only; it may be uncertified or have an unlocked boot loader.
        MeetsBasicIntegrity = "MEETS_BASIC_INTEGRITY",
        /// A certified device with proof from its hardware and, on Android 13 and later, recent security updates.
        MeetsStrongIntegrity = "MEETS_STRONG_INTEGRITY",
        /// An emulator with Google Play services.
        MeetsVirtualIntegrity = "MEETS_VIRTUAL_INTEGRITY",
    }
}

labels! {
    /// How many tokens the app requested on the device within the last hour.
    ActivityLevel {
        /// Fewest: up to 10 standard or 5 classic requests.
        Level1 = "LEVEL_1",
        /// Up to 25 standard or 10 classic requests.
        Level2 = "LEVEL_2",
        /// Up to 50 standard or 15 classic requests.
        Level3 = "LEVEL_3",
        /// More.
        Level4 = "LEVEL_4",
        /// Not evaluated.
        Unevaluated = "UNEVALUATED",
    }
}

labels! {
    /// Whether the user's account got the app from Google Play.
    AppLicensing {
        /// It did.
        Licensed = "LICENSED",
        /// It did not.
        Unlicensed = "UNLICENSED",
        /// Not evaluated.
        Unevaluated = "UNEVALUATED",
    }
}

labels! {
    /// What Play Protect found on the device.
    PlayProtect {
        /// On, and found nothing.
        NoIssues = "NO_ISSUES",
        /// On, and has not scanned yet.
        NoData = "NO_DATA",
        /// Off.
        PossibleRisk = "POSSIBLE_RISK",
        /// On, and found potentially harmful apps.
        MediumRisk = "MEDIUM_RISK",
        /// On, and found dangerous apps.
        HighRisk = "HIGH_RISK",
        /// Not evaluated.
        Unevaluated = "UNEVALUATED",
    }
}

labels! {
    /// What other apps on the device could do to this one. *Known* ones come from Google Play or the system.
    AppAccessRisk {
        /// A known app is installed.
        KnownInstalled = "KNOWN_INSTALLED",
        /// A known app runs that could capture the screen.
        KnownCapturing = "KNOWN_CAPTURING",
        /// A known app runs that could control the device.
        KnownControlling = "KNOWN_CONTROLLING",
        /// A known app runs that could draw over this one.
        KnownOverlays = "KNOWN_OVERLAYS",
        /// Another app is installed.
        UnknownInstalled = "UNKNOWN_INSTALLED",
        /// Another app runs that could capture the screen.
        UnknownCapturing = "UNKNOWN_CAPTURING",
        /// Another app runs that could control the device.
        UnknownControlling = "UNKNOWN_CONTROLLING",
        /// Another app runs that could draw over this one.
        UnknownOverlays = "UNKNOWN_OVERLAYS",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn unknown_labels_are_kept_as_they_came() {
        for label in ["MEETS_STRONG_INTEGRITY", "MEETS_COSMIC_INTEGRITY", "meets_device_integrity", ""] {
            let json = format!("{label:?}");
            let read: DeviceRecognition = serde_json::from_str(&json).unwrap();
            assert_eq!(read == DeviceRecognition::MeetsStrongIntegrity, label == "MEETS_STRONG_INTEGRITY");
            assert_eq!(matches!(read, DeviceRecognition::Other(_)), label != "MEETS_STRONG_INTEGRITY");
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }
        assert!(serde_json::from_str::<DeviceRecognition>("1").is_err());
    }
}
