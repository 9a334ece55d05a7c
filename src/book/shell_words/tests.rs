use super::*;

fn programs(script: &str) -> Vec<String> {
    commands_of(script).all.into_iter().map(|one| one.words.join(" ")).collect()
}

#[test]
fn every_command_is_found_in_every_construction() {
    assert_eq!(programs("for n in a b; do kubectl delete ns $n; done"), ["kubectl delete ns $n"]);
    assert_eq!(programs("if true; then rm -rf /tmp/zzz; fi"), ["true", "rm -rf /tmp/zzz"]);
    assert_eq!(
        programs("export OUT=$(kubectl delete pod x)"),
        ["kubectl delete pod x", "export OUT=$"]
    );
    assert_eq!(programs("A=1 B=\"x y\" make -C 'a b'"), ["make -C a b"]);
    assert_eq!(
        programs("echo \"`rm x`\" | tee >(cat -n) && (cd /; ls)"),
        ["rm x", "echo `", "cat -n", "tee", "cd /", "ls"]
    );
    assert_eq!(programs("cat <<EOF >f\nrm -rf /\nEOF\nls # rm\n"), ["cat", "ls"]);
    assert_eq!(
        programs("a \\\n  b\nwhile ! curl -s x; do sleep 1; done"),
        ["a b", "curl -s x", "sleep 1"]
    );
}

#[test]
fn a_redirection_is_found_with_and_without_a_blank() {
    let writes = |script: &str| {
        commands_of(script).all.into_iter().flat_map(|one| one.writes).collect::<Vec<_>>()
    };
    assert_eq!(
        writes("echo x >file; echo y 2>> log; ls 2>&1 &>all; cat <in >|out"),
        ["file", "log", "all", "out"]
    );
}

#[test]
fn a_script_that_is_not_understood_is_not_clear() {
    for script in [
        "$x y",
        "case $a in b) rm x;; esac",
        "f() { rm x; }",
        "echo \"open",
        "x=${a:-$(rm y)}",
        "cat <<E\n$(rm x)\nE\n",
        "$(a) b",
    ] {
        assert!(!commands_of(script).is_clear, "{script}");
    }
    for script in [
        "ls | wc -l",
        "echo $((1 + 2)) ${x} $y",
        "cat <<'E'\n$(no)\nE\n",
        "x=(a b c); echo ${x[1]}",
    ] {
        assert!(commands_of(script).is_clear, "{script}");
    }
}

#[test]
fn any_text_is_read_without_a_panic() {
    for script in [
        "é`ü", "\"", "'", "$(", "${", "<<", "<<E", "\\", ">(", "a=(", "for", "((", "$(($(",
        "日>本&",
    ] {
        let _ = commands_of(script);
    }
    let _ = commands_of(&"$(".repeat(10_000));
}
