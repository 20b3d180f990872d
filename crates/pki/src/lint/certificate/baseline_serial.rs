//! S/MIME BR 7.1: a serial number holds at least 64 bits from a random source. How random
//! they are cannot be seen; that there are too few can.

use super::{Rule, Severity, View};

/// One octet less than 64 bits: the first ones may be zero by chance.
const MIN_BYTES: usize = 7;

pub(super) const RULE: Rule =
    Rule { name: "baseline_serial", section: "S/MIME BR 7.1", severity: Severity::Error, is_kept };

fn is_kept(view: &View<'_>) -> bool {
    view.certificate.serial().len() >= MIN_BYTES
}
