//! Lengths of time as operators type them.

/// A time of one number and one unit, at most 30 days, in seconds.
pub(super) fn days_30(text: &str) -> Result<u64, String> {
    seconds(text, 30)
}

/// The same, at most 90 days.
pub(super) fn days_90(text: &str) -> Result<u64, String> {
    seconds(text, 90)
}

fn seconds(text: &str, most_days: u64) -> Result<u64, String> {
    let units = [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60)];
    units
        .iter()
        .find_map(|(unit, seconds)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(*seconds))
        .filter(|seconds| (1..=most_days * 24 * 60 * 60).contains(seconds))
        .ok_or_else(|| format!("expected a number and s, m, h or d, at most {most_days}d: 90s, 30m, 2h, 7d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_an_end() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("30m", Some(1800)),
            ("2h", Some(7200)),
            ("30d", Some(2_592_000)),
            ("31d", None),
            ("0h", None),
            ("2", None),
            ("h", None),
            ("-2h", None),
            ("2 h", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(days_30(text).ok(), expected, "{text}");
        }
        assert_eq!((days_90("90d").ok(), days_90("91d").ok()), (Some(7_776_000), None));
    }
}
