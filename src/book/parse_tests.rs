//! Chapters, as authors write them and as they slip.

use crate::ids::StepName;
use std::time::Duration;

use super::*;

fn parse(text: &str) -> (Book, Problems) {
    parse_book(BookText::of_chapters([("guide/chapter-1-start.md", text)]))
}

fn chapter(text: &str) -> (Sources, Chapter) {
    let (mut book, problems) = parse(text);
    assert_eq!(problems, [], "{text}");
    (book.sources, book.chapters.remove(0))
}

fn steps(text: &str) -> Vec<(String, String)> {
    chapter(text).1.steps().map(|step| (step.name.to_string(), step.script.to_string())).collect()
}

fn names(text: &str) -> Vec<String> {
    steps(text).into_iter().map(|(name, _)| name).collect()
}

/// Every problem as "line `excerpt` message".
fn told(text: &str) -> Vec<String> {
    let (book, problems) = parse(text);
    let one = |problem: Problem| {
        let span = problem.span.expect("a place");
        let excerpt = book.sources.text(span).lines().next().unwrap_or_default();
        format!("{} `{excerpt}` {}", span.line, problem.message)
    };
    problems.into_iter().map(one).collect()
}

/// Every warning as "line `excerpt` message"; there are no errors.
fn warned(text: &str) -> Vec<String> {
    let (book, problems) = parse(text);
    assert_eq!(problems, [], "{text}");
    let one = |problem: &Problem| {
        let span = problem.span.expect("a place");
        let excerpt = book.sources.text(span).lines().next().unwrap_or_default();
        format!("{} `{excerpt}` {}", span.line, problem.message)
    };
    book.chapters[0]
        .notes
        .iter()
        .filter(|note| note.severity == Severity::Warning)
        .map(one)
        .collect()
}

/// What `check --strict` lists of this step's words.
fn ignored(info: &str) -> Vec<String> {
    let (book, problems) = parse(&format!("```{info}\ntrue\n```\n"));
    assert_eq!(problems, [], "{info}");
    assert_eq!(book.chapters[0].steps().count(), 1, "{info}");
    let notes = book.chapters[0]
        .notes
        .iter()
        .inspect(|note| assert_eq!(note.severity, Severity::Note, "{info}"));
    notes.map(|note| book.sources.text(note.span.expect("a place")).to_owned()).collect()
}

fn hint(text: &str) -> String {
    parse(text).1.remove(0).hint.unwrap_or_default()
}

fn attributes(words: &str) -> Attributes {
    let (_, chapter) = chapter(&format!("```bash {{{words}}}\ntrue\n```\n"));
    chapter.steps().next().expect("a step").attributes.clone()
}

