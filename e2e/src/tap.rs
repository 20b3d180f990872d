//! A tap in a connection between two of our processes, or between one and an MTA: carries
//! octets both ways. At a point of the dialogue that is waited for it does something, such
//! as ending a process, before it carries on; and it can let the server fail.

use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

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

/// How a server fails that is reached through a tap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nobody listens.
    Refused,
    /// It is connected to, reads nothing and says nothing.
    BlackHole,
    /// It is there, an octet in a while.
    Slow,
    /// It breaks off each connection when it is spoken to.
    Reset,
    /// Whatever it says makes no sense.
    Garbage,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Refused, Self::BlackHole, Self::Slow, Self::Reset, Self::Garbage];
}

/// How often a listener or a connection that is stopped looks whether it goes on.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long an octet takes of a server that is slow.
const OCTET: Duration = Duration::from_millis(500);

/// What is done at a point.
type Act = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Trap {
    armed: Mutex<Option<(Point, Act, Sender<()>)>>,
    fault: Mutex<Option<Fault>>,
    /// Nobody holds the tap any more.
    over: AtomicBool,
}

impl Trap {
    fn fault(&self) -> Option<Fault> {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what is to be done here, once.
    fn reach(&self, point: Point) {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
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
        let listen = move || TcpListener::bind(here);
        let accept = |listener: &TcpListener| listener.accept().map(|(client, _)| client);
        Self::between(listen, TcpListener::set_nonblocking, accept, move || {
            TcpStream::connect(there)
        })
    }

    /// Puts itself between a role's socket and who calls it; a role that starts again makes
    /// the socket anew, once [`Tap::clear`] has made room, and wants a new tap.
    pub fn socket(path: &Path) -> Self {
        let real = path.with_extension("tapped");
        fs::rename(path, &real).unwrap();
        let permissions = fs::metadata(&real).unwrap().permissions();
        let path = path.to_owned();
        let listen = move || {
            let _ = fs::remove_file(&path);
            let listener = UnixListener::bind(&path)?;
            fs::set_permissions(&path, permissions.clone())?;
            Ok(listener)
        };
        let accept = |listener: &UnixListener| listener.accept().map(|(client, _)| client);
        Self::between(listen, UnixListener::set_nonblocking, accept, move || {
            UnixStream::connect(&real)
        })
    }

    fn between<L: Send + 'static, S: Stream>(
        listen: impl Fn() -> io::Result<L> + Send + 'static,
        unblocked: impl Fn(&L, bool) -> io::Result<()> + Send + 'static,
        accept: impl Fn(&L) -> io::Result<S> + Send + 'static,
        connect: impl Fn() -> io::Result<S> + Send + 'static,
    ) -> Self {
        let tap = Self { trap: Arc::default() };
        let trap = Arc::clone(&tap.trap);
        let first = listen().unwrap();
        unblocked(&first, true).unwrap();
        thread::spawn(move || {
            let mut listener = Some(first);
            while !trap.over.load(Ordering::SeqCst) {
                if trap.fault() == Some(Fault::Refused) {
                    listener = None;
                } else if listener.is_none() {
                    // Whoever took a tap's place has made its socket anew.
                    let Ok(again) = listen() else { return };
                    unblocked(&again, true).unwrap();
                    listener = Some(again);
                }
                match listener.as_ref().map(&accept) {
                    Some(Ok(client)) => {
                        if let Ok(server) = connect() {
                            client.block();
                            carry(client, server, &trap);
                        }
                    }
                    _ => thread::sleep(LOOK_EVERY),
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
        *self.trap.armed.lock().unwrap() = Some((point, Box::new(act), fired));
        reached
    }

    /// Lets the server fail from now on, in connections that are there as well; `None` ends
    /// it.
    pub fn fail(&self, fault: Option<Fault>) {
        *self.trap.fault.lock().unwrap() = fault;
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.trap.over.store(true, Ordering::SeqCst);
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
    fn block(&self);
}

impl Stream for TcpStream {
    fn other(&self) -> Self {
        self.try_clone().unwrap()
    }
    fn end(&self, how: Shutdown) {
        let _ = self.shutdown(how);
    }
    fn block(&self) {
        self.set_nonblocking(false).unwrap();
        self.set_read_timeout(Some(LOOK_EVERY)).unwrap();
    }
}

impl Stream for UnixStream {
    fn other(&self) -> Self {
        self.try_clone().unwrap()
    }
    fn end(&self, how: Shutdown) {
        let _ = self.shutdown(how);
    }
    fn block(&self) {
        self.set_nonblocking(false).unwrap();
        self.set_read_timeout(Some(LOOK_EVERY)).unwrap();
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
    server.block();
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
    while let Some(chunk) = read(&mut client, &mut octets, trap) {
        let tail = chunk.iter().rev().take(5).count();
        last.rotate_left(tail);
        last[5 - tail..].copy_from_slice(&chunk[chunk.len() - tail..]);
        let is_end = &last == b"\r\n.\r\n";
        if is_end {
            trap.reach(Point::BeforeEnd);
            state.ended.store(true, Ordering::SeqCst);
        }
        let is_new = state.answered.swap(false, Ordering::SeqCst);
        if pass(&mut server, chunk, trap).is_err() {
            break;
        }
        if is_new {
            trap.reach(Point::Asked);
        }
    }
    let how = if trap.fault().is_some() { Shutdown::Both } else { Shutdown::Write };
    server.end(how);
}

/// From the server to the client.
fn answer<S: Stream>(mut server: S, mut client: S, trap: &Trap, state: &State) {
    let mut octets = vec![0; 64 * 1024];
    while let Some(chunk) = read(&mut server, &mut octets, trap) {
        let is_of_mail = state.ended.swap(false, Ordering::SeqCst);
        if is_of_mail {
            trap.reach(Point::Taken);
        } else if !state.answered.load(Ordering::SeqCst) {
            trap.reach(Point::Answered);
        }
        state.answered.store(true, Ordering::SeqCst);
        if trap.fault() == Some(Fault::Garbage) {
            chunk.iter_mut().for_each(|octet| *octet = octet.rotate_left(3) ^ 0xa5);
        }
        if pass(&mut client, chunk, trap).is_err() {
            break;
        }
        if is_of_mail {
            trap.reach(Point::Told);
        }
    }
    client.end(Shutdown::Both);
}

/// What has come. While the other side is a black hole nothing does; one that refuses or
/// breaks off has no connections.
fn read<'a, S: Stream>(stream: &mut S, octets: &'a mut [u8], trap: &Trap) -> Option<&'a mut [u8]> {
    loop {
        match trap.fault() {
            Some(Fault::Refused) => return None,
            Some(Fault::BlackHole) => {
                thread::sleep(LOOK_EVERY);
                continue;
            }
            _ => {}
        }
        match stream.read(octets) {
            Ok(0) => return None,
            Ok(length) => {
                // It may have come while the failure began.
                while trap.fault() == Some(Fault::BlackHole) {
                    thread::sleep(LOOK_EVERY);
                }
                let ends = matches!(trap.fault(), Some(Fault::Reset | Fault::Refused));
                return if ends { None } else { octets.get_mut(..length) };
            }
            Err(error) if is_silence(&error) => {}
            Err(_) => return None,
        }
    }
}

fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Gives octets on, one after the other while that is slow.
fn pass<S: Stream>(stream: &mut S, octets: &[u8], trap: &Trap) -> io::Result<()> {
    for (at, octet) in octets.iter().enumerate() {
        if trap.fault() != Some(Fault::Slow) {
            return stream.write_all(&octets[at..]);
        }
        stream.write_all(&[*octet])?;
        thread::sleep(OCTET);
    }
    Ok(())
}
