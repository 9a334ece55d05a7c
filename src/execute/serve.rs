//! A small web server on this machine's loopback address, for `guide publish --serve`.

use std::io::Cursor;
use std::time::Duration;

use tiny_http::{Header, Method, Response, Server};

use super::world::WorldError;

/// How often it looks whether it should go on.
const TICK: Duration = Duration::from_millis(300);

/// Serves what `find` finds for a path, until `go_on` says no. `go_on` is asked a few times a second, also between requests.
///
/// # Errors
/// When the port can't be had.
pub fn serve(
    port: u16,
    find: &mut dyn FnMut(&str) -> Option<(Vec<u8>, &'static str)>,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<(), WorldError> {
    let server = Server::http(("127.0.0.1", port)).map_err(|error| WorldError {
        message: format!("port {port} of 127.0.0.1 can't be had: {error}"),
        hint: Some("name another with `--port`".to_owned()),
    })?;
    while go_on() {
        let Ok(Some(request)) = server.recv_timeout(TICK) else { continue };
        let found =
            (*request.method() == Method::Get || *request.method() == Method::Head).then(|| find(request.url())).flatten();
        let (status, (bytes, kind)) = match found {
            Some(found) => (200, found),
            None => (404, (b"not found\n".to_vec(), "text/plain")),
        };
        let length = bytes.len();
        let headers = Header::from_bytes(b"Content-Type", kind.as_bytes()).into_iter().collect();
        // A browser that went away is no fault.
        let _ = request.respond(Response::new(status.into(), headers, Cursor::new(bytes), Some(length), None));
    }
    Ok(())
}
