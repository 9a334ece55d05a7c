//! `when=`: a step runs only if its condition is true, and the reason for skipping it is shown.

use crate::Project;

const BOOK: &str = "# One

```bash {name=count}
cat \"$GUIDE_BOOK/count\"
```

```output
<count:int> replicas
```

```bash {name=scale when=\"count > 2\"}
echo scaled >> \"$GUIDE_BOOK/log\"
```

```bash {name=is-scaled verify}
grep scaled \"$GUIDE_BOOK/log\"
```

```bash {name=last}
echo last >> \"$GUIDE_BOOK/log\"
test -e \"$GUIDE_BOOK/ready\"
```
";

#[test]
fn a_step_whose_condition_is_false_is_skipped_with_its_checks_and_the_reason() {
    let book = Project::with_chapter(BOOK);
    book.write("count", "1 replicas\n");
    book.write("ready", "");
    book.guide("run")
        .exits(0)
        .says("↷ scale")
        .says("`when=\"count > 2\"` is not true")
        .says("`when=\"count > 2\"` of scale is not true")
        .says("2 passed");
    assert_eq!(book.read("log"), "last\n");
}

#[test]
fn a_step_whose_condition_is_true_runs_and_is_proved() {
    let book = Project::with_chapter(BOOK);
    book.write("count", "3 replicas\n");
    book.write("ready", "");
    book.guide("run").exits(0).says("4 passed");
    assert_eq!(book.read("log"), "scaled\nlast\n");
}

#[test]
fn a_resumed_run_continues_after_a_skipped_step() {
    let book = Project::with_chapter(BOOK);
    book.write("count", "1 replicas\n");
    book.guide("run").exits(1).says("chapter-1/last");
    book.write("ready", "");
    book.guide("run --resume").exits(0).says("chapter-1/last").says("2 skipped");
    assert_eq!(book.read("log"), "last\nlast\n");
}

#[test]
fn a_condition_can_depend_on_whether_a_chapter_has_run_in_this_world() {
    let book = Project::with_chapter("# One\n\n```bash {name=make}\ntrue\n```\n");
    book.write("guide/SUMMARY.md", "# Summary\n\n- [One](chapter-1.md)\n- [Two](chapter-2.md)\n");
    book.write(
        "guide/chapter-2.md",
        "# Two\n\n```bash {name=both when='ran(\"1\")'}\necho both\n```\n\n```bash {name=alone when='not ran(\"chapter-1\")'}\necho alone\n```\n",
    );
    book.guide("run chapter-2")
        .exits(0)
        .says("`when=\"ran(\"chapter-1\")\"` is not true")
        .says("1 passed");
    book.guide("run")
        .exits(0)
        .says("`when=\"not ran(\"chapter-1\")\"` is not true")
        .says("2 passed");
    // An earlier run counts as well.
    book.guide("run chapter-2").exits(0).says("`when=\"not ran(\"chapter-1\")\"` is not true");
}

#[test]
fn a_condition_with_an_unknown_name_is_an_error_of_the_book() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=a when=\"cuont > 1\"}\ntrue\n```\n\n```bash {name=b when='ran(\"chapter-9\")'}\ntrue\n```\n",
    );
    book.guide("check")
        .exits(2)
        .says("unknown name `cuont` in `when=\"cuont > 1\"`")
        .says("the book has no chapter `chapter-9`");
}
