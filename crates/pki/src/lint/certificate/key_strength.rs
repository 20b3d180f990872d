//! S/MIME BR 6.1.5: RSA keys of 2,048 bits and more with an odd exponent of at least 3, or
//! EC keys on a NIST curve, or Edwards keys.

use super::{Rule, Severity, View};
use crate::PublicKey;

/// Larger ones are used to slow verifiers down.
const MAX_RSA_BITS: usize = 16_384;
/// P-256, P-384, P-521.
const CURVES: [&str; 3] = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];
/// Ed25519, Ed448; X25519 and X448 as RFC 8410 has them.
const EDWARDS: [&str; 4] = ["1.3.101.112", "1.3.101.113", "1.3.101.110", "1.3.101.111"];

pub(super) const RULE: Rule = Rule {
    name: "key_strength",
    section: "S/MIME BR 6.1.5, 6.1.6",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    match view.certificate.public_key() {
        // RFC 8017 3.1: the exponent is odd and at least 3.
        PublicKey::Rsa { bits, exponent } => {
            (2048..=MAX_RSA_BITS).contains(&bits)
                && bits % 8 == 0
                && exponent.is_none_or(|exponent| exponent >= 3 && exponent % 2 == 1)
        }
        PublicKey::Ec(curve) => CURVES.contains(&curve.as_str()),
        PublicKey::Other(identifier) => EDWARDS.contains(&identifier.as_str()),
        PublicKey::Unreadable => false,
    }
}
