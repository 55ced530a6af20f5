//! Files that only their owner may read.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::error::ServiceError;

/// Writes a new file of mode 0600 and syncs it. One that is there already is refused, never overwritten.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), ServiceError> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|source| ServiceError::File { doing: "write", path: path.to_owned(), source })
}

/// Replaces a file of mode 0600 as a whole: a reader sees the old content or the new one.
pub(crate) fn replace_private(path: &Path, content: &[u8]) -> Result<(), ServiceError> {
    let fresh = path.with_extension("new");
    // Left over from a run that was killed.
    let _ = std::fs::remove_file(&fresh);
    write_private(&fresh, content)?;
    std::fs::rename(&fresh, path).map_err(|source| ServiceError::File {
        doing: "replace",
        path: path.to_owned(),
        source,
    })
}

/// Makes the directory with mode 0700, its parents too.
pub(crate) fn make_private_dir(path: &Path) -> Result<(), ServiceError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| ServiceError::File {
        doing: "make",
        path: path.to_owned(),
        source,
    })
}

/// A key that the group or the world can read is as good as published.
pub(crate) fn refuse_if_others_can_read(path: &Path) -> Result<(), ServiceError> {
    let metadata = std::fs::metadata(path).map_err(|source| ServiceError::File {
        doing: "read",
        path: path.to_owned(),
        source,
    })?;
    if metadata.mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(ServiceError::KeyFileReadable { path: path.to_owned(), mode: metadata.mode() & 0o777 })
    }
}

/// Takes a file that another library made away from everybody else.
pub(crate) fn make_private_file(path: &Path) -> Result<(), ServiceError> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(|source| ServiceError::File {
        doing: "protect",
        path: path.to_owned(),
        source,
    })
}
