use super::super::attributes::Background;
use super::*;

fn said(script: &str) -> Vec<String> {
    advise(script, &Attributes::default()).into_iter().map(|advice| advice.message).collect()
}

#[test]
fn a_prompt_is_an_error() {
    for script in ["$ ls\n", "# first\n\n  $ ls\nfile\n", "ls\n$ cat x\n"] {
        let advice = advise(script, &Attributes::default());
        assert_eq!((advice.len(), advice[0].severity), (1, Severity::Unrunnable), "{script}");
    }
    assert_eq!(said("cat <<E\n$ ls\nE\necho $x\n"), [""; 0]);
}

#[test]
fn a_placeholder_is_told() {
    assert_eq!(
        said("kubectl get pod <pod-name> -o yaml\n"),
        ["`<pod-name>` is a placeholder, which bash reads as names of files"]
    );
    assert_eq!(said("curl -H \"Bearer <your-token>\" x\n").len(), 1);
    assert_eq!(said("export KEY='<API_KEY>'\n").len(), 1);
    for script in [
        "sort <in >out\n",
        "echo '<b>bold</b>'\n",
        "cat <<EOF\n<html>\nEOF\n",
        "[ 1 -lt 2 ] && a < b\n",
        "# see <pod>\n",
    ] {
        assert_eq!(said(script), [""; 0], "{script}");
    }
}

#[test]
fn what_waits_for_ever_or_for_somebody_is_told_with_what_to_write() {
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
        assert_eq!(said(script).len(), 1, "{script}");
    }
    for script in [
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
        assert_eq!(said(script), [""; 0], "{script}");
    }
    let background = Attributes { background: Some(Background::Chapter), ..Attributes::default() };
    assert_eq!(advise("kubectl port-forward svc/x 80", &background), []);
}
