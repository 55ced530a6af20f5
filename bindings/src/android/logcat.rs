//! The log of a process whose facade has set no logger: Android's own.

use std::ffi::{CString, c_char, c_int};
use std::sync::Arc;

use crate::log::{LogLevel, Logger, set_logger};
use crate::port::PortError;

/// Everything under one tag: `adb logcat -s Bonafide`.
const TAG: &std::ffi::CStr = c"Bonafide";

/// From now on warnings go to logcat; `set_log_level` and `set_logger` work on top of it.
pub(super) fn install() {
    set_logger(LogLevel::Warn, Arc::new(Logcat));
}

struct Logcat;

impl Logger for Logcat {
    fn log(&self, level: LogLevel, target: String, message: String) -> Result<(), PortError> {
        let Some(priority) = priority(level) else { return Ok(()) };
        // Only a NUL within could stop this, and a line with one is none of ours.
        if let Ok(line) = CString::new(format!("{target}: {message}")) {
            write(priority, &line);
        }
        Ok(())
    }
}

/// `android_LogPriority` of `<android/log.h>`.
fn priority(level: LogLevel) -> Option<c_int> {
    match level {
        LogLevel::Off => None,
        LogLevel::Debug => Some(3),
        LogLevel::Info => Some(4),
        LogLevel::Warn => Some(5),
        LogLevel::Error => Some(6),
    }
}

#[expect(unsafe_code, reason = "the declaration is the one of <android/log.h>, there since API 1")]
#[link(name = "log")]
unsafe extern "C" {
    fn __android_log_write(priority: c_int, tag: *const c_char, text: *const c_char) -> c_int;
}

fn write(priority: c_int, line: &CString) {
    // Its result is the number of bytes written, or why not: a log that fails has nowhere to say so.
    #[expect(unsafe_code, reason = "both strings end with NUL, outlive the call, and are only read")]
    let _ = unsafe { __android_log_write(priority, TAG.as_ptr(), line.as_ptr()) };
}
