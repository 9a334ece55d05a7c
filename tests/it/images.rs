//! The contracts of the images (`lab/images.yaml`): the images of both profiles contain what the chapters use.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_yaml::Value;

/// The content of one profile's image.
#[derive(Default)]
struct Contract {
    programs: BTreeSet<String>,
    users: BTreeSet<i64>,
    ports: BTreeSet<i64>,
    paths: BTreeSet<String>,
    environment: BTreeSet<String>,
}

/// A book under one profile: the contracts of its images, and what its chapters use.
struct World {
    profile: &'static str,
    contracts: BTreeMap<String, Contract>,
    /// The names of an image in the values.
    names: BTreeMap<String, Vec<String>>,
    plan: Value,
}

fn yaml(path: &str) -> Value {
    let whole = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{whole}: {error}"));
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_sequence().into_iter().flatten()
}

fn strings(value: &Value) -> impl Iterator<Item = String> + '_ {
    list(value).filter_map(Value::as_str).map(str::to_owned)
}

impl Contract {
    fn add(&mut self, part: &Value) {
        self.programs.extend(strings(&part["programs"]));
        self.paths.extend(strings(&part["paths"]));
        self.environment.extend(strings(&part["environment"]));
        self.users.extend(list(&part["users"]).filter_map(Value::as_i64));
        self.ports.extend(list(&part["ports"]).filter_map(Value::as_i64));
    }
}

impl World {
    fn of(profile: &'static str) -> Self {
        let mut contracts = BTreeMap::new();
        for (name, written) in yaml("lab/images.yaml").as_mapping().expect("a table") {
            let mut contract = Contract::default();
            contract.add(written);
            contract.add(&written[profile]);
            contracts.insert(name.as_str().expect("a name").to_owned(), contract);
        }
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, image) in
            yaml(&format!("guide/values.{profile}.yaml"))["images"].as_mapping().expect("images")
        {
            let (name, image) = (name.as_str().expect("a name"), image.as_str().expect("an image"));
            names.entry(image.to_owned()).or_default().push(name.to_owned());
        }
        let state = tempfile::tempdir().expect("a temporary folder");
        let planned = Command::new(env!("CARGO_BIN_EXE_guide"))
            .args([
                "plan",
                "--json",
                "--profile",
                profile,
                "--book",
                env!("CARGO_MANIFEST_DIR"),
                "--state",
            ])
            .arg(state.path())
            .output()
            .expect("guide starts");
        assert!(planned.status.success(), "{}", String::from_utf8_lossy(&planned.stderr));
        let plan = serde_yaml::from_slice(&planned.stdout).expect("a plan");
        Self { profile, contracts, names, plan }
    }

    /// The error of one use that no contract of the image allows.
    fn refuse(
        &self,
        image: &[String],
        place: &str,
        what: &str,
        allowed: impl Fn(&Contract) -> bool,
    ) -> Option<String> {
        let contracts = image.iter().filter_map(|name| self.contracts.get(name));
        let all: Vec<_> = contracts.collect();
        (!all.iter().any(|contract| allowed(contract))).then(|| {
            format!(
                "{place}: profile {}: the image {} has no {what}",
                self.profile,
                image.join("/")
            )
        })
    }

    fn chapters(&self) -> impl Iterator<Item = &Value> {
        list(&self.plan["chapters"])
    }

    /// The documents of every manifest, each with its place.
    fn documents(&self) -> Vec<(String, Value)> {
        let manifests = self.chapters().flat_map(|chapter| list(&chapter["manifests"]));
        let mut all = Vec::new();
        for manifest in manifests {
            let place = manifest["place"].as_str().unwrap_or_default().to_owned();
            for document in
                serde_yaml::Deserializer::from_str(manifest["text"].as_str().unwrap_or_default())
            {
                let document: Value = serde::Deserialize::deserialize(document)
                    .unwrap_or_else(|error| panic!("{place}: {error}"));
                all.push((place.clone(), document));
            }
        }
        all
    }

    fn image(&self, container: &Value) -> Option<&Vec<String>> {
        self.names.get(container["image"].as_str()?)
    }

    /// Everything that the containers of the manifests use and that their images lack.
    fn container(&self, place: &str, pod: &Value, container: &Value) -> Vec<String> {
        let Some(image) = self.image(container) else {
            return vec![format!(
                "{place}: profile {}: {:?} is no image of the values",
                self.profile, container["image"]
            )];
        };
        let mut problems = Vec::new();
        let words: Vec<String> = strings(&container["command"]).collect();
        let programs =
            if words.is_empty() { vec!["entrypoint".to_owned()] } else { programs_of(&words) };
        let probes =
            ["readinessProbe", "livenessProbe", "startupProbe"].map(|probe| &container[probe]);
        let in_probes = probes
            .iter()
            .flat_map(|probe| programs_of(&strings(&probe["exec"]["command"]).collect::<Vec<_>>()));
        for program in programs.into_iter().chain(in_probes) {
            let what = format!("program {program}");
            problems.extend(
                self.refuse(image, place, &what, |contract| contract.programs.contains(&program)),
            );
        }
        let named = |port: &Value| {
            let of_name = |name: &str| {
                list(&container["ports"]).find(|port| port["name"] == name)?["containerPort"]
                    .as_i64()
            };
            port.as_i64().or_else(|| of_name(port.as_str()?))
        };
        let declared = list(&container["ports"]).map(|port| &port["containerPort"]);
        let probed = probes
            .iter()
            .flat_map(|probe| [&probe["httpGet"]["port"], &probe["tcpSocket"]["port"]]);
        for port in declared.chain(probed).filter(|port| !port.is_null()) {
            let number = named(port).unwrap_or_default();
            problems.extend(self.refuse(image, place, &format!("port {number}"), |contract| {
                contract.ports.contains(&number)
            }));
        }
        for path in probes.iter().filter_map(|probe| probe["httpGet"]["path"].as_str()) {
            problems.extend(self.refuse(image, place, &format!("path {path}"), |contract| {
                contract.paths.contains(path)
            }));
        }
        for name in list(&container["env"]).filter_map(|variable| variable["name"].as_str()) {
            problems.extend(self.refuse(image, place, &format!("variable {name}"), |contract| {
                contract.environment.contains(name)
            }));
        }
        let users =
            [&container["securityContext"]["runAsUser"], &pod["securityContext"]["runAsUser"]];
        if let Some(user) = users.into_iter().find_map(Value::as_i64) {
            problems.extend(self.refuse(image, place, &format!("user {user}"), |contract| {
                contract.users.contains(&user)
            }));
        }
        problems
    }

    /// The image of each pod whose name a manifest fixes: a Pod, and the first pod of a StatefulSet.
    fn pods(&self) -> BTreeMap<String, Vec<String>> {
        let mut pods = BTreeMap::from([("probe".to_owned(), vec!["shell".to_owned()])]);
        for (_, document) in self.documents() {
            let name = document["metadata"]["name"].as_str().unwrap_or_default();
            let (name, pod) = match document["kind"].as_str() {
                Some("Pod") => (name.to_owned(), &document["spec"]),
                Some("StatefulSet") => (format!("{name}-0"), &document["spec"]["template"]["spec"]),
                _ => continue,
            };
            if let Some(image) = self.image(&pod["containers"][0]) {
                pods.insert(name, image.clone());
            }
        }
        pods
    }

    /// Everything that the steps run in containers and that the images lack.
    fn script(
        &self,
        place: &str,
        script: &str,
        pods: &BTreeMap<String, Vec<String>>,
    ) -> Vec<String> {
        let mut problems = Vec::new();
        for (image, program) in executed(script, pods) {
            let what = format!("program {program}");
            // Programs that a chapter copies into a container itself.
            let brought = [("shell", "kubectl"), ("lab_host", "/root/restore-connectivity.sh")]
                .contains(&(image[0].as_str(), &program));
            let allowed = |contract: &Contract| brought || contract.programs.contains(&program);
            problems.extend(self.refuse(&image, place, &what, allowed));
        }
        problems
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (place, document) in self.documents() {
            pod_specs(&document, &mut |pod| {
                let containers = list(&pod["initContainers"]).chain(list(&pod["containers"]));
                problems.extend(
                    containers.flat_map(|container| self.container(&place, pod, container)),
                );
            });
        }
        let pods = self.pods();
        for step in self.chapters().flat_map(|chapter| list(&chapter["steps"])) {
            let text = |key: &str| step[key].as_str().unwrap_or_default();
            problems.extend(self.script(text("place"), text("script"), &pods));
        }
        problems
    }
}

