use super::super::attributes::Background;
use super::*;

fn messages(script: &str) -> Vec<String> {
    advise(script, &Attributes::default()).into_iter().map(|advice| advice.message).collect()
}

#[test]
fn a_prompt_is_an_error() {
    for script in ["$ ls\n", "# first\n\n  $ ls\nfile\n", "ls\n$ cat x\n"] {
        let advice = advise(script, &Attributes::default());
        assert_eq!((advice.len(), advice[0].severity), (1, Severity::Unrunnable), "{script}");
    }
    assert_eq!(messages("cat <<E\n$ ls\nE\necho $x\n"), [""; 0]);
}

#[test]
fn a_placeholder_is_reported() {
    assert_eq!(
        messages("kubectl get pod <pod-name> -o yaml\n"),
        ["`<pod-name>` is a placeholder, which bash reads as names of files"]
    );
    assert_eq!(messages("curl -H \"Bearer <your-token>\" x\n").len(), 1);
    assert_eq!(messages("export KEY='<API_KEY>'\n").len(), 1);
    assert_eq!(
        messages("export TOKEN=YOUR_TOKEN\n"),
        ["`YOUR_TOKEN` is a placeholder, which bash passes on as it is"]
    );
    for script in [
        "curl -u \"YOUR-USER:x\" host\n",
        "TOKEN='YOUR_API_KEY' ./deploy\n",
        "docker login -p REPLACE_ME\n",
        "cat <<E\nx\nE\nkubectl get pod <pod-name>\n",
        "echo \"it's\" && kubectl delete pod <pod>\n",
    ] {
        assert_eq!(messages(script).len(), 1, "{script}: {:?}", messages(script));
    }
    for script in [
        "echo \"$YOUR_TOKEN ${YOUR_TOKEN}\"\n",
        "export YOUR_TOKEN=x\n",
        "YOUR_TOKEN=x\n",
        "curl -u \"$YOUR_USER\" host\n",
        "sed -i s/YOUR_TOKEN/$TOKEN/ file\n",
        "grep -r YOUR_TOKEN .\n",
        "echo 'set YOUR_TOKEN first' # YOUR_TOKEN\n",
        "kubectl apply -f - <<EOF\ntoken: <your-token>\nother: YOUR_TOKEN\nEOF\n",
        "echo \"usage: deploy <your-token>\"\n",
        "cat <in>out\n",
        "diff <(a) <(b)\n",
        "sort <in >out\n",
        "echo '<b>bold</b>'\n",
        "cat <<EOF\n<html>\nEOF\n",
        "[ 1 -lt 2 ] && a < b\n",
        "# see <pod>\n",
    ] {
        assert_eq!(messages(script), [""; 0], "{script}");
    }
}

#[test]
fn a_command_that_does_not_end_or_opens_an_editor_is_reported() {
    for script in [
        "vi x",
        "sudo vim /etc/hosts",
        "kubectl -n a edit deploy x",
        "kubectl port-forward svc/x 80",
        "kubectl get pods -w",
        "kubectl -n x logs -f pod/x",
        "tail -f log",
        "watch kubectl get pods",
        "for i in 1; do tail -F x; done",
    ] {
        assert_eq!(messages(script).len(), 1, "{script}");
    }
}

#[test]
fn every_form_of_an_endless_command_is_reported_and_text_that_looks_like_one_is_not() {
    for script in [
        "kubectl get pods -Aw",
        "kubectl get pods -wo wide",
        "kubectl get pods --watch=true",
        "kubectl logs -fn x pod/x",
        "tail -100f log",
        "journalctl -fu kubelet",
        "tail -f log | grep ready",
        "docker compose up",
        "docker logs -f x",
        "stern x",
        "sudo -n vi x",
        "env A=1 watch ls",
        "kubectl exec -it pod -- vi /etc/x",
        "kubectl exec pod -- tail -f /log",
        "systemctl edit kubelet",
        "git commit",
        "git rebase -i HEAD~2",
        "ping host",
        "sleep infinity",
        "kubectl attach pod",
        "echo \"vi\"; vi x # the second",
    ] {
        assert_eq!(messages(script).len(), 1, "{script}: {:?}", messages(script));
    }
    for script in [
        "echo 'vi x; kubectl edit deploy x; tail -f log'",
        "# kubectl edit deploy x; tail -f log",
        "cat >notes <<E\nvi x\nkubectl port-forward svc/x 80\ntail -f log\nE",
        "KUBE_EDITOR='sed -i s/a/b/' kubectl edit deploy x",
        "kubectl get pods --watch=false",
        "kubectl get pods -l app=w -o wide",
        "kubectl get -f web.yaml",
        "kubectl logs -f job/x",
        "kubectl logs -l app=f",
    ] {
        assert_eq!(messages(script), [""; 0], "{script}");
    }
}

#[test]
fn a_command_that_something_else_ends_is_not_reported() {
    for script in [
        "tail -n 3 -c5 file",
        "tail -f log | grep -q ready",
        "tail -f log | grep -m1 ready",
        "tail -f log | sed /ready/q",
        "{ kubectl port-forward svc/x 80; } &",
        "( tail -f log ) & sleep 1",
        "docker compose up -d",
        "docker compose up --wait",
        "stern --no-follow x",
        "vim -es x",
        "emacs --batch x",
        "git commit -am x",
        "git commit --amend --no-edit",
        "ping -c 3 host",
        "yes | apt-get install x",
        "kubectl top pods",
        "kubectl exec pod -- grep -w x f",
        "kubectl port-forward svc/x 80 &",
        "tail -f log | head -3",
        "kubectl wait --for=condition=Ready pod/x",
        "kubectl apply -f x.yaml",
        "grep -w word file",
        "kubectl get pods edit",
        "rm -f x",
        "cat vi.txt",
        "timeout 5 tail -f x",
    ] {
        assert_eq!(messages(script), [""; 0], "{script}");
    }
    let background = Attributes { background: Some(Background::Chapter), ..Attributes::default() };
    assert_eq!(advise("kubectl port-forward svc/x 80", &background), []);
}
