//! RFC 5280 4.1.2.2: the serial number is positive and has at most 20 octets.

use super::{Rule, Severity, View};

const MAX_BYTES: usize = 20;

pub(super) const RULE: Rule = Rule {
    name: "positive_serial",
    section: "RFC 5280 4.1.2.2",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let serial = view.certificate.serial();
    serial.len() <= MAX_BYTES
        && serial.first().is_some_and(|first| *first < 0x80)
        && serial.iter().any(|octet| *octet != 0)
}
