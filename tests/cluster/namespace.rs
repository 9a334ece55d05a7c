//! A namespace of its own for each test, and kubectl in it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use guide::testing::cluster::{Access, Cluster};

/// The cluster that the two variables name. It panics without them, so that an `--ignored` run cannot pass without testing anything.
pub(crate) fn access() -> Access {
    let variable = |name| {
        std::env::var(name).unwrap_or_else(|_| panic!("{name} must name the cluster to test on"))
    };
    Access {
        kubeconfig: PathBuf::from(variable("GUIDE_TEST_KUBECONFIG")),
        context: Some(variable("GUIDE_TEST_CONTEXT")),
        known_nodes: Vec::new(),
    }
}

/// The cluster to test on.
pub(crate) fn cluster() -> Cluster {
    Cluster::new(access())
}

/// Runs kubectl on that cluster with `input` as its stdin. If kubectl fails, it panics with kubectl's message.
#[track_caller]
pub(crate) fn kubectl(arguments: &[&str], input: &str) -> String {
    let output = try_kubectl(arguments, input);
    assert!(
        output.status.success(),
        "kubectl {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn try_kubectl(arguments: &[&str], input: &str) -> Output {
    let access = access();
    let mut child = Command::new("kubectl")
        .arg("--kubeconfig")
        .arg(&access.kubeconfig)
        .args(["--context", access.context.as_deref().unwrap()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl is in PATH");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// A namespace that is deleted at the end of the test.
pub(crate) struct Namespace(pub(crate) String);

impl Namespace {
    /// Creates the namespace. No other test may use the name.
    pub(crate) fn make(test: &str) -> Self {
        let name = format!("guide-try-{test}-{}", std::process::id());
        kubectl(&["create", "namespace", &name], "");
        Self(name)
    }

    /// Applies a manifest into it.
    #[track_caller]
    pub(crate) fn apply(&self, manifest: &str) {
        kubectl(&["--namespace", &self.0, "apply", "--filename", "-"], manifest);
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Also after a failure: a second panic would end the whole test run.
        let _ = try_kubectl(
            &["delete", "namespace", &self.0, "--wait=false", "--ignore-not-found"],
            "",
        );
    }
}
