//! A tap in a connection between two of our processes, or between one and an MTA: carries
//! octets both ways, and at a point of the dialogue that is waited for does something, such
//! as ending a process, before it carries on.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A moment in a dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Point {
    /// The client has connected.
    Connected,
    /// The client's first octets have reached the server.
    Asked,
    /// The server has answered them, and the client has not heard it.
    Answered,
    /// Of a mail: its end has come from the client, and the next hop has not seen it.
    BeforeEnd,
    /// Of a mail: the next hop has answered its end, and the client has not heard it.
    Taken,
    /// Of a mail: the client has been given the answer.
    Told,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connected => "connected",
            Self::Asked => "asked, not answered",
            Self::Answered => "answered, not heard",
            Self::BeforeEnd => "before the end of the mail",
            Self::Taken => "taken by the next hop, not heard",
            Self::Told => "the answer heard",
        })
    }
}

/// What is done at a point.
type Act = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Trap(Mutex<Option<(Point, Act, Sender<()>)>>);

impl Trap {
    /// Does what is to be done here, once.
    fn reach(&self, point: Point) {
        let mut armed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, act, fired)) = armed.take_if(|(wanted, ..)| *wanted == point) {
            act();
            let _ = fired.send(());
        }
    }
}

/// A tap; connections that run through it end by themselves.
pub struct Tap {
    trap: Arc<Trap>,
}

impl Tap {
    /// Listens at `here` for what is meant for `there`.
    pub fn tcp(here: SocketAddr, there: SocketAddr) -> Self {
        let listener = TcpListener::bind(here).unwrap();
        let tap = Self { trap: Arc::default() };
        let trap = Arc::clone(&tap.trap);
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if let Ok(server) = TcpStream::connect(there) {
                    carry(client, server, &trap);
                }
            }
        });
        tap
    }

    /// Puts itself between a role's socket and who calls it; a role that starts again makes
    /// the socket anew, once [`Tap::clear`] has made room, and wants a new tap.
    pub fn socket(path: &Path) -> Self {
        let real = path.with_extension("tapped");
        fs::rename(path, &real).unwrap();
        let listener = UnixListener::bind(path).unwrap();
        fs::set_permissions(path, fs::metadata(&real).unwrap().permissions()).unwrap();
        let tap = Self { trap: Arc::default() };
        let trap = Arc::clone(&tap.trap);
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if let Ok(server) = UnixStream::connect(&real) {
                    carry(client, server, &trap);
                }
            }
        });
        tap
    }

    /// Takes away what a role and a tap in front of it have left behind.
    pub fn clear(path: &Path) {
        for left in [path, &path.with_extension("tapped")] {
            let _ = fs::remove_file(left);
        }
    }

    /// Does something at the next time that this point is reached, and says so.
    pub fn at(&self, point: Point, act: impl FnOnce() + Send + 'static) -> Receiver<()> {
        let (fired, reached) = channel();
        *self.trap.0.lock().unwrap() = Some((point, Box::new(act), fired));
        reached
    }

    /// Nothing is to be done any more.
    pub fn disarm(&self) {
        *self.trap.0.lock().unwrap() = None;
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").finish_non_exhaustive()
    }
}

/// Where a role has a socket for its callers.
pub fn socket_of(run_dir: &Path, role: &str, caller: &str) -> PathBuf {
    run_dir.join(format!("{role}.{caller}.sock"))
}

/// A connection that can be read in one thread and written in another.
trait Stream: Read + Write + Send + Sized + 'static {
    fn other(&self) -> Self;
    fn end(&self, how: Shutdown);
}

impl Stream for TcpStream {
    fn other(&self) -> Self {
        self.try_clone().unwrap()
    }
    fn end(&self, how: Shutdown) {
        let _ = self.shutdown(how);
    }
}

impl Stream for UnixStream {
    fn other(&self) -> Self {
        self.try_clone().unwrap()
    }
    fn end(&self, how: Shutdown) {
        let _ = self.shutdown(how);
    }
}

/// How far the dialogue is. Roles keep a connection for many requests.
struct State {
    /// Whether the last request has its answer: what the client says next is a new one.
    answered: AtomicBool,
    /// Whether the client has ended a mail that is not answered yet.
    ended: AtomicBool,
}

fn carry<S: Stream>(client: S, server: S, trap: &Arc<Trap>) {
    trap.reach(Point::Connected);
    let state = Arc::new(State { answered: AtomicBool::new(true), ended: AtomicBool::new(false) });
    let (from, to) = (client.other(), server.other());
    let (there, back) = (Arc::clone(trap), Arc::clone(trap));
    let (asks, answers) = (Arc::clone(&state), state);
    thread::spawn(move || ask(from, to, &there, &asks));
    thread::spawn(move || answer(server, client, &back, &answers));
}

/// From the client to the server.
fn ask<S: Stream>(mut client: S, mut server: S, trap: &Trap, state: &State) {
    let mut last = [0; 5];
    let mut octets = vec![0; 64 * 1024];
    while let Some(chunk) = read(&mut client, &mut octets) {
        let tail = chunk.iter().rev().take(5).count();
        last.rotate_left(tail);
        last[5 - tail..].copy_from_slice(&chunk[chunk.len() - tail..]);
        let is_end = &last == b"\r\n.\r\n";
        if is_end {
            trap.reach(Point::BeforeEnd);
            state.ended.store(true, Ordering::SeqCst);
        }
        let is_new = state.answered.swap(false, Ordering::SeqCst);
        if server.write_all(chunk).is_err() {
            break;
        }
        if is_new {
            trap.reach(Point::Asked);
        }
    }
    server.end(Shutdown::Write);
}

/// From the server to the client.
fn answer<S: Stream>(mut server: S, mut client: S, trap: &Trap, state: &State) {
    let mut octets = vec![0; 64 * 1024];
    while let Some(chunk) = read(&mut server, &mut octets) {
        let is_of_mail = state.ended.swap(false, Ordering::SeqCst);
        if is_of_mail {
            trap.reach(Point::Taken);
        } else if !state.answered.load(Ordering::SeqCst) {
            trap.reach(Point::Answered);
        }
        state.answered.store(true, Ordering::SeqCst);
        if client.write_all(chunk).is_err() {
            break;
        }
        if is_of_mail {
            trap.reach(Point::Told);
        }
    }
    client.end(Shutdown::Both);
}

fn read<'a, S: Stream>(stream: &mut S, octets: &'a mut [u8]) -> Option<&'a [u8]> {
    match stream.read(octets) {
        Ok(0) | Err(_) => None,
        Ok(length) => Some(&octets[..length]),
    }
}
