//! Who answers the functions of the system that the core calls.
//!
//! The loader has written their addresses into the core's own table (its `GLOB_DAT` and `JUMP_SLOT` relocations). A
//! library that was preloaded, or one that altered the table since, stands there instead of the system's own: also when
//! it has wiped its name from the environment.

use std::ops::Range;
use std::path::Path;

use bonafide_protocol::measurement::Traces;
use object::read::{Object as _, ObjectSegment as _, ObjectSymbol as _, ObjectSymbolTable as _};
use object::{RelocationTarget, SymbolKind};

use super::loaded::{Elf, Text, with_elf};
use super::maps::{Mapping, Maps};
use super::reading::{MEMORY, read_at};
use crate::port::Files;

/// The core calls some hundred functions.
const MAX_CALLS: usize = 4096;

/// The system's own libraries, by stem; and two that interpose by design: ART's and the JVM's chains of signal handlers.
const SYSTEM: &[&str] = &[
    "libc",
    "libm",
    "libdl",
    "libpthread",
    "librt",
    "libutil",
    "libresolv",
    "libgcc_s",
    "libstdc++",
    "libc++",
    "libunwind",
    "liblog",
    "libandroid",
    "libsigchain",
    "libjsig",
];

/// The loaders themselves.
const LOADERS: &[&str] = &["ld-", "linker"];

/// The functions that the core calls and does not hold, each with the place of its address.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    /// Where the core is loaded. Its path says less: Android maps every library of an app from the same package.
    own: Range<u64>,
    slots: Vec<(u64, String)>,
}

impl Calls {
    /// Reads them from the core's own file; they stay the same as long as it is loaded.
    pub(super) fn of(files: &dyn Files, maps: &Maps, own: &Mapping) -> Result<Self, &'static str> {
        with_elf(files, maps, own, |elf, begins| {
            let bias = Text::of(own, elf, begins)?.bias;
            let slots = slots(elf).map(|(place, name)| (bias.wrapping_add(place), name)).take(MAX_CALLS).collect();
            Ok(Self { own: extent(elf, bias).ok_or("the file has nothing to load")?, slots })
        })
    }

    /// Those that another library than the system's answers.
    pub(super) fn redirected(&self, files: &dyn Files, maps: &Maps) -> Traces {
        let mut memory = match files.open(Path::new(MEMORY)) {
            Ok(memory) => memory,
            Err(error) => return Traces::Unknown(format!("cannot read the memory: {}", error.kind())),
        };
        let mut traces = Vec::new();
        for (place, function) in &self.slots {
            let target = match read_at(&mut *memory, *place) {
                Ok(target) => u64::from_ne_bytes(target),
                Err(error) => return Traces::Unknown(format!("cannot read the memory: {}", error.kind())),
            };
            // Zero: a weak function that nobody has, and that is not called.
            match maps.at(target) {
                _ if target == 0 || self.own.contains(&target) => {}
                Some(mapping) if is_system(mapping) => {}
                Some(mapping) if mapping.is_anonymous() => traces.push(format!("{function}@anonymous memory")),
                Some(mapping) => traces.push(format!("{function}@{}", mapping.name())),
                None => traces.push(format!("{function}@nowhere")),
            }
        }
        Traces::found(traces)
    }
}

/// The addresses that the file's segments are loaded at.
fn extent(elf: &Elf<'_>, bias: u64) -> Option<Range<u64>> {
    let begin = elf.segments().map(|segment| segment.address()).min()?;
    let end = elf.segments().map(|segment| segment.address().saturating_add(segment.size())).max()?;
    Some(bias.wrapping_add(begin)..bias.wrapping_add(end))
}

fn is_system(mapping: &Mapping) -> bool {
    mapping.path == "[vdso]"
        || mapping.path.starts_with('/')
            && mapping.memory_file().is_none()
            && (SYSTEM.contains(&mapping.stem()) || LOADERS.iter().any(|loader| mapping.name().starts_with(loader)))
}

fn slots<'a>(elf: &'a Elf<'_>) -> impl Iterator<Item = (u64, String)> + 'a {
    let symbols = elf.dynamic_symbol_table();
    elf.dynamic_relocations().into_iter().flatten().filter_map(move |(place, relocation)| {
        let RelocationTarget::Symbol(index) = relocation.target() else { return None };
        let symbol = symbols.as_ref()?.symbol_by_index(index).ok()?;
        let is_call = symbol.is_undefined() && symbol.kind() == SymbolKind::Text;
        is_call.then(|| Some((place, symbol.name().ok()?.to_owned()))).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::super::described::Described;
    use super::*;

    const MAPS: &str = "\
1000-3000 r-xp 00004000 fe:01 7 /data/app/com.acme/base.apk
5000-6000 r-xp 00104000 fe:01 7 /data/app/com.acme/base.apk
7000-8000 r-xp 00000000 fe:01 8 /apex/com.android.runtime/lib64/bionic/libc.so
";

    fn redirected(target: u64) -> Result<Traces, String> {
        let files = Described::new().with(MEMORY, target.to_ne_bytes());
        let calls = Calls { own: 0x1000..0x3000, slots: vec![(0, "getrandom".to_owned())] };
        Ok(calls.redirected(&files, &Maps::parse(MAPS.as_bytes(), 0x1000)?))
    }

    #[test]
    fn another_library_of_the_same_package_is_not_the_cores_own() {
        assert_eq!(redirected(0x5010), Ok(Traces::Known(vec!["getrandom@base.apk".to_owned()])));
        for (target, whose) in [(0x1010, "the core's own"), (0x7010, "the system's"), (0, "nobody's")] {
            assert_eq!(redirected(target), Ok(Traces::Known(Vec::new())), "{whose}");
        }
    }
}
