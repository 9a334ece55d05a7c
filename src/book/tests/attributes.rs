//! The words between a step's braces.

use super::*;

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
fn a_wrong_word_is_reported_with_its_place() {
    assert_eq!(messages_of_braces("name=x tmeout=2m"), ["`tmeout` unknown attribute `tmeout`"]);
    assert_eq!(messages_of_braces("name=x name=y"), ["`name=y` `name` is given twice"]);
    assert_eq!(messages_of_braces("name=x/y"), ["`x/y` invalid name `x/y`"]);
    assert_eq!(messages_of_braces("name"), ["`name` `name` needs a value"]);
    assert_eq!(messages_of_braces("timeout=2"), ["`2` invalid duration `2`: `2` has no unit"]);
    assert_eq!(messages_of_braces("timeout=0s"), ["`0s` `timeout` must be longer than zero"]);
    assert_eq!(messages_of_braces("exit=7,256"), ["`7,256` invalid exit code `256`"]);
    assert_eq!(messages_of_braces("exit=-1"), ["`-1` invalid exit code `-1`"]);
    assert_eq!(messages_of_braces("retry=many"), ["`many` invalid number of retries `many`"]);
    assert_eq!(messages_of_braces("snapshot=jsn"), ["`jsn` `jsn` is no kind of snapshot"]);
    assert_eq!(messages_of_braces("background=kep"), ["`kep` `kep` is no kind of background step"]);
    assert_eq!(messages_of_braces("always=yes"), ["`yes` `always` is a flag and can't be `yes`"]);
    assert_eq!(
        messages_of_braces("secret=A-B"),
        ["`A-B` `A-B` can't be in a list of environment variables"]
    );
    assert_eq!(
        messages_of_braces("profile=a,,b"),
        ["`a,,b` `` can't be in a list of profile names"]
    );
    assert_eq!(messages_of_braces("confirm=\"\""), ["`\"\"` `confirm` needs a value"]);
    assert_eq!(messages_of_braces("check=\"a"), ["`\"a` this quote is not closed"]);
    assert_eq!(
        messages_of_braces("name= x"),
        ["`name=` `name=` has no value", "`x` unknown attribute `x`"]
    );
    assert_eq!(
        messages_of_braces("\"name\":\"x\",\"foo\":false"),
        ["`\"foo\"` unknown attribute `foo`"]
    );
    assert_eq!(hint("```bash {Timeout=2m}\ntrue\n```\n"), "did you mean `timeout`?");
    assert!(
        hint("```bash {colour}\ntrue\n```\n").starts_with("an attribute is one of name, profile")
    );
}

#[test]
fn every_wrong_word_is_reported() {
    assert_eq!(messages_of_braces("foo timeout=x name=a bar=1 exit=no").len(), 4);
}

#[test]
fn contradicting_attributes_are_refused() {
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
        let messages = messages_of_braces(words);
        assert_eq!(messages.len(), 1, "{words}: {messages:?}");
        assert!(messages[0].starts_with(pointed), "{words}: {messages:?}");
    }
}

#[test]
fn attributes_must_be_in_braces() {
    assert_eq!(
        messages("```bash name=x\ntrue\n```\n"),
        ["1 `name=x` attributes must be in braces"]
    );
    assert_eq!(
        hint("```bash,skip\ntrue\n```\n"),
        "write `bash {skip}`, or `{skip}` if it is only shown"
    );
    assert_eq!(messages("```bash {name=x\ntrue\n```\n"), ["1 `{` this brace is not closed"]);
    assert_eq!(
        messages("```bash {name=x} timeout=2m\ntrue\n```\n"),
        ["1 `timeout=2m` attributes must be in braces"]
    );
    assert_eq!(names("```bash {name=x} more\ntrue\n```\n"), ["x"]);
    assert_eq!(names("```bash{name=x}\ntrue\n```\n"), ["x"]);
    assert_eq!(names("```bash {}\ntrue\n```\n"), ["step"]);
}

#[test]
fn words_of_other_tools_are_ignored() {
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
fn attributes_of_runme_keep_their_meaning() {
    let one = |json: &str| {
        let (book, problems) = parse(&format!("```sh {{{json}}}\ntrue\n```\n"));
        assert_eq!(problems, [], "{json}");

        book.chapters[0].steps().next().map(|step| (step.name.to_string(), step.attributes.clone()))
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

/// What a hint tells people to write must be right.
#[expect(clippy::too_many_lines, reason = "a list of cases")]
#[test]
fn no_hint_causes_another_error() {
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
                    // A sign that the hint speaks of.
                    "=" => continue,
                    // The nearest value, in place of the wrong one.
                    _ if hint.starts_with("did you mean") && info.contains('=') => {
                        let (before, _) = info.split_once('=').expect("a value");
                        format!("{before}={example}}}")
                    }
                    "verify" => "bash {verify}".to_owned(),
                    _ => format!("bash {{verify {}}}", example.replace('…', "x")),
                };
                let messages = messages(&format!("```sh\ntrue\n```\n\n```{written}\ntrue\n```\n"));
                let refused: Vec<&String> = messages
                    .iter()
                    .filter(|one| !one.contains("verify step") && !one.contains("acting steps"))
                    .collect();
                assert!(refused.is_empty(), "{info}: the hint `{hint}` leads to {refused:?}");
            }
        }
    }
}

#[test]
fn only_checks_can_say_what_they_look_at() {
    assert_eq!(
        messages_of_braces("where=machine"),
        ["`where=machine` `where` says what a verify step looks at"]
    );
    assert_eq!(
        messages_of_braces("verify where=mashine"),
        ["`mashine` `mashine` is no place that a check looks at"]
    );
}