/// The problems of one step's braces.
fn braces_told(words: &str) -> Vec<String> {
    told(&format!("```bash {{{words}}}\ntrue\n```\n"))
        .into_iter()
        .map(|one| one["1 ".len()..].to_owned())
        .collect()
}

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
fn a_step_knows_where_it_stands() {
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
fn every_attribute_is_read() {
    let read = attributes(
        "name=x profile=sealed,open timeout=1h30m exit=7,52,56 retry=3 snapshot=table check=\"count > 0\" always confirm='Sure?' \
         secret=TOKEN,PASSWORD sample=load cwd=charts excludeFromRunAll=true interactive=false background=false verify=false",
    );
    let expected = Attributes {
        profiles: vec!["sealed".to_owned(), "open".to_owned()],
        timeout: Some(Duration::from_mins(90)),
        exit: ExitExpectation::Codes(vec![7, 52, 56]),
        retry: 3,
        snapshot: Some(SnapshotKind::Table),
        check: Some("count > 0".to_owned()),
        always: true,
        confirm: Some("Sure?".to_owned()),
        secrets: vec!["TOKEN".to_owned(), "PASSWORD".to_owned()],
        sample: Some("load".to_owned()),
        cwd: Some("charts".to_owned()),
        only_when_named: true,
        ..Attributes::default()
    };
    assert_eq!(read, expected);
    let read = attributes("verify=x until=2m stable=500ms exit=fails snapshot");
    assert_eq!(
        (read.verify, read.until),
        (Some(Verify::Step(StepName::new("x"))), Some(Duration::from_mins(2)))
    );
    assert_eq!(
        (read.stable, read.exit, read.snapshot),
        (Some(Duration::from_millis(500)), ExitExpectation::Fails, Some(SnapshotKind::Auto))
    );
    let read = attributes("background=keep ready=up");
    assert_eq!((read.background, read.ready), (Some(Background::Keep), Some(StepName::new("up"))));
    assert_eq!(attributes("background=true").background, Some(Background::Chapter));
    assert!(attributes("interactive").interactive);
    let read = attributes("verify hidden where=machine when='ran(\"a\")'");
    assert_eq!((read.hidden, read.looks_at), (true, LooksAt::Machine));
    assert_eq!(read.when.as_deref(), Some("ran(\"a\")"));
    assert_eq!(attributes("verify where=cluster"), attributes("verify hidden=false"));
    assert_eq!(attributes("stable=0s verify").stable, None);
}

#[test]
fn json_between_the_braces_means_the_same() {
    assert_eq!(
        attributes(r#""name":"x","timeout":"2m","exit":[7,52],"always":true,"interactive":false"#),
        attributes("name=x timeout=2m exit=7,52 always")
    );
}

#[test]
fn a_word_that_is_wrong_is_pointed_at() {
    assert_eq!(braces_told("name=x tmeout=2m"), ["`tmeout` unknown attribute `tmeout`"]);
    assert_eq!(braces_told("name=x name=y"), ["`name=y` `name` is given twice"]);
    assert_eq!(braces_told("name=x/y"), ["`x/y` invalid name `x/y`"]);
    assert_eq!(braces_told("name"), ["`name` `name` needs a value"]);
    assert_eq!(braces_told("timeout=2"), ["`2` invalid duration `2`: `2` has no unit"]);
    assert_eq!(braces_told("timeout=0s"), ["`0s` `timeout` must be longer than nothing"]);
    assert_eq!(braces_told("exit=7,256"), ["`7,256` invalid exit code `256`"]);
    assert_eq!(braces_told("exit=-1"), ["`-1` invalid exit code `-1`"]);
    assert_eq!(braces_told("retry=many"), ["`many` invalid number of retries `many`"]);
    assert_eq!(braces_told("snapshot=jsn"), ["`jsn` `jsn` is no kind of snapshot"]);
    assert_eq!(braces_told("background=kep"), ["`kep` `kep` is no way to go on in the background"]);
    assert_eq!(braces_told("always=yes"), ["`yes` `always` is a flag and can't be `yes`"]);
    assert_eq!(
        braces_told("secret=A-B"),
        ["`A-B` `A-B` can't be in a list of environment variables"]
    );
    assert_eq!(braces_told("profile=a,,b"), ["`a,,b` `` can't be in a list of profile names"]);
    assert_eq!(braces_told("confirm=\"\""), ["`\"\"` `confirm` needs a value"]);
    assert_eq!(braces_told("check=\"a"), ["`\"a` this quote is not closed"]);
    assert_eq!(
        braces_told("name= x"),
        ["`name=` `name=` has no value", "`x` unknown attribute `x`"]
    );
    assert_eq!(braces_told("\"name\":\"x\",\"foo\":false"), ["`\"foo\"` unknown attribute `foo`"]);
    assert_eq!(hint("```bash {Timeout=2m}\ntrue\n```\n"), "did you mean `timeout`?");
    assert!(
        hint("```bash {colour}\ntrue\n```\n").starts_with("an attribute is one of name, profile")
    );
}

#[test]
fn every_wrong_word_is_told_not_just_the_first() {
    assert_eq!(braces_told("foo timeout=x name=a bar=1 exit=no").len(), 4);
}

#[test]
fn words_that_make_no_sense_together_are_refused() {
    for (words, pointed) in [
        ("until=2m", "`until=2m`"),
        ("stable=2s", "`stable=2s`"),
        ("verify retry=2", "`retry=2`"),
        ("verify confirm=\"x\"", "`confirm=\"x\"`"),
        ("verify background", "`background`"),
        ("verify interactive", "`interactive`"),
        ("ready=x", "`ready=x`"),
        ("interactive background", "`interactive`"),
        ("background retry=1", "`retry=1`"),
        ("background exit=1", "`exit=1`"),
        ("background snapshot", "`snapshot`"),
        ("background check=\"a\"", "`check=\"a\"`"),
        ("interactive snapshot", "`snapshot`"),
        ("interactive sample=x", "`sample=x`"),
    ] {
        let told = braces_told(words);
        assert_eq!(told.len(), 1, "{words}: {told:?}");
        assert!(told[0].starts_with(pointed), "{words}: {told:?}");
    }
}

#[test]
fn attributes_stand_in_braces() {
    assert_eq!(told("```bash name=x\ntrue\n```\n"), ["1 `name=x` attributes stand in braces"]);
    assert_eq!(
        hint("```bash,skip\ntrue\n```\n"),
        "write `bash {skip}`, or `{skip}` where it is only shown"
    );
    assert_eq!(told("```bash {name=x\ntrue\n```\n"), ["1 `{` this brace is not closed"]);
    assert_eq!(
        told("```bash {name=x} timeout=2m\ntrue\n```\n"),
        ["1 `timeout=2m` attributes stand in braces"]
    );
    assert_eq!(names("```bash {name=x} more\ntrue\n```\n"), ["x"]);
    assert_eq!(names("```bash{name=x}\ntrue\n```\n"), ["x"]);
    assert_eq!(names("```bash {}\ntrue\n```\n"), ["step"]);
}

#[test]
fn a_step_without_a_name_is_named_after_the_nearest_heading() {
    let text = "```sh\n0\n```\n# Pin it, now!\n```sh\n1\n```\n```sh\n2\n```\n## `kubectl get`\n```sh\n3\n```\n# Pin it now {#pin}\n```sh\n4\n```\n";
    assert_eq!(names(text), ["step", "pin-it-now", "pin-it-now-2", "kubectl-get", "pin-it-now-3"]);
}

#[test]
fn a_made_name_never_takes_a_given_one() {
    let text = "# A\n```sh\n1\n```\n```sh\n2\n```\n```sh {name=a}\n3\n```\n```sh {name=a-2}\n4\n```\n# A 2\n```sh\n5\n```\n";
    assert_eq!(names(text), ["a-3", "a-4", "a", "a-2", "a-2-2"]);
}

#[test]
fn two_steps_of_one_name_are_told_with_both_places() {
    let text = "```sh {name=x}\n1\n```\n\n```sh {timeout=2m name=x}\n2\n```\n";
    assert_eq!(told(text), ["5 `x` two steps of this chapter are named `x`"]);
    let also = &parse(text).1[0].labels[0];
    assert_eq!((also.0.line, also.1.as_str()), (1, "first named here"));
}

#[test]
fn an_unclosed_fence_is_an_error_at_its_opening() {
    assert_eq!(
        told("text\n\n```bash {name=a}\necho\n"),
        ["3 ````bash {name=a}` this fence is not closed"]
    );
    assert_eq!(told("```text\nabc"), ["1 ````text` this fence is not closed"]);
    assert_eq!(told("~~~~sh\necho\n~~~\n"), ["1 `~~~~sh` this fence is not closed"]);
    assert_eq!(told("```bash"), ["1 ````bash` this fence is not closed"]);
    assert_eq!(told("- item\n  ```bash\n  echo\n\nparagraph\n").len(), 1);
    assert_eq!(told("> ```bash\n> echo\n\nparagraph\n").len(), 1);
}

#[test]
fn a_fence_that_swallows_the_next_one_is_told_with_both_places() {
    let text = "```text\nabc\n\n```bash {name=a}\necho\n```\n";
    let (book, problems) = parse(text);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "this fence is not closed before the next one opens");
    assert_eq!((problems[0].span.unwrap().line, problems[0].labels[0].0.line), (1, 4));
    assert_eq!(book.sources.text(problems[0].labels[0].0), "```bash {name=a}");
}

#[test]
fn a_step_that_swallows_any_fence_is_told() {
    assert_eq!(
        told("```bash {name=a}\necho\n\n```output\nx\n```\n"),
        ["1 ````bash {name=a}` this fence is not closed before the next one opens"]
    );
    assert_eq!(
        told("```bash {name=a}\necho\n- ```bash\n  echo\n  ```\n"),
        ["1 ````bash {name=a}` this fence is not closed before the next one opens"]
    );
    assert_eq!(told("```text\necho\n\n```yaml {file=a.yaml}\na: 1\n```\n").len(), 1);
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
fn html_that_swallows_a_step_is_told() {
    let text = "<details>\n```bash {name=a}\necho\n```\n</details>\n";
    assert_eq!(
        told(text),
        ["2 ````bash {name=a}` this fence is part of the HTML above it, so it is no step"]
    );
    assert_eq!(names("<details>\n\n```bash {name=a}\necho\n```\n\n</details>\n"), ["a"]);
}

#[test]
fn prefixes_of_lists_and_quotes_are_taken_off() {
    let text = "1. item\n\n   ```bash {name=a}\n   if true; then\n     echo 1\n   fi\n   ```\n\n   ```output\n   1\n   ```\n\n> ```sh {name=b}\n> echo \">\"\n>\n> echo\n> ```\n";
    let (sources, chapter) = chapter(text);
    let scripts: Vec<&str> = chapter.steps().map(|step| &*step.script).collect();
    assert_eq!(scripts, ["if true; then\n  echo 1\nfi\n", "echo \">\"\n\necho\n"]);
    let expected = chapter.steps().next().unwrap().expected.as_ref().unwrap();
    assert_eq!((&*expected.text, sources.text(expected.body)), ("1\n", "   1\n"));
}

#[test]
fn an_indented_fence_takes_its_indentation_off_its_lines() {
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
fn crlf_gives_the_script_plain_line_ends_and_keeps_places_true() {
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
    assert_eq!(told("```bash {name=a}\n```\n"), ["1 ````bash {name=a}` this step has no commands"]);
    assert_eq!(told("```bash {name=a}\n\n  \n```\n").len(), 1);
    assert_eq!(
        told("```bash {name=a}\necho\n\0\n```\n"),
        ["3 `\0` a NUL byte stands in this step, which bash would drop"]
    );
}

#[test]
fn an_output_belongs_to_the_step_right_before_it() {
    let expected = |text: &str| {
        chapter(text)
            .1
            .steps()
            .map(|step| step.expected.as_ref().map(|expected| expected.text.to_string()))
            .collect::<Vec<_>>()
    };
    let output = || Some("x\n".to_owned());
    assert_eq!(expected("```sh\n1\n```\n```output\nx\n```\n"), [output()]);
    assert_eq!(
        expected("```sh\n1\n```\n\n<!-- seen on Monday -->\n\n```output\nx\n```\n"),
        [output()]
    );
    assert_eq!(expected("```sh\n1\n```\n\n```sh\n2\n```\n\n```output\nx\n```\n"), [None, output()]);
    assert_eq!(
        expected("```sh\n1\n```\n\nIt *prints*:\n\n<!-- x -->\n\n```OUTPUT\nx\n```\n"),
        [output()]
    );
    assert_eq!(expected("```sh\n1\n```\n\n```output {skip}\nx\n```\n"), [None]);
    assert_eq!(expected("```sh\n1\n```\n\n```output\n```\n"), [Some(String::new())]);
}

#[test]
fn an_output_of_a_fence_that_is_prose_is_prose() {
    assert_eq!(
        names(
            "```sh {name=a}\n1\n```\n\n```console\n$ ls\n```\n\n```output\nx\n```\n\ntext\n\n```output\ny\n```\n"
        ),
        ["a"]
    );
}

#[test]
fn an_output_that_would_not_be_compared_is_told() {
    let text = "```sh\n1\n```\n\nIt says:\n\nAt last:\n\n```output\nx\n```\n";
    assert_eq!(
        warned(text),
        ["9 ````output` this output does not stand right after its step, so it is not compared"]
    );
    assert_eq!(
        warned("```sh\n1\n```\n```output\nx\n```\n```output\ny\n```\n"),
        ["7 ````output` the step before already has an output, so this one is not compared"]
    );
    for text in ["```output\nx\n```\n", "```sh\n1\n```\n\n```json\n1\n```\n\n```Output\nx\n```\n"] {
        assert_eq!(warned(text).len(), 1, "{text}");
        assert!(warned(text)[0].contains("this output belongs to no step"), "{text}");
    }
    assert_eq!(warned("```sh {skip}\n1\n```\n\n```output\nx\n```\n"), [""; 0]);
    assert_eq!(
        told("```sh\n1\n```\n```output {name=x}\ny\n```\n"),
        ["4 `name=x` an `output` fence has no attributes"]
    );
    assert_eq!(
        told("```sh {background}\n1\n```\n```output\ny\n```\n"),
        ["4 ````output` a background step's output is not compared"]
    );
}

#[test]
fn a_yaml_fence_with_a_file_is_a_manifest() {
    let (sources, chapter) = chapter(
        "```yaml {file=web.yaml profile=sealed}\na: {{ b }}\n```\n\n```yaml {hl_lines=3}\nx: 1\n```\n",
    );
    let [Block::Manifest(manifest)] = &chapter.blocks[..] else { panic!("{:?}", chapter.blocks) };
    assert_eq!(
        (manifest.file.as_str(), &manifest.profiles[..]),
        ("web.yaml", &["sealed".to_owned()][..])
    );
    assert_eq!(
        (&*manifest.template, sources.text(manifest.body), manifest.body.line),
        ("a: {{ b }}\n", "a: {{ b }}\n", 2)
    );
}

#[test]
fn a_manifest_that_is_wrong_is_told() {
    assert_eq!(
        told("```yaml {file=../web.yaml}\na: 1\n```\n"),
        ["1 `../web.yaml` `../web.yaml` is no plain file name"]
    );
    assert_eq!(
        told("```yaml {file=/etc/x}\na: 1\n```\n"),
        ["1 `/etc/x` `/etc/x` is no plain file name"]
    );
    assert_eq!(told("```yaml {file}\na: 1\n```\n"), ["1 `file` `file` needs a value"]);
    assert_eq!(
        told("```yaml {file=a.yaml timeout=2m}\na: 1\n```\n"),
        ["1 `timeout` unknown attribute `timeout` of a manifest"]
    );
    assert_eq!(
        told("```yaml {flie=a.yaml}\na: 1\n```\n"),
        ["1 `flie` unknown attribute `flie` of a manifest"]
    );
    assert_eq!(
        warned("```yaml file=a.yaml\na: 1\n```\n"),
        ["1 `file=a.yaml` attributes stand in braces"]
    );
    assert_eq!(warned("```yaml file=./example/a.yaml\na: 1\n```\n"), [""; 0]);
}

#[test]
fn the_title_is_the_front_matters_then_the_headings_then_the_summarys() {
    let title = |text: &str| chapter(text).1.title;
    assert_eq!(title("---\ntitle: F\n---\n# H\n"), "F");
    assert_eq!(title("text\n\nThe `kind` *way*\n===\n"), "The kind way");
    assert_eq!(title("text\n"), "chapter-1");
    let mut text = BookText::of_chapters([("a.md", "text\n")]);
    text.chapters[0].summary_title = "S".to_owned();
    assert_eq!(parse_book(text).0.chapters[0].title, "S");
}

#[test]
fn two_chapters_of_one_name_are_known_by_their_paths() {
    let (book, problems) = parse_book(BookText {
        src: "guide".into(),
        ..BookText::of_chapters([
            ("guide/chapter-1-a.md", ""),
            ("guide/chapter-1-b.md", ""),
            ("guide/x/chapter-2.md", ""),
        ])
    });
    assert_eq!(problems, []);
    let names: Vec<&str> = book.chapters.iter().map(|chapter| chapter.name.as_str()).collect();
    assert_eq!(names, ["chapter-1-a", "chapter-1-b", "chapter-2"]);
    let (_, problems) = parse_book(BookText::of_chapters([("a.md", ""), ("a.md", "")]));
    assert_eq!(problems[0].message, "SUMMARY.md names a.md twice");
}

#[test]
fn problems_come_in_the_order_of_the_text() {
    let text = "---\nneed: 1\n---\n```sh {x}\n1\n```\n\n```sh {name=a}\n1\n```\n\n```sh {name=a}\n1\n```\n\n```sh {y}\n1\n```\n\n```sh\n";
    let lines: Vec<u32> = parse(text).1.iter().map(|problem| problem.span.unwrap().line).collect();
    assert_eq!(lines, [2, 4, 12, 16, 20]);
}

#[test]
fn words_of_other_tools_are_left_alone() {
    for (info, words) in [
        ("bash title=\"Install it\"", &["title=\"Install it\""][..]),
        ("bash title=\"Terminal\" {3-5}", &["title=\"Terminal\"", "{3-5}"]),
        ("bash {1,4-6} title=x", &["{1,4-6}", "title=x"]),
        ("bash,editable", &["editable"]),
        ("bash,ignore,noplayground", &["ignore", "noplayground"]),
        ("bash exec=\"true\" source=\"console\"", &["exec=\"true\"", "source=\"console\""]),
        ("sh showLineNumbers {name=a}", &["showLineNumbers"]),
        (
            "bash {linenos=table,hl_lines=[\"8-9\",2],linenostart=199}",
            &["{linenos=table,hl_lines=[\"8-9\",2],linenostart=199}"],
        ),
        ("bash {name=a hl_lines=\"2 3\" .no-copy #id}", &["hl_lines=\"2 3\"", ".no-copy", "#id"]),
        (
            "bash {id=01HZ terminalRows=20 promptEnv=false tag=x category=y interpreter=bash}",
            &[
                "id=01HZ",
                "terminalRows=20",
                "promptEnv=false",
                "tag=x",
                "category=y",
                "interpreter=bash",
            ],
        ),
        (
            "sh {\"id\":\"01HZ\",\"name\":\"a\",\"closeTerminalOnSuccess\":\"false\"}",
            &["\"id\":\"01HZ\"", "\"closeTerminalOnSuccess\":\"false\""],
        ),
    ] {
        assert_eq!(ignored(info), words, "{info}");
    }
}

#[test]
fn what_runme_writes_means_here_what_it_means_there() {
    let one = |json: &str| {
        let (book, problems) = parse(&format!("```sh {{{json}}}\ntrue\n```\n"));
        assert_eq!(problems, [], "{json}");
        let step = book.chapters[0]
            .steps()
            .next()
            .map(|step| (step.name.to_string(), step.attributes.clone()));
        step
    };
    let step = |json: &str| one(json).expect("a step");
    assert_eq!(step("\"name\":\"brew update\"").0, "brew-update");
    assert_eq!(step("\"name\":\"\"").0, "step");
    assert!(step("\"excludeFromRunAll\":\"1\"").1.only_when_named);
    assert_eq!(
        step("\"background\":\"TRUE\",\"interactive\":\"true\"").1.background,
        Some(Background::Chapter)
    );
    assert_eq!(step("\"cwd\":\"../\"").1.cwd.as_deref(), Some("./guide/../"));
    assert_eq!(step("\"cwd\":\"/tmp\",\"name\":null").1.cwd.as_deref(), Some("/tmp"));
    for skipped in ["\"ignore\":\"true\"", "\"transform\":\"false\"", "\"interpreter\":\"python3\""]
    {
        assert_eq!(one(skipped), None, "{skipped}");
    }
    assert!(one("\"ignore\":false,\"transform\":true,\"interpreter\":\"/bin/bash\"").is_some());
    assert_eq!(
        names(
            "```sh {\"name\":\"a\"}\n1\n```\n\n```sh {\"name\":\"a\"}\n2\n```\n\n```sh {name=a-2}\n3\n```\n"
        ),
        ["a", "a-3", "a-2"]
    );
}

#[test]
fn what_looks_like_a_step_and_is_none_is_told() {
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
    assert_eq!(told("```markdown\n    ```bash\n    echo shown\n    ```\n```\n"), [""; 0]);
    assert_eq!(told("- item\n\n  ```markdown\n      ```bash\n      echo\n  ```\n"), [""; 0]);
    assert_eq!(told("```markdown\n   ```bash\n   echo\n   ```\n").len(), 1);
}

#[test]
fn a_session_is_a_step_where_the_book_says_so() {
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
fn a_lone_carriage_return_that_ends_a_line_is_told() {
    assert_eq!(
        told("# T\r\r```bash\rls\r```\r")[0],
        "1 `\r` a line of this chapter ends with a lone carriage return"
    );
    assert_eq!(told("# T\n\nx\r```bash\nls\n```\n").len(), 1);
    assert_eq!(told("```sh\n1\n```\n\n```output\n50 %\r100 %\n```\n"), [""; 0]);
}

/// What a hint tells people to write must be right.
#[test]
fn no_hint_leads_into_the_next_error() {
    let infos = [
        "bash name=x",
        "bash title=\"x\"",
        "bash title=\"x\" name=y timeout=2m",
        "bash name=x/y",
        "bash,skip",
        "sh exit=fails verify",
        "bash {name=x} until=2m",
        "yaml file=a.yaml",
        "yaml {flie=a.yaml}",
        "bash {name=x",
        "bash {tmeout=2m}",
        "bash {Timeout=2m}",
        "bash {retry}",
        "bash {name}",
        "bash {timeout}",
        "bash {exit}",
        "bash {until=2m}",
        "bash {always=yes}",
        "bash {snapshot=jsn}",
        "bash {background=kep}",
        "bash {name = x}",
        "bash {profile}",
        "bash {secret}",
        "bash {check}",
        "bash {confirm}",
        "bash {cwd}",
        "bash {a=b\"c}",
        "bash {\"name\" 1}",
        "Bash {name=a}",
        "{.bash}",
        "output {name=x}",
    ];
    for info in infos {
        let text = format!("```sh {{name=before}}\ntrue\n```\n\n```{info}\ntrue\n```\n");
        let (book, problems) = parse(&text);
        for problem in problems.iter().chain(&book.chapters[0].notes) {
            let Some(hint) = &problem.hint else { continue };
            for example in hint.split('`').skip(1).step_by(2) {
                let written = match example {
                    _ if example.starts_with(['{', '"', '$']) => continue,
                    _ if ["bash", "sh", "yaml", "output"]
                        .iter()
                        .any(|language| example.starts_with(language)) =>
                    {
                        example.to_owned()
                    }
                    _ if example.starts_with("languages") || example.starts_with("name=value") => {
                        continue;
                    }
                    // The nearest name, or all of them, without a value.
                    _ if problem.message.starts_with("unknown") => continue,
                    _ => format!("bash {{verify {}}}", example.replace('…', "x")),
                };
                let told = told(&format!("```sh\ntrue\n```\n\n```{written}\ntrue\n```\n"));
                let refused: Vec<&String> = told
                    .iter()
                    .filter(|one| !one.contains("verify step") && !one.contains("acting steps"))
                    .collect();
                assert!(refused.is_empty(), "{info}: the hint `{hint}` leads to {refused:?}");
            }
        }
    }
}

#[test]
fn a_step_inside_of_an_admonition_is_reported() {
    for opening in ["admonish", "admonish note title=\"x\"", "{note}", "{tab-item} Linux"] {
        let text = format!("# T\n\n````{opening}\nText.\n\n```bash\nls\n```\n````\n");
        let kind = opening.trim_start_matches('{').split([' ', '}']).next().unwrap_or_default();
        assert_eq!(
            warned(&text),
            [format!("6 ````bash` this fence is inside of a `{kind}` block, so it is not run")],
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

#[test]
fn what_a_check_looks_at_is_a_word_of_checks() {
    assert_eq!(
        braces_told("where=machine"),
        ["`where=machine` `where` says what a verify step looks at"]
    );
    assert_eq!(
        braces_told("verify where=mashine"),
        ["`mashine` `mashine` is no place that a check looks at"]
    );
}
