//! S/MIME BR 7.1.6: a user certificate has exactly one policy of the Baseline
//! Requirements; the other profiles have exactly theirs. No policy says more about a
//! certificate than its profile does.

use super::Requirement;
use crate::oid;
use crate::profile::{Draft, Profile};

pub(super) const REQUIREMENT: Requirement = Requirement {
    name: "certificate_policies",
    section: "S/MIME BR 7.1.6, SSMAX certificates 4",
    is_kept,
};

fn is_kept(draft: &Draft) -> bool {
    let policies: Vec<&str> = draft.policies.iter().map(String::as_str).collect();
    match draft.profile {
        Profile::Root
        | Profile::TransportCa
        | Profile::TlsServer
        | Profile::TlsClient
        | Profile::TlsRole
        | Profile::OcspResponder => policies.is_empty(),
        Profile::IssuingCa => policies == [oid::ANY_POLICY],
        Profile::ListSigner => policies == [oid::POLICY_LIST_SIGNER],
        Profile::OrganisationSigning | Profile::OrganisationEncryption => {
            policies == [oid::POLICY_ORGANISATION]
        }
        Profile::SealCa | Profile::RelaySigning | Profile::RelayEncryption => {
            policies == [oid::POLICY_RELAY]
        }
        Profile::MemberCa => {
            let own = [oid::POLICY_RELAY, oid::POLICY_SERVER_HELD];
            !policies.is_empty()
                && policies.iter().all(|policy| is_baseline(policy) || own.contains(policy))
        }
        Profile::UserSigning => match policies.as_slice() {
            [baseline] => is_baseline(baseline),
            [baseline, own] => is_baseline(baseline) && *own == oid::POLICY_SERVER_HELD,
            _ => false,
        },
        Profile::UserEncryption => matches!(policies.as_slice(), [one] if is_baseline(one)),
    }
}

/// 2.23.140.1.5.{1..4}.{2,3}: the multipurpose and strict generations.
fn is_baseline(policy: &str) -> bool {
    policy
        .strip_prefix(oid::SMIME_BR)
        .is_some_and(|below| matches!(below.as_bytes(), [b'.', b'1'..=b'4', b'.', b'2' | b'3']))
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{
        assert_breaks, member_ca, relay_signing, user_encryption, user_signing,
    };
    use crate::oid;

    #[test]
    fn a_user_certificate_with_the_organisations_policy_is_found() {
        let mut draft = user_signing();
        draft.policies.push(oid::POLICY_ORGANISATION.into());
        assert_breaks("certificate_policies", draft);
    }

    #[test]
    fn a_user_certificate_of_the_legacy_generation_or_of_two_kinds_is_found() {
        let mut draft = user_signing();
        draft.policies = vec!["2.23.140.1.5.3.1".into()];
        assert_breaks("certificate_policies", draft);
        let mut draft = user_signing();
        draft.policies.push("2.23.140.1.5.3.2".into());
        assert_breaks("certificate_policies", draft);
    }

    #[test]
    fn an_encryption_key_said_to_sign_at_the_server_is_found() {
        let mut draft = user_encryption();
        draft.policies.push(oid::POLICY_SERVER_HELD.into());
        assert_breaks("certificate_policies", draft);
    }

    #[test]
    fn a_member_ca_for_any_policy_is_found() {
        for policy in [oid::ANY_POLICY, oid::POLICY_ORGANISATION, oid::POLICY_LIST_SIGNER] {
            let mut draft = member_ca();
            draft.policies.push(policy.into());
            assert_breaks("certificate_policies", draft);
        }
    }

    #[test]
    fn a_relay_certificate_that_does_not_say_so_is_found() {
        let mut draft = relay_signing();
        draft.policies.clear();
        assert_breaks("certificate_policies", draft);
    }
}
