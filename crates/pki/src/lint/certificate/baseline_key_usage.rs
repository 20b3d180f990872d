//! S/MIME BR 7.1.2.3 e: a key signs, or content keys are wrapped for it, or both; each kind
//! of key has its own bits, and no others.

use super::BaselineGeneration;
use super::{Rule, Severity, View};
use crate::{KeyUsage, PublicKey};

pub(super) const RULE: Rule = Rule {
    name: "baseline_key_usage",
    section: "S/MIME BR 7.1.2.3 e",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let Some(usage) = view.certificate.key_usage() else { return false };
    let signing = KeyUsage::DIGITAL_SIGNATURE;
    let is_strict = view.baseline.is_some_and(|one| one.generation == BaselineGeneration::Strict);
    let (encryption, beside) = match view.certificate.public_key() {
        PublicKey::Rsa { .. } if is_strict => (KeyUsage::KEY_ENCIPHERMENT, KeyUsage::default()),
        PublicKey::Rsa { .. } => (KeyUsage::KEY_ENCIPHERMENT, KeyUsage::DATA_ENCIPHERMENT),
        PublicKey::Ec(_) => {
            (KeyUsage::KEY_AGREEMENT, KeyUsage::ENCIPHER_ONLY | KeyUsage::DECIPHER_ONLY)
        }
        _ => (KeyUsage::default(), KeyUsage::default()),
    };
    let (signs, opens) = (usage.contains(signing), usage.intersects(encryption));
    let mut allowed = KeyUsage::default();
    if signs {
        allowed = allowed | signing | KeyUsage::CONTENT_COMMITMENT;
    }
    if opens {
        allowed = allowed | encryption | beside;
    }
    (signs || opens) && allowed.contains(usage)
}