/// Every pod's specification in a document.
fn pod_specs(value: &Value, take: &mut impl FnMut(&Value)) {
    if value["containers"].is_sequence() && value["containers"][0]["image"].is_string() {
        take(value);
    }
    for inner in value.as_mapping().into_iter().flat_map(|mapping| mapping.values()) {
        pod_specs(inner, take);
    }
}

/// The programs of a command: the first word, and the programs of the script after a shell's `-c`.
fn programs_of(words: &[String]) -> Vec<String> {
    let Some(first) = words.first() else { return Vec::new() };
    let script = words
        .iter()
        .position(|word| word.starts_with('-') && word.ends_with('c'))
        .and_then(|at| words.get(at + 1));
    let inner = script
        .filter(|_| first == "sh" || first == "bash")
        .map(|script| commands_in(script))
        .unwrap_or_default();
    std::iter::once(first.clone()).chain(inner).collect()
}

/// The builtins and keywords of a shell.
const SHELL: [&str; 24] = [
    "[", "break", "case", "cd", "do", "done", "echo", "elif", "else", "esac", "exec", "exit", "fi",
    "for", "if", "in", "printf", "set", "test", "then", "until", "while", "!", "command",
];

/// The first word of each simple command of a short script. A quoted text is one word, and not a command.
fn commands_in(script: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut quote = None;
    for character in script.chars() {
        match quote {
            Some(open) if open == character => quote = None,
            Some(_) => {}
            None if character == '\'' || character == '"' => quote = Some(character),
            None => plain.push(character),
        }
    }
    let commands = plain.split([';', '|', '&', '\n']);
    let firsts = commands.filter_map(|command| {
        let mut words = command
            .split_whitespace()
            .skip_while(|word| SHELL.contains(word) && !matches!(*word, "echo" | "printf"));
        words.find(|word| !word.contains('=') && !word.starts_with('-'))
    });
    let named = |word: &&str| {
        let program =
            word.chars().all(|character| character.is_alphanumeric() || "/._-".contains(character));
        program && word.chars().any(char::is_alphabetic) && !SHELL.contains(word)
    };
    firsts.filter(named).map(str::to_owned).collect()
}

