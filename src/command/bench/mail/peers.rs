//! What is beside Postfix and the gateway: the sink, the filter that only copies, OpenDKIM,
//! and the collector of the mails that come in later.

use super::mta::listens;
use super::needs::find;
use super::place::Place;
use super::{cost, failed};
use crate::complaint::{Complaint, Exit};
use ssmax_daemon::Stop;
use ssmax_gateway::listen::{self, Dialect, Journey, ListenerConfig, Login};
use ssmax_gateway::wire::Reply;
use ssmax_primitives::SoftwareKey;
use ssmax_store::files;
use ssmax_token::KeyAlgorithm;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// How many connections may wait at smtp-sink.
const BACKLOG: &str = "1000";

/// How long the end of the way may see nothing before a measurement is given up: longer than
/// Postfix waits before it tries again.
const SILENCE: Duration = Duration::from_secs(60);

/// How long the last mail's traces may take: Postfix logs it and takes it out of its queue,
/// the worker's end is waited for.
const SETTLING: Duration = Duration::from_millis(300);

fn program(name: &str) -> Command {
    let mut command = Command::new(find(name).unwrap_or_else(|| name.into()));
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// smtp-sink, and how many mails it has.
#[derive(Debug)]
pub(super) struct Sink {
    count: watch::Receiver<(u64, Instant)>,
    _process: Child,
}

impl Sink {
    pub(super) async fn start(place: &Place) -> Result<Self, Complaint> {
        let at = place.addresses.sink;
        // -c: it counts aloud, after every mail.
        let mut process = program("smtp-sink")
            .args(["-c", "-u", "nobody", &format!("inet:{at}"), BACKLOG])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let mut output = process.stdout.take().ok_or_else(|| failed("smtp-sink"))?;
        let (tell, count) = watch::channel((0, Instant::now()));
        tokio::spawn(async move {
            let (mut line, mut octets) = (String::new(), [0; 4096]);
            while let Ok(len @ 1..) = output.read(&mut octets).await {
                line.push_str(&String::from_utf8_lossy(octets.get(..len).unwrap_or_default()));
                if let Some((whole, rest)) = line.rsplit_once('\r')
                    && let Some(count) = counted(whole)
                {
                    tell.send_replace((count, Instant::now()));
                    line = rest.to_owned();
                }
            }
        });
        listens(at).await?;
        Ok(Self { count, _process: process })
    }

    /// How many it has.
    pub(super) fn count(&self) -> u64 {
        self.count.borrow().0
    }

    /// Waits until it has so many; when that was.
    pub(super) async fn reaches(&self, wanted: u64) -> Result<Instant, Complaint> {
        let mut count = self.count.clone();
        loop {
            let (has, at) = *count.borrow_and_update();
            if has >= wanted {
                tokio::time::sleep(SETTLING).await;
                return Ok(at);
            }
            match tokio::time::timeout(SILENCE, count.changed()).await {
                Ok(Ok(())) => {}
                _ => {
                    return Err(Complaint::new(Exit::Unavailable, "bench-mail-lost")
                        .with("has", has)
                        .with("wanted", wanted));
                }
            }
        }
    }
}

/// The last number behind `mesg=`.
fn counted(line: &str) -> Option<u64> {
    let (_, after) = line.rsplit_once("mesg=")?;
    after.trim_end().parse().ok()
}

/// OpenDKIM, which signs with RSA-2048.
#[derive(Debug)]
pub(super) struct Dkim {
    process: Child,
}

impl Dkim {
    pub(super) async fn start(place: &Place) -> Result<Self, Complaint> {
        let dir = place.dir.join("opendkim");
        files::create_private_dir(&dir)?;
        let key = SoftwareKey::generate(KeyAlgorithm::Rsa2048).map_err(failed)?;
        files::write_private(&dir.join("key.pem"), key.to_pem().as_bytes())?;
        let at = place.addresses.dkim;
        let (key, port, ip) = (dir.join("key.pem"), at.port(), at.ip());
        let config = format!(
            "Mode s\nDomain a.example\nSelector measured\nKeyFile {}\nSocket inet:{port}@{ip}\n\
             Canonicalization relaxed/simple\nSyslog no\nRequireSafeKeys no\n",
            key.display()
        );
        files::write_private(&dir.join("opendkim.conf"), config.as_bytes())?;
        let process = program("opendkim")
            .arg("-f")
            .arg("-x")
            .arg(dir.join("opendkim.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        listens(at).await?;
        Ok(Self { process })
    }

    pub(super) fn used(&self) -> cost::Milliseconds {
        self.process.id().map_or(0.0, cost::used)
    }
}

/// The filter that only copies: every octet between Postfix and the listener that takes
/// back, both ways, unread. No filter can do less, so nothing is easier to be compared with.
#[derive(Debug)]
pub(super) struct Copier {
    /// It is one thread, so that its processor time is told apart from ours.
    tid: u32,
    stop: Stop,
}

impl Copier {
    pub(super) async fn start(place: &Place) -> Result<Self, Complaint> {
        let (at, to) = (place.addresses.copier, place.addresses.reinjection);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let stop = Stop::new();
        let (tell, told) = mpsc::channel();
        let stopped = stop.clone();
        std::thread::spawn(move || {
            let tid = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs();
            let _ = tell.send(tid);
            runtime.block_on(async {
                tokio::select! {
                    () = copy(at, to) => {}
                    () = stopped.stopped() => {}
                }
            });
        });
        let tid = told.recv().map_err(failed)?;
        listens(at).await?;
        Ok(Self { tid, stop })
    }

    pub(super) fn used(&self) -> cost::Milliseconds {
        cost::used_by_thread(self.tid)
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.stop.trigger();
    }
}

async fn copy(at: SocketAddr, to: SocketAddr) {
    let Ok(listener) = TcpListener::bind(at).await else { return };
    while let Ok((mut from, _)) = listener.accept().await {
        tokio::spawn(async move {
            let Ok(mut onward) = TcpStream::connect(to).await else { return };
            // Small answers go back and forth.
            let _ = (from.set_nodelay(true), onward.set_nodelay(true));
            let _ = tokio::io::copy_bidirectional(&mut from, &mut onward).await;
        });
    }
}

/// What A's gateway hands over to B's domain for later.
#[derive(Debug, Default)]
pub(super) struct Collected(Mutex<Vec<Vec<u8>>>);

impl Collected {
    /// Everything, once there are so many; till then, how many there are.
    fn all_of(&self, wanted: usize) -> Result<Vec<Vec<u8>>, usize> {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if mails.len() < wanted { Err(mails.len()) } else { Ok(std::mem::take(&mut mails)) }
    }
}

/// Where it goes.
#[derive(Debug)]
pub(super) struct Collector {
    collected: Arc<Collected>,
    stop: Stop,
}

impl Collector {
    pub(super) async fn start(place: &Place) -> Result<Self, Complaint> {
        let listener = TcpListener::bind(place.addresses.collector).await.map_err(failed)?;
        let config = ListenerConfig::new(Dialect::Smtp, "collector.example");
        let (collected, stop) = (Arc::new(Collected::default()), Stop::new());
        tokio::spawn(listen::serve(listener, config, Arc::clone(&collected), stop.clone()));
        Ok(Self { collected, stop })
    }

    /// Waits for so many mails, and takes them.
    pub(super) async fn take(&self, wanted: usize) -> Result<Vec<Vec<u8>>, Complaint> {
        const LOOK_EVERY: Duration = Duration::from_millis(50);
        let (mut has, mut since) = (0, Instant::now());
        loop {
            match self.collected.all_of(wanted) {
                Ok(mails) => return Ok(mails),
                Err(so_far) if so_far > has => (has, since) = (so_far, Instant::now()),
                Err(_) => {}
            }
            if since.elapsed() > SILENCE {
                return Err(Complaint::new(Exit::Unavailable, "bench-mail-lost")
                    .with("has", has)
                    .with("wanted", wanted));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop.trigger();
    }
}

impl Journey for Collected {
    async fn authenticate(&self, _: &str, _: &[u8], _: &str) -> Result<Option<Login>, ()> {
        Ok(None)
    }

    async fn recipient(&self, _: &listen::Envelope, _: &str) -> Result<(), Reply> {
        Ok(())
    }

    async fn mail(&self, envelope: listen::Envelope, octets: Vec<u8>) -> Vec<Reply> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(octets);
        vec![Reply::new(250, "2.0.0", "collected"); envelope.recipients.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sinks_last_count_is_read() {
        assert_eq!(counted("sess=3 quit=2 mesg=7"), Some(7));
        assert_eq!(counted("sess=1 quit=0 mesg=1\rsess=3 quit=2 mesg=12"), Some(12));
        for line in ["", "sess=1", "mesg=", "mesg=x"] {
            assert_eq!(counted(line), None, "{line}");
        }
    }
}
