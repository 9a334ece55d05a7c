use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;

#[track_caller]
fn becomes(line: &str, normal: &str) {
    assert_eq!(Rules::default().normalise(line), normal);
}

#[track_caller]
fn stays(line: &str) {
    becomes(line, line);
}

#[track_caller]
fn alike(one: &str, other: &str) {
    let rules = Rules::default();
    assert_eq!(rules.canonical(one), rules.canonical(other));
}

#[test]
fn every_rule_replaces_its_own_example() {
    for (rule, _) in Rules::default().list() {
        let normal = Rules::default().normalise(rule.example).into_owned();
        assert!(normal.contains('⟨'), "{}: {} stays", rule.name, rule.example);
        let alone = Rules::without(Rules::default().list().map(|(other, _)| other.name).filter(|name| *name != rule.name));
        assert_eq!(alone.expect("all names are known").normalise(rule.example), normal, "{} alone", rule.name);
    }
}

#[test]
fn a_rule_that_is_off_replaces_nothing() {
    let rules = Rules::without(["ips"]).expect("the name is known");
    assert_eq!(rules.normalise("10.244.1.7 since 5m3s"), "10.244.1.7 since ⟨ti⟩");
    assert_eq!(Rules::without(["ip"]), Err(vec!["ip"]));
}

#[test]
fn names_made_by_controllers_lose_their_suffix() {
    becomes("web-7d4b9c6f5-x2x9z", "web-⟨hash·········⟩");
    becomes("pod/coredns-7d764666f9-4rjnn 1/1", "pod/coredns-⟨hash··········⟩ 1/1");
    becomes("kindnet-q7k2p", "kindnet-⟨has⟩");
    becomes("deployment-7d4b9c6f5d", "deployment-⟨hash····⟩");
    becomes("backup-29123456-vk4zx", "backup-⟨hash········⟩");
    becomes("pod-template-hash=7d4b9c6f5", "pod-template-hash=⟨hash···⟩");
}

#[test]
fn names_that_people_gave_stay() {
    for name in [
        "postgres-0",
        "kind-cluster-worker2",
        "kind-cluster-control-plane",
        "web-https",
        "kube-proxy",
        "a-pgsql",
        "ingress-nginx",
    ] {
        stays(name);
    }
}

#[test]
fn addresses_are_replaced_but_not_versions_or_loopback() {
    becomes("10.244.1.7 10.96.0.10/32", "⟨ip······⟩ ⟨ip······⟩/32");
    becomes("fd00:10:244::5 fe80::1", "⟨ip··········⟩ ⟨ip···⟩");
    for line in [
        "v1.2.3.4",
        "version 1.2.3.4",
        "1.2.3.4-rc1",
        "127.0.0.1:8080",
        "0.0.0.0",
        "300.1.1.1",
        "1.2.3.4.5",
        "12:34:56",
        "std::fmt",
    ] {
        stays(line);
    }
}

#[test]
fn ports_are_replaced_where_they_are_ports() {
    becomes("80:31234/TCP,443:30001/TCP", "80:⟨por⟩/TCP,443:⟨por⟩/TCP");
    becomes("nodePort: 31234", "nodePort: ⟨por⟩");
    for line in ["80:8080/TCP", "wrote 45000 rows", "a:70000", "port 8443"] {
        stays(line);
    }
}

#[test]
fn ages_and_durations_are_replaced_but_not_settings_and_quantities() {
    becomes("3 (5m3s ago)", "3 (⟨ti⟩ ago)");
    becomes("12d", "⟨t⟩");
    becomes("9s", "⟨⟩");
    becomes("rtt 0.043ms, took 12 seconds", "rtt ⟨time·⟩, took ⟨time····⟩");
    becomes("Up 5 minutes (healthy), made 2 hours ago", "Up ⟨time···⟩ (healthy), made ⟨time·····⟩");
    for line in
        ["cpu: 100m", "limits.cpu=150m", "500m", "timeout=5s period=10s", "\"interval\": \"30s\"", "128Mi", "web-5m", "1.5d-x"]
    {
        stays(line);
    }
}

#[test]
fn dates_with_a_time_are_replaced_but_not_days() {
    becomes("at 2026-01-01T12:00:00Z", "at ⟨date··············⟩");
    becomes(
        "2026-01-01 12:00:00.123 +0000 UTC!",
        "⟨date·····························⟩!".replace("·····························", &"·".repeat(27)).as_str(),
    );
    becomes("Thu Jan  1 12:00:00 UTC 2026", &format!("⟨date{}⟩", "·".repeat(22)));
    stays("January 01, 2026 and 2026-01-01");
}

#[test]
fn a_placeholder_and_what_it_stood_for_are_alike() {
    for text in
        ["web-7d4b9c6f5-x2x9z  1/1  5m3s", "10.0.0.1 9s", "resourceVersion: \"48213\"", "Up 5 minutes  2026-01-01T12:00:00Z"]
    {
        alike(text, &Rules::default().normalise(text));
    }
    alike("web   5m3s  10.0.0.1", "web  12d        10.244.10.100");
    alike("took 950ms", "took 5s");
}

#[test]
fn different_things_stay_different() {
    let rules = Rules::default();
    for (one, other) in [("10.0.0.1", "5m3s"), ("web-x2x9z", "db-x2x9z"), ("a  b", "a b"), ("2/2 5m", "1/2 5m")] {
        assert_ne!(rules.canonical(one), rules.canonical(other));
    }
}

/// Text that rules like to speak for, mixed with text that is near it.
fn volatile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,4}-[bcdf2456789]{5,10}(-[bcdf2456789]{5})?",
        "[0-9]{1,5}(\\.[0-9]{1,3}){0,4}",
        "[0-9]{1,4}[smhdy]([0-9]{1,3}[smh])?",
        "[0-9]{1,3}(ms|µs|s)",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?(Z| UTC)?",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "(:|port[ =])[3-6][0-9]{4}",
        "f[cd][0-9]{2}:[0-9a-f:]{1,10}",
        "⟨(time|ti|date|hash|ip)?·{0,3}⟩",
        "[ \\n:/=,.()<>\\[\\]-]{1,3}",
        "(Up|in|ago|resourceVersion: |version |cpu=|timeout: ?)",
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn normalising_twice_changes_nothing(text in volatile_text()) {
        let rules = Rules::default();
        let once = rules.normalise(&text).into_owned();
        prop_assert_eq!(rules.normalise(&once), once.as_str());
    }

    #[test]
    fn normalising_keeps_the_width_of_every_line(text in volatile_text()) {
        let normal = Rules::default().normalise(&text).into_owned();
        let widths = |text: &str| text.split('\n').map(UnicodeWidthStr::width).collect::<Vec<_>>();
        prop_assert_eq!(widths(&normal), widths(&text));
    }

    #[test]
    fn a_normalised_text_compares_like_the_text_itself(text in volatile_text()) {
        let rules = Rules::default();
        let normal = rules.normalise(&text);
        prop_assert_eq!(rules.canonical(&normal), rules.canonical(&text));
    }
}