/// What a script runs in containers: the names of the image, and the program.
fn executed(script: &str, pods: &BTreeMap<String, Vec<String>>) -> Vec<(Vec<String>, String)> {
    let joined = script.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in joined.lines() {
        let words = shell_words(line);
        for (at, word) in words.iter().enumerate() {
            let rest = &words[at + 1..];
            let (image, command) = match word.as_str() {
                "exec" => {
                    let mut operands = rest.iter().skip_while(|word| word.starts_with('-'));
                    let Some(target) = operands.next() else { continue };
                    let after: Vec<String> = operands.cloned().collect();
                    let in_docker = at > 0 && words[at - 1].ends_with("docker");
                    match (pods.get(target), after.iter().position(|word| word == "--")) {
                        (Some(image), Some(dashes)) => {
                            (image.clone(), after[dashes + 1..].to_vec())
                        }
                        (None, None) if in_docker && target.contains("node") => {
                            (vec!["node".to_owned()], after)
                        }
                        _ => continue,
                    }
                }
                "on-lab-host" => (vec!["lab_host".to_owned()], rest.to_vec()),
                "from-hub" => (vec!["shell".to_owned()], rest.to_vec()),
                _ => continue,
            };
            found.extend(
                programs_of(&command)
                    .into_iter()
                    .filter(|word| !word.starts_with('$'))
                    .map(|program| (image.clone(), program)),
            );
        }
    }
    found
}

/// The words of a line as a shell splits them, without quotes.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for character in line.chars() {
        match quote {
            Some(open) if open == character => quote = None,
            Some(_) => word.push(character),
            None if character == '\'' || character == '"' => quote = Some(character),
            None if character.is_whitespace() || "|;&(){}".contains(character) => {
                words.push(std::mem::take(&mut word));
            }
            None => word.push(character),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn the_images_of_both_profiles_contain_what_the_chapters_use() {
    let problems: Vec<String> =
        ["open", "sealed"].into_iter().flat_map(|profile| World::of(profile).problems()).collect();
    assert!(problems.is_empty(), "lab/images.yaml does not allow:\n  {}", problems.join("\n  "));
}

#[test]
fn every_image_of_the_values_has_a_contract_and_every_contract_an_image() {
    for profile in ["open", "sealed"] {
        let world = World::of(profile);
        let written = yaml("lab/images.yaml");
        let contracts: BTreeSet<&String> = world
            .contracts
            .keys()
            .filter(|name| *name != "node" && written[name.as_str()]["from"][profile].is_string())
            .collect();
        // The base images of builds run nowhere.
        let used =
            world.names.iter().filter(|(image, _)| !image.is_empty()).flat_map(|(_, names)| names);
        let used: BTreeSet<&String> =
            used.filter(|name| *name != "golang" && *name != "debian").collect();
        assert_eq!(used, contracts, "profile {profile}");
    }
}

#[test]
fn a_program_that_an_image_lacks_is_refused() {
    let world = World::of("open");
    let pods = world.pods();
    let refused = |script: &str| world.script("a.md:1", script, &pods);
    assert_eq!(
        refused("kubectl exec dns-probe -- curl -s http://x/ | nosuch"),
        Vec::<String>::new()
    );
    assert_eq!(
        refused("x=$(kubectl -n default exec dns-probe -- nosuch --flag)"),
        ["a.md:1: profile open: the image shell has no program nosuch"]
    );
    assert_eq!(
        refused("kubectl exec -i \\\n  dns-probe -- sh -c 'cut -f 2 /x | nosuch'"),
        ["a.md:1: profile open: the image shell has no program nosuch"]
    );
    assert_eq!(
        refused("docker exec \"$node\" nosuch"),
        ["a.md:1: profile open: the image node has no program nosuch"]
    );
    assert_eq!(
        refused("on-lab-host nosuch"),
        ["a.md:1: profile open: the image lab_host has no program nosuch"]
    );
    let container: Value = serde_yaml::from_str(
        "{image: \"guide.lab/web:1\", env: [{name: HARD}], ports: [{containerPort: 80}], \
         readinessProbe: {httpGet: {path: /, port: 8080}}, securityContext: {runAsUser: 1}}",
    )
    .expect("YAML");
    let problems = world.container("a.yaml", &Value::Null, &container);
    let lacks = |what: &str| format!("a.yaml: profile open: the image web has no {what}");
    assert_eq!(
        problems,
        [lacks("port 80"), lacks("path /"), lacks("variable HARD"), lacks("user 1")]
    );
}
