//! S/MIME BR 7.1.2.3 e: a signing certificate signs and does nothing else; an
//! encryption certificate has the one bit that fits its key. CAs sign certificates
//! and CRLs (RFC 5280 4.2.1.3).

use ssmax_primitives::key_algorithm;

use super::Requirement;
use crate::KeyUsage;
use crate::profile::Draft;

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "key_usage", section: "S/MIME BR 7.1.2.3 e, RFC 5280 4.2.1.3", is_kept };

fn is_kept(draft: &Draft) -> bool {
    let wanted = if draft.profile.is_ca() {
        KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN
    } else if !draft.profile.is_encryption() {
        KeyUsage::DIGITAL_SIGNATURE
    } else {
        match key_algorithm(&draft.basis.spki) {
            Ok(algorithm) if algorithm.is_rsa() => KeyUsage::KEY_ENCIPHERMENT,
            Ok(_) => KeyUsage::KEY_AGREEMENT,
            // An unreadable key is the finding of subject_key.
            Err(_) => return true,
        }
    };
    draft.key_usage == wanted
}

#[cfg(test)]
mod tests {
    use crate::KeyUsage;
    use crate::lint::samples::{
        assert_breaks, member_ca, relay_encryption, relay_signing, user_encryption, user_signing,
    };

    #[test]
    fn a_key_for_both_signing_and_encryption_is_found() {
        for mut draft in [user_signing(), user_encryption(), relay_signing(), relay_encryption()] {
            draft.key_usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_AGREEMENT;
            assert_breaks("key_usage", draft);
        }
    }

    #[test]
    fn key_encipherment_with_an_ec_key_is_found() {
        let mut draft = user_encryption();
        draft.key_usage = KeyUsage::KEY_ENCIPHERMENT;
        assert_breaks("key_usage", draft);
    }

    #[test]
    fn a_user_certificate_that_signs_certificates_is_found() {
        let mut draft = user_signing();
        draft.key_usage = KeyUsage::CERT_SIGN;
        assert_breaks("key_usage", draft);
    }

    #[test]
    fn a_ca_that_signs_mail_is_found() {
        let mut draft = member_ca();
        draft.key_usage = draft.key_usage | KeyUsage::DIGITAL_SIGNATURE;
        assert_breaks("key_usage", draft);
    }
}
