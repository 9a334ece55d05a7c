//! `guide check` for other programs: `--format`, and what `--lint` finds.

use serde_json::Value;

use crate::Project;

const CHAPTER: &str = r"
    # One

    ```bash {name=é tmeout=2m}
    kubectl edit deploy x
    ```

    ```bash {name=b}
    kubectl get pod <pod-name>
    ```
";

#[test]
fn sarif_names_rule_file_and_place_of_each_problem() {
    let book = Project::with_chapter(CHAPTER);
    let said = book.guide("check --format sarif").exits(2);
    let sarif: Value = serde_json::from_str(&said.stdout).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    let mut found = Vec::new();
    for result in results {
        let index =
            usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let region = &place["region"];
        assert!(region["endColumn"].as_u64() > region["startColumn"].as_u64(), "{result}");
        found.push(format!(
            "{} {} {}:{}:{}",
            result["level"].as_str().expect("a level"),
            result["ruleId"].as_str().expect("a rule"),
            place["artifactLocation"]["uri"].as_str().expect("a path"),
            region["startLine"],
            region["startColumn"]
        ));
    }
    assert_eq!(
        found,
        [
            "error attribute guide/chapter-1.md:3:17",
            "error bash-syntax guide/chapter-1.md:8:1",
            "warning editor guide/chapter-1.md:4:1",
            "warning placeholder guide/chapter-1.md:8:1",
        ]
    );
}

#[test]
fn github_gets_an_annotation_for_each_problem() {
    let book = Project::with_chapter(CHAPTER);
    let said = book.guide("check --format github").exits(2);
    let first = said.stdout.lines().next().expect("a line");
    assert_eq!(
        first,
        "::error file=guide/chapter-1.md,line=3,endLine=3,col=17,endColumn=23,title=guide%3A attribute::\
         unknown attribute `tmeout`%0Ahint: did you mean `timeout`?"
    );
    assert_eq!(said.stdout.lines().count(), 4, "{}", said.stdout);
}

#[test]
fn a_book_without_problems_is_a_whole_document_in_every_format() {
    let book = Project::with_chapter("# One\n\n```bash {name=a}\ntrue\n```\n");
    let sarif = book.guide("check --format sarif").exits(0).stdout;
    let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"], Value::Array(Vec::new()));
    assert_eq!(book.guide("check --format github").exits(0).stdout, "");
    let json = book.guide("check --format json").exits(0).stdout;
    assert_eq!(json, book.guide("check --json").exits(0).stdout);
    book.guide("check --json --format sarif").exits(2).says("cannot be used with");
    book.guide("check --format text").exits(0).says("1 chapter with 1 step: no problem");
}

const TO_LINT: &str = r#"
    # One

    ```bash {name=a}
    name=$COLOUR; echo pod web
    ```

    ```output
    pod <pod>
    ```

    ```bash {name=b}
    echo "$name $pod $colour_unset"

    ls $name
    exit 0
    ```

    ```bash {name=c}
    echo 'it runs: another step'
    ```
"#;

#[test]
fn lint_knows_what_earlier_steps_set_and_points_at_the_chapter() {
    let book = Project::with_chapter(TO_LINT);
    book.write("guide/values.yaml", "colour: blue\n");
    book.write(
        "book.toml",
        "[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\nvalues = \"values.yaml\"\n",
    );
    let installed = std::process::Command::new("shellcheck").arg("--version").output().is_ok();
    let plain = book.guide("check").exits(0);
    assert!(!plain.stderr.contains("SC2"), "{}", plain.stderr);
    let said = book.guide("check --lint --format json").exits(0);
    if !installed {
        said.says("note: shellcheck is not installed");
        return;
    }
    let json: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let notes = json["notes"].as_array().expect("notes");
    let found: Vec<String> =
        notes.iter().map(|note| format!("{} {}", note["rule"], note["line"])).collect();
    assert_eq!(found, ["\"shellcheck/SC2154\" 12", "\"shellcheck/SC2086\" 14"], "{}", said.stdout);
}

#[test]
fn without_shellcheck_there_is_a_note_and_the_same_exit_code() {
    let book = Project::with_chapter(TO_LINT);
    let programs = tempfile::tempdir().expect("a folder");
    let bash =
        ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| std::path::Path::new(path).exists());
    std::os::unix::fs::symlink(bash.expect("bash"), programs.path().join("bash")).expect("linked");
    let output =
        book.command("check --lint").env("PATH", programs.path()).output().expect("guide starts");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(
        stderr.contains("note: shellcheck is not installed, so `--lint` has looked at no step"),
        "{stderr}"
    );
}
