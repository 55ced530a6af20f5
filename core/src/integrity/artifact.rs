//! The digest of a file of the app.

use std::io::{self, Read as _, SeekFrom};
use std::path::Path;

use bonafide_protocol::encoding::to_hex;
use bonafide_protocol::measurement::{Artifact, Fact};
use ring::digest::{Context, SHA256};

use crate::port::{FileReader, Files};

const CHUNK: usize = 64 * 1024;

/// A file's name without its folder, which may name the user.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Digests the file in chunks. One that grows or shrinks meanwhile has no digest.
pub(super) fn measure(files: &dyn Files, path: &Path) -> Artifact {
    let length = || files.open(path)?.seek(SeekFrom::End(0));
    let measured = length().and_then(|before| {
        let (digest, read) = digest(files.open(path)?, u64::MAX)?;
        Ok((digest, before == read && length()? == read))
    });
    let sha256 = match measured {
        Ok((digest, true)) => Fact::Known(digest),
        Ok((_, false)) => Fact::Unknown("the file changed while it was measured".into()),
        Err(error) => Fact::Unknown(format!("cannot read the file: {}", error.kind())),
    };
    Artifact { name: name(path), sha256 }
}

/// The SHA-256, in hexadecimal, of at most `length` bytes from where the file stands, and how many there were.
pub(super) fn digest(file: Box<dyn FileReader>, length: u64) -> io::Result<(String, u64)> {
    let mut file = file.take(length);
    let (mut context, mut total) = (Context::new(&SHA256), 0);
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => return Ok((to_hex(context.finish().as_ref()), total)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        context.update(chunk.get(..read).unwrap_or_default());
        total += u64::try_from(read).unwrap_or(u64::MAX);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::adapter::StdFiles;

    #[test]
    fn a_file_that_cannot_be_read_is_unknown_and_names_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("missing.jar"), folder.path().to_path_buf()] {
            let artifact = measure(&StdFiles, &path);
            assert!(matches!(&artifact.sha256, Fact::Unknown(why) if !why.contains('/')), "{artifact:?}");
            assert!(!artifact.name.contains('/'));
        }
    }

    /// A package whose update is written while it is read: each look finds it longer.
    struct Growing(std::sync::atomic::AtomicUsize);

    impl Files for Growing {
        fn open(&self, _path: &Path) -> io::Result<Box<dyn FileReader>> {
            let length = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(Box::new(io::Cursor::new(vec![7; length])))
        }

        fn list(&self, _folder: &Path) -> io::Result<Vec<String>> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    #[test]
    fn a_file_that_changes_while_it_is_measured_is_unknown() {
        let artifact = measure(&Growing(1.into()), Path::new("/app/app.jar"));
        assert!(matches!(&artifact.sha256, Fact::Unknown(why) if why.contains("changed")), "{artifact:?}");
    }

    #[test]
    fn the_digest_is_that_of_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.jar");
        let content = vec![7; 3 * CHUNK + 5];
        std::fs::write(&path, &content).unwrap();
        let expected = to_hex(&bonafide_protocol::encoding::sha256(&content));
        assert_eq!(measure(&StdFiles, &path), Artifact { name: "app.jar".into(), sha256: Fact::Known(expected) });
    }
}
