//! `ssmax bench call`: one role asking another, over the UNIX socket of one host and over
//! TLS, kept connections and new ones. Over loopback, so the way between hosts comes on top.

use super::cms::{Size, seconds, size};
use crate::command::{Context, block_on};
use crate::complaint::{Complaint, Exit};
use serde_json::{Value, json};
use ssmax_daemon::Stop;
use ssmax_daemon::call::Client;
use ssmax_daemon::denied::Denied;
use ssmax_daemon::endpoint::{Endpoint, Remote};
use ssmax_daemon::listen::{Limits, Listener};
use ssmax_daemon::port::{Port, PortLimits};
use ssmax_daemon::tls::{Identity, Place, role_name};
use ssmax_pki::profile::{self, Basis, Organisation, Validity};
use ssmax_pki::{Certificate, issue, lint};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_store::files;
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// The member of this measurement.
const MEMBER: Organisation<'static> =
    Organisation { name: "Measurement", identifier: "NTRJP-7000012050002" };

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How many calls of one kind come after each other.
const IN_A_ROW: usize = 8;

/// Arguments of `ssmax bench call`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Time for each figure, in seconds.
    #[arg(long, value_name = "N", default_value = "2", value_parser = seconds)]
    seconds: Duration,
    /// Sizes of the requests; answers have the same.
    #[arg(long, value_name = "SIZES", default_value = "1k,100k,10m", value_delimiter = ',',
        value_parser = size)]
    sizes: Vec<Size>,
}

/// The middle times of one call, in microseconds.
struct Row {
    size: String,
    unix: f64,
    tls: f64,
    fresh: f64,
}

/// Measures and reports.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let place = Folder::new()?;
    let rows = block_on(measure(args, &place.0))?;
    let facts: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "size": row.size,
                "unix_us": row.unix,
                "tls_us": row.tls,
                "tls_new_connection_us": row.fresh,
                "ratio": row.tls / row.unix,
            })
        })
        .collect();
    context.print(&json!({ "rows": facts }), || describe(&rows, context));
    Ok(ExitCode::SUCCESS)
}

async fn measure(args: &Args, dir: &Path) -> Result<Vec<Row>, Complaint> {
    let keyserver = Arc::new(identity(dir, "keyserver", &["gateway"])?);
    let gateway = Arc::new(identity(dir, "gateway", &[])?);
    let (socket, stop) = (dir.join("s"), Stop::new());
    let any = ([127, 0, 0, 1], 0).into();
    let mut port = Port::bind(any, keyserver, PortLimits::default()).map_err(failed)?;
    let server = port.local_addr().map_err(failed)?.to_string();
    let listener = Listener::bind(&socket).map_err(failed)?.also(Some(&mut port), "gateway");
    let echo = |octets: serde_bytes::ByteBuf| async move { octets };
    let serving = tokio::spawn(listener.serve(Limits::default(), stop.clone(), echo));
    let shaking = tokio::spawn(port.serve(stop.clone()));

    let tls = Endpoint::from(Remote::new(gateway, "keyserver", vec![server]));
    let (local, remote) = (Client::new(socket), Client::new(tls.clone()));
    let mut rows = Vec::new();
    for size in &args.sizes {
        let request = serde_bytes::ByteBuf::from(vec![7; size.octets]);
        // Connected before it is measured.
        once(&local, &request).await?;
        once(&remote, &request).await?;
        let [mut unix, mut kept, mut fresh] = [const { Vec::new() }; 3];
        let start = Instant::now();
        // In turn, so that what slows the machine for a while slows all.
        loop {
            // Several of one kind: the first has its threads to wake.
            for _ in 0..IN_A_ROW {
                unix.push(once(&local, &request).await?);
            }
            for _ in 0..IN_A_ROW {
                kept.push(once(&remote, &request).await?);
            }
            for _ in 0..IN_A_ROW {
                fresh.push(once(&Client::new(tls.clone()), &request).await?);
            }
            if start.elapsed() >= args.seconds {
                break;
            }
        }
        let [unix, tls, fresh] = [unix, kept, fresh].map(super::inspect::middle);
        rows.push(Row { size: size.name.clone(), unix, tls, fresh });
    }
    stop.trigger();
    serving.await.map_err(failed)?;
    shaking.await.map_err(failed)?;
    Ok(rows)
}

/// One call, in microseconds.
async fn once(client: &Client, request: &serde_bytes::ByteBuf) -> Result<f64, Complaint> {
    let start = Instant::now();
    let answer: serde_bytes::ByteBuf = client.call(request, TIMEOUT).await.map_err(failed)?;
    let elapsed = start.elapsed().as_secs_f64() * 1e6;
    if answer == *request { Ok(elapsed) } else { Err(failed("another answer")) }
}

/// A role with a certificate of a CA that is made for it and its peer.
fn identity(dir: &Path, role: &str, callers: &[&str]) -> Result<Identity, Complaint> {
    let place = Place { dir: dir.to_owned() };
    let ca_key = dir.join("ca.key");
    let (key, ca) = if place.ca_file().exists() {
        let read = |path: &Path| -> Result<String, Complaint> {
            Ok(String::from_utf8_lossy(&files::read_private(path)?).into_owned())
        };
        let key = SoftwareKey::from_pem(&read(&ca_key)?).map_err(failed)?;
        (key, Certificate::from_pem(&read(&place.ca_file())?)?)
    } else {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(failed)?;
        let draft = profile::transport_ca(basis(&key, 2), &MEMBER, "Measurement Transport CA");
        let ca = issue::self_signed(lint::lint(draft).map_err(|_| failed("lint"))?, &key)?;
        files::create_private(&ca_key, key.to_pem().as_bytes())?;
        files::create_private(&place.ca_file(), ca.to_pem().as_bytes())?;
        (key, ca)
    };
    let own = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(failed)?;
    let name = role_name(role, MEMBER.identifier);
    let draft = profile::tls_role(basis(&own, 1), &MEMBER, &name, "localhost");
    let certificate = issue::issue(lint::lint(draft).map_err(|_| failed("lint"))?, &ca, &key)?;
    let mut pem = own.to_pem();
    pem.push_str(&certificate.to_pem());
    files::create_private(&place.role_file(role), pem.as_bytes())?;
    Ok(Identity::open(place, MEMBER.identifier, role, callers, &Denied::default())?)
}

fn basis(key: &SoftwareKey, days: u16) -> Basis {
    let validity = Validity::days(OffsetDateTime::now_utc() - time::Duration::HOUR, days);
    Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity)
}

/// A folder of this process that goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Complaint> {
        let folder = Self(std::env::temp_dir().join(format!("ssmax-bench-{}", std::process::id())));
        files::create_private_dir(&folder.0)?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn failed(reason: impl std::fmt::Display) -> Complaint {
    Complaint::new(Exit::Unavailable, "failed").with("reason", reason)
}

fn describe(rows: &[Row], context: &Context) -> String {
    let mut lines = vec![context.text("bench-call-what", &[])];
    if cfg!(debug_assertions) {
        lines.push(context.text("bench-not-optimised", &[]));
    }
    for row in rows {
        let [unix, tls, fresh] = [row.unix, row.tls, row.fresh].map(|one| format!("{one:.0}"));
        let ratio = format!("{:.1}", row.tls / row.unix);
        let arguments = [
            ("size", row.size.as_str()),
            ("unix", &unix),
            ("tls", &tls),
            ("ratio", &ratio),
            ("fresh", &fresh),
        ];
        lines.push(context.text("bench-call-line", &arguments));
    }
    lines.join("\n")
}
