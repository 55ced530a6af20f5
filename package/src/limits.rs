//! What a package may have at most. Beyond it stands an error, never an allocation.

/// The central directory, in bytes: some 500,000 entries.
pub const DIRECTORY: u64 = 64 << 20;
/// Bytes of an entry's name.
pub const NAME: usize = 4096;
/// The APK signing block, in bytes. Stores and build tools put their own records there.
pub const SIGNING_BLOCK: u64 = 16 << 20;
/// Certificates in a lineage, and signers, signatures, digests and certificates of a scheme.
pub const LIST: usize = 64;
/// A manifest or property list, in bytes.
pub const MANIFEST: u64 = 16 << 20;
/// One entry that is looked into, in bytes once inflated.
pub const ENTRY: u64 = 512 << 20;
/// All of a package, in bytes once inflated, as its directory declares it and as it turns out.
pub const INFLATED: u64 = 8 << 30;
/// How much larger than its compressed form an entry may become, once it has become larger than [`RATIO_FROM`].
pub const RATIO: u64 = 200;
/// Below this many bytes any ratio is fine: an icon of one colour is no bomb.
pub const RATIO_FROM: u64 = 16 << 20;
/// Packages in one set.
pub const PACKAGES: usize = 1000;
/// Bytes of a string in a manifest.
pub const STRING: usize = 4096;
/// Architectures in one executable.
pub const ARCHITECTURES: usize = 16;
/// The last API level of a signer that is for every newer Android too.
pub const ANY_SDK: u32 = i32::MAX as u32;
