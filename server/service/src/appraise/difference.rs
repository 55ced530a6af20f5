//! In what an app differs from the registered build: for the operator's log, never for the device.

use serde::Serialize;

/// The most that are kept of one request: who sends hundreds of unknown files fills no log with them, and has nothing
/// looked up for the rest.
pub(super) const MOST: usize = 8;

/// The longest name or value that is kept, in characters. Both are the device's own words.
const LONGEST: usize = 64;

/// How much of a digest tells it from others.
const SHORT: usize = 12;

/// One thing that is not as registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// `file`, `code`, `text`, `content`, `signer`, `package`; `more` for how many were left out.
    what: &'static str,
    /// The file's name.
    name: String,
    /// The beginning of the registered digest; none for what is not registered.
    expected: Option<String>,
    /// The beginning of the digest that was found, or why there is none; none for what is missing.
    found: Option<String>,
}

impl Difference {
    /// Digests that differ, or one without the other.
    pub(super) fn new(what: &'static str, name: &str, expected: Option<&str>, found: Option<&str>) -> Self {
        let short = |digest: &str| plain(digest, SHORT);
        Self { what, name: plain(name, LONGEST), expected: expected.map(short), found: found.map(short) }
    }

    /// What could not be measured.
    pub(super) fn unknown(what: &'static str, name: &str, why: &str) -> Self {
        Self { found: Some(plain(&format!("unknown: {why}"), LONGEST)), ..Self::new(what, name, None, None) }
    }

    /// What of `found` is not `expected`, next to what it takes the place of; then what of `expected` is missing. Names
    /// only pair what differs already.
    pub(super) fn between(what: &'static str, expected: &[(&str, &str)], found: &[(&str, &str)]) -> Vec<Self> {
        let mut missing = expected.to_vec();
        let mut unknown = Vec::new();
        for one in found {
            match missing.iter().position(|(_, digest)| digest.eq_ignore_ascii_case(one.1)) {
                Some(place) => drop(missing.remove(place)),
                None => unknown.push(*one),
            }
        }
        let mut differences = Vec::new();
        for (name, digest) in unknown {
            let replaced =
                missing.iter().position(|(missing, _)| *missing == name).map(|place| missing.remove(place).1);
            differences.push(Self::new(what, name, replaced, Some(digest)));
        }
        differences.extend(missing.into_iter().map(|(name, digest)| Self::new(what, name, Some(digest), None)));
        differences
    }

    /// The first of them, and how many more there are.
    pub(super) fn bounded(mut all: Vec<Self>) -> Vec<Self> {
        if all.len() > MOST {
            let more = all.len() - MOST;
            all.truncate(MOST);
            all.push(Self::new("more", &more.to_string(), None, None));
        }
        all
    }
}

/// Printable ASCII, and no more of it than so many characters.
fn plain(text: &str, most: usize) -> String {
    text.chars().map(|char| if matches!(char, ' '..='~') { char } else { '?' }).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(expected: &[(&str, &str)], found: &[(&str, &str)]) -> Vec<(String, Option<String>, Option<String>)> {
        let all = Difference::between("file", expected, found);
        all.into_iter().map(|one| (one.name, one.expected, one.found)).collect()
    }

    #[test]
    fn what_differs_stands_beside_what_it_replaces() {
        let some = |text: &str| Some(text.to_owned());
        let registered = [("a.jar", "0a"), ("b.jar", "0b"), ("c.jar", "0c")];
        assert_eq!(between(&registered, &[("c.jar", "0C"), ("x.jar", "0a"), ("b.jar", "0b")]), []);
        assert_eq!(
            between(&registered, &[("a.jar", "0a"), ("b.jar", "ff"), ("d.jar", "0d")]),
            [
                ("b.jar".into(), some("0b"), some("ff")),
                ("d.jar".into(), None, some("0d")),
                ("c.jar".into(), some("0c"), None),
            ]
        );
        assert_eq!(
            between(&registered[..1], &[("a.jar", "0a"), ("a.jar", "0a")]),
            [("a.jar".into(), None, some("0a"))]
        );
    }

    #[test]
    fn the_devices_words_are_cut_and_plain() {
        let one = Difference::new("code", &"\u{1b}[31m\u{fc}".repeat(100), None, Some(&"ab".repeat(32)));
        assert!(one.name.len() == LONGEST && one.name.is_ascii() && !one.name.contains('\u{1b}'));
        assert_eq!(one.found.as_deref(), Some("abababababab"));
        let many = Difference::bounded(vec![one; 100]);
        assert_eq!((many.len(), many.last().map(|last| last.name.as_str())), (MOST + 1, Some("92")));
    }
}
