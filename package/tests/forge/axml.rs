//! Manifests, in Android's binary XML and as aapt2's protocol buffer.

const ANDROID: &str = "http://schemas.android.com/apk/res/android";
const DELIVERY: &str = "http://schemas.android.com/apk/distribution";

/// A text; numbers are numbers.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

#[derive(Clone)]
pub(crate) struct Attribute<'a> {
    pub(crate) name: &'a str,
    /// 0: of no namespace.
    pub(crate) resource: u32,
    pub(crate) text: Option<&'a str>,
    pub(crate) number: u32,
}

impl<'a> Attribute<'a> {
    pub(crate) fn plain(name: &'a str, text: Text<'a>) -> Self {
        Self { name, resource: 0, text: Some(text.0), number: 0 }
    }

    pub(crate) fn android(name: &'a str, resource: u32, number: u32) -> Self {
        Self { name, resource, text: None, number }
    }

    pub(crate) fn android_text(name: &'a str, resource: u32, text: &'a str) -> Self {
        Self { name, resource, text: Some(text), number: 0 }
    }
}

/// Binary XML of one element, its strings in UTF-16.
pub(crate) fn manifest(attributes: &[Attribute<'_>]) -> Vec<u8> {
    // Names with resource ids come first, so that the two tables run side by side.
    let mut order: Vec<&Attribute<'_>> = attributes.iter().collect();
    order.sort_by_key(|one| one.resource == 0);
    let mut strings: Vec<&str> = order.iter().map(|one| one.name).collect();
    strings.extend(["manifest", ANDROID]);
    strings.extend(order.iter().filter_map(|one| one.text));
    let index = |text: &str| strings.iter().rposition(|one| *one == text).unwrap() as u32;

    let resources: Vec<u8> =
        order.iter().filter(|one| one.resource != 0).flat_map(|one| one.resource.to_le_bytes()).collect();
    let mut body = words(&[u32::MAX, index("manifest")]);
    body.extend([20_u16, 20, attributes.len() as u16, 0, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
    for (at, one) in order.iter().enumerate() {
        let namespace = if one.resource == 0 { u32::MAX } else { index(ANDROID) };
        let (raw, kind, data) = match one.text {
            Some(text) => (index(text), 0x0300_0008, index(text)),
            None => (u32::MAX, 0x1000_0008, one.number),
        };
        body.extend(words(&[namespace, at as u32, raw, kind, data]));
    }
    let element = chunk(0x0102, &words(&[1, u32::MAX]), &body);
    let content = [pool(&strings), chunk(0x0180, &[], &resources), element].concat();
    chunk(0x0003, &[], &content)
}

fn pool(strings: &[&str]) -> Vec<u8> {
    let (mut offsets, mut data) = (Vec::new(), Vec::new());
    for text in strings {
        offsets.extend((data.len() as u32).to_le_bytes());
        let units: Vec<u16> = text.encode_utf16().collect();
        data.extend((units.len() as u16).to_le_bytes());
        data.extend(units.iter().chain(&[0]).flat_map(|unit| unit.to_le_bytes()));
    }
    let start = 28 + offsets.len() as u32;
    chunk(0x0001, &words(&[strings.len() as u32, 0, 0, start, 0]), &[offsets, data].concat())
}

fn chunk(kind: u16, header: &[u8], body: &[u8]) -> Vec<u8> {
    let head = (8 + header.len()) as u16;
    let size = (8 + header.len() + body.len()) as u32;
    [&kind.to_le_bytes()[..], &head.to_le_bytes(), &size.to_le_bytes(), header, body].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The same as aapt2's `XmlNode`, with an empty `<application>` in it; a feature also says when it is delivered.
pub(crate) fn proto_manifest(attributes: &[Attribute<'_>], feature: bool) -> Vec<u8> {
    let mut element = [namespace("android", ANDROID), namespace("dist", DELIVERY), field(3, b"manifest")].concat();
    for one in attributes {
        let mut body = Vec::new();
        if one.resource != 0 {
            body.extend(field(1, ANDROID.as_bytes()));
        }
        let value = one.text.map_or_else(|| one.number.to_string(), Into::into);
        body.extend([field(2, one.name.as_bytes()), field(3, value.as_bytes())].concat());
        if one.resource != 0 {
            body.extend([tag(5, 0), varint(u64::from(one.resource))].concat());
        }
        match one.text {
            None => body.extend(compiled(6, one.number)),
            Some("true") => body.extend(compiled(8, 1)),
            Some(_) => {}
        }
        element.extend(field(4, &body));
    }
    if feature {
        // Otherwise bundletool moves it into the base.
        let removable = child(DELIVERY, "removable", &[("value", "true")], &[]);
        let at_install = child(DELIVERY, "delivery", &[], &[child(DELIVERY, "install-time", &[], &[removable])]);
        let fused = child(DELIVERY, "fusing", &[("include", "true")], &[]);
        element.extend(child(DELIVERY, "module", &[], &[at_install, fused]));
    }
    // Else bundletool merges the dex files of a universal package, for devices before Android 5.
    let least = [field(2, b"minSdkVersion"), field(3, b"24"), tag(5, 0), varint(0x0101_020c), compiled(6, 24)].concat();
    let attribute = field(4, &[field(1, ANDROID.as_bytes()), least].concat());
    element.extend(field(5, &field(1, &[field(3, b"uses-sdk"), attribute].concat())));
    element.extend(child("", "application", &[], &[]));
    field(1, &element)
}

/// A value as aapt2 compiled it: 6 a number, 8 a truth.
fn compiled(kind: u64, value: u32) -> Vec<u8> {
    field(6, &field(7, &[tag(kind, 0), varint(u64::from(value))].concat()))
}

fn namespace(prefix: &str, uri: &str) -> Vec<u8> {
    field(1, &[field(1, prefix.as_bytes()), field(2, uri.as_bytes())].concat())
}

fn child(uri: &str, name: &str, attributes: &[(&str, &str)], children: &[Vec<u8>]) -> Vec<u8> {
    let mut body = [field(2, uri.as_bytes()), field(3, name.as_bytes())].concat();
    for (name, value) in attributes {
        let truth = compiled(8, 1);
        let parts = [field(1, uri.as_bytes()), field(2, name.as_bytes()), field(3, value.as_bytes()), truth];
        body.extend(field(4, &parts.concat()));
    }
    body.extend(children.concat());
    field(5, &field(1, &body))
}

fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [tag(number, 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn tag(number: u64, kind: u64) -> Vec<u8> {
    varint(number << 3 | kind)
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
