use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::*;
use crate::secrets::MASK;

fn masking(values: &[&str]) -> Masker {
    let masker = Masker::new();
    for value in values {
        masker.add(value.as_bytes());
    }
    masker
}

fn streamed(masker: &Masker, text: &str, piece: usize) -> String {
    let mut out = Vec::new();
    let mut stream = MaskStream::default();
    for chunk in text.as_bytes().chunks(piece) {
        stream.push(masker, chunk, &mut |bytes| out.extend_from_slice(bytes));
    }
    stream.end(masker, &mut |bytes| out.extend_from_slice(bytes));
    String::from_utf8(out).unwrap()
}

#[test]
fn a_value_is_masked_at_every_division_into_pieces() {
    let masker = masking(&["hunter2!", "hunter", "longer-secret"]);
    for piece in 1..30 {
        assert_eq!(
            streamed(&masker, "a hunter2! b hunter c hunt longer-secretlonger-secre", piece),
            "a *** b *** c hunt ***longer-secre"
        );
    }
}

#[test]
fn base64_is_masked_at_every_position() {
    let masker = masking(&["s3cret/value?"]);
    for before in ["", "u", "us", "use", "user:"] {
        for after in ["", "x", "xy", "xyz"] {
            for encoded in [
                STANDARD_NO_PAD.encode(format!("{before}s3cret/value?{after}")),
                URL_SAFE_NO_PAD.encode(format!("{before}s3cret/value?{after}")),
            ] {
                let masked = masker.mask(&encoded);
                assert!(masked.contains(MASK), "{before}|{after}: {encoded}");
                assert!(
                    masked.len() < 9 + (before.len() + after.len()) * 2 + 2,
                    "{masked} of {encoded}"
                );
            }
        }
    }
}

#[test]
fn padding_is_masked_with_the_value() {
    let masker = masking(&["hunter2"]);
    assert_eq!(masker.mask("data: aHVudGVyMg==\n"), "data: ***\n");
}

#[test]
fn percent_encoded_and_json_escaped_values_are_masked() {
    let masker = masking(&["a b/c\"d"]);
    for text in ["a%20b%2Fc%22d", "a%20b%2fc%22d", "a+b%2Fc%22d", "a%20b/c%22d", "a b/c\\\"d"] {
        assert_eq!(masker.mask(text), MASK, "{text}");
    }
}

#[test]
fn the_encodings_of_javascript_python_go_and_kubectl_are_masked() {
    let masker = masking(&["p@ss (w)/+ü&<x😀"]);
    for text in [
        "p%40ss%20(w)%2F%2B%C3%BC%26%3Cx%F0%9F%98%80",
        "p@ss%20(w)/+%C3%BC&%3Cx%F0%9F%98%80",
        "p%40ss%20%28w%29/%2B%C3%BC%26%3Cx%F0%9F%98%80",
        "p%40ss+%28w%29%2F%2B%C3%BC%26%3Cx%F0%9F%98%80",
        "p@ss (w)/+\\u00fc&<x\\ud83d\\ude00",
        "p@ss (w)/+ü\\u0026\\u003cx😀",
    ] {
        assert_eq!(masker.mask(text), MASK, "{text}");
    }
}

#[test]
fn lines_of_a_key_and_wrapped_base64_are_masked() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nVJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3\n-----END KEY-----";
    let masker = masking(&[key]);
    assert_eq!(masker.mask("  MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n"), "  ***\n");
    let encoded = STANDARD_NO_PAD.encode(key);
    assert_eq!(masker.mask(&format!("{}\n", &encoded[76..152])), "***\n");
    assert_eq!(
        masker.mask(&format!(
            "{}\n  {}\n  {}\n",
            &encoded[..76],
            &encoded[76..152],
            &encoded[152..]
        )),
        "***\n"
    );
}

#[test]
fn a_very_short_value_is_not_masked() {
    assert!(masking(&["dev"]).is_empty());
    assert_eq!(masking(&["dev"]).mask("a dev machine"), "a dev machine");
}

#[test]
fn clones_share_their_values() {
    let one = Masker::new();
    let other = one.clone();
    one.add(b"hunter2");
    assert!(other.finds_in(b"my hunter2"));
}
