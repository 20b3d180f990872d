//! Who answers about revocation for a CA.

use super::{Basis, Draft, Organisation, Profile};
use crate::{KeyUsage, oid};

/// An OCSP responder that the issuing CA itself authorised (RFC 6960 4.2.2.2): at most 90
/// days, for nobody has to ask whether it is revoked (ocspNocheck, 4.2.2.2.1).
///
/// Its purpose is none that a CA of a member has. The purpose is the issuer's own statement
/// about who speaks for it, made by its very key; RFC 5280 nests no purposes.
#[must_use]
pub fn ocsp_responder(basis: Basis, organisation: &Organisation<'_>, common_name: &str) -> Draft {
    let mut draft = Draft::new(Profile::OcspResponder, basis);
    draft.subject.organization = Some(organisation.name.to_owned());
    draft.subject.organization_identifier = Some(organisation.identifier.to_owned());
    draft.subject.common_name = Some(common_name.to_owned());
    draft.key_usage = KeyUsage::DIGITAL_SIGNATURE;
    draft.extended_key_usage = vec![oid::EKU_OCSP_SIGNING.into()];
    draft
}
