//! A writer of BER, to forge receipts with.

/// One value: tag, length and content, in the form of DER.
pub fn value(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let content = contents.concat();
    let length = match u16::try_from(content.len()).unwrap().to_be_bytes() {
        [0, length @ 0..0x80] => vec![length],
        [0, length] => vec![0x81, length],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], &length[..], &content].concat()
}

/// One value of an indefinite length.
pub fn indefinite(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80], &contents.concat()[..], &[0, 0]].concat()
}

pub fn sequence(contents: &[&[u8]]) -> Vec<u8> {
    value(0x30, contents)
}

pub fn set(contents: &[&[u8]]) -> Vec<u8> {
    value(0x31, contents)
}

/// An integer below 128.
pub fn integer(number: u8) -> Vec<u8> {
    value(2, &[&[number]])
}

pub fn octets(content: &[u8]) -> Vec<u8> {
    value(4, &[content])
}

/// An object identifier from its encoded arcs.
pub fn identifier(arcs: &[u8]) -> Vec<u8> {
    value(6, &[arcs])
}
