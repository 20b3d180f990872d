//! Certificates of an organisation's servers, under a small CA that its mailers are told to
//! believe. They take no CA's own certificate for a server's.

use crate::process::run;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The CA's certificate, in the folder of its servers.
pub const ANCHOR: &str = "servers.pem";

/// A server's certificate and its key, by their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM, for its owner only.
    pub key: PathBuf,
}

impl Identity {
    /// Makes one in `dir` for whoever is reached at `ip`, and the CA if there is none yet.
    #[track_caller]
    pub fn make(dir: &Path, name: &str, ip: IpAddr) -> Self {
        let openssl = |line: &str| {
            let line = line.split_whitespace();
            let _ = run(Command::new("openssl").args(line).current_dir(dir)).ends(0);
        };
        let new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        if !dir.join(ANCHOR).exists() {
            openssl(&format!(
                "req -x509 {new} -days 30 -subj /CN=servers -keyout servers.key.pem -out {ANCHOR}"
            ));
        }
        openssl(&format!(
            "req -x509 {new} -days 30 -subj /CN={name} -CA {ANCHOR} -CAkey servers.key.pem \
             -keyout {name}.key.pem -out {name}.pem -addext subjectAltName=IP:{ip} \
             -addext basicConstraints=critical,CA:FALSE"
        ));
        let file = |end: &str| dir.join(format!("{name}{end}"));
        Self { certificate: file(".pem"), key: file(".key.pem") }
    }
}
