//! S/MIME BR 7.1.2.3 f: mail certificates are for e-mail protection and nothing else;
//! never for any purpose. The other profiles have theirs.

use super::Requirement;
use crate::oid;
use crate::profile::{Draft, Profile};

pub(super) const REQUIREMENT: Requirement = Requirement {
    name: "extended_key_usage",
    section: "S/MIME BR 7.1.2.3 f, SSMAX certificates 4",
    is_kept,
};

fn is_kept(draft: &Draft) -> bool {
    let wanted: &[&str] = match draft.profile {
        Profile::Root => &[],
        Profile::IssuingCa => &[oid::EKU_EMAIL_PROTECTION, oid::EKU_DOCUMENT_SIGNING],
        Profile::ListSigner => &[oid::EKU_DOCUMENT_SIGNING],
        Profile::TransportCa | Profile::TlsRole => &[oid::EKU_SERVER_AUTH, oid::EKU_CLIENT_AUTH],
        Profile::TlsServer => &[oid::EKU_SERVER_AUTH],
        Profile::TlsClient => &[oid::EKU_CLIENT_AUTH],
        Profile::OcspResponder => &[oid::EKU_OCSP_SIGNING],
        _ => &[oid::EKU_EMAIL_PROTECTION],
    };
    draft.extended_key_usage == wanted
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, member_ca, user_signing};
    use crate::oid;

    #[test]
    fn a_mail_certificate_for_further_or_any_purposes_is_found() {
        for usage in [oid::EKU_SERVER_AUTH, oid::EKU_ANY, oid::EKU_DOCUMENT_SIGNING] {
            for mut draft in [user_signing(), member_ca()] {
                draft.extended_key_usage.push(usage.into());
                assert_breaks("extended_key_usage", draft);
            }
        }
    }

    #[test]
    fn a_mail_certificate_without_the_extension_is_found() {
        let mut draft = user_signing();
        draft.extended_key_usage.clear();
        assert_breaks("extended_key_usage", draft);
    }
}
