//! The system's properties, as bionic gives them. An app's Java has no lawful way to most of them, and what Java is told is
//! easier to bend.

use std::ffi::{CStr, CString};

use bonafide_core::port::Properties;

/// Of <sys/system_properties.h>: the longest value, with its NUL.
const PROP_VALUE_MAX: usize = 92;

/// Bionic's. Does not block. A property that the app may not see is one that is not there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemProperties;

impl Properties for SystemProperties {
    fn property(&self, name: &str) -> Option<String> {
        let name = CString::new(name).ok()?;
        let mut value = [0_u8; PROP_VALUE_MAX];
        #[expect(unsafe_code, reason = "bionic writes no more than PROP_VALUE_MAX bytes, NUL included")]
        let length = unsafe { libc::__system_property_get(name.as_ptr(), value.as_mut_ptr().cast()) };
        let value = CStr::from_bytes_until_nul(&value).ok()?;
        // Bionic does not tell one that is empty from none.
        (length > 0).then(|| value.to_string_lossy().into_owned())
    }
}
