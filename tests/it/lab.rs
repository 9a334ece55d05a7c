//! The programs of the lab, with scripts instead of docker, go and uname. The scripts answer as the real programs do on other
//! machines, and log how they were called.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A machine: a folder of programs that precedes PATH, and a home folder.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(machine.path("programs")).expect("folder made");
        machine
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Puts a script into PATH.
    fn with(self, name: &str, script: &str) -> Self {
        let file = self.path("programs").join(name);
        fs::write(&file, format!("#!/bin/bash\n{script}\n")).expect("file written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("executable");
        self
    }

    /// Removes a program from PATH: the rest of PATH is one folder of links.
    fn without(self, names: &[&str]) -> Self {
        fs::create_dir(self.path("rest")).expect("folder made");
        let all = std::env::var("PATH").unwrap_or_default();
        for entry in
            all.split(':').filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten()
        {
            let name = entry.file_name();
            if !names.iter().any(|missing| name == *missing) {
                let _ = std::os::unix::fs::symlink(entry.path(), self.path("rest").join(name));
            }
        }
        self
    }

    fn run(&self, profile: &str, words: &[&str]) -> Output {
        let rest = self.path("rest");
        let rest = if rest.is_dir() {
            rest.display().to_string()
        } else {
            std::env::var("PATH").unwrap_or_default()
        };
        Command::new("bash")
            .args(words)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .env("PATH", format!("{}:{rest}", self.path("programs").display()))
            .env("HOME", self.folder.path())
            .env("GUIDE_PROFILE", profile)
            .env("CLUSTER_NAME", "test")
            .env("IMAGES_GOLANG", "golang:1")
            .env("IMAGES_DEBIAN", "debian:1")
            .output()
            .expect("bash starts")
    }

    /// Exit code and stderr of `lab/host-fits`.
    fn fits(&self, profile: &str, programs: &[&str]) -> (Option<i32>, String) {
        let output = self.run(profile, &[&["lab/host-fits"], programs].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stderr).trim_end().to_owned())
    }
}

/// A docker whose `info` describes the engine with this text.
fn engine(info: &str) -> String {
    format!("[ \"$1\" = info ] && echo '{info}'")
}

const ENGINE: &str = "Debian GNU/Linux 12 (bookworm) [name=seccomp,profile=builtin name=cgroupns]";

#[test]
fn a_linux_machine_with_docker_and_curl_is_accepted() {
    let machine = Machine::new().with("docker", &engine(ENGINE)).with("curl", "true");
    assert_eq!(machine.fits("open", &[]), (Some(0), String::new()));
}

#[test]
fn an_unsuitable_machine_is_refused_in_one_sentence_with_a_hint() {
    let base = || Machine::new().with("docker", &engine(ENGINE)).with("curl", "true");
    let uname = |system: &str, machine: &str| {
        format!("case $1 in -s) echo {system} ;; *) echo {machine} ;; esac")
    };
    let cases = [
        (
            base().with("uname", &uname("Darwin", "arm64")).fits("open", &[]),
            "This book runs on Linux only, and this is Darwin: run it in a Linux virtual machine (on Windows: WSL 2) in which Docker Engine is installed.",
        ),
        (
            base().with("uname", &uname("Linux", "aarch64")).fits("sealed", &[]),
            "Profile sealed builds for x86-64 only, and this machine is aarch64: use --profile open, which pulls images for both.",
        ),
        (base().with("uname", &uname("Linux", "aarch64")).fits("open", &[]), ""),
        (
            base().without(&["curl", "nosuch"]).with("curl", "true").fits("open", &["nosuch"]),
            "Missing here: nosuch. Install with: apt-get install nosuch",
        ),
        (
            Machine::new().with("docker", &engine(ENGINE)).without(&["curl"]).fits("open", &[]),
            "Missing here: curl. Install with: apt-get install curl",
        ),
        (
            base().with("date", "echo \"date: invalid date '$2'\" >&2; exit 1").fits("open", &[]),
            "The book computes with GNU date, and the date of this machine cannot read 2026-01-01T00:00:00Z: install GNU coreutils (Ubuntu 25.10: apt-get install coreutils-from-gnu).",
        ),
        (
            base()
                .with("docker", "echo 'permission denied while trying to connect' >&2; exit 1")
                .with("id", "echo ada")
                .fits("open", &[]),
            "This user may not use Docker: usermod -aG docker ada, then log in again (or run as root).",
        ),
        (
            base()
                .with(
                    "docker",
                    &engine("Ubuntu 24.04 LTS [name=seccomp,profile=builtin name=rootless name=cgroupns]"),
                )
                .with("cat", "echo 1024")
                .fits("open", &[]),
            "Docker runs rootless here and may not publish port 80: sysctl net.ipv4.ip_unprivileged_port_start=80 as root, or run with --set cluster.http_port=8080 --set cluster.https_port=8443.",
        ),
    ];
    for ((code, said), wanted) in cases {
        assert_eq!((code, said.as_str()), (Some(i32::from(!wanted.is_empty())), wanted));
    }
}

