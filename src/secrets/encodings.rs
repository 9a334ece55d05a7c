//! The encodings in which a secret value is searched for: base64, hexadecimal, and its single
//! lines.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::patterns::Pattern;

/// The shortest value that is masked.
pub(super) const SHORTEST: usize = 4;
/// The shortest line of a longer secret, such as a key, that is a secret by itself, in bytes. It
/// must not contain a blank and must not be a key of YAML.
const SHORTEST_LINE: usize = 8;
/// The shortest line of wrapped base64 that is searched for by itself, in bytes.
const SHORTEST_WRAPPED: usize = 16;
/// The longest value, in bytes, that is also searched for in encoded JSON and in base64 of base64.
/// Longer values already have many patterns.
const LONGEST_NESTED: usize = 1024;
/// The shortest base64, in bytes, that is searched for in base64.
const SHORTEST_TWICE: usize = 8;
/// The lengths at which programs wrap base64.
const WRAPPED_AT: [usize; 2] = [64, 76];

/// All patterns by which a value is found.
pub(super) fn patterns_of(value: &[u8]) -> Vec<Pattern> {
    let mut patterns = vec![value.to_vec()];
    let lines = value.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    patterns.extend(
        lines
            .filter(|line| line.len() >= SHORTEST_LINE && !line.contains(&b' '))
            .filter(|line| !line.ends_with(b":"))
            .map(<[u8]>::to_vec),
    );
    let hexadecimal: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    patterns.push(hexadecimal.to_ascii_uppercase().into_bytes());
    patterns.push(hexadecimal.into_bytes());
    let mut encoded = base64_of(value);
    if value.len() <= LONGEST_NESTED {
        encoded.extend(json_strings(value).iter().flat_map(|json| base64_of(json)));
        let once = (0..3)
            .map(|offset| inside_base64(value, offset, false))
            .filter(|once| once.len() >= SHORTEST_TWICE);
        for once in once {
            encoded.extend(
                (0..3)
                    .flat_map(|offset| [false, true].map(|url| inside_base64(&once, offset, url))),
            );
        }
    }
    let whole = STANDARD_NO_PAD.encode(value).into_bytes();
    for width in WRAPPED_AT.into_iter().filter(|&width| whole.len() > width) {
        encoded.extend(
            whole.chunks(width).filter(|line| line.len() >= SHORTEST_WRAPPED).map(<[u8]>::to_vec),
        );
    }
    let mut all: Vec<(Vec<u8>, bool)> = encoded.into_iter().map(|bytes| (bytes, true)).collect();
    all.extend(patterns.into_iter().map(|bytes| (bytes, false)));
    all.retain(|(bytes, _)| bytes.len() >= SHORTEST);
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|(bytes, wraps)| Pattern { bytes, wraps }).collect()
}

/// The characters of base64 that these bytes alone decide, after `offset` other bytes of their group of three.
fn inside_base64(bytes: &[u8], offset: usize, url: bool) -> Vec<u8> {
    let decided = (offset + bytes.len()) * 8 / 6;
    let (skipped, encoded) = after_offset(bytes, offset, url);
    encoded[..decided - skipped].to_vec()
}

/// The base64 of these bytes after `offset` other bytes, from the first character that depends on
/// no other byte, and the number of characters before it.
fn after_offset(bytes: &[u8], offset: usize, url: bool) -> (usize, Vec<u8>) {
    let padded = [vec![0; offset], bytes.to_vec()].concat();
    let encoded =
        if url { URL_SAFE_NO_PAD.encode(&padded) } else { STANDARD_NO_PAD.encode(&padded) };
    let skipped = [0, 2, 3][offset];
    (skipped, encoded.as_bytes()[skipped..].to_vec())
}

/// The base64 of these bytes at each position within a longer encoded text, and at its end with
/// padding.
fn base64_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (offset, url) in (0..3).flat_map(|offset| [(offset, false), (offset, true)]) {
        let to_the_end = after_offset(bytes, offset, url).1;
        let padding = &b"=="[..(3 - (offset + bytes.len()) % 3) % 3];
        all.extend([
            inside_base64(bytes, offset, url),
            [&to_the_end, padding].concat(),
            to_the_end,
        ]);
    }
    all
}

/// The content of a JSON string of the value, as most programs and as Go write it, if it differs
/// from the value.
fn json_strings(value: &[u8]) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(value) else { return Vec::new() };
    let json = serde_json::Value::from(text).to_string();
    let json = &json[1..json.len() - 1];
    let of_go = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let differing = [json.to_owned(), of_go].into_iter().filter(|json| json != text);
    differing.map(String::into_bytes).collect()
}
