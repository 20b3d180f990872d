//! The SCIM service: where it listens, what protects it, and who may ask.

use super::network::listen;
use super::{Report, of};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use ssmax_scim::{Settings, read_tls};

pub(super) async fn check(config: &Config, settings: &Settings, report: &mut Report<'_>) {
    let section = &settings.scim;
    match section.listen {
        Some(address) => listen(config, Role::Scim, "listen", address, report).await,
        None => {
            let complaint = Complaint::new(Exit::Bad, "scim-nowhere");
            report.error(&of(Role::Scim, "listen"), &complaint);
        }
    }
    let name = of(Role::Scim, "tls_certificate");
    match (read_tls(section), &section.tls_certificate) {
        (Ok(Some(_)), Some(path)) => {
            report.ok(&name, "check-tls", &[("path", &path.display().to_string())]);
        }
        (Ok(_), _) => {}
        (Err(error), _) => report.error(&name, &error.into()),
    }
    if section.tokens.is_empty() {
        let complaint = Complaint::new(Exit::Bad, "scim-nobody");
        report.error(&of(Role::Scim, "tokens"), &complaint);
    }
}
