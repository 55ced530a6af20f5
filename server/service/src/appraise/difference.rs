//! In what an app differs from the registered build: for the operator's log, never for the device.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use serde::Serialize;

/// The most that are kept of one request: who sends hundreds of unknown files fills no log with them.
const MOST: usize = 8;

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
        let expected = expected.iter().enumerate().map(|(place, (name, digest))| Expected { place, name, digest });
        let mut missing = ByKey::of(expected, |one| one.digest.to_ascii_lowercase());
        let unknown: Vec<_> =
            found.iter().filter(|(_, digest)| missing.take(&digest.to_ascii_lowercase()).is_none()).collect();
        let mut missing = ByKey::of(missing.rest(), |one| one.name);
        let mut differences = Vec::new();
        for (name, digest) in unknown {
            let replaced = missing.take(name).map(|one| one.digest);
            differences.push(Self::new(what, name, replaced, Some(digest)));
        }
        differences.extend(missing.rest().map(|one| Self::new(what, one.name, Some(one.digest), None)));
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

/// One registered digest, and where it stands among the others.
struct Expected<'a> {
    place: usize,
    name: &'a str,
    digest: &'a str,
}

/// What is still missing, found without walking through all of it: a stranger sends thousands of files, a build has
/// thousands.
struct ByKey<'a, K>(HashMap<K, Vec<Expected<'a>>>);

impl<'a, K: Eq + Hash> ByKey<'a, K> {
    fn of(all: impl DoubleEndedIterator<Item = Expected<'a>>, key: impl Fn(&Expected<'a>) -> K) -> Self {
        let mut by_key: HashMap<K, Vec<Expected<'a>>> = HashMap::new();
        // Backwards, so that the first of equal ones is taken first.
        for one in all.rev() {
            by_key.entry(key(&one)).or_default().push(one);
        }
        Self(by_key)
    }

    fn take<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<Expected<'a>>
    where
        K: Borrow<Q>,
    {
        self.0.get_mut(key).and_then(Vec::pop)
    }

    /// What was not taken, in its order.
    fn rest(self) -> std::vec::IntoIter<Expected<'a>> {
        let mut rest: Vec<_> = self.0.into_values().flatten().collect();
        rest.sort_unstable_by_key(|one| one.place);
        rest.into_iter()
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
    fn thousands_of_unknown_files_are_compared_in_a_moment() {
        let names = |prefix: &str, count: usize| (0..count).map(|one| format!("{prefix}{one:064}")).collect::<Vec<_>>();
        let (registered, sent) = (names("a", 100_000), names("b", 40_000));
        let pairs = |all: &'static [String]| all.iter().map(|one| (one.as_str(), one.as_str())).collect::<Vec<_>>();
        let (registered, sent) = (pairs(registered.leak()), pairs(sent.leak()));
        // Twenty times as many of both as a request and a build can hold: one by one it would take minutes.
        let started = std::time::Instant::now();
        assert_eq!(between(&registered, &sent).len(), 140_000);
        assert!(started.elapsed() < std::time::Duration::from_secs(60), "{:?}", started.elapsed());
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
