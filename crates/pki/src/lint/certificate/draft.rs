//! The draft that a certificate could have been made from.

use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;

use crate::profile::{AlternativeName, Basis, Draft, Profile, Subject, Validity};
use crate::{Certificate, oid};

/// Reads a certificate back as a draft of `profile`. What a draft has no place for is
/// left out; the rule `nothing_else` finds that.
pub(super) fn of(certificate: &Certificate, profile: Profile) -> Draft {
    let validity =
        Validity { not_before: certificate.not_before(), not_after: certificate.not_after() };
    let mut basis = Basis::new(certificate.spki(), certificate.serial().to_vec(), validity);
    basis.crl_urls = certificate.crl_urls();
    basis.ocsp_urls = certificate.ocsp_urls();
    basis.issuer_urls = certificate.ca_issuers_urls();
    let first = |kind: &str| certificate.subject_attributes(kind).into_iter().next();
    let emails = certificate.emails().into_iter().map(AlternativeName::Email);
    let hosts = certificate.dns_names().into_iter().map(AlternativeName::Dns);
    let constraints = certificate.extensions().name_constraints.clone().unwrap_or_default();
    Draft {
        profile,
        basis,
        subject: Subject {
            country: first(oid::COUNTRY),
            organization: first(oid::ORGANIZATION),
            organization_identifier: first(oid::ORGANIZATION_IDENTIFIER),
            surname: first(oid::SURNAME),
            given_name: first(oid::GIVEN_NAME),
            common_name: first(oid::COMMON_NAME),
        },
        names: emails.chain(hosts).collect(),
        is_ca: certificate.is_ca(),
        path_len: certificate.path_length(),
        key_usage: certificate.key_usage().unwrap_or_default(),
        extended_key_usage: certificate.extended_key_usages(),
        policies: certificate.policies(),
        permitted_domains: domains(&constraints.permitted),
        excluded_domains: domains(&constraints.excluded),
        identity_proof: certificate.identity_proof(),
    }
}

fn domains(subtrees: &[GeneralSubtree]) -> Vec<String> {
    let domain = |subtree: &GeneralSubtree| match &subtree.base {
        GeneralName::Rfc822Name(text) => Some(text.to_string()),
        _ => None,
    };
    subtrees.iter().filter_map(domain).collect()
}
