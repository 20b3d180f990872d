//! A policy service that puts off every recipient at first, as many MX do.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A running service; it ends with the process.
#[derive(Debug)]
pub struct Greylist {
    address: SocketAddr,
    put_off: Arc<Mutex<HashSet<String>>>,
}

impl Greylist {
    /// Starts it.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let put_off = Arc::new(Mutex::new(HashSet::new()));
        let known = Arc::clone(&put_off);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let known = Arc::clone(&known);
                std::thread::spawn(move || answer(stream, &known));
            }
        });
        Self { address, put_off }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many recipients it has put off.
    pub fn put_off(&self) -> usize {
        self.put_off.lock().unwrap().len()
    }
}

/// Requests are lines `name=value` up to an empty one (Postfix, SMTPD_POLICY_README).
fn answer(stream: TcpStream, known: &Mutex<HashSet<String>>) {
    let mut recipient = String::new();
    let mut client = stream.try_clone().unwrap();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if let Some(value) = line.strip_prefix("recipient=") {
            value.clone_into(&mut recipient);
        }
        if line.is_empty() {
            let first = known.lock().unwrap().insert(std::mem::take(&mut recipient));
            let action = if first { "450 4.2.0 Greylisted, come again" } else { "DUNNO" };
            if client.write_all(format!("action={action}\n\n").as_bytes()).is_err() {
                return;
            }
        }
    }
}
