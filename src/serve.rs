//! A small web server on this machine's loopback address, for `guide publish --serve`.

use std::io::Cursor;
use std::time::Duration;

use tiny_http::{Header, Method, Response, Server};

use crate::diagnostic::Diagnostic;

/// How often it looks whether it should go on.
const TICK: Duration = Duration::from_millis(300);

/// Serves what `find` finds for a path, until `go_on` says no. `go_on` is asked a few times a second, also between requests.
///
/// # Errors
/// When the port can't be had.
pub(crate) fn serve(
    port: u16,
    find: &mut dyn FnMut(&str) -> Option<(Vec<u8>, &'static str)>,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<(), Diagnostic> {
    let server = Server::http(("127.0.0.1", port)).map_err(|error| Diagnostic {
        message: format!("port {port} of 127.0.0.1 can't be had: {error}"),
        hint: Some("name another with `--port`".to_owned()),
    })?;
    while go_on() {
        let Ok(Some(request)) = server.recv_timeout(TICK) else { continue };
        let reads = *request.method() == Method::Get || *request.method() == Method::Head;
        let host = request
            .headers()
            .iter()
            .find(|header| header.field.equiv("Host"))
            .map(|header| header.value.as_str());
        let own = host.is_none_or(|host| is_own(host, port));
        let found = (reads && own).then(|| find(request.url())).flatten();
        let (status, (bytes, kind)) = match found {
            Some(found) => (200, found),
            None if !own => (
                421,
                (b"this server answers only for 127.0.0.1 and localhost\n".to_vec(), "text/plain"),
            ),
            None => (404, (b"not found\n".to_vec(), "text/plain")),
        };
        let length = bytes.len();
        let headers = Header::from_bytes(b"Content-Type", kind.as_bytes()).into_iter().collect();
        // A browser that went away is no fault.
        let _ = request.respond(Response::new(
            status.into(),
            headers,
            Cursor::new(bytes),
            Some(length),
            None,
        ));
    }
    Ok(())
}

/// Does the browser mean this server? A page of another site can let its own name lead to 127.0.0.1 and would then read along.
fn is_own(host: &str, port: u16) -> bool {
    let name = host.strip_suffix(&format!(":{port}")).or_else(|| (port == 80).then_some(host));
    name.is_some_and(|name| name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_own_names_with_its_port_are_answered() {
        for host in ["127.0.0.1:3000", "localhost:3000", "LocalHost:3000"] {
            assert!(is_own(host, 3000), "{host}");
        }
        for host in [
            "evil.example:3000",
            "127.0.0.1.evil.example:3000",
            "127.0.0.1",
            "localhost:3001",
            "",
            ":3000",
            "[::1]:3000",
        ] {
            assert!(!is_own(host, 3000), "{host}");
        }
        assert!(is_own("localhost", 80));
    }
}
