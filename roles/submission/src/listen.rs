//! The socket, and the connections on it.

use crate::config::{MilterAddress, SubmissionConfig};
use crate::milter::frame::{FrameFault, read_frame};
use crate::serve::ServeError;
use crate::session::{Said, Session, SessionFault, Stating};
use rustix::process::geteuid;
use ssmax_daemon::stop::Stop;
use std::collections::HashSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long a mail that is on its way may take when the role is to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long the MTA may take to read a reply.
const WRITE: Duration = Duration::from_secs(30);

/// How long accepting rests after a failure, such as no free descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The bound socket; dropping it removes it from the file system.
pub(crate) struct Door {
    listener: Listener,
    address: String,
}

enum Listener {
    Unix(UnixListener, PathBuf, HashSet<u32>),
    Inet(TcpListener),
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path, _) = self {
            let _ = fs::remove_file(path);
        }
    }
}

impl Door {
    /// Binds it.
    ///
    /// # Errors
    /// [`ServeError::NoUser`], or what binding says: [`io::ErrorKind::AddrInUse`] when
    /// somebody serves there, [`io::ErrorKind::AlreadyExists`] for a file that is no socket.
    pub(crate) async fn open(config: &SubmissionConfig) -> Result<Self, ServeError> {
        match &config.milter {
            MilterAddress::Inet(address) => {
                let listener = TcpListener::bind(address).await?;
                let address = MilterAddress::Inet(listener.local_addr()?).to_string();
                Ok(Self { listener: Listener::Inet(listener), address })
            }
            MilterAddress::Unix(path) => {
                let mut users = HashSet::from([0, geteuid().as_raw()]);
                for name in &config.peers {
                    users.insert(user_id(name)?);
                }
                let listener = bind(path, config.access.mode())?;
                let address = config.milter.to_string();
                Ok(Self { listener: Listener::Unix(listener, path.clone(), users), address })
            }
        }
    }

    /// Where it is, as Postfix writes it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

/// The number of a user: `/etc/passwd` has those that mail servers run as.
fn user_id(name: &str) -> Result<u32, ServeError> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    find_user(&users, name).ok_or_else(|| ServeError::NoUser(name.to_owned()))
}

fn find_user(passwd: &str, name: &str) -> Option<u32> {
    let mut lines = passwd.lines().map(|line| line.split(':'));
    lines.find_map(|mut fields| {
        (fields.next() == Some(name)).then(|| fields.nth(1))?.and_then(|id| id.parse().ok())
    })
}

/// Binds a UNIX socket with its mode from the beginning: under its own name nobody sees it
/// with another one. What a process left that is no more is replaced.
fn bind(path: &Path, mode: u32) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        _ => {}
    }
    let temporary = path.with_file_name(format!(".{:x}", std::process::id()));
    let _ = fs::remove_file(&temporary);
    let listener = UnixListener::bind(&temporary)?;
    fs::set_permissions(&temporary, Permissions::from_mode(mode))
        .and_then(|()| fs::rename(&temporary, path))
        .inspect_err(|_| {
            let _ = fs::remove_file(&temporary);
        })?;
    Ok(listener)
}

/// Serves connections until `stop`, each in a task of its own.
pub(crate) async fn serve_connections<S: Stating + Send + Sync + 'static>(
    door: Door,
    config: Arc<SubmissionConfig>,
    stating: Arc<S>,
    stop: Stop,
) {
    let places = Arc::new(Semaphore::new(config.limits.max_connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.stopped() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = accept(&door.listener) => accepted,
        };
        let stream = match accepted {
            Ok(Some(stream)) => stream,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(error = %error.kind(), "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Closed at once: the MTA puts its client off, which is better than a wait.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!("too many connections at a time");
            continue;
        };
        let (config, stating, stop) = (Arc::clone(&config), Arc::clone(&stating), stop.clone());
        connections.spawn(async move {
            hold(stream, place, &config, &*stating, &stop).await;
        });
    }
    drop(door);
    while connections.join_next().await.is_some() {}
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The next connection; `None` for one of a stranger.
async fn accept(listener: &Listener) -> io::Result<Option<Box<dyn Stream>>> {
    match listener {
        Listener::Inet(listener) => {
            let (stream, _) = listener.accept().await?;
            // Replies are small and waited for.
            let _ = stream.set_nodelay(true);
            Ok(Some(Box::new(stream)))
        }
        Listener::Unix(listener, _, users) => {
            let (stream, _) = listener.accept().await?;
            Ok(is_of(&stream, users).then(|| Box::new(stream) as Box<dyn Stream>))
        }
    }
}

/// Whether the other end is a process of one of these users: whoever can speak here is
/// believed about who logged in.
fn is_of(stream: &UnixStream, users: &HashSet<u32>) -> bool {
    let uid = stream.peer_cred().ok().map(|peer| peer.uid());
    let known = uid.is_some_and(|uid| users.contains(&uid));
    if !known {
        tracing::warn!(peer.uid = ?uid, "refused a connection of another user");
    }
    known
}

async fn hold(
    stream: Box<dyn Stream>,
    _place: OwnedSemaphorePermit,
    config: &SubmissionConfig,
    stating: &impl Stating,
    stop: &Stop,
) {
    if let Err(why) = converse(stream, config, stating, stop).await {
        tracing::warn!(%why, "a connection of the MTA is ended");
    }
}

/// Why a connection is ended before the MTA ends it.
#[derive(Debug, thiserror::Error)]
enum EndedBecause {
    #[error("the MTA was silent for too long")]
    Idle,
    #[error("the role stops")]
    Stopping,
    #[error(transparent)]
    Frame(#[from] FrameFault),
    #[error(transparent)]
    Session(#[from] SessionFault),
    #[error("the MTA does not take a reply")]
    ReplyNotTaken,
}

/// Speaks with the MTA to the end of the connection.
async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    config: &SubmissionConfig,
    stating: &impl Stating,
    stop: &Stop,
) -> Result<(), EndedBecause> {
    let limits = &config.limits;
    let mut session = Session::new(config);
    loop {
        let next = {
            let frame = read_frame(&mut stream, limits.max_frame_bytes);
            tokio::pin!(frame);
            tokio::select! {
                frame = timeout(limits.idle, &mut frame) => frame.map_err(|_| EndedBecause::Idle),
                () = stop.stopped() => {
                    if session.is_idle() {
                        return Ok(());
                    }
                    timeout(DRAIN, frame).await.map_err(|_| EndedBecause::Stopping)
                }
            }
        };
        let frame = match next? {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(()),
            Err(FrameFault::Broken(_)) if session.is_idle() => return Ok(()),
            Err(fault) => return Err(fault.into()),
        };
        match session.take(&frame, stating)? {
            Said::End => return Ok(()),
            Said::Replies(replies) if replies.octets().is_empty() => {}
            Said::Replies(replies) => {
                let written = timeout(WRITE, async {
                    stream.write_all(replies.octets()).await?;
                    stream.flush().await
                });
                match written.await {
                    Ok(Ok(())) => {}
                    _ => return Err(EndedBecause::ReplyNotTaken),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
