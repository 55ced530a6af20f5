//! What the kernel says of this process.

use std::io;

use bonafide_core::port::Processes;

/// `P_TRACED` of <sys/proc.h>.
const P_TRACED: i32 = 0x800;

/// `kinfo_proc` of <sys/sysctl.h> on 64 bits: its size, and where `kp_proc.p_flag` lies in it.
const SIZE: usize = 648;
const FLAG: std::ops::Range<usize> = 32..36;

/// This process. iOS shows no other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnProcess;

impl Processes for OwnProcess {
    fn names(&self) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Apple's Technical Q&A QA1361.
    fn is_traced(&self) -> io::Result<bool> {
        let id = i32::try_from(std::process::id()).map_err(|_| io::ErrorKind::InvalidData)?;
        let mut name = [libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_PID, id];
        let mut info = [0_u8; SIZE];
        let mut size = SIZE;
        #[expect(unsafe_code, reason = "the kernel writes no more than the size that it is told")]
        let answer = unsafe {
            libc::sysctl(name.as_mut_ptr(), 4, info.as_mut_ptr().cast(), &raw mut size, std::ptr::null_mut(), 0)
        };
        if answer != 0 {
            return Err(io::Error::last_os_error());
        }
        match info.get(FLAG).and_then(|flag| flag.try_into().ok()) {
            Some(flag) if size == SIZE => Ok(i32::from_le_bytes(flag) & P_TRACED != 0),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}
