//! S/MIME BR 7.1.4.2: the attributes of a subject follow from what was validated.
//! CA subjects (7.1.4.3) and organisation certificates name their organisation.

use super::Requirement;
use crate::oid;
use crate::profile::{Draft, Profile};

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "subject_attributes", section: "S/MIME BR 7.1.4.2", is_kept };

fn is_kept(draft: &Draft) -> bool {
    let subject = &draft.subject;
    let organisation = subject.organization.is_some();
    let identifier = subject.organization_identifier.is_some();
    let person = subject.surname.is_some() && subject.given_name.is_some();
    let nobody = subject.surname.is_none() && subject.given_name.is_none();
    let named = subject.common_name.is_some();
    match draft.profile {
        Profile::Root | Profile::IssuingCa | Profile::ListSigner => {
            subject.country.is_some() && organisation && named && nobody
        }
        Profile::MemberCa | Profile::SealCa | Profile::OcspResponder => {
            subject.country.is_some() && organisation && identifier && named && nobody
        }
        Profile::OrganisationSigning | Profile::OrganisationEncryption => {
            organisation && identifier && named && nobody
        }
        Profile::UserSigning | Profile::UserEncryption => match validation(draft) {
            // 7.1.4.2.3: neither organisation nor person nor country.
            Some(1) => !organisation && !identifier && nobody && subject.country.is_none(),
            Some(2) => organisation && identifier && nobody && named,
            Some(3) => organisation && identifier && person && named,
            Some(4) => !organisation && !identifier && person && named,
            // Another policy is the finding of certificate_policies.
            _ => true,
        },
        // A relay certificate names a person for whom nobody else is answerable.
        Profile::RelaySigning | Profile::RelayEncryption => {
            !organisation && !identifier && nobody && named
        }
        Profile::TransportCa | Profile::TlsRole => organisation && named && nobody,
        Profile::TlsServer => nobody,
        Profile::TlsClient => named && nobody,
    }
}

/// The validation in the Baseline Requirements' policy identifier.
fn validation(draft: &Draft) -> Option<u8> {
    draft.policies.iter().find_map(|policy| {
        let below = policy.strip_prefix(oid::SMIME_BR)?.strip_prefix('.')?;
        below.split('.').next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{
        HANAKO, assert_breaks, basis, member_ca, organisation_signing, relay_signing, user_signing,
    };
    use crate::profile::{Identity, User, user_signing as draft_for};

    #[test]
    fn a_sponsored_person_without_name_or_organisation_is_found() {
        let mut draft = user_signing();
        draft.subject.given_name = None;
        assert_breaks("subject_attributes", draft);
        let mut draft = user_signing();
        draft.subject.organization = None;
        assert_breaks("subject_attributes", draft);
    }

    #[test]
    fn a_mailbox_certificate_that_names_an_organisation_is_found() {
        let user = User { identity: Identity::Mailbox, ..HANAKO };
        let mut draft = draft_for(basis(825), &user);
        draft.subject.organization = Some("B市".into());
        assert_breaks("subject_attributes", draft);
    }

    #[test]
    fn a_relay_certificate_that_names_an_organisation_is_found() {
        let mut draft = relay_signing();
        draft.subject.organization = Some("B市".into());
        assert_breaks("subject_attributes", draft);
    }

    #[test]
    fn members_without_their_identifier_are_found() {
        for mut draft in [organisation_signing(), member_ca()] {
            draft.subject.organization_identifier = None;
            assert_breaks("subject_attributes", draft);
        }
    }
}
