//! A Postfix of this host beside the gateway: whether it is told what it has to be told.

use super::Report;
use crate::command::setup;
use crate::complaint::{Complaint, Exit};
use crate::config::Config;

/// The name of the check.
const NAME: &str = "postfix";

/// A difference is a warning: what stands there may do the same in another way.
pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    match setup::differences(config) {
        None => {}
        Some(Ok((dir, names))) if names.is_empty() => {
            report.ok(NAME, "check-postfix", &[("dir", &dir.display().to_string())]);
        }
        Some(Ok((dir, names))) => {
            let complaint = Complaint::new(Exit::Bad, "postfix-differs")
                .with("dir", dir.display())
                .with("names", names.join(", "));
            report.warning(NAME, &complaint);
        }
        Some(Err(complaint)) => report.warning(NAME, &complaint),
    }
}
