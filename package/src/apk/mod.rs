//! The APK signing block: who signed, and whether the content is what was signed.
//!
//! Two steps, since their costs differ: [`Signatures::read`] looks at the block alone (microseconds, whatever the
//! package's size), [`Signatures::check_content`] reads the whole file once.

mod block;
mod certificate;
mod content;
mod lineage;
mod signature;
mod signer;

use std::io::{Read, Seek};

use content::ContentAlgorithm;
pub use lineage::Ancestor;
pub use signer::Signer;

use crate::archive::{Directory, Layout};
use crate::{Error, Result, Sha256};
use block::Block;

/// A signature scheme whose signature is in the signing block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Android 7 on.
    V2,
    /// Android 9 on; keys can be rotated.
    V3,
    /// Android 13 on; a rotated key for newer devices only.
    V31,
}

impl Scheme {
    const ALL: [Self; 3] = [Self::V2, Self::V3, Self::V31];

    /// The name that Android's tools have for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
            Self::V31 => "v3.1",
        }
    }
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where entries have to have ended: at the signing block, or at the directory where there is none.
#[cfg(feature = "entries")]
pub(crate) fn block_start(file: &mut (impl Read + Seek), layout: &Layout) -> Result<u64> {
    Ok(Block::read(file, layout.directory)?.map_or(layout.directory, |block| block.start))
}

/// The verified signatures of an APK. That its content is what they sign is for [`Self::check_content`] to say.
#[derive(Clone, Debug)]
pub struct Signatures {
    layout: Layout,
    block: u64,
    signers: Vec<Signer>,
}

impl Signatures {
    /// Reads the signing block and verifies every signature in it.
    ///
    /// # Errors
    /// No block; a scheme that was removed; a signature that is not its certificate's, or of an algorithm that is not
    /// supported (DSA; ECDSA over curves or digests that `ring` lacks); more than one signer for the same devices.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<Self> {
        let layout = Layout::read(file)?;
        let block = Block::read(file, layout.directory)?.ok_or(Error::NoSigningBlock)?;
        let mut signers = Vec::new();
        for scheme in Scheme::ALL {
            if let Some(value) = block.of(scheme)? {
                signers.extend(signer::read(scheme, value)?);
            }
        }
        if signers.is_empty() {
            return Err(Error::NoSigningBlock);
        }
        signer::agree(&signers)?;
        Ok(Self { layout, block: block.start, signers })
    }

    /// Who signed: by scheme, then by the Android versions that it is for.
    #[must_use]
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// The signer that an Android of this API level goes by.
    #[must_use]
    pub fn signer_for(&self, sdk: u32) -> Option<&Signer> {
        self.signers.iter().rev().find(|signer| (signer.min_sdk..=signer.max_sdk).contains(&sdk))
    }

    /// Where the signing block begins, and so the entries end.
    #[must_use]
    pub fn block_start(&self) -> u64 {
        self.block
    }

    /// Reads the whole file once and compares it with every digest that was signed. Gives back the content's digest by
    /// SHA-256, whatever it was signed by.
    ///
    /// # Errors
    /// The content is not what was signed, or changed while it was read.
    pub fn check_content(&self, file: &mut (impl Read + Seek)) -> Result<Sha256> {
        let signed = |one: &ContentAlgorithm| {
            self.signers.iter().any(|signer| signer.digests.iter().any(|(signed, _)| signed == one))
        };
        let algorithms = ContentAlgorithm::ALL
            .into_iter()
            .filter(|one| *one == ContentAlgorithm::Sha256 || signed(one))
            .collect::<Vec<_>>();
        let found = content::digest(file, &self.layout, self.block, &algorithms)?;
        for signer in &self.signers {
            for (algorithm, expected) in &signer.digests {
                let matching = found.iter().find(|one| one.algorithm == *algorithm);
                if matching.is_none_or(|one| one.value != *expected) {
                    return Err(Error::ContentMismatch {
                        scheme: signer.scheme,
                        expected: expected.clone(),
                        found: matching.map(|one| one.value.clone()).unwrap_or_default(),
                    });
                }
            }
        }
        let sha256 = found.into_iter().find(|one| one.algorithm == ContentAlgorithm::Sha256);
        sha256.and_then(|one| one.value.try_into().ok()).ok_or(Error::Malformed { what: "the content's digest" })
    }

    /// The entries of the package, read strictly.
    ///
    /// # Errors
    /// See [`Directory::read`].
    pub fn directory(&self, file: &mut (impl Read + Seek)) -> Result<Directory> {
        Directory::read(file, &self.layout, self.block)
    }
}
