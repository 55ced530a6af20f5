//! A writer of DER that writes nonsense just as readily.

/// A value with its tag's octets.
pub fn tlv(tag: &[u8], content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = tag.to_vec();
    match length {
        0..=0x7f => out.push(u8::try_from(length).unwrap()),
        0x80..=0xff => out.extend([0x81, u8::try_from(length).unwrap()]),
        _ => {
            out.push(0x82);
            out.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    out.extend(content);
    out
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(&[0x30], &parts.concat())
}

pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(&[0x31], &parts.concat())
}

pub fn octets(content: &[u8]) -> Vec<u8> {
    tlv(&[0x04], content)
}

pub fn enumerated(value: u8) -> Vec<u8> {
    tlv(&[0x0a], &[value])
}

pub fn boolean(value: bool) -> Vec<u8> {
    tlv(&[0x01], &[if value { 0xff } else { 0 }])
}

pub fn null() -> Vec<u8> {
    tlv(&[0x05], &[])
}

pub fn integer(value: u64) -> Vec<u8> {
    let mut bytes = value.to_be_bytes().to_vec();
    while matches!(bytes.as_slice(), [0, next, ..] if *next < 0x80) {
        bytes.remove(0);
    }
    if matches!(bytes.as_slice(), [first, ..] if *first >= 0x80) {
        bytes.insert(0, 0);
    }
    tlv(&[0x02], &bytes)
}

pub fn integers(values: &[u64]) -> Vec<u8> {
    set(&values.iter().map(|value| integer(*value)).collect::<Vec<_>>())
}

/// An explicit context-specific tag, in long form where its number demands that.
pub fn explicit(number: u32, content: &[u8]) -> Vec<u8> {
    let low = |number: u32| u8::try_from(number).unwrap();
    match number {
        0..=30 => tlv(&[0xa0 | low(number)], content),
        31..=127 => tlv(&[0xbf, low(number)], content),
        _ => tlv(&[0xbf, 0x80 | low(number >> 7), low(number & 0x7f)], content),
    }
}

pub fn bits(content: &[u8]) -> Vec<u8> {
    tlv(&[0x03], &[&[0], content].concat())
}

/// An object identifier from its dotted form.
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u32> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let [first, second, rest @ ..] = arcs.as_slice() else { panic!("{dotted} is no object identifier") };
    let mut content = vec![u8::try_from(first * 40 + second).unwrap()];
    for arc in rest {
        let groups: Vec<u8> = (0..5).rev().map(|group| u8::try_from((arc >> (7 * group)) & 0x7f).unwrap()).collect();
        let start = groups.iter().position(|group| *group != 0).unwrap_or(4);
        let last = groups.len() - 1;
        content.extend(groups.iter().enumerate().skip(start).map(
            |(place, group)| {
                if place == last { *group } else { group | 0x80 }
            },
        ));
    }
    tlv(&[0x06], &content)
}
