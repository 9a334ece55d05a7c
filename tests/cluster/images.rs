//! The contracts of the images (`lab/images.yaml`), kept by the sealed images. Each image runs in a pod as each of its users: a container
//! for each of its programs, and, where the contract says how the image starts alone, the image itself beside a shell that looks at it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::namespace::{Namespace, kubectl};

/// The images that the node image contains. The other images are on the nodes only after the chapters that load them.
const BAKED: [&str; 6] = ["shell", "web", "traefik", "registry", "load", "postgres"];
/// A container that waits for longer than this has not started.
const PATIENCE: Duration = Duration::from_secs(180);
/// The functions of the prober. A variable counts as read if its name is in a program of the image, in the image's entrypoint script,
/// or in the arguments or the file with which the image starts.
const PROBES: &str = r#"
within() { until "$@"; do ((SECONDS < 60)) || return 1; sleep 1; done; }
listens() { (exec 3<>/dev/tcp/localhost/$1) 2>/dev/null; }
answers() {
    local port
    for port in $ports; do curl -fsS -o /dev/null "http://localhost:$port$1" 2>/dev/null && return; done
    return 1
}
reads() {
    local process
    for process in /proc/[0-9]*; do
        [ -e $process/root/contract/config ] || continue
        grep -qaF -- "$1" $process/{exe,cmdline,root/contract/config,root/usr/local/bin/entrypoint} 2>/dev/null && return
    done
    return 1
}
"#;

