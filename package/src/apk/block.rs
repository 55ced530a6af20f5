//! The block of identified values between the entries and the directory.

use std::io::{Read, Seek, SeekFrom};

use super::Scheme;
use crate::bytes::Bytes;
use crate::{Error, Result, limits};

const MAGIC: &[u8] = b"APK Sig Block 42";
/// The size once more, and the magic.
const FOOTER: u64 = 24;

pub(super) struct Block {
    pub(super) start: u64,
    pairs: Vec<(u32, Vec<u8>)>,
}

impl Block {
    /// The block that ends where the directory begins, if one does.
    pub(super) fn read(file: &mut (impl Read + Seek), directory: u64) -> Result<Option<Self>> {
        let Some(footer) = directory.checked_sub(FOOTER) else { return Ok(None) };
        file.seek(SeekFrom::Start(footer))?;
        let mut bytes = Vec::new();
        file.by_ref().take(FOOTER).read_to_end(&mut bytes)?;
        let mut fields = Bytes::new(&bytes, "the signing block");
        let size = fields.u64()?;
        if fields.rest() != MAGIC {
            return Ok(None);
        }
        if size > limits::SIGNING_BLOCK {
            return Err(Error::Limit { what: "bytes of the signing block", found: size, limit: limits::SIGNING_BLOCK });
        }
        let start = (size >= FOOTER)
            .then(|| directory.checked_sub(size + 8))
            .flatten()
            .ok_or(Error::Truncated { what: "the signing block" })?;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.by_ref().take(size + 8 - FOOTER).read_to_end(&mut bytes)?;
        let mut fields = Bytes::new(&bytes, "the signing block");
        if fields.u64()? != size {
            return Err(Error::Malformed { what: "the signing block has two sizes" });
        }
        let mut pairs = Vec::new();
        while !fields.is_empty() {
            let length = usize::try_from(fields.u64()?).map_err(|_| Error::Truncated { what: "the signing block" })?;
            let mut pair = Bytes::new(fields.take(length)?, "the signing block");
            // Only what is looked at is kept.
            let id = pair.u32()?;
            if Scheme::ALL.iter().any(|scheme| scheme.id() == id) {
                pairs.push((id, pair.rest().to_vec()));
            }
        }
        Ok(Some(Self { start, pairs }))
    }

    pub(super) fn of(&self, scheme: Scheme) -> Result<Option<&[u8]>> {
        let mut found = self.pairs.iter().filter(|(id, _)| *id == scheme.id());
        match (found.next(), found.next()) {
            // Android takes the first, other tools the last.
            (Some(_), Some(_)) => Err(Error::SeveralBlocks { scheme }),
            (one, _) => Ok(one.map(|(_, value)| value.as_slice())),
        }
    }
}

impl Scheme {
    fn id(self) -> u32 {
        match self {
            Self::V2 => 0x7109_871a,
            Self::V3 => 0xf053_68c0,
            Self::V31 => 0x1b93_ad61,
        }
    }
}
