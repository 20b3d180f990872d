//! What stands between a client and a store, and fails.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How a store fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It takes connections and says nothing.
    Silent,
    /// It takes everything, and answers with an octet every half second.
    Slow,
    /// It breaks off when the request has begun.
    Reset,
    /// It carries out what is asked, and breaks off before the answer is out.
    Unheard,
    /// It says what is no HTTP.
    Garbage,
    /// It is a web server that takes everything.
    Website,
    /// It says that it can do nothing now.
    Busy,
    /// It ends in the middle of what it sends.
    Truncated,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Silent,
        Self::Slow,
        Self::Reset,
        Self::Unheard,
        Self::Garbage,
        Self::Website,
        Self::Busy,
        Self::Truncated,
    ];
}

/// A port of loopback in front of another one.
pub struct Between {
    address: SocketAddr,
    failure: Arc<Mutex<Option<Failure>>>,
    is_over: Arc<AtomicBool>,
}

impl Between {
    /// In front of a port; lets everything through at first.
    #[must_use]
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let failure = Arc::new(Mutex::new(None));
        let is_over = Arc::new(AtomicBool::new(false));
        let (fails, over) = (Arc::clone(&failure), Arc::clone(&is_over));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let failure = *fails.lock().unwrap_or_else(PoisonError::into_inner);
                thread::spawn(move || serve(client, port, failure));
            }
        });
        Self { address, failure, is_over }
    }

    /// Its address, as that of a store.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Fails from the next connection on, or does no more.
    pub fn fail(&self, failure: Option<Failure>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes who waits for the next one.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut client: TcpStream, port: u16, failure: Option<Failure>) {
    let body = "<html>welcome</html>";
    let website = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let _ = match failure {
        None => {
            pass(client, port, usize::MAX);
            return;
        }
        Some(Failure::Unheard) => {
            pass(client, port, 0);
            return;
        }
        Some(Failure::Truncated) => {
            pass(client, port, 700);
            return;
        }
        Some(Failure::Silent) => {
            thread::sleep(Duration::from_secs(60));
            return;
        }
        Some(Failure::Slow) => {
            swallow(&client);
            for octet in website.bytes().cycle() {
                if client.write_all(&[octet]).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(500));
            }
            return;
        }
        Some(Failure::Reset) => {
            let mut begun = [0; 16];
            client.read(&mut begun).map(drop)
        }
        Some(Failure::Garbage) => {
            swallow(&client);
            client.write_all(b"220 mx.example ESMTP\r\n\0\x01\xff")
        }
        Some(Failure::Website) => {
            swallow(&client);
            client.write_all(website.as_bytes())
        }
        Some(Failure::Busy) => {
            swallow(&client);
            let busy = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n";
            client.write_all(busy.as_bytes())
        }
    };
    // What was not read makes the end a reset.
    thread::sleep(Duration::from_millis(200));
}

/// Reads away what comes, so that the client can send it.
fn swallow(client: &TcpStream) {
    let mut client = client.try_clone().unwrap();
    thread::spawn(move || {
        let mut octets = [0; 65536];
        while client.read(&mut octets).is_ok_and(|read| read > 0) {}
    });
}

/// Both ways, of the answer only so much.
fn pass(client: TcpStream, port: u16, mut answer: usize) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (server, client);
    let mut octets = [0; 65536];
    while let Ok(read) = from.read(&mut octets) {
        let sent = read.min(answer);
        answer -= sent;
        if read == 0 || to.write_all(&octets[..sent]).is_err() || sent < read {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