#[test]
fn an_old_go_and_a_missing_one_are_named_before_anything_is_compiled() {
    let old = Machine::new().with("go", "echo go1.19.8").run("sealed", &["lab/build", "oci-image"]);
    let said = String::from_utf8_lossy(&old.stderr).into_owned();
    assert_eq!(old.status.code(), Some(3), "{said}");
    assert!(said.starts_with("lab: Go 1.19.8 is too old for these parts: oci-image\n"), "{said}");
    let missing = Machine::new().without(&["go"]).run("sealed", &["lab/build", "oci-image"]);
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert_eq!(missing.status.code(), Some(3), "{said}");
    assert!(
        said.starts_with(
            "lab: Go is missing, and profile sealed compiles these parts with it: oci-image\n"
        ),
        "{said}"
    );
}

/// The path of a part after it was made.
fn folder_of(machine: &Machine, profile: &str, part: &str) -> PathBuf {
    let script = format!("source lab/part-key && folder_of {part} && echo \"$folder\"");
    let output = machine.run(profile, &["-c", &script]);
    PathBuf::from(String::from_utf8(output.stdout).expect("a path").trim_end())
}

/// A docker with one node, whose containerd prints these words when it imports an image, and keeps the labels.
fn node(importing: &str, calls: &Path) -> String {
    format!(
        "case \"$*\" in\n  ps*) echo node ;;\n  *'images import'*) cat >/dev/null; printf '{importing}' ;;\n  \
         *'images label'*) echo \"$*\" >>'{calls}' ;;\n  *'images ls'*) grep -o 'web=[0-9a-f]*' '{calls}' 2>/dev/null; true ;;\nesac",
        calls = calls.display()
    )
}

#[test]
fn an_image_is_labelled_by_its_name_in_the_tar_whatever_containerd_prints() {
    for importing in [
        "unpacking guide.lab/web:1 (sha256:12)...done\\n",
        "guide.lab/a-name-that-is-cut-after-forty-  saved\\t\\napplication/vnd.oci.image.manifest.v1+json sha256:12\\nelapsed: 1.2 s\\n",
    ] {
        let machine = Machine::new();
        let calls = machine.path("calls");
        let machine = machine.with("docker", &node(importing, &calls));
        let folder = folder_of(&machine, "sealed", "web");
        fs::create_dir_all(&folder).expect("folder made");
        fs::write(
            machine.path("manifest.json"),
            r#"[{"Config":"a.json","RepoTags":["guide.lab/web:1", "guide.lab/web:latest"]}]"#,
        )
        .expect("file written");
        let tar = folder.join("image.tar").display().to_string();
        let home = machine.folder.path().display().to_string();
        assert!(
            Command::new("tar")
                .args(["-C", &home, "-cf", &tar, "manifest.json"])
                .status()
                .expect("tar")
                .success()
        );
        let before = machine.run("sealed", &["lab/load", "--check", "web"]);
        assert_eq!(before.status.code(), Some(1));
        let loaded = machine.run("sealed", &["lab/load", "web"]);
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        let key = folder.display().to_string().rsplit('-').next().unwrap_or_default().to_owned();
        let label = |name: &str| {
            format!("exec -i node ctr --namespace k8s.io images label {name} lab.guide.web={key}\n")
        };
        let labelled = fs::read_to_string(&calls).expect("calls");
        assert_eq!(
            labelled,
            label("guide.lab/web:1") + &label("guide.lab/web:latest"),
            "after {importing:?}"
        );
        assert!(machine.run("sealed", &["lab/load", "--check", "web"]).status.success());
    }
}

