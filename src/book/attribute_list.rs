//! Every attribute of a step in one table: how it is written, what it means, and its default.
//! The reader of attributes, the hints for unknown ones, and the tables in the documents are made from it.

/// One attribute, as the documents describe it.
#[derive(Debug, Clone, Copy)]
pub struct AttributeText {
    /// The word itself.
    pub word: &'static str,
    /// The forms in which an author writes it, in Markdown.
    pub forms: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// The default.
    pub default: &'static str,
}

const fn attribute(
    word: &'static str,
    forms: &'static str,
    meaning: &'static str,
    default: &'static str,
) -> AttributeText {
    AttributeText { word, forms, meaning, default }
}

/// Every attribute. `excludeFromRunAll` comes from Runme.
pub const ATTRIBUTES: [AttributeText; 25] = [
    attribute(
        "name",
        "`name=`",
        "the step's name, unique in the chapter",
        "made from the nearest heading, then `-2`, `-3` …",
    ),
    attribute("profile", "`profile=`", "run only under these profiles (`a,b`)", "all"),
    attribute(
        "timeout",
        "`timeout=`",
        "the limit of one attempt; the partial output is kept",
        "2m",
    ),
    attribute(
        "exit",
        "`exit=`",
        "the expected exit codes (`7` or `7,52,56`); `fails`: any but 0",
        "0",
    ),
    attribute(
        "verify",
        "`verify`, `verify=STEP`",
        "a check; proves the acting step before it, or STEP",
        "",
    ),
    attribute(
        "preexisting",
        "`preexisting`",
        "this check may pass before its acting step ever ran: `--prove` accepts it",
        "",
    ),
    attribute("until", "`until=`", "repeat a check until it passes, for at most this long", "once"),
    attribute("stable", "`stable=`", "the check must go on passing for so long", "0"),
    attribute("retry", "`retry=`", "repeat a failing acting step this many times", "0"),
    attribute(
        "snapshot",
        "`snapshot`, `snapshot=text,table,json,yaml`",
        "compare with the accepted snapshot",
        "not compared",
    ),
    attribute(
        "normalize",
        "`normalize=`",
        "which volatile values a snapshot hides: `all`, `none`, or names",
        "`all`",
    ),
    attribute(
        "check",
        "`check=`",
        "a minijinja expression over bound values, `exit`, `seconds` and `output` that must be true",
        "",
    ),
    attribute(
        "when",
        "`when=`",
        "a minijinja expression over values, bound names and `ran(\"CHAPTER\")` that must be true for the step to run; \
         otherwise the step and its checks are skipped",
        "",
    ),
    attribute(
        "background",
        "`background`, `=run`, `=keep`",
        "continues while later steps run",
        "stopped at the chapter's end",
    ),
    attribute("ready", "`ready=STEP`", "the check that a background step waits for", ""),
    attribute("always", "`always`", "runs at the chapter's end even after a failure", ""),
    attribute("confirm", "`confirm=`", "asks before it runs; `--yes` answers", ""),
    attribute("secret", "`secret=`", "variables whose values are masked everywhere", ""),
    attribute("interactive", "`interactive`", "gets the terminal", ""),
    attribute("sample", "`sample=`", "the name of a series: the output is CSV", ""),
    attribute("hidden", "`hidden`", "the step runs, and the page does not show it", ""),
    attribute(
        "where",
        "`where=machine`",
        "this check looks at the machine (docker, localhost, the book's folder), so it does not run on a fleet of clusters",
        "`cluster`",
    ),
    attribute(
        "cwd",
        "`cwd=`",
        "the folder to run in: `rendered`, `book`, `chapter`, or a path relative to the book",
        "the chapter's",
    ),
    attribute("skip", "`skip`", "the block is prose", ""),
    attribute(
        "excludeFromRunAll",
        "`excludeFromRunAll`",
        "Runme's word: the step runs only if it is named as a target",
        "",
    ),
];

/// The words of all attributes.
pub(super) const STEP_WORDS: [&str; ATTRIBUTES.len()] = {
    let mut words = [""; ATTRIBUTES.len()];
    let mut next = 0;
    while next < words.len() {
        words[next] = ATTRIBUTES[next].word;
        next += 1;
    }
    words
};
