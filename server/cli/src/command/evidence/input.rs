//! What every kind of evidence is judged by: a file, a challenge, a time.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bonafide_gateway::{Clock as _, SystemClock};
use clap::Args;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::exit::{Failure, Outcome};

/// More than any verifier reads.
const MAX_EVIDENCE_BYTES: u64 = 256 * 1024;

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);

#[derive(Args)]
pub(super) struct Input {
    /// The evidence.
    pub(super) file: PathBuf,
    /// The challenge that it has to answer, in base64 or base64url; `text:…` and `hex:…` for other forms.
    ///
    /// Without it nothing is accepted: evidence of another request looks as good.
    #[arg(long, visible_alias = "nonce", value_name = "VALUE", allow_hyphen_values = true)]
    pub(super) challenge: Option<Octets>,
    /// The time of the check, Unix seconds or RFC 3339 (2026-01-31T12:00:00Z); now by default. Evidence ages: name the
    /// time at which it arrived.
    #[arg(long, value_name = "TIME")]
    at: Option<Moment>,
}

impl Input {
    /// The evidence, cut off behind all that a verifier would read.
    pub(super) fn read(&self) -> Outcome<Vec<u8>> {
        read_at_most(&self.file, MAX_EVIDENCE_BYTES)
    }

    /// The time of the check in Unix seconds.
    pub(super) fn time(&self) -> i64 {
        self.at.map_or_else(|| i64::try_from(SystemClock::new().unix_seconds()).unwrap_or(i64::MAX), |moment| moment.0)
    }
}

/// Reads a file of the operator's.
pub(super) fn read_at_most(path: &Path, limit: u64) -> Outcome<Vec<u8>> {
    let failed = |error: std::io::Error| Failure::io(format!("{} cannot be read", path.display()), &error);
    let mut content = Vec::new();
    File::open(path).map_err(failed)?.take(limit + 1).read_to_end(&mut content).map_err(failed)?;
    Ok(content)
}

/// Base64 of either alphabet, with or without padding, white space anywhere.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    BASE64.decode(&text).or_else(|_| BASE64URL.decode(&text)).ok()
}

/// Bytes on the command line.
#[derive(Clone, Debug)]
pub(super) struct Octets(pub(super) Vec<u8>);

impl FromStr for Octets {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(text) = text.strip_prefix("text:") {
            return Ok(Self(text.as_bytes().to_vec()));
        }
        match text.strip_prefix("hex:") {
            Some(digits) => from_hex(digits).map(Self).ok_or("not hexadecimal"),
            None => from_base64(text).map(Self).ok_or("not base64; text:… and hex:… name other forms"),
        }
    }
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
    let pairs = digits?;
    let (pairs, []) = pairs.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from(high * 16 + low).ok()).collect()
}

/// A point in time on the command line, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment(i64);

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text
            .parse()
            .ok()
            .or_else(|| OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp))
            .ok_or("neither Unix seconds nor RFC 3339 (2026-01-31T12:00:00Z)")?;
        if seconds < 0 { Err("before 1970") } else { Ok(Self(seconds)) }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms() {
        for (text, expected) in [
            ("1758900680", Some(1_758_900_680)),
            ("2025-09-26T15:31:20Z", Some(1_758_900_680)),
            ("2025-09-26T17:31:20.964+02:00", Some(1_758_900_680)),
            ("0", Some(0)),
            ("-1", None),
            ("1969-12-31T23:59:59Z", None),
            ("2025-09-26", None),
            ("2025-02-30T00:00:00Z", None),
            ("99999999999999999999", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Moment>().ok(), expected.map(Moment), "{text}");
        }
    }

    #[test]
    fn bytes_are_read_in_every_form() {
        for text in ["+/8=", "+/8", "-_8", "-_8=", "hex:fbff", "hex:FBFF", "+ /8\n="] {
            assert_eq!(text.parse::<Octets>().unwrap().0, [0xfb, 0xff], "{text}");
        }
        assert_eq!("text:hex:fb".parse::<Octets>().unwrap().0, b"hex:fb");
        for text in ["hex:fbf", "hex:xx", "+_8=", "a", "é"] {
            assert!(text.parse::<Octets>().is_err(), "{text}");
        }
    }
}
