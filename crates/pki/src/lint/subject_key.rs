//! S/MIME BR 6.1.5: RSA keys of 2,048 bits and more, or EC keys on an allowed curve.
//! The federation encryption key is EC P-256, because hop 2 is key agreement.

use ssmax_primitives::key_algorithm;
use ssmax_token::KeyAlgorithm;

use super::Requirement;
use crate::profile::{Draft, Profile};

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "subject_key", section: "S/MIME BR 6.1.5", is_kept };

fn is_kept(draft: &Draft) -> bool {
    match key_algorithm(&draft.basis.spki) {
        Ok(KeyAlgorithm::EcP256) => true,
        Ok(algorithm) if algorithm.is_rsa() => draft.profile != Profile::OrganisationEncryption,
        // Other curves are read in foreign certificates, and not certified by us.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use ssmax_primitives::SoftwareKey;
    use ssmax_token::{KeyAlgorithm, KeyPair};

    use crate::lint::samples::{CITY, HANAKO, assert_breaks, assert_kept, basis, user_signing};
    use crate::profile::{Basis, organisation_encryption, user_encryption};

    fn rsa_basis() -> Basis {
        let key = SoftwareKey::generate(KeyAlgorithm::Rsa2048).unwrap();
        Basis { spki: key.spki().to_vec(), ..basis(397) }
    }

    #[test]
    fn octets_that_are_no_public_key_are_found() {
        let mut draft = user_signing();
        draft.basis.spki.pop();
        assert_breaks("subject_key", draft);
    }

    #[test]
    fn rsa_is_allowed_for_a_user_and_not_for_federation_encryption() {
        assert_kept(user_encryption(rsa_basis(), &HANAKO));
        assert_breaks("subject_key", organisation_encryption(rsa_basis(), &CITY, &["b.example"]));
    }
}
