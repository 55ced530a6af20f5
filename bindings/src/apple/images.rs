//! The images that `dyld` has loaded. Their memory is copied by the kernel: a place that is not mapped is an error there,
//! where reading it would end the app.

use std::ffi::{CStr, c_char, c_void};
use std::io::{self, Read, Seek, SeekFrom};

use bonafide_core::port::{FileReader, Image, Images};

/// The most that one call copies.
const CHUNK: usize = 64 * 1024;

/// `dyld` loads no more; a list that was tampered with must not keep us.
const MAX_IMAGES: u32 = 10_000;

// dyld(3) and vm_read_overwrite of <mach/vm_map.h>; crate `libc` has them not, or calls them deprecated.
#[expect(unsafe_code, reason = "the system's own functions")]
unsafe extern "C" {
    safe fn _dyld_image_count() -> u32;
    safe fn _dyld_get_image_name(index: u32) -> *const c_char;
    safe fn _dyld_get_image_header(index: u32) -> *const c_void;
    static mach_task_self_: u32;
    fn vm_read_overwrite(task: u32, address: usize, size: usize, data: usize, copied: *mut usize) -> i32;
}

/// What `dyld` names. May be called from any thread; an image that is unloaded meanwhile is an error.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LoadedImages;

impl Images for LoadedImages {
    fn executable(&self) -> io::Result<Image> {
        // The first one is the main executable, whatever was inserted before it.
        let path = path_of(0).ok_or(io::ErrorKind::NotFound)?;
        image(&path, _dyld_get_image_header(0) as usize)
    }

    fn paths(&self) -> io::Result<Vec<String>> {
        Ok((0.._dyld_image_count().min(MAX_IMAGES)).filter_map(path_of).collect())
    }

    fn holding(&self, address: u64) -> io::Result<Image> {
        let address = usize::try_from(address).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut found = libc::Dl_info {
            dli_fname: std::ptr::null(),
            dli_fbase: std::ptr::null_mut(),
            dli_sname: std::ptr::null(),
            dli_saddr: std::ptr::null_mut(),
        };
        #[expect(unsafe_code, reason = "dladdr only compares the address, and fills in what it is given")]
        let known = unsafe { libc::dladdr(address as *const c_void, &raw mut found) };
        if known == 0 {
            return Err(io::ErrorKind::NotFound.into());
        }
        let path = text(found.dli_fname).ok_or(io::ErrorKind::NotFound)?;
        image(&path, found.dli_fbase as usize)
    }
}

fn path_of(index: u32) -> Option<String> {
    text(_dyld_get_image_name(index))
}

fn text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    #[expect(unsafe_code, reason = "dyld's texts end with a zero and stay while the image does")]
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_string_lossy().into_owned())
}

fn image(path: &str, base: usize) -> io::Result<Image> {
    if base == 0 {
        return Err(io::ErrorKind::NotFound.into());
    }
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Image { name, memory: Box::new(Memory { base, place: 0 }) })
}

/// This process's own memory from `base` on.
struct Memory {
    base: usize,
    place: u64,
}

impl FileReader for Memory {}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(CHUNK);
        let place = usize::try_from(self.place).map_err(|_| io::ErrorKind::InvalidInput)?;
        let address = self.base.checked_add(place).ok_or(io::ErrorKind::InvalidInput)?;
        let mut copied = 0;
        #[expect(unsafe_code, reason = "the kernel copies into a buffer of at least this size, or refuses")]
        let answer = unsafe {
            vm_read_overwrite(mach_task_self_, address, wanted, buffer.as_mut_ptr() as usize, &raw mut copied)
        };
        if answer != 0 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.place = self.place.saturating_add(copied as u64);
        Ok(copied.min(wanted))
    }
}

impl Seek for Memory {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.place.checked_add_signed(by),
            SeekFrom::End(_) => None,
        };
        self.place = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.place)
    }
}
