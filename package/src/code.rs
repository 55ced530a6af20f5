//! What code in a package is, and where it lies.

/// What a piece of code is, and so what its digest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CodeKind {
    /// A `classes.dex`: the whole file.
    Dex,
    /// A native library: the whole file.
    Native,
    /// Machine code as it lies in memory: `__TEXT,__text` of Mach-O, `.text` of ELF.
    Text,
}

impl CodeKind {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dex => "dex",
            Self::Native => "native",
            Self::Text => "text",
        }
    }
}

/// A file of code, told by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePath<'a> {
    /// What it is.
    pub kind: CodeKind,
    /// The file's name, without its folder.
    pub name: &'a str,
    /// As Android names it; none for dex.
    pub architecture: Option<&'a str>,
}

impl<'a> CodePath<'a> {
    /// In an APK: `classes.dex`, `classes2.dex` …, `lib/ABI/NAME.so`.
    #[must_use]
    pub fn in_apk(path: &'a str) -> Option<Self> {
        match path.strip_prefix("lib/") {
            Some(rest) => Self::library(rest),
            None => Self::dex(path),
        }
    }

    /// `classes.dex`, `classes2.dex` …
    pub(crate) fn dex(name: &'a str) -> Option<Self> {
        let number = name.strip_prefix("classes")?.strip_suffix(".dex")?;
        let counted = number.bytes().all(|byte| byte.is_ascii_digit());
        counted.then_some(Self { kind: CodeKind::Dex, name, architecture: None })
    }

    /// `ABI/NAME.so`.
    pub(crate) fn library(path: &'a str) -> Option<Self> {
        let (abi, name) = path.split_once('/')?;
        let native = name.ends_with(".so") && !name.contains('/');
        native.then_some(Self { kind: CodeKind::Native, name, architecture: Some(abi) })
    }
}
