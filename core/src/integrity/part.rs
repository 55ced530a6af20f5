//! A file from some place on, as if it began there: a library inside of a package.

use std::io::{self, Read, Seek, SeekFrom};

use crate::port::FileReader;

pub(super) struct Part {
    file: Box<dyn FileReader>,
    begins: u64,
}

impl Part {
    pub(super) fn new(file: Box<dyn FileReader>, begins: u64) -> Self {
        Self { file, begins }
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Part {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        let outside = || io::Error::from(io::ErrorKind::InvalidInput);
        let place = match place {
            SeekFrom::Start(place) => SeekFrom::Start(place.checked_add(self.begins).ok_or_else(outside)?),
            other => other,
        };
        self.file.seek(place)?.checked_sub(self.begins).ok_or_else(outside)
    }
}

impl FileReader for Part {}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn it_begins_where_it_begins() {
        let mut part = Part::new(Box::new(Cursor::new(b"before, and after".to_vec())), 7);
        let mut text = String::new();
        assert_eq!(part.seek(SeekFrom::Start(1)).unwrap(), 1);
        part.read_to_string(&mut text).unwrap();
        assert_eq!(text, "and after");
        assert_eq!(part.seek(SeekFrom::End(0)).unwrap(), 10);
        assert_eq!(part.seek(SeekFrom::End(-10)).unwrap(), 0);
        assert!(part.seek(SeekFrom::End(-11)).is_err() && part.seek(SeekFrom::Start(u64::MAX)).is_err());
    }
}
