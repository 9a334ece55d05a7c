use super::*;
use crate::compare::lines::tests::described;

fn compare(expected: &str, actual: &str) -> Verdict {
    compare_tables(expected, actual, &Bindings::new(), Rules::default())
        .expect("a table is expected")
}

#[track_caller]
fn same(expected: &str, actual: &str) -> Bindings {
    match compare(expected, actual) {
        Verdict::Same { bound } => bound,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn told(expected: &str, actual: &str) -> Vec<String> {
    match compare(expected, actual) {
        Verdict::Differs(differences) => differences.iter().map(described).collect(),
        other => panic!("{other:?}"),
    }
}

const PODS: &str = "\
NAME                  READY   STATUS    RESTARTS   AGE
web-7d4b9c6f5-x2x9z   1/1     Running   0          5m3s
postgres-0            1/1     Running   0          4m";

#[test]
fn order_widths_ages_and_suffixes_do_not_matter() {
    let later = "\
NAME                   READY   STATUS    RESTARTS      AGE
postgres-0             1/1     Running   0             2d
web-6b8f4c9d7d-q4k8n   1/1     Running   0             47h";
    same(PODS, later);
}

#[test]
fn the_time_of_a_restart_does_not_matter_but_their_number_does() {
    let restarted = |restarts: &str| format!("NAME   RESTARTS        AGE\ndb-0   {restarts}   1h");
    same(&restarted("3 (5m ago)"), &restarted("3 (12h ago)"));
    same(&restarted("3 (5m ago)"), &restarted("3"));
    assert_eq!(
        told(&restarted("3 (5m ago)"), &restarted("4 (5m ago)")),
        ["~ row db-0, column RESTARTS: 3 (5m ago) → 4 (5m ago)"]
    );
}

#[test]
fn a_missing_row_is_named() {
    let fewer = "NAME         READY   STATUS    RESTARTS   AGE\npostgres-0   1/1     Running   0          4m";
    assert_eq!(
        told(PODS, fewer),
        ["- row web-…: web-7d4b9c6f5-x2x9z   1/1     Running   0          5m3s"]
    );
    assert_eq!(
        told(fewer, PODS),
        ["+ row web-…: web-7d4b9c6f5-x2x9z   1/1     Running   0          5m3s"]
    );
}

#[test]
fn a_changed_cell_is_reported_with_its_row_and_column() {
    assert_eq!(
        told(PODS, &PODS.replace("postgres-0            1/1", "postgres-0            0/1")),
        ["~ row postgres-0, column READY: 1/1 → 0/1"]
    );
}

#[test]
fn a_missing_or_new_column_is_named_and_the_others_are_compared() {
    let wide = "NAME   READY   NODE\na      1/1     one\nb      1/1     two";
    let narrow = "NAME   READY\na      1/1\nb      0/1";
    assert_eq!(told(wide, narrow), ["- column NODE: NODE", "~ row b, column READY: 1/1 → 0/1"]);
    assert_eq!(told(narrow, wide), ["+ column NODE: NODE", "~ row b, column READY: 0/1 → 1/1"]);
    same(wide, "NODE   NAME   READY\none    a      1/1\ntwo    b      1/1");
}

#[test]
fn rows_that_differ_only_in_their_suffix_are_counted() {
    let three = "NAME                  READY\nweb-7d4b9c6f5-x2x9z   1/1\nweb-7d4b9c6f5-b4b4b   1/1\nweb-7d4b9c6f5-c5c5c   0/1";
    let two = "NAME                  READY\nweb-6b8f4c9d7d-q4k8n   0/1\nweb-6b8f4c9d7d-z9z9z   1/1";
    assert_eq!(told(three, two), ["- row web-…: web-7d4b9c6f5-b4b4b   1/1"]);
}

#[test]
fn namespaces_belong_to_the_key() {
    let table = |two: &str| {
        format!("NAMESPACE   NAME   READY\none         a      1/1\n{two}         a      0/1")
    };
    assert_eq!(
        told(&table("two"), &table("six")),
        ["- row two/a: two         a      0/1", "+ row six/a: six         a      0/1"]
    );
}

#[test]
fn empty_cells_are_read_by_position() {
    let events = "NAME   LABELS   NODE\na               one\nb      x=y      two";
    assert_eq!(told(events, &events.replace("one", "six")), ["~ row a, column NODE: one → six"]);
}

#[test]
fn headers_of_two_words_are_one_column() {
    let wide =
        "NAME   NODE   NOMINATED NODE   READINESS GATES\na      one    <none>           <none>";
    same(wide, wide);
    assert_eq!(
        told(wide, &wide.replace("<none>           <none>", "two              <none>")),
        ["~ row a, column NOMINATED NODE: <none> → two"]
    );
}

const ALL: &str = "\
NAMESPACE     NAME                           READY   STATUS    RESTARTS   AGE
kube-system   pod/coredns-7d764666f9-4rjnn   1/1     Running   0          5m
default       pod/web-7d4b9c6f5-x2x9z        1/1     Running   0          5m

NAMESPACE     NAME                 TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)        AGE
default       service/kubernetes   ClusterIP   10.96.0.1    <none>        443/TCP        5m
default       service/web          NodePort    10.96.9.9    <none>        80:31234/TCP   5m

NAMESPACE     NAME                      READY   UP-TO-DATE   AVAILABLE   AGE
default       deployment.apps/web       1/1     1            1           5m";

#[test]
fn each_of_several_tables_is_compared_with_its_counterpart() {
    let services_last: Vec<&str> = ALL.split("\n\n").collect();
    let reordered = format!("{}\n\n{}\n\n{}", services_last[0], services_last[2], services_last[1]);
    same(ALL, &reordered.replace("31234", "30999").replace("10.96.9.9", "10.96.200.1"));
    assert_eq!(
        told(ALL, &ALL.replace("deployment.apps/web       1/1", "deployment.apps/web       0/1")),
        ["~ row default/deployment.apps/web, column READY: 1/1 → 0/1"]
    );
}

#[test]
fn a_missing_table_is_named() {
    let without = ALL.split("\n\n").take(2).collect::<Vec<_>>().join("\n\n");
    let told = told(ALL, &without);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("- table NAMESPACE NAME READY UP-TO-DATE AVAILABLE AGE: "),
        "{}",
        told[0]
    );
}

