//! The core's integrity probes, behind one function. The library that ships sends what it measures to a service only;
//! this one hands it to a test.

use std::ffi::{CString, c_char};
use std::io;
use std::ptr;
use std::sync::Arc;

#[cfg(target_os = "android")]
#[path = "../../../../bindings/src/android/properties.rs"]
mod properties;

use bonafide_core::adapter::FileStorage;
use bonafide_core::integrity::Measurer;
use bonafide_core::port::Ports;
use bonafide_core::protocol::measurement::{App, Platform};

/// The measurement of this process as JSON, ended by NUL and never freed; null when it could not be made.
#[expect(unsafe_code, reason = "the emulator finds it by its name; no other library of the process has it")]
#[unsafe(no_mangle)]
pub extern "C" fn emulated_measurement() -> *const c_char {
    match measured().map(CString::new) {
        Ok(Ok(json)) => json.into_raw(),
        Ok(Err(_)) | Err(_) => ptr::null(),
    }
}

fn measured() -> io::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    #[cfg_attr(not(target_os = "android"), expect(unused_mut, reason = "Android alone gives properties"))]
    let mut ports = Ports::desktop(Arc::new(FileStorage::new("/data/data/com.acme/no_backup/bonafide")));
    #[cfg(target_os = "android")]
    {
        ports.properties = Arc::new(properties::SystemProperties);
    }
    let app = App { platform: Platform::Android, id: "com.acme".into(), version: "1".into(), build: "1".into() };
    let artifact = "/data/app/com.acme/base.apk".into();
    let measurer = Measurer::new(&ports, &app, vec![artifact], runtime.handle().clone());
    Ok(serde_json::to_string(&runtime.block_on(measurer.measurement()))?)
}
