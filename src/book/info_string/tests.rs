use super::*;

fn read(inner: &str) -> Vec<(String, Option<String>)> {
    words(inner, 0..inner.len())
        .map(|word| word.unwrap_or_else(|error| panic!("{inner}: {error:?}")))
        .map(|word| (word.key.into_owned(), word.value.map(Cow::into_owned)))
        .collect()
}

fn refused(inner: &str) -> WordError {
    words(inner, 0..inner.len())
        .find_map(Result::err)
        .unwrap_or_else(|| panic!("{inner} is not refused"))
}

fn pair(key: &str, value: &str) -> (String, Option<String>) {
    (key.to_owned(), Some(value.to_owned()))
}

#[test]
fn spaces_separate_words_and_flags() {
    assert_eq!(
        read(" name=x\tverify  exit=7,52 "),
        [pair("name", "x"), ("verify".to_owned(), None), pair("exit", "7,52")]
    );
}

#[test]
fn both_quotes_may_enclose_a_value_and_a_backslash_escapes() {
    assert_eq!(
        read(r#"a="b c" d='e "f"' g="h \"i\" \\ \'é""#),
        [pair("a", "b c"), pair("d", "e \"f\""), pair("g", "h \"i\" \\ 'é")]
    );
}

#[test]
fn an_empty_quoted_value_is_a_value() {
    assert_eq!(read("a=\"\""), [pair("a", "")]);
}

#[test]
fn json_is_read_as_well() {
    assert_eq!(
        read(
            r#""name":"x","timeout": "2m", "verify" : true, "always":false, "exit":[7,52], "retry":3"#
        ),
        [
            pair("name", "x"),
            pair("timeout", "2m"),
            ("verify".to_owned(), None),
            pair("always", "false"),
            pair("exit", "7,52"),
            pair("retry", "3")
        ]
    );
    assert_eq!(read(r#""name":null, "timeout": "2m""#), [pair("timeout", "2m")]);
}

#[test]
fn a_word_that_cannot_be_read_is_reported_with_its_place() {
    assert_eq!(refused("name=x a= b").at, 7..9);
    assert_eq!(refused("=x").at, 0..2);
    assert_eq!(refused("a=\"b").at, 2..4);
    assert_eq!(refused("a=\"b\"c d").at, 5..6);
    assert_eq!(refused("a=b\"c").at, 2..5);
    assert_eq!(refused("name,verify").at, 0..11);
    assert_eq!(refused(r#""a":1 "b":2"#).message, "a comma is missing");
    assert_eq!(refused(r#""a" 1"#).message, "a colon is missing after this name");
    assert_eq!(refused(r#""a":{}"#).at, 4..6);
    assert_eq!(refused(r#""a":"#).message, "this is not a JSON value");
}