#[test]
fn an_output_without_a_table_is_reported_as_text() {
    assert_eq!(
        told(PODS, "No resources found in default namespace.\n"),
        [
            "~ the output: a table of 2 rows: NAME READY STATUS RESTARTS AGE → No resources found in default namespace."
        ]
    );
}

#[test]
fn text_beside_a_table_is_compared_by_line() {
    assert_eq!(
        told(PODS, &format!("Warning: old\n{PODS}")),
        ["+ text beside the table: Warning: old"]
    );
}

#[test]
fn patterns_match_cells_and_bind_names() {
    let expected = "NAME      READY       STATUS    RESTARTS   AGE\n<pod>     1/1         Running   <n:int>    [..]\n...";
    let bound = same(expected, PODS);
    assert_eq!((bound["pod"].as_str(), bound["n"].as_str()), ("web-7d4b9c6f5-x2x9z", "0"));
}

#[test]
fn a_bound_name_chooses_its_row() {
    let bound = Bindings::from([("pod".to_owned(), "postgres-0".to_owned())]);
    let expected = "NAME    READY   STATUS   RESTARTS\n<pod>   2/2   Running   0\n...";
    let verdict =
        compare_tables(expected, PODS, &bound, Rules::default()).expect("a table is expected");
    let Verdict::Differs(differences) = verdict else { panic!("{verdict:?}") };
    assert_eq!(
        differences.iter().map(described).collect::<Vec<_>>(),
        ["~ row postgres-0, column READY: 2/2 → 1/1"]
    );
}

#[test]
fn a_bound_name_in_a_cell_that_is_not_equal_is_an_error() {
    let bound = Bindings::from([("node".to_owned(), "one".to_owned())]);
    let table = |node: &str| format!("NAME   NODE\na      {node}");
    let verdict = compare_tables(&table("<node>"), &table("two"), &bound, Rules::default())
        .expect("a table is expected");
    let Verdict::Differs(differences) = verdict else { panic!("{verdict:?}") };
    assert_eq!(
        differences.iter().map(described).collect::<Vec<_>>(),
        ["! node is `one` since it was bound, and `two` here"]
    );
}

#[test]
fn only_capitals_make_a_table() {
    assert!(looks_like_table(PODS));
    assert!(looks_like_table(
        "CONTAINER ID   IMAGE   STATUS   NAMES\nabc            x       Up       y"
    ));
    for text in ["", "hello", "Filesystem  Size\n/dev/sda  1G", "NAME   READY", "ERROR\nsomething"]
    {
        assert!(!looks_like_table(text), "{text}");
    }
}