#[test]
fn in_profile_open_docker_makes_the_book_s_own_parts_without_go() {
    let machine = Machine::new().without(&["go"]);
    let calls = machine.path("calls");
    let docker = format!(
        "echo \"$*\" >>'{}'\nwhile [ $# -gt 0 ]; do [ \"$1\" != --output ] || : >\"$2\"; shift; done",
        calls.display()
    );
    let machine = machine.with("docker", &docker).with("nice", "exec \"$@\"");
    let built = machine.run("open", &["lab/build", "web", "git-server", "lab-host"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let calls = fs::read_to_string(&calls).expect("calls");
    for (image, file) in [
        ("guide.lab/web:1", "lab/docker/go-program"),
        ("guide.lab/git-server:debian-bookworm", "lab/docker/git-server"),
        ("guide.lab/lab-host:debian-bookworm", "lab/docker/lab-host"),
    ] {
        let line = calls
            .lines()
            .find(|line| line.starts_with(&format!("build --tag {image} ")))
            .unwrap_or_else(|| panic!("{calls}"));
        assert!(
            line.contains(file)
                && line.contains("GOLANG=golang:1")
                && line.contains("DEBIAN=debian:1"),
            "{line}"
        );
    }
    assert!(machine.run("open", &["lab/has", "web", "git-server", "lab-host"]).status.success());
    assert!(
        !machine.run("sealed", &["lab/has", "web"]).status.success(),
        "a part that Docker made is not the sealed one"
    );
    let sealed_only = machine.run("open", &["lab/build", "kind"]);
    assert!(!sealed_only.status.success());
    assert!(
        String::from_utf8_lossy(&sealed_only.stderr)
            .contains("the part 'kind' is made in profile sealed only")
    );
}

/// A docker with two nodes, whose image store is one file each, and whose registry gives this answer to a pull.
fn registry(machine: &Machine, answer: &str) -> String {
    let folder = machine.folder.path().display();
    format!(
        "case \"$*\" in\n  ps*) echo b; echo a ;;\n  *inspecti*) grep -qx \"${{@: -1}}\" '{folder}'/\"$2\" 2>/dev/null ;;\n  \
         *pull*) echo \"$2 $5\" >>'{folder}/pulls'; {answer} && echo \"$5\" >>'{folder}'/\"$2\" ;;\nesac"
    )
}

#[test]
fn images_are_pulled_onto_every_node_once_and_a_second_run_contacts_no_registry() {
    let machine = Machine::new();
    let docker = registry(&machine, "true");
    let machine = machine.with("docker", &docker);
    let images = ["docker.io/library/x:1", "guide.lab/own:1"];
    let run = |words: &[&str]| machine.run("open", &[words, &images].concat());
    let before = run(&["lab/pull", "--check"]);
    assert_eq!(before.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&before.stderr),
        "a has no image docker.io/library/x:1. Pull it: lab/pull docker.io/library/x:1\n\
         b has no image docker.io/library/x:1. Pull it: lab/pull docker.io/library/x:1\n"
    );
    assert!(run(&["lab/pull"]).status.success());
    assert!(run(&["lab/pull"]).status.success());
    assert!(run(&["lab/pull", "--check"]).status.success());
    let mut pulls: Vec<String> = fs::read_to_string(machine.path("pulls"))
        .expect("pulls")
        .lines()
        .map(str::to_owned)
        .collect();
    pulls.sort();
    assert_eq!(pulls, ["a docker.io/library/x:1", "b docker.io/library/x:1"]);
}

#[test]
fn a_failed_pull_is_tried_three_times_and_reported_with_the_registry_s_message() {
    let machine = Machine::new();
    let docker = registry(
        &machine,
        "{ echo 'FATA[0000] toomanyrequests: You have reached your pull rate limit'; false; }",
    );
    let machine = machine.with("docker", &docker).with("sleep", "true");
    let pulled = machine.run("open", &["lab/pull", "docker.io/library/x:1"]);
    assert_eq!(pulled.status.code(), Some(1));
    let said = String::from_utf8_lossy(&pulled.stderr).into_owned();
    assert!(
        said.contains("a could not pull docker.io/library/x:1: FATA[0000] toomanyrequests"),
        "{said}"
    );
    assert!(said.contains("Docker Hub allows 100 pulls in six hours"), "{said}");
    assert_eq!(
        fs::read_to_string(machine.path("pulls")).expect("pulls").lines().count(),
        6,
        "three times for each node"
    );
}
