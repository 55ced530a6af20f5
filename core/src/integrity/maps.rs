//! What is mapped into the process (proc_pid_maps(5)).

use super::reading::{base_name, read};
use crate::port::Files;

pub(super) const MAPS: &str = "/proc/self/maps";

/// A process with more mappings than fit in here is not looked at.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

const DELETED: &str = " (deleted)";

/// One line: `START-END PERMS OFFSET DEVICE INODE PATH`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mapping {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) executable: bool,
    pub(super) offset: u64,
    /// Major and minor number of the file's device.
    pub(super) device: (u32, u32),
    pub(super) inode: u64,
    /// As the kernel writes it; empty for anonymous memory.
    pub(super) path: String,
}

impl Mapping {
    fn parse(line: &str) -> Option<Self> {
        let number = |text: &str| u64::from_str_radix(text, 16).ok();
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let (start, end) = (number(start)?, number(end)?);
        let (permissions, rest) = rest.split_once(' ')?;
        let (offset, rest) = rest.split_once(' ')?;
        let (device, rest) = rest.split_once(' ')?;
        let (major, minor) = device.split_once(':')?;
        let device = |text: &str| u32::from_str_radix(text, 16).ok();
        let (inode, path) = rest.split_once(' ').unwrap_or((rest, ""));
        (start < end).then_some(Self {
            start,
            end,
            readable: permissions.contains('r'),
            writable: permissions.contains('w'),
            executable: permissions.contains('x'),
            offset: number(offset)?,
            device: (device(major)?, device(minor)?),
            inode: inode.parse().ok()?,
            path: path.trim_start().to_owned(),
        })
    }

    /// Whether both are of the same file.
    pub(super) fn is_of_the_file_of(&self, other: &Self) -> bool {
        (self.device, self.inode, &self.path) == (other.device, other.inode, &other.path)
    }

    /// The file's name, without its folder and without a word on whether it is still there.
    pub(super) fn name(&self) -> &str {
        base_name(self.path.strip_suffix(DELETED).unwrap_or(&self.path))
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.path.ends_with(DELETED)
    }

    /// Memory without a name, or with one that the process gave it. The kernel's own (`[vdso]`) is not.
    pub(super) fn is_anonymous(&self) -> bool {
        self.path.is_empty() || self.path.starts_with("[anon")
    }

    /// The name that the process gave to a file that is in memory only.
    pub(super) fn memory_file(&self) -> Option<&str> {
        self.path.strip_prefix("/memfd:").map(|name| name.strip_suffix(DELETED).unwrap_or(name))
    }

    /// The library without version and extension: `libc` for `libc.so.6` and for `libc-2.31.so`.
    pub(super) fn stem(&self) -> &str {
        let stem = self.name().split_once(".so").map_or(self.name(), |(stem, _)| stem);
        match stem.rsplit_once('-') {
            Some((stem, version)) if version.starts_with(|first: char| first.is_ascii_digit()) => stem,
            _ => stem,
        }
    }
}

/// All of them, in the order of their addresses.
#[derive(Debug, Default)]
pub(super) struct Maps(Vec<Mapping>);

impl Maps {
    /// Reads them. `own` lies in the core's code: what does not know it is not about this process.
    pub(super) fn read(files: &dyn Files, own: u64) -> Result<Self, String> {
        let bytes =
            read(files, MAPS, MAX_BYTES).map_err(|error| format!("cannot read the mappings: {}", error.kind()))?;
        Self::parse(&bytes, own)
    }

    /// The same of what was read.
    pub(super) fn parse(bytes: &[u8], own: u64) -> Result<Self, String> {
        let text = String::from_utf8_lossy(bytes);
        if !text.ends_with('\n') {
            return Err("the mappings are cut short".into());
        }
        // The kernel sorts; a line that nobody understands is no mapping.
        let mut all: Vec<Mapping> = text.lines().filter_map(Mapping::parse).collect();
        all.sort_by_key(|mapping| mapping.start);
        let maps = Self(all);
        if maps.at(own).is_some_and(|mapping| mapping.executable) {
            Ok(maps)
        } else {
            Err("the mappings do not hold the core's own code".into())
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Mapping> {
        self.0.iter()
    }

    pub(super) fn executable(&self) -> impl Iterator<Item = &Mapping> {
        self.0.iter().filter(|mapping| mapping.executable)
    }

    /// The mapping around an address.
    pub(super) fn at(&self, address: u64) -> Option<&Mapping> {
        let place = self.0.partition_point(|mapping| mapping.start <= address);
        self.0.get(place.checked_sub(1)?).filter(|mapping| address < mapping.end)
    }

    /// Those that begin before this one or with it, the nearest first.
    pub(super) fn up_to(&self, mapping: &Mapping) -> impl Iterator<Item = &Mapping> {
        let place = self.0.partition_point(|other| other.start <= mapping.start);
        self.0.iter().take(place).rev()
    }

    /// The mapping that ends where this one begins.
    pub(super) fn before(&self, mapping: &Mapping) -> Option<&Mapping> {
        self.at(mapping.start.checked_sub(1)?)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::integrity::described::Described;

    fn read(text: &str) -> Result<Maps, String> {
        Maps::read(&Described::new().with(MAPS, text), 0x1000)
    }

    #[test]
    fn a_line_is_taken_apart() {
        let maps = read("1000-2000 r-xp 00000a00 08:1f 42   /app/lib x-2.31.so.6 (deleted)\n3000-4000 rw-p 0 0:0 0\n")
            .unwrap();
        let mapping = maps.at(0x1fff).unwrap();
        assert_eq!(
            (mapping.name(), mapping.stem(), mapping.offset, mapping.device, mapping.inode),
            ("lib x-2.31.so.6", "lib x", 0xa00, (8, 0x1f), 42)
        );
        assert!(mapping.is_deleted() && mapping.executable && mapping.readable && !mapping.writable);
        assert!(maps.at(0x3000).unwrap().is_anonymous());
        assert_eq!((maps.at(0x2000), maps.at(0xfff)), (None, None));
    }

    #[test]
    fn what_is_not_the_whole_is_unknown() {
        for text in [
            "",
            "rubbish\n",
            "1000-2000 r-xp 00000000 08:01 42 /cut",
            "3000-4000 r-xp 00000000 08:01 42 /other.so\n",
            "1000-2000 rw-p 00000000 08:01 42 /not/code\n",
            "2000-1000 r-xp 00000000 08:01 42 /backwards\n",
            "1000-2000\n1000-zz r-xp 0 0 0 /x\n\n- \n-\n1000-99999999999999999999 r-xp 0 0 0 /x\n",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
        assert!(Maps::read(&Described::new(), 0x1000).is_err());
    }

    #[test]
    fn absurd_lines_among_sound_ones_are_passed_over() {
        let text = "\u{fffd}\n1000-2000 r-xp 0 08:01 42 /a.so\nffffffffffffffff-0 ---- x y z\n5000-6000 r--p 0 08:01 43 /b.so\n";
        assert_eq!(read(text).unwrap().iter().count(), 2);
    }

    #[test]
    fn a_hundred_thousand_mappings_are_read_and_more_than_fit_are_unknown() {
        let line = |number: u64| {
            format!("{:x}-{:x} r-xp 00000000 08:01 42 /lib/{number}.so\n", number << 12, (number + 1) << 12)
        };
        let text: String = (1..=100_000).map(line).collect();
        assert_eq!(read(&text).unwrap().iter().count(), 100_000);
        let text = format!("{text}{}", " ".repeat(16 * 1024 * 1024));
        assert!(read(&format!("{text}\n")).unwrap_err().contains("too large"));
    }
}
