//! Who decides about held mail and about mail of others, and whose word on logins counts.

use super::Report;
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use ssmax_keyserver::{Settings, StatementService};
use std::collections::BTreeSet;

pub(super) async fn check(config: &Config, report: &mut Report<'_>) {
    let Ok(settings) = config.keyserver() else { return };
    let reviewers = &settings.keyserver.reviewers;
    if !reviewers.is_empty() {
        let count = reviewers.len().to_string();
        report.ok("keyserver.reviewers", "check-reviewers", &[("count", &count)]);
    }
    able(&settings, "keyserver.reviewers", reviewers, report).await;
    archive(&settings, report);
    able(&settings, "keyserver.archive", &settings.keyserver.archive.officers, report).await;
    trace(&settings, report);
    able(&settings, "keyserver.trace", &settings.keyserver.trace.officers, report).await;
    logins(config, &settings, report).await;
}

/// Whether those who may open mail of others are enough to do so.
fn archive(settings: &Settings, report: &mut Report<'_>) {
    const NAME: &str = "keyserver.archive";
    let archive = &settings.keyserver.archive;
    let officers: BTreeSet<&String> = archive.officers.iter().collect();
    match officers.len() {
        0 => {}
        1 => report.warning(NAME, &Complaint::new(Exit::Bad, "archive-one-officer")),
        count => {
            report.ok(NAME, "check-archive-officers", &[("count", &count.to_string())]);
            if archive.notice.is_none() {
                report.warning(NAME, &Complaint::new(Exit::Bad, "archive-no-notice"));
            }
        }
    }
}

/// Whether those who may have people identified are enough to do so, and watched.
fn trace(settings: &Settings, report: &mut Report<'_>) {
    const NAME: &str = "keyserver.trace";
    let trace = &settings.keyserver.trace;
    let officers: BTreeSet<&String> = trace.officers.iter().collect();
    match officers.len() {
        0 => {}
        1 => report.warning(NAME, &Complaint::new(Exit::Bad, "trace-one-officer")),
        count => {
            report.ok(NAME, "check-trace-officers", &[("count", &count.to_string())]);
            if trace.notice.is_none() {
                report.warning(NAME, &Complaint::new(Exit::Bad, "trace-no-notice"));
            }
        }
    }
}

/// Whether each of them could sign: who could not is no officer, and is missed when
/// somebody waits.
async fn able(settings: &Settings, name: &str, officers: &[String], report: &mut Report<'_>) {
    if officers.is_empty() {
        return;
    }
    match ssmax_keyserver::cannot_sign(settings, officers).await {
        // The keys are missing too then, or nobody is registered yet.
        Ok(None) => {}
        Ok(Some(unable)) => {
            for officer in unable {
                let complaint = Complaint::new(Exit::Bad, "officer-cannot-sign");
                report.error(name, &complaint.with("officer", officer));
            }
        }
        Err(error) => report.error(name, &error.into()),
    }
}

/// Beside the MTA's word, the gateway's is one that nobody needs to have taken over.
async fn logins(config: &Config, settings: &Settings, report: &mut Report<'_>) {
    const NAME: &str = "keyserver.gateway_logins";
    if !settings.dir().join("keyserver.sqlite").exists() {
        return;
    }
    let services = ssmax_keyserver::statement_services(settings).await;
    let listens = config.gateway().is_ok_and(|settings| settings.gateway.submission.is_some());
    match (services, settings.keyserver.gateway_logins) {
        (Ok(services), _) if !services.contains(&StatementService::Submission) => {
            if config.roles().contains(&Role::Submission) {
                report.error("submission.key", &Complaint::new(Exit::Bad, "milter-unknown"));
            }
        }
        (Ok(_), None | Some(false)) if listens => {
            report.error(NAME, &Complaint::new(Exit::Bad, "gateway-logins-off"));
        }
        (Ok(_), Some(true)) => {
            report.warning(NAME, &Complaint::new(Exit::Bad, "gateway-logins-beside-milter"));
        }
        (Ok(_), _) => report.ok(NAME, "check-gateway-logins-off", &[]),
        (Err(error), _) => report.error(NAME, &error.into()),
    }
}