fn yaml(path: &str) -> Value {
    let whole = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{whole}: {error}"));
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn strings(value: &Value) -> Vec<String> {
    list(value).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The sealed image of one contract.
struct Image {
    name: String,
    /// The reference that the values name.
    reference: String,
    programs: Vec<String>,
    users: Vec<i64>,
    ports: Vec<i64>,
    paths: Vec<String>,
    environment: Vec<String>,
    alone: Option<Value>,
}

/// The contracts of all sealed images that have a name in the values, and so run in containers.
fn images() -> Vec<Image> {
    let (contracts, values) = (yaml("lab/images.yaml"), yaml("guide/values.sealed.yaml"));
    let mut images = Vec::new();
    for (name, contract) in contracts.as_object().expect("a table") {
        let Some(reference) = values["images"][name].as_str() else { continue };
        let both = |key: &str| [&contract[key], &contract["sealed"][key]];
        let words = |key| both(key).into_iter().flat_map(strings).collect();
        let numbers =
            |key| both(key).into_iter().flat_map(list).filter_map(Value::as_i64).collect();
        images.push(Image {
            name: name.clone(),
            reference: reference.to_owned(),
            programs: words("programs"),
            users: numbers("users"),
            ports: numbers("ports"),
            paths: words("paths"),
            environment: words("environment"),
            alone: contract.get("alone").cloned(),
        });
    }
    images
}

/// The references of the images on each node.
fn on_the_nodes() -> Vec<Vec<String>> {
    let nodes: Value = serde_json::from_str(&kubectl(&["get", "nodes", "-o", "json"], "")).unwrap();
    let names = |node: &Value| {
        list(&node["status"]["images"]).flat_map(|image| strings(&image["names"])).collect()
    };
    list(&nodes["items"]).map(names).collect()
}

impl Image {
    fn pod_name(&self, user: Option<i64>) -> String {
        let user = user.map(|user| format!("-{user}")).unwrap_or_default();
        format!("{}{user}", self.name.replace('_', "-"))
    }

    /// A container of this image. Without a command it runs the image's entrypoint.
    fn container(&self, name: &str, command: &[&str], arguments: &[String]) -> Value {
        let mut container = json!({
            "name": name, "image": self.reference, "imagePullPolicy": "Never", "args": arguments,
            "volumeMounts": [{ "name": "contract", "mountPath": "/contract" }],
        });
        if !command.is_empty() {
            container["command"] = json!(command);
        }
        container
    }

    /// The image itself, as it starts alone.
    fn subject(&self, alone: &Value) -> Value {
        let entrypoint = self.programs.iter().any(|program| program == "entrypoint");
        let command = if entrypoint { vec![] } else { vec![self.programs[0].as_str()] };
        let mut subject = self.container("subject", &command, &strings(&alone["args"]));
        let variables = alone["environment"].as_object().into_iter().flatten();
        subject["env"] =
            variables.map(|(name, value)| json!({ "name": name, "value": value })).collect();
        subject
    }

    /// The pod that proves the contract for one user.
    fn pod(&self, user: Option<i64>, shell: &str) -> Value {
        let mut containers = Vec::new();
        for (number, program) in self.programs.iter().enumerate() {
            let help = ["--help".to_owned()];
            let command = if program == "entrypoint" { vec![] } else { vec![program.as_str()] };
            containers.push(self.container(&format!("program-{number}"), &command, &help));
        }
        if let Some(user) = user {
            for container in &mut containers {
                container["securityContext"] = json!({ "runAsUser": user });
            }
        }
        if let Some(alone) = &self.alone {
            let mut subject = self.subject(alone);
            if let Some(user) = user {
                subject["securityContext"] = json!({ "runAsUser": user });
            }
            containers.push(subject);
            // It sees the processes of the subject, and shares its network.
            containers.push(json!({
                "name": "prober", "image": shell, "imagePullPolicy": "Never", "command": ["sleep", "600"],
                "securityContext": { "runAsUser": 0, "capabilities": { "add": ["SYS_PTRACE"] } },
            }));
        }
        let config = self.alone.as_ref().and_then(|alone| alone["config"].as_str()).unwrap_or("");
        let name = self.pod_name(user);
        json!({ "apiVersion": "v1", "kind": "List", "items": [
            { "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "config": config } },
            { "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": {
                "restartPolicy": "Never", "shareProcessNamespace": true, "terminationGracePeriodSeconds": 1,
                "containers": containers, "volumes": [{ "name": "contract", "configMap": { "name": name } }],
            } },
        ] })
    }

    /// The script with which the prober looks at the subject. It prints a line for each thing that the contract names and the image lacks.
    fn probe(&self) -> String {
        let mut script = PROBES.to_owned();
        let ports: Vec<String> = self.ports.iter().map(i64::to_string).collect();
        writeln!(script, "ports='{}'", ports.join(" ")).unwrap();
        for port in &ports {
            writeln!(script, "within listens {port} || echo 'port {port}'").unwrap();
        }
        for path in &self.paths {
            writeln!(script, "within answers '{path}' || echo 'path {path}'").unwrap();
        }
        for variable in &self.environment {
            writeln!(script, "reads {variable} || echo 'variable {variable}'").unwrap();
        }
        script
    }

    /// What the containers of the pod say that this image lacks.
    fn lacks(&self, namespace: &Namespace, user: Option<i64>) -> Vec<String> {
        let pod = self.pod_name(user);
        let states = started(namespace, &pod);
        let mut lacks = Vec::new();
        for (number, program) in self.programs.iter().enumerate() {
            if let Some(why) = not_started(&states[&format!("program-{number}")]) {
                lacks.push(format!("program {program}: {why}"));
            }
        }
        if self.alone.is_some() {
            if let Some(why) = not_started(&states["subject"]) {
                lacks.push(format!("start by itself: {why}"));
            }
            let arguments = [
                "--namespace",
                &namespace.0,
                "exec",
                "-i",
                &pod,
                "--container=prober",
                "--",
                "bash",
            ];
            lacks.extend(kubectl(&arguments, &self.probe()).lines().map(str::to_owned));
        }
        let user = user.map(|user| format!(" as user {user}")).unwrap_or_default();
        lacks.into_iter().map(|what| format!("{}{user} has no {what}", self.name)).collect()
    }
}

/// The states of a pod's containers, when each of them has started or could not.
fn started(namespace: &Namespace, pod: &str) -> BTreeMap<String, Value> {
    let since = Instant::now();
    loop {
        let text = kubectl(&["--namespace", &namespace.0, "get", "pod", pod, "-o", "json"], "");
        let shown: Value = serde_json::from_str(&text).unwrap();
        let statuses = list(&shown["status"]["containerStatuses"]);
        let states: BTreeMap<String, Value> = statuses
            .map(|status| (status["name"].as_str().unwrap().to_owned(), status["state"].clone()))
            .collect();
        let waits = |state: &Value| {
            let reason = state["waiting"]["reason"].as_str();
            reason == Some("ContainerCreating") || reason == Some("PodInitializing")
        };
        if !states.is_empty() && !states.values().any(waits) {
            return states;
        }
        assert!(since.elapsed() < PATIENCE, "the pod {pod} does not start: {}", shown["status"]);
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Why a container's program has not started. A program that ended, with any exit code, has started.
fn not_started(state: &Value) -> Option<String> {
    let at = ["waiting", "terminated"].map(|kind| &state[kind]);
    let failed = |state: &&&Value| {
        let reason = state["reason"].as_str().unwrap_or_default();
        !matches!(reason, "" | "Completed" | "Error")
    };
    at.iter().find(failed).map(|state| format!("{} ({})", state["reason"], state["message"]))
}

/// Every image that is there in pods of its own, and what they lack.
fn problems(namespace: &Namespace, images: &[Image]) -> Vec<String> {
    let shell = yaml("guide/values.sealed.yaml")["images"]["shell"].as_str().unwrap().to_owned();
    let users = |image: &Image| -> Vec<Option<i64>> {
        if image.users.is_empty() {
            vec![None]
        } else {
            image.users.iter().copied().map(Some).collect()
        }
    };
    let mut problems = Vec::new();
    // A few at a time: the nodes are small.
    for few in images.chunks(4) {
        let each =
            || few.iter().flat_map(|image| users(image).into_iter().map(move |user| (image, user)));
        each().for_each(|(image, user)| namespace.apply(&image.pod(user, &shell).to_string()));
        problems.extend(each().flat_map(|(image, user)| image.lacks(namespace, user)));
        kubectl(&["--namespace", &namespace.0, "delete", "pods", "--all", "--wait=false"], "");
    }
    problems
}

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn the_sealed_images_keep_their_contracts() {
    let nodes = on_the_nodes();
    let there = |image: &Image| {
        nodes.iter().all(|node| node.iter().any(|name| name.ends_with(&image.reference)))
    };
    let (present, absent): (Vec<Image>, Vec<Image>) = images().into_iter().partition(there);
    let names =
        |images: &[Image]| images.iter().map(|image| image.name.clone()).collect::<Vec<_>>();
    println!("tested: {}; not loaded: {}", names(&present).join(" "), names(&absent).join(" "));
    let missing: Vec<&str> =
        BAKED.into_iter().filter(|name| names(&absent).contains(&(*name).to_owned())).collect();
    assert!(missing.is_empty(), "the node image lacks {missing:?}");
    let namespace = Namespace::make("images");
    let problems = problems(&namespace, &present);
    assert!(
        problems.is_empty(),
        "lab/images.yaml promises more than the images keep:\n  {}",
        problems.join("\n  ")
    );
}

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn an_image_that_breaks_its_contract_is_named_with_what_it_lacks() {
    let mut traefik =
        images().into_iter().find(|image| image.name == "traefik").expect("traefik has a contract");
    traefik.programs.push("nosuch".to_owned());
    traefik.ports.push(8099);
    traefik.paths.push("/nosuch".to_owned());
    traefik.environment.push("NO_SUCH_VARIABLE".to_owned());
    let namespace = Namespace::make("broken-image");
    let problems = problems(&namespace, &[traefik]);
    let (program, rest) = problems.split_first().expect("problems");
    assert!(program.starts_with("traefik as user 0 has no program nosuch: "), "{program}");
    let lacks = ["port 8099", "path /nosuch", "variable NO_SUCH_VARIABLE"];
    assert_eq!(rest, lacks.map(|what| format!("traefik as user 0 has no {what}")));
}

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn the_node_image_contains_the_programs_of_its_contract() {
    let programs = strings(&yaml("lab/images.yaml")["node"]["programs"]);
    let script = "for program; do command -v \"$program\" >/dev/null || echo \"$program\"; done";
    for node in kubectl(&["get", "nodes", "-o", "name"], "").lines() {
        let node = node.trim_start_matches("node/");
        let output = Command::new("docker")
            .args(["exec", node, "bash", "-c", script, "bash"])
            .args(&programs)
            .output()
            .expect("docker is in PATH");
        assert!(output.status.success(), "{node}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{node} lacks these programs");
    }
}
