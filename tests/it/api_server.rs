//! An API server of Kubernetes as far as guide needs one: it keeps objects in memory, and answers get, list, watch, dry-run apply and
//! delete. It shows how guide behaves with a cluster where no cluster can be made; `tests/cluster.rs` has the real one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// The objects by their path, such as `/api/v1/namespaces/shop/pods/web`, and the requests that changed them.
#[derive(Default)]
struct Cluster {
    objects: BTreeMap<String, Value>,
    changes: Vec<String>,
}

/// A running server.
pub(crate) struct ApiServer {
    port: u16,
    cluster: Arc<Mutex<Cluster>>,
}

impl ApiServer {
    /// Starts one with one node and no other object. Its thread ends with the test process.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = Self {
            port: listener.local_addr().expect("an address").port(),
            cluster: Arc::default(),
        };
        server.put("/api/v1/nodes/n1", json!({"status": {"conditions": []}}));
        let cluster = Arc::clone(&server.cluster);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let cluster = Arc::clone(&cluster);
                std::thread::spawn(move || serve(&stream, &cluster));
            }
        });
        server
    }

    /// A kubeconfig with the context `staging`, whose namespace is `shop`.
    pub(crate) fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: staging\nusers: [{{name: u, user: {{token: t-o-k-e-n}}}}]\n\
             contexts: [{{name: staging, context: {{cluster: c, user: u, namespace: shop}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{}'}}}}]\n",
            self.port
        )
    }

    /// Makes an object at this path, which gives it its name and its namespace.
    pub(crate) fn put(&self, path: &str, mut object: Value) {
        let parts: Vec<&str> = path.split('/').collect();
        let namespace = parts.iter().position(|part| *part == "namespaces").map(|at| parts[at + 1]);
        let metadata = object.as_object_mut().expect("an object").entry("metadata");
        let metadata = metadata.or_insert_with(|| json!({}));
        metadata["name"] = json!(parts[parts.len() - 1]);
        metadata["uid"] = json!(path);
        metadata["resourceVersion"] = json!("1");
        if let Some(namespace) = namespace {
            metadata["namespace"] = json!(namespace);
        }
        self.cluster.lock().expect("unlocked").objects.insert(path.to_owned(), object);
    }

    /// The requests that changed an object, as `DELETE /api/v1/…`.
    pub(crate) fn changes(&self) -> Vec<String> {
        self.cluster.lock().expect("unlocked").changes.clone()
    }

    /// Whether there is an object at this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.cluster.lock().expect("unlocked").objects.contains_key(path)
    }
}

/// A request.
struct Request {
    method: String,
    path: String,
    query: String,
}

fn serve(stream: &TcpStream, cluster: &Mutex<Cluster>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader) {
        if request.query.contains("watch=true") {
            watch(stream, &request, cluster);
            return;
        }
        let (status, answer) = answer(&request, cluster);
        let body = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if (&*stream).write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Request { method, path: path.to_owned(), query: query.to_owned() })
}

fn answer(request: &Request, cluster: &Mutex<Cluster>) -> (&'static str, Value) {
    let Request { method, path, query } = request;
    let mut cluster = cluster.lock().expect("unlocked");
    if path == "/api" || path == "/apis" {
        let list = json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": []});
        return ("200 OK", list);
    }
    if let Some(object) = cluster.objects.get(path).cloned() {
        // Without `dryRun` an apply would change the object, which no test asks for.
        if method == "PATCH" && !query.contains("dryRun=All") || method == "DELETE" {
            cluster.changes.push(format!("{method} {path}"));
        }
        if method == "DELETE" {
            cluster.objects.remove(path);
        }
        return ("200 OK", object);
    }
    let is_list = ["s", "endpoints"].iter().any(|end| path.ends_with(end));
    if method == "GET" && is_list {
        let items: Vec<Value> = below(&cluster, path);
        return (
            "200 OK",
            json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items}),
        );
    }
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "NotFound",
        "message": format!("{path} not found"), "code": 404});
    ("404 Not Found", status)
}

/// The objects of this list, which is of one namespace or of all.
fn below(cluster: &Cluster, path: &str) -> Vec<Value> {
    let is_one_of = |object: &str| {
        let list = object.rsplit_once('/').map_or("", |(list, _)| list);
        let everywhere = list.split_once("/namespaces/").and_then(|(version, rest)| {
            rest.split_once('/').map(|(_, kind)| format!("{version}/{kind}"))
        });
        list == path || everywhere.as_deref() == Some(path)
    };
    let objects = cluster.objects.iter().filter(|(object, _)| is_one_of(object));
    objects.map(|(_, object)| object.clone()).collect()
}

/// Sends the list as events, as a server with `sendInitialEvents` does, and then nothing more.
fn watch(mut stream: &TcpStream, request: &Request, cluster: &Mutex<Cluster>) {
    let mut events: Vec<Value> = below(&cluster.lock().expect("unlocked"), &request.path)
        .into_iter()
        .map(|object| json!({"type": "ADDED", "object": object}))
        .collect();
    events.push(json!({"type": "BOOKMARK", "object": {"kind": "X", "apiVersion": "v1", "metadata": {"resourceVersion": "2",
        "annotations": {"k8s.io/initial-events-end": "true"}}}}));
    let _ = stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    for event in events {
        let line = format!("{event}\n");
        let _ = stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes());
    }
    // The connection stays open until the client closes it.
    let _ = stream.set_read_timeout(Some(Duration::from_secs(300)));
    let _ = stream.read(&mut [0]);
}
