//! A view of bytes that is read from its start on, in little-endian.

use crate::{Error, Result};

#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    rest: &'a [u8],
    /// What they are, for errors.
    what: &'static str,
}

impl<'a> Bytes<'a> {
    pub(crate) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Error::Truncated { what: self.what })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// What follows its own length in four bytes.
    pub(crate) fn prefixed(&mut self) -> Result<Self> {
        let length = usize::try_from(self.u32()?).map_err(|_| Error::Truncated { what: self.what })?;
        Ok(Self { rest: self.take(length)?, what: self.what })
    }

    /// A length-prefixed list of length-prefixed items.
    pub(crate) fn list(&mut self) -> Result<Vec<Self>> {
        self.prefixed()?.items()
    }

    /// Length-prefixed items up to the end.
    pub(crate) fn items(mut self) -> Result<Vec<Self>> {
        let mut items = Vec::new();
        while !self.is_empty() {
            if items.len() == crate::limits::LIST {
                return Err(Error::Limit {
                    what: self.what,
                    found: crate::limits::LIST as u64 + 1,
                    limit: crate::limits::LIST as u64,
                });
            }
            items.push(self.prefixed()?);
        }
        Ok(items)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| Error::Truncated { what: self.what })
    }
}
