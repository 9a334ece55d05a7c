//! Which fences are steps, and what becomes of their text.

use super::*;

#[test]
fn bash_and_sh_fences_are_steps_and_all_others_are_prose() {
    let text = "# T\n\n```bash {name=a}\na\n```\n\n~~~sh\nb\n~~~\n\n```\nc\n```\n\n```console\n$ d\n```\n\n```shell\ne\n```\n\n    ```bash\n    f\n    ```\n\n\
                ```Bash\ng\n```\n\n```bash {skip}\nh\n```\n\n```bash {name=x skip nonsense}\ni\n```\n\n```yaml\nj: 1\n```\n\n````text\n```bash\nk\n```\n````\n\n\
                <!--\n```bash\nl\n```\n-->\n";
    assert_eq!(
        steps(text),
        [("a".to_owned(), "a\n".to_owned()), ("t".to_owned(), "b\n".to_owned())]
    );
}

#[test]
fn a_step_has_its_place() {
    let text =
        "# Title\n\ntext\n\n```bash {name=a verify}\necho 1\necho 2\n```\n\n```output\n1\n2\n```\n";
    let (sources, chapter) = chapter(text);
    let step = chapter.steps().next().unwrap();
    assert_eq!((step.span.line, step.script_line, step.language), (5, 6, "bash"));
    assert_eq!(sources.text(step.span), "```bash {name=a verify}\necho 1\necho 2\n```");
    assert_eq!(sources.text(step.info), "bash {name=a verify}");
    let expected = step.expected.as_ref().unwrap();
    assert_eq!(
        (expected.span.line, expected.body.line, sources.text(expected.body)),
        (10, 11, "1\n2\n")
    );
    assert_eq!(sources.text(expected.span), "```output\n1\n2\n```");
    assert_eq!(chapter.title, "Title");
}

#[test]
fn an_unclosed_fence_is_an_error_at_its_opening() {
    assert_eq!(
        messages("text\n\n```bash {name=a}\necho\n"),
        ["3 ````bash {name=a}` this fence is not closed"]
    );
    assert_eq!(messages("```text\nabc"), ["1 ````text` this fence is not closed"]);
    assert_eq!(messages("~~~~sh\necho\n~~~\n"), ["1 `~~~~sh` this fence is not closed"]);
    assert_eq!(messages("```bash"), ["1 ````bash` this fence is not closed"]);
    assert_eq!(messages("- item\n  ```bash\n  echo\n\nparagraph\n").len(), 1);
    assert_eq!(messages("> ```bash\n> echo\n\nparagraph\n").len(), 1);
}

#[test]
fn a_fence_that_contains_the_next_one_is_reported_with_both_places() {
    let text = "```text\nabc\n\n```bash {name=a}\necho\n```\n";
    let (book, problems) = parse(text);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "this fence is not closed before the next one opens");
    assert_eq!((problems[0].span.unwrap().line, problems[0].labels[0].0.line), (1, 4));
    assert_eq!(book.sources.text(problems[0].labels[0].0), "```bash {name=a}");
}

#[test]
fn a_step_that_contains_any_fence_is_reported() {
    assert_eq!(
        messages("```bash {name=a}\necho\n\n```output\nx\n```\n"),
        ["1 ````bash {name=a}` this fence is not closed before the next one opens"]
    );
    assert_eq!(
        messages("```bash {name=a}\necho\n- ```bash\n  echo\n  ```\n"),
        ["1 ````bash {name=a}` this fence is not closed before the next one opens"]
    );
    assert_eq!(messages("```text\necho\n\n```yaml {file=a.yaml}\na: 1\n```\n").len(), 1);
    assert_eq!(names("```text\necho\n\n```python\nx\n```\n"), [""; 0]);
}

#[test]
fn a_longer_fence_may_show_a_shorter_one() {
    assert_eq!(
        names(
            "````markdown\n```bash {name=a}\necho\n```\n````\n\n````bash {name=b}\ncat <<'END'\n```bash\nx\n```\nEND\n````\n"
        ),
        ["b"]
    );
}

#[test]
fn html_that_contains_a_step_is_reported() {
    let text = "<details>\n```bash {name=a}\necho\n```\n</details>\n";
    assert_eq!(
        messages(text),
        ["2 ````bash {name=a}` this fence is part of the HTML above it, so it is not a step"]
    );
    assert_eq!(names("<details>\n\n```bash {name=a}\necho\n```\n\n</details>\n"), ["a"]);
}

#[test]
fn prefixes_of_lists_and_quotes_are_removed() {
    let text = "1. item\n\n   ```bash {name=a}\n   if true; then\n     echo 1\n   fi\n   ```\n\n   ```output\n   1\n   ```\n\n> ```sh {name=b}\n> echo \">\"\n>\n> echo\n> ```\n";
    let (sources, chapter) = chapter(text);
    let scripts: Vec<&str> = chapter.steps().map(|step| &*step.script).collect();
    assert_eq!(scripts, ["if true; then\n  echo 1\nfi\n", "echo \">\"\n\necho\n"]);
    let expected = chapter.steps().next().unwrap().expected.as_ref().unwrap();
    assert_eq!((&*expected.text, sources.text(expected.body)), ("1\n", "   1\n"));
}

#[test]
fn the_indentation_of_a_fence_is_removed_from_its_lines() {
    assert_eq!(
        steps("  ```bash {name=a}\n  one\n    two\nthree\n  ```\n"),
        [("a".to_owned(), "one\n  two\nthree\n".to_owned())]
    );
}

#[test]
fn tabs_stay_in_a_script() {
    assert_eq!(
        steps("```bash\t{name=a\ttimeout=2m}\n\tone\ttwo\n```\n"),
        [("a".to_owned(), "\tone\ttwo\n".to_owned())]
    );
}

