//! Makes APKs: a good one, and the same with one thing changed.

mod axml;
mod signing;
mod zip;

pub(crate) use axml::{Attribute, Text, manifest, proto_manifest};
pub(crate) use signing::{Key, Level, Signer, VERITY, block, blocks};
pub(crate) use zip::{Parts, archive};

/// Who signs an APK, and what is in it.
pub(crate) struct Apk {
    pub(crate) entries: Vec<(String, Vec<u8>)>,
    pub(crate) signers: Vec<Signer>,
}

pub(crate) const V2: u32 = 0x7109_871a;
pub(crate) const V3: u32 = 0xf053_68c0;
pub(crate) const V31: u32 = 0x1b93_ad61;

impl Apk {
    /// Signed by one key, v2 and v3.
    pub(crate) fn good() -> Self {
        let key = Key::new();
        Self { entries: entries(), signers: vec![Signer::v2(&key), Signer::v3(&key)] }
    }

    pub(crate) fn signed_by(signers: Vec<Signer>) -> Self {
        Self { entries: entries(), signers }
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let parts = Parts::of(archive(&self.entries)).aligned();
        let block = block(&blocks(&self.signers, &parts));
        parts.with_block(&block)
    }
}

/// Of a small app.
pub(crate) fn entries() -> Vec<(String, Vec<u8>)> {
    let entry = |name: &str, content: &[u8]| (name.to_owned(), content.to_vec());
    let manifest = manifest(&[
        Attribute::plain("package", Text("com.acme.app")),
        Attribute::android("versionCode", 0x0101_021b, 42),
        Attribute::android_text("versionName", 0x0101_021c, "4.2"),
    ]);
    vec![
        ("AndroidManifest.xml".to_owned(), manifest),
        entry("classes.dex", b"dex\n035\0one"),
        entry("classes2.dex", b"dex\n035\0two"),
        entry("lib/arm64-v8a/libapp.so", b"\x7fELF arm64"),
        entry("lib/x86_64/libapp.so", b"\x7fELF x86_64"),
        entry("assets/classes3.dex", b"no code where it lies"),
        entry("resources.arsc", &[7; 5000]),
    ]
}
