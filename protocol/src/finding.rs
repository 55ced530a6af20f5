//! Findings: what an appraisal can object to. A closed list with stable codes.
//!
//! `tests/vectors/findings.json` is this list as data; a test holds the two together.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

macro_rules! findings {
    ($($name:ident = $bit:literal, $code:literal, $explanation:literal;)*) => {
        /// What an appraisal can object to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Finding {
            $(#[doc = $explanation] $name,)*
        }

        impl Finding {
            /// Every finding.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The bit that stands for it in an ARC; never reused.
            pub fn bit(self) -> u32 {
                match self { $(Self::$name => $bit,)* }
            }

            /// One line for the operator.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => $explanation,)* }
            }
        }
    };
}

findings! {
    AppUnregistered = 0, "app_unregistered", "no build of this app and version is registered";
    AppAltered = 1, "app_altered", "the app's files are not those of the registered build";
    AppRetired = 2, "app_retired", "the build was registered and has been retired";
    AppUnmeasured = 3, "app_unmeasured", "the app's files could not be measured";
    CoreAltered = 4, "core_altered", "Bonafide's own code in memory is not that of its file";
    CoreUnmeasured = 5, "core_unmeasured", "Bonafide's own code could not be measured";
    PlatformNotAllowed = 6, "platform_not_allowed", "the audience does not allow this platform";
    KeyLevelTooLow = 7, "key_level_too_low", "the install key is not held as safely as the audience demands";
    AudienceUnknown = 8, "audience_unknown", "no host of the config has this audience";
    EvidenceMissing = 9, "evidence_missing", "the platform has to attest the app, and no evidence came";
    FormatUnsupported = 10, "format_unsupported", "the device reads none of the document formats in use";
    DebuggerAttached = 11, "debugger_attached", "a debugger is attached to the app";
    Hooking = 12, "hooking", "an instrumentation or hooking framework runs inside the app";
    HookingServer = 13, "hooking_server", "an instrumentation server runs on the device, beside the app";
    LibraryPreloaded = 14, "library_preloaded", "the loader was told to load a library before all others";
    CallsRedirected = 15, "calls_redirected", "calls of Bonafide to the system are answered by another library";
    CodeWritable = 16, "code_writable", "code of a file is mapped to be written while it is executed";
    CodeAltered = 17, "code_altered", "the code in memory of the executable, its virtual machine or the C library is not that of its file";
    CodeUnmeasured = 18, "code_unmeasured", "the code of the executable, its virtual machine or the C library could not be measured";
    Rooted = 19, "rooted", "the device shows traces of root";
    Emulator = 20, "emulator", "the device is an emulator";
    AppCloned = 21, "app_cloned", "the app runs inside an app that makes copies of others";
    DeveloperMode = 22, "developer_mode", "the device has debugging or developer options switched on";
    DeviceUnmeasured = 23, "device_unmeasured", "the process, or what it runs on, could not be looked at";
    EvidenceExpired = 24, "evidence_expired", "what the platform attested is older than the policy allows";
    EvidenceInvalid = 25, "evidence_invalid", "evidence came and was refused, or what it rested on has been revoked since";
    EvidenceDevelopment = 26, "evidence_development", "the App Attest key is one of Apple's development environment";
    EvidenceOtherApp = 27, "evidence_other_app", "the evidence is about another app, or one that is signed by nobody registered";
    BootloaderUnlocked = 28, "bootloader_unlocked", "the boot loader is unlocked";
    BootUnverified = 29, "boot_unverified", "the device did not boot a system that its maker signed";
    KeyNotInHardware = 30, "key_not_in_hardware", "the platform attests the install key, but no hardware holds it";
    AttestationKeyExpired = 31, "attestation_key_expired", "a certificate of the key that attests, made in the factory, has expired";
    PatchLevelOld = 32, "patch_level_old", "the system's security patch level is older than the policy allows";
    RevocationsStale = 33, "revocations_stale", "no revocation list was at hand, or one older than the policy allows";
    PlayAppUnrecognized = 34, "play_app_unrecognized", "Google Play does not recognise the app's binary";
    PlayDeviceUntrusted = 35, "play_device_untrusted", "Google Play does not vouch for the device";
    PlayUnlicensed = 36, "play_unlicensed", "the account did not get the app from Google Play";
    KeySuperseded = 37, "key_superseded", "another install key has taken this one's place";
    AppSignerUnknown = 40, "app_signer_unknown", "the app is not signed by a certificate that is registered for it";
    DevelopmentKeyUnknown = 48, "development_key_unknown", "the development key is none of this account's";
    DevelopmentKeyExpired = 49, "development_key_expired", "the development key has expired";
    DevelopmentKeyRevoked = 50, "development_key_revoked", "the development key was revoked";
    DevelopmentProofInvalid = 51, "development_proof_invalid", "the proof of the development key does not fit this request";
}

impl Finding {
    /// The finding with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|finding| finding.code() == code)
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| D::Error::custom(format!("unknown finding {code:?}")))
    }
}