#[test]
fn crlf_becomes_a_plain_line_end_in_a_script_and_keeps_places() {
    let text = "---\r\ntitle: T\r\n---\r\n# H\r\n\r\n```bash {name=a}\r\necho 1\r\necho 2\r\n```\r\n\r\n```output\r\n1\r\n```\r\n";
    let (sources, chapter) = chapter(text);
    let step = chapter.steps().next().unwrap();
    assert_eq!((&*step.script, step.span.line), ("echo 1\necho 2\n", 6));
    assert_eq!(sources.text(step.span), "```bash {name=a}\r\necho 1\r\necho 2\r\n```");
    let expected = step.expected.as_ref().unwrap();
    assert_eq!((&*expected.text, sources.text(expected.body)), ("1\n", "1\r\n"));
}

#[test]
fn a_last_line_without_its_end_is_a_last_line() {
    assert_eq!(steps("```bash {name=a}\necho\n```"), [("a".to_owned(), "echo\n".to_owned())]);
}

#[test]
fn a_step_needs_commands_that_bash_can_hold() {
    assert_eq!(
        messages("```bash {name=a}\n```\n"),
        ["1 ````bash {name=a}` this step has no commands"]
    );
    assert_eq!(messages("```bash {name=a}\n\n  \n```\n").len(), 1);
    assert_eq!(
        messages("```bash {name=a}\necho\n\0\n```\n"),
        ["3 `\0` this step contains a NUL byte, which bash would ignore"]
    );
}

#[test]
fn a_fence_that_only_looks_like_a_step_is_reported() {
    for (info, hint) in [
        ("Bash {name=a}", "did you mean `bash`?"),
        ("BASH", "did you mean `bash`?"),
        ("{.bash}", "write `bash`"),
        ("{ .sh .no-copy }", "write `sh`"),
        ("bash:install.sh", "did you mean `bash`?"),
        (
            "shell {name=a}",
            "write `languages = [\"shell\"]` in [preprocessor.guide] of book.toml to have such fences run",
        ),
    ] {
        let text = format!("text\n\n```{info}\ntrue\n```\n");
        assert_eq!(warned(&text).len(), 1, "{info}");
        let (book, _) = parse(&text);
        assert_eq!(book.chapters[0].notes[0].hint.as_deref(), Some(hint), "{info}");
        assert_eq!(book.chapters[0].notes[0].span.unwrap().line, 3, "{info}");
    }
    let tab = "=== \"Linux\"\n\n    ```bash\n    ls\n    ```\n";
    assert!(
        warned(tab)[0].starts_with("3 ````bash` this fence is indented by four columns"),
        "{:?}",
        warned(tab)
    );
    assert_eq!(warned("```text\n    ```bash\n    x\n    ```\n```\n"), [""; 0]);
}

#[test]
fn a_fence_that_is_indented_by_four_columns_opens_and_closes_nothing() {
    assert_eq!(messages("```markdown\n    ```bash\n    echo shown\n    ```\n```\n"), [""; 0]);
    assert_eq!(messages("- item\n\n  ```markdown\n      ```bash\n      echo\n  ```\n"), [""; 0]);
    assert_eq!(messages("```markdown\n   ```bash\n   echo\n   ```\n").len(), 1);
}

#[test]
fn a_session_is_a_step_if_the_book_adds_its_language() {
    let mut languages = Languages::default();
    languages.add("console").unwrap();
    languages.add("shell").unwrap();
    let text = "# T\n\n```console {name=a}\n$ echo a\na\n```\n\n- x\n\n  ```shell\n  b\n  ```\n\n  ```terminal\n  $ c\n  ```\n\n```console\nno prompt\n```\n";
    let (book, problems) =
        parse_book(BookText { languages, ..BookText::of_chapters([("a.md", text)]) });
    assert_eq!(
        problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>(),
        ["no line of this `console` fence begins with a prompt"]
    );
    let steps: Vec<&StepBlock> = book.chapters[0].steps().collect();
    let scripts: Vec<&str> = steps.iter().map(|step| &*step.script).collect();
    assert_eq!(scripts, ["echo a\n", "b\n", "no prompt\n"]);
    let expected = steps[0].expected.as_ref().unwrap();
    assert_eq!(
        (&*expected.text, book.sources.text(expected.body), expected.body.line),
        ("a\n", "a\n", 5)
    );
    assert_eq!(names(text), [""; 0]);
}

#[test]
fn a_lone_carriage_return_that_ends_a_line_is_reported() {
    assert_eq!(
        messages("# T\r\r```bash\rls\r```\r")[0],
        "1 `\r` a line of this chapter ends with a lone carriage return"
    );
    assert_eq!(messages("# T\n\nx\r```bash\nls\n```\n").len(), 1);
    assert_eq!(messages("```sh\n1\n```\n\n```output\n50 %\r100 %\n```\n"), [""; 0]);
}

#[test]
fn a_step_inside_of_an_admonition_is_reported() {
    for opening in ["admonish", "admonish note title=\"x\"", "{note}", "{tab-item} Linux"] {
        let text = format!("# T\n\n````{opening}\nText.\n\n```bash\nls\n```\n````\n");
        let kind = opening.trim_start_matches('{').split([' ', '}']).next().unwrap_or_default();
        assert_eq!(
            warned(&text),
            [format!("6 ````bash` this fence is in a `{kind}` block, so it is not run")],
            "{opening}"
        );
    }
    for (opening, inner) in
        [("admonish", "bash {skip}"), ("admonish", "text"), ("markdown", "bash")]
    {
        let text = format!("# T\n\n````{opening}\n```{inner}\nls\n```\n````\n");
        assert_eq!(warned(&text), [""; 0], "{opening} {inner}");
    }
}
