use super::*;

fn effect(script: &str) -> Effect {
    let mut functions = HashSet::new();
    functions_of(script, &mut functions);
    effect_of(script, &functions)
}

#[test]
fn what_is_read_only_is_proven() {
    for script in [
        "kubectl get pods | grep web\necho done",
        "kubectl -n kube-system describe pod x",
        "for n in a b; do kubectl get ns $n; done",
        "OUT=$(kubectl get pod x -o name); echo \"$OUT\"",
        "helm list -A\nhelm get values x",
        "docker ps -a; docker image ls",
        "if kubectl get ns a >/dev/null 2>&1; then echo yes; fi",
        "kubectl create ns a --dry-run=client -o yaml",
        "git status && git log -3",
        "sed -n 2,5p file | sort | uniq -c",
    ] {
        assert!(effect(script).is_read_only(), "{script}: {:?}", effect(script));
    }
}

#[test]
fn a_script_that_may_change_something_is_never_called_harmless() {
    for script in [
        "for n in a b; do kubectl delete ns $n; done",
        "if true; then rm -rf /tmp/zzz; fi",
        "kubectl -n auth apply -f x.yaml",
        "kubectl delete ns events",
        "kubectl exec x -- get y",
        "helm install get ./x",
        "export OUT=$(kubectl delete pod x)",
        "env A=1 rm -rf /tmp/zzz",
        "echo x >file",
        "export ID=$(docker run -d x)",
        "kubectl create token x",
        "cat <<EOF | kubectl apply -f -\na: 1\nEOF",
        "kubectl --foo get delete ns x",
        "ls() { rm x; }\nls",
        "PATH=. ls",
        "find . -delete",
        "sort -ox y",
        "uniq a b",
        "xargs rm <list",
        "timeout 5 rm x",
        "echo \"`rm x`\"",
        "eval ls",
        "bash -c ls",
        "$TOOL get pods",
        "trap 'rm x' EXIT",
        "./deploy.sh",
        "source env.sh",
        "awk 'BEGIN { system(\"rm x\") }'",
        "sed 's/a/b/w /etc/x' y",
        "cat x | tee y",
        "git push",
        "case $x in a) ls;; esac",
        "{ rm x; }",
        "! rm x",
        "while read x; do rm $x; done",
        "echo a &>f",
        "diff <(ls) <(rm x)",
        "cat <<E\n$(rm x)\nE",
        "(cd x && rm y)",
        "time rm x",
        "nohup rm x &",
        "command rm x",
        "sudo ls",
        "kubectl get pods; kubectl scale deploy x --replicas=0",
        "kubectl config use-context x",
        "docker compose up -d",
    ] {
        assert!(!effect(script).is_read_only(), "{script}");
    }
}

#[test]
fn the_target_of_a_change_is_named() {
    let changes = |script: &str| effect(script).changes;
    assert_eq!(
        changes("sudo apt-get install x && docker run y"),
        [ChangeTarget::Machine, ChangeTarget::Engine]
    );
    assert_eq!(changes("echo hi > file"), [ChangeTarget::Files]);
    assert_eq!(changes("rm -rf ~/.frob"), [ChangeTarget::Outside("~/.frob".to_owned())]);
    assert_eq!(
        changes("cat <<EOF > /etc/frob.conf\na\nEOF"),
        [ChangeTarget::Outside("/etc/frob.conf".to_owned())]
    );
    assert_eq!(effect("A=1 ./deploy.sh").doubts, ["the program `./deploy.sh` is unknown"]);
}
