//! `guide init --ci`: what a code host gets.

use crate::Project;

const CHAPTER: &str = "# One\n\n```bash {name=a}\ntrue\n```\n";

#[test]
fn a_book_below_its_repositorys_root_gets_a_workflow_in_the_root() {
    let project = Project::with_chapter(CHAPTER);
    std::fs::create_dir(project.path(".git")).expect("a folder");
    project.guide("init docs/shop").exits(0);
    let said = project.guide("init docs/shop --ci github").exits(0);
    assert_eq!(
        said.stdout,
        "wrote .github/workflows/book.yml\nreplace OWNER: the owner of the repository in which guide is released\n"
    );
    let workflow = project.read(".github/workflows/book.yml");
    let version = concat!("uses: OWNER/guide@v", env!("CARGO_PKG_VERSION"));
    assert_eq!(workflow.matches(version).count(), 2, "{workflow}");
    assert_eq!(workflow.matches("book: \"docs/shop\"\n").count(), 2, "{workflow}");
    project
        .guide("init docs/shop --ci github")
        .exits(2)
        .says("is there already; nothing was written");
}

#[test]
fn a_new_book_gets_its_workflow_at_once() {
    let project = Project::with_chapter(CHAPTER);
    project.guide("init new --ci github").exits(0).says("guide check && guide run");
    assert!(project.read("new/.github/workflows/book.yml").contains("book: \".\"\n"));
    project.guide("check --book new").exits(0);
}

#[test]
fn a_gitlab_project_keeps_its_own_file_and_is_shown_what_to_add() {
    let project = Project::with_chapter(CHAPTER);
    project.write(".gitlab-ci.yml", "stages: [test]\n");
    let said = project.guide("init --ci gitlab").exits(0);
    assert!(said.stdout.starts_with("wrote .gitlab/guide.yml\nadd to "), "{}", said.stdout);
    assert!(
        said.stdout.contains("\n    include:\n      - local: .gitlab/guide.yml\n"),
        "{}",
        said.stdout
    );
    assert_eq!(project.read(".gitlab-ci.yml"), "stages: [test]\n");

    let fresh = Project::with_chapter(CHAPTER);
    fresh.guide("init --ci gitlab").exits(0).says("wrote .gitlab-ci.yml\nwrote .gitlab/guide.yml");
    // Every input that is set is one of the component.
    let component = fresh.read(".gitlab/guide.yml");
    for line in fresh
        .read(".gitlab-ci.yml")
        .lines()
        .filter(|line| line.starts_with("      ") && !line.trim_start().starts_with('-'))
    {
        let input = line.trim().split(':').next().expect("a name");
        assert!(component.contains(&format!("    {input}:")), "{input}");
    }
}
