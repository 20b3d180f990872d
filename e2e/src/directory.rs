//! The directory of a member, with a certificate that its mailers are told to believe.

use crate::member::Member;
use crate::process::{Said, run};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What Thunderbird searches for when it needs certificates.
pub const WANTED: &str = "usercertificate;binary";

/// A directory that runs.
#[derive(Debug)]
pub struct Directory {
    /// Where it is, with TLS.
    pub address: SocketAddr,
    /// Where it is, without TLS at first.
    pub bare: SocketAddr,
    /// What its certificate is believed by.
    pub anchor: PathBuf,
    base: String,
}

impl Directory {
    /// Starts it, for everybody on this host.
    #[track_caller]
    pub fn start(member: &mut Member, address: SocketAddr, bare: SocketAddr) -> Self {
        let dir = member.site().dir.clone();
        let base: Vec<String> =
            member.domain().split('.').map(|label| format!("dc={label}")).collect();
        make_certificates(&dir, address);
        let section = format!(
            "\n[directory]\nldaps = \"{address}\"\nldap = \"{bare}\"\ntls_certificate = \"directory.pem\"\n\
             tls_key = \"directory.key.pem\"\nnetworks = [\"127.0.0.0/8\"]\n"
        );
        member.serve_more(&section, "directory");
        Self { address, bare, anchor: dir.join("servers.pem"), base: base.join(",") }
    }

    /// Searches with OpenLDAP's program.
    #[track_caller]
    pub fn search(&self, more: &[&str], filter: &str, wanted: &[&str]) -> Said {
        self.ask(&format!("ldaps://{}", self.address), more, filter, wanted)
    }

    /// As [`Directory::search`], at the port without TLS.
    #[track_caller]
    pub fn search_bare(&self, more: &[&str], filter: &str, wanted: &[&str]) -> Said {
        self.ask(&format!("ldap://{}", self.bare), more, filter, wanted)
    }

    #[track_caller]
    fn ask(&self, uri: &str, more: &[&str], filter: &str, wanted: &[&str]) -> Said {
        let line = ["-x", "-LLL", "-o", "ldif-wrap=no", "-H", uri, "-b", &self.base];
        let mut command = Command::new("ldapsearch");
        command.env("LDAPTLS_CACERT", &self.anchor).args(line).args(more);
        run(command.arg(filter).args(wanted))
    }
}

/// Certificates in an answer, DER.
#[must_use]
pub fn certificates(ldif: &str) -> Vec<Vec<u8>> {
    let values = ldif.lines().filter_map(|line| line.strip_prefix("userCertificate;binary:: "));
    values.map(|value| STANDARD.decode(value).unwrap()).collect()
}

/// A CA and a certificate of it: mailers take no CA's own certificate for a server's.
fn make_certificates(dir: &Path, address: SocketAddr) {
    let openssl = |line: &str| {
        let line = line.split_whitespace();
        let _ = run(Command::new("openssl").args(line).current_dir(dir)).ends(0);
    };
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!(
        "req -x509 {new} -days 30 -subj /CN=servers -keyout servers.key.pem -out servers.pem"
    ));
    openssl(&format!(
        "req -x509 {new} -days 30 -subj /CN=directory -CA servers.pem -CAkey servers.key.pem \
         -keyout directory.key.pem -out directory.pem -addext subjectAltName=IP:{} \
         -addext basicConstraints=critical,CA:FALSE",
        address.ip()
    ));
}
