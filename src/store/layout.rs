//! The files of a book and of its state folder, as the documents describe them.

/// The files of the state folder (`.guide/`), and their purpose.
pub const STATE_FILES: [(&str, &str); 13] = [
    (
        "world.json",
        "the identity of the cluster that the book was run on; another cluster is refused",
    ),
    (
        "remembered.json",
        "what is known of every step: how its last run ended, its fingerprint and its bound values",
    ),
    ("remembered-*.json", "the same for another copy of the book that uses this state folder"),
    (
        "runs/ID/journal.jsonl",
        "the journal of a run: one event a line (`docs/events.schema.json`); `output.log` and `states.log` beside it hold outputs and \
         shell states",
    ),
    ("latest", "a link to the folder of the last run"),
    ("rendered/CHAPTER/", "rendered manifests, and the folder in which the chapter's steps run"),
    (
        "failures/ID/CHAPTER/STEP/",
        "a failure report: the command as a script that can be run by hand, its output, and evidence from the cluster",
    ),
    ("pending/", "outputs that could replace an `output` fence and wait for `guide review`"),
    ("kubeconfig", "the private kubeconfig of the book's cluster"),
    ("context.json", "the context of your kubeconfig that `--context` copied"),
    ("profile", "the profile that was chosen where book.toml says `default-profile = \"auto\"`"),
    ("bin/", "programs that steps of the book put there; they come first in the steps' `PATH`"),
    ("lock", "the run that is going on: a second one is refused"),
];

/// The files of a book besides its chapters, and their purpose. They belong into version control, except those that end with `.new`.
pub const BOOK_FILES: [(&str, &str); 8] = [
    ("book.toml", "the title, the folder of the chapters, and the table `[preprocessor.guide]`"),
    ("SRC/SUMMARY.md", "the chapters and their order"),
    ("SRC/values.yaml", "values for manifests and steps (`values` in book.toml names the file)"),
    ("SRC/values.PROFILE.yaml", "values that replace those of `values.yaml` under one profile"),
    ("SRC/manifests/*.yaml.j2", "manifest templates beside the chapters"),
    ("snapshots/CHAPTER/STEP.snap", "the accepted output of a step (the format of insta)"),
    (
        "snapshots/CHAPTER/recording@PROFILE.json",
        "the accepted recording of a chapter, which the page shows",
    ),
    ("snapshots/**/*.new", "what a run wrote and nobody has accepted yet: see `guide review`"),
];
