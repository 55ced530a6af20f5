use crate::apk::Scheme;

/// Why a package is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),

    /// No end record: not a ZIP archive, or a truncated one.
    #[error("no ZIP archive ends here: it is none, or it was truncated")]
    NoEnd,
    /// Something follows the archive.
    #[error("{found} bytes follow the archive's end record, which announces {announced}")]
    Trailing {
        /// The comment's length as the end record has it.
        announced: u64,
        /// What is there.
        found: u64,
    },
    /// Readers would differ on where the archive ends.
    #[error("two records claim to be the archive's end, at {first} and {second}")]
    SeveralEnds {
        /// Where one begins.
        first: u64,
        /// Where the other begins.
        second: u64,
    },
    /// ZIP64 or several disks, which Android does not take either.
    #[error("it uses ZIP64 or several disks, which no app package does")]
    Zip64,
    /// Something precedes the archive: what runs there is covered by no entry.
    #[error("{bytes} bytes stand before the archive's first entry")]
    Prepended {
        /// How many.
        bytes: u64,
    },
    /// The end record and the directory do not fit.
    #[error("the directory lies at {offset} and has {size} bytes, but the end record begins at {end}")]
    Misplaced {
        /// Where the directory is said to begin.
        offset: u64,
        /// How long it is said to be.
        size: u64,
        /// Where the end record was found.
        end: u64,
    },
    /// It ends in the middle of something.
    #[error("it ends in the middle of {what}")]
    Truncated {
        /// Of what.
        what: &'static str,
    },
    /// It is not built as it should be.
    #[error("malformed: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// More than this crate reads.
    #[error("{what}: {found}, and at most {limit} are read")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How much.
        found: u64,
        /// How much at most.
        limit: u64,
    },
    /// Two entries of one name: readers would differ on which counts.
    #[error("the entry {name} is there twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// Two entries share bytes.
    #[error("the entries {first} and {second} overlap")]
    Overlap {
        /// The earlier one.
        first: String,
        /// The one that begins inside of it; or the part of the archive that it runs into.
        second: String,
    },
    /// A name that would leave the folder it is unpacked to.
    #[error("the entry's name {name:?} leaves its folder or is no file name")]
    UnsafeName {
        /// The name.
        name: String,
    },
    /// Directory and entry say different things.
    #[error("the entry {name} and the directory differ: {field}")]
    Differs {
        /// The entry.
        name: String,
        /// In what.
        field: &'static str,
    },
    /// Encrypted, or compressed as no app package is.
    #[error("the entry {name} is encrypted or compressed by method {method}")]
    Unreadable {
        /// The entry.
        name: String,
        /// ZIP's number of the method.
        method: u16,
    },
    /// It becomes far larger than it is.
    #[error("{name} has {compressed} bytes and becomes {inflated} or more: a zip bomb")]
    Bomb {
        /// The entry, or the package.
        name: String,
        /// Its bytes in the package.
        compressed: u64,
        /// Its bytes when reading was given up.
        inflated: u64,
    },
    /// Its content does not inflate, or is not what its checksum says.
    #[error("the entry {name} is damaged")]
    Damaged {
        /// The entry.
        name: String,
    },

    /// No signing block before the directory.
    #[error("it has no APK signing block")]
    NoSigningBlock,
    /// No signature of any scheme.
    #[error("it is not signed, or its signing block was removed")]
    Unsigned,
    /// Only the JAR signature, which leaves parts of the file uncovered.
    #[error("it has a v1 (JAR) signature only: sign it with v2 or v3 as well")]
    OnlyV1,
    /// A signature says that another was there too.
    #[error("its {scheme} signature was removed: another one says that it was there")]
    Stripped {
        /// The missing one.
        scheme: Scheme,
    },
    /// A scheme's block is there twice: readers would differ on which counts.
    #[error("the {scheme} block is there twice")]
    SeveralBlocks {
        /// Which.
        scheme: Scheme,
    },
    /// More than one signer for the same devices.
    #[error("it has {count} signers by {scheme}, and one is taken")]
    SeveralSigners {
        /// The scheme.
        scheme: Scheme,
        /// How many.
        count: usize,
    },
    /// No signature whose algorithm is known here.
    #[error("its {scheme} signature is by algorithm {algorithm:#06x} with a key of {key}, which is not supported")]
    UnsupportedSignature {
        /// The scheme.
        scheme: Scheme,
        /// The first one's number.
        algorithm: u32,
        /// The key's kind.
        key: String,
    },
    /// A signature that is not the certificate's.
    #[error("its {scheme} signature is not valid")]
    BadSignature {
        /// The scheme.
        scheme: Scheme,
    },
    /// The key that signed is not the certificate's.
    #[error("the {scheme} signer's key is not that of its certificate")]
    KeyMismatch {
        /// The scheme.
        scheme: Scheme,
    },
    /// A link of the lineage that its predecessor did not sign, or the end is not the signer.
    #[error("the lineage is broken at certificate {position}")]
    BrokenLineage {
        /// From 0, the oldest.
        position: usize,
    },
    /// The schemes name signers that have nothing to do with each other.
    #[error("{first} and {second} name signers that no lineage connects")]
    SignersDisagree {
        /// The older scheme.
        first: Scheme,
        /// The newer one.
        second: Scheme,
    },
    /// The content is not what was signed.
    #[error("the content is not what {scheme} signed: it was changed after signing")]
    ContentMismatch {
        /// The scheme.
        scheme: Scheme,
        /// The digest that was signed, without the length that follows a verity root.
        expected: Vec<u8>,
        /// The digest of what is there.
        found: Vec<u8>,
    },

    /// Neither an APK, nor a set of them, nor an AAB, nor an IPA.
    #[error("it is no APK, APK set, AAB or IPA")]
    NoPackage,
    /// A part that has to be there.
    #[error("{what} is missing")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// The packages of a set do not belong together.
    #[error("{name} has another {field} than the rest: {found:?}, not {expected:?}")]
    SetDiffers {
        /// The package.
        name: String,
        /// In what.
        field: &'static str,
        /// What it has.
        found: String,
        /// What the others have.
        expected: String,
    },
    /// An executable as the store encrypts it: its digest would say nothing.
    #[error("{name} is encrypted by the store: register the build as it was exported, before the upload")]
    StoreEncrypted {
        /// The executable.
        name: String,
    },
    /// A package inside of another, or one of several that were named.
    #[error("{name}: {error}")]
    Inside {
        /// Which.
        name: String,
        /// What is wrong with it.
        #[source]
        error: Box<Error>,
    },
}

impl Error {
    /// The same error, said of one package among several.
    #[must_use]
    pub fn inside(self, name: &str) -> Self {
        Self::Inside { name: name.to_owned(), error: Box::new(self) }
    }
}
