//! One certificate.
//!
//! Properties: its octets stay as they are; every address it gives out is usable and its
//! own; its PEM is read as the same certificate.

use ssmax_pki::{Certificate, algorithm, is_usable_address, relay, same_name};

use crate::fixed::AT;
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Certificates];
pub(crate) const ROUNDS: usize = 1200;

/// Reads the octets and everything they say.
pub fn run(octets: &[u8]) {
    let _ = algorithm::from_der(octets);
    let Ok(certificate) = Certificate::from_der(octets) else { return };
    assert_eq!(certificate.der(), octets, "a certificate is its octets");
    let again = Certificate::from_pem(&certificate.to_pem()).expect("its PEM is read");
    assert_eq!(again, certificate);
    for email in certificate.emails() {
        assert!(is_usable_address(&email), "an address that readers could take differently");
        assert!(certificate.has_email(&email), "an address that is not its own");
    }
    assert!(same_name(certificate.subject(), certificate.subject()));
    let _ = (certificate.subject_text(), certificate.common_name(), certificate.organization());
    let _ = (certificate.organization_identifier(), certificate.identity_proof());
    let _ = (certificate.dns_names(), certificate.crl_urls(), certificate.policies());
    let _ = (certificate.extended_key_usages(), certificate.signature_algorithm());
    let _ = (certificate.allows_signing(), certificate.allows_encryption(), certificate.is_ca());
    let _ = (certificate.not_before() <= AT, certificate.not_after() >= AT);
    let _ = (relay::key_of_serial(certificate.serial()), format!("{certificate:?}"));
}
