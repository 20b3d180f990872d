//! What a role says of itself to whoever watches over it: the watch of this host, which
//! gives it on over HTTP, and `ssmax status`. Each role answers on `RUN_DIR/ROLE.watch.sock`.
//! So no role that holds a key or a mail reads a stranger's octets for the sake of numbers.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ssmax_metrics::{Part, Snapshot, list, snapshot};
use ssmax_store::Database;
use time::OffsetDateTime;

use crate::Stop;
use crate::call::{CallError, call};
use crate::listen::{Limits, Listener};
use crate::place;

/// How long a role may take to look at what it needs.
pub const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an answer may take: [`LOOK_TIMEOUT`] is within it.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// How many may watch a role at a time.
const MAX_WATCHERS: usize = 8;

/// The version that every part of the program has.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Question {
    Snapshot,
}

/// The socket of a role, bound; it answers when served.
#[derive(Debug)]
pub struct Watched {
    listener: Listener,
    role: String,
    started: i64,
}

impl Watched {
    /// Binds the socket of this role; its start counts from here.
    ///
    /// # Errors
    /// As [`Listener::bind`].
    pub fn bind(run_dir: &Path, role: &str) -> io::Result<Self> {
        let started = OffsetDateTime::now_utc().unix_timestamp();
        Ok(Self {
            listener: Listener::between(run_dir, role, place::WATCH)?,
            role: role.to_owned(),
            started,
        })
    }

    /// Answers until `stop`. `look` sets the gauges and says what the role needs; one that
    /// has not come to its end within [`LOOK_TIMEOUT`] is the fault of a part `role`.
    pub async fn serve<F, Fut>(self, stop: Stop, look: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<Part>> + Send + 'static,
    {
        let Self { listener, role, started } = self;
        let role: Arc<str> = role.into();
        let limits = Limits { max_connections: MAX_WATCHERS, ..Limits::default() };
        let answer = move |Question::Snapshot: Question| {
            let (role, looked) = (Arc::clone(&role), look());
            async move {
                let parts = tokio::time::timeout(LOOK_TIMEOUT, looked)
                    .await
                    .unwrap_or_else(|_| vec![Part::needed("role", Some("slow"))]);
                taken(&role, started, parts)
            }
        };
        listener.serve(limits, stop, answer).await;
    }
}

/// What a role says of itself now.
///
/// # Errors
/// As [`call`]; [`CallError::Unavailable`] where it does not run.
pub async fn ask(run_dir: &Path, role: &str) -> Result<Snapshot, CallError> {
    let socket = place::socket(run_dir, role, place::WATCH);
    call(&socket, &Question::Snapshot, ANSWER_TIMEOUT).await
}

/// The parts as gauges, the process's own, and all that was counted.
fn taken(role: &str, started: i64, parts: Vec<Part>) -> Snapshot {
    list::UP.set([], 1.0);
    list::BUILD_INFO.set([VERSION.into()], 1.0);
    list::START.set([], as_number(started));
    process();
    let mut families = snapshot::families();
    // Names of parts are words of ours; they come as Strings, for they travel.
    families.push(snapshot::Family {
        name: "ssmax_ready".to_owned(),
        samples: parts
            .iter()
            .map(|part| ssmax_metrics::Sample {
                labels: vec![part.name.clone()],
                value: ssmax_metrics::Value::Now(f64::from(u8::from(part.fault.is_none()))),
            })
            .collect(),
    });
    Snapshot {
        role: role.to_owned(),
        version: VERSION.to_owned(),
        pid: std::process::id(),
        started,
        parts,
        families,
    }
}

/// What the kernel says of this process, where it says anything.
fn process() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = resident.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u32>().ok());
    if let Some(kibibytes) = kibibytes {
        list::MEMORY.set([], f64::from(kibibytes) * 1024.0);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        let open = i64::try_from(open.count()).unwrap_or(i64::MAX);
        list::OPEN_FILES.set([], as_number(open));
    }
}

/// A moment, a size or a count as Prometheus has numbers: exact below 2^53.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
pub fn as_number(whole: i64) -> f64 {
    whole as f64
}

/// Octets of a database with what stands beside it, to [`list::STORE_BYTES`].
pub async fn measure_store(store: &'static str, database: &Database) {
    let octets = match database.path() {
        Some(path) => of_file(path),
        None => match database.server_octets().await {
            Ok(octets) => octets,
            // Whether the store answers is told by who looks at it.
            Err(_) => return,
        },
    };
    list::STORE_BYTES.set([store.into()], as_number(octets));
}

fn of_file(database: &Path) -> i64 {
    let beside = |end: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        std::fs::metadata(name).map_or(0, |file| file.len())
    };
    i64::try_from(beside("") + beside("-wal")).unwrap_or(i64::MAX)
}
