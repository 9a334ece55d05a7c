//! The help of every command, as accepted text.

use crate::Project;

fn help(words: &str) -> String {
    let book = Project::with_chapter("# One\n");
    let output = book.command(words).output().expect("guide starts");
    assert_eq!(output.status.code(), Some(0), "guide {words}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The commands that `guide --help` lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.split_once("Commands:\n").expect("a list of commands").1;
    let lines = listed.lines().take_while(|line| !line.is_empty());
    // A line that is indented further continues the text above it.
    let entries =
        lines.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    entries.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn the_help_of_guide() {
    insta::assert_snapshot!(help("--help"));
}

#[test]
fn the_help_of_every_command() {
    let commands = commands(&help("--help"));
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        insta::assert_snapshot!(format!("help_of_{command}"), help(&format!("{command} --help")));
    }
}
#[test]
fn the_old_names_of_flags_still_work_and_are_not_shown() {
    let book = Project::with_chapter("# One\n\n```bash {name=a}\ntrue\n```\n");
    book.guide("run --again").exits(0);
    assert!(!help("run --help").contains("--again"));
    assert!(!help("down --help").contains("--with-strays"));
    book.guide("down --with-strays").exits(2).says("this book has no cluster");
}

#[test]
fn a_kubectl_plugin_names_itself_as_kubectl_calls_it() {
    let book = Project::with_chapter("# One\n\n```bash {name=a}\necho it runs\n```\n");
    let plugin = book.path("kubectl-guide");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_guide"), &plugin).expect("a link");
    let called = |words: &[&str]| {
        let output = std::process::Command::new(&plugin)
            .args(words)
            .current_dir(book.root())
            .output()
            .expect("the plugin starts");
        (
            output.status.code(),
            format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
        )
    };
    let (code, text) = called(&["run", "--help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Usage: kubectl guide run [OPTIONS] [TARGET]..."), "{text}");
    let (code, text) = called(&["run", "--nonsense"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("Usage: kubectl guide run"), "{text}");
    let (code, text) = called(&["--version"]);
    assert_eq!((code, text), (Some(0), format!("guide {}\n", env!("CARGO_PKG_VERSION"))));
    assert_eq!(called(&["run"]).0, Some(0));
}
