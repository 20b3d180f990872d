//! RFC 5280 4.2.1.1: a certificate names the key that signed it by its identifier, except
//! a self-signed one. S/MIME BR 7.1.2.3 g: by that alone.

use super::{Rule, Severity, View};
use crate::oid;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

pub(super) const RULE: Rule = Rule {
    name: "authority_key_id",
    section: "RFC 5280 4.2.1.1, S/MIME BR 7.1.2.3 g",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let certificate = view.certificate;
    match certificate.extension(oid::EXT_AUTHORITY_KEY_ID) {
        None => certificate.has_own_name_as_issuer(),
        Some(_) => {
            let identifier =
                certificate.extension_value::<AuthorityKeyIdentifier>(oid::EXT_AUTHORITY_KEY_ID);
            identifier.is_some_and(|one| {
                let alone = one.authority_cert_issuer.is_none()
                    && one.authority_cert_serial_number.is_none();
                one.key_identifier.is_some() && (alone || view.baseline.is_none())
            })
        }
    }
}
