//! The directory of a member, with a certificate that its mailers are told to believe.

use crate::member::Member;
use crate::process::{Said, run};
use crate::tls::{ANCHOR, Identity};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;
use std::path::PathBuf;
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
        let _ = Identity::make(&dir, "directory", address.ip());
        let section = format!(
            "\n[directory]\nldaps = \"{address}\"\nldap = \"{bare}\"\ntls_certificate = \"directory.pem\"\n\
             tls_key = \"directory.key.pem\"\nnetworks = [\"127.0.0.0/8\"]\n"
        );
        member.serve_more(&section, "directory");
        Self { address, bare, anchor: dir.join(ANCHOR), base: base.join(",") }
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
