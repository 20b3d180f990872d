//! The directory for mailers: where it listens, what protects it, and who is answered.

use super::network::listen;
use super::{Report, of};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use ssmax_directory::{Settings, read_tls};

pub(super) async fn check(config: &Config, settings: &Settings, report: &mut Report<'_>) {
    let section = &settings.directory;
    let listeners = [("ldap", section.ldap), ("ldaps", section.ldaps)];
    if listeners.iter().all(|(_, address)| address.is_none()) {
        let complaint = Complaint::new(Exit::Bad, "directory-nowhere");
        report.error(&of(Role::Directory, "listen"), &complaint);
    }
    for (name, address) in listeners {
        if let Some(address) = address {
            listen(config, Role::Directory, name, address, report).await;
        }
    }
    let name = of(Role::Directory, "tls_certificate");
    let has_tls = match (read_tls(settings), &section.tls_certificate) {
        (Ok(Some(_)), Some(path)) => {
            report.ok(&name, "check-tls", &[("path", &path.display().to_string())]);
            true
        }
        (Ok(_), _) => false,
        (Err(error), _) => {
            report.error(&name, &error.into());
            false
        }
    };
    let is_open = section.ldap.is_some_and(|address| !address.ip().is_loopback());
    if section.allow_plaintext && is_open {
        let complaint = Complaint::new(Exit::Bad, "directory-plaintext");
        report.warning(&of(Role::Directory, "allow_plaintext"), &complaint);
    }
    if !has_tls && !section.allow_plaintext {
        let complaint = Complaint::new(Exit::Bad, "directory-answers-nobody");
        report.error(&of(Role::Directory, "allow_plaintext"), &complaint);
    }
    if section.networks.is_empty() {
        let complaint = Complaint::new(Exit::Bad, "directory-no-networks");
        report.warning(&of(Role::Directory, "networks"), &complaint);
    }
    if section.networks.iter().any(|network| network.bits() == 0) {
        let complaint = Complaint::new(Exit::Bad, "directory-everybody");
        report.warning(&of(Role::Directory, "networks"), &complaint);
    }
}
