//! The checks on a complete path whose signatures are good (RFC 5280 6.1.2 to 6.1.5).

use super::names::{self, NameFault};
use super::search::Search;
use super::{PathFault, Purpose, Revocation, policies, required_policy, revocation};
use crate::{Certificate, KeyUsage, oid};

/// Judges `chain`, from leaf to anchor. Returns the policies under which it is valid.
pub(super) fn check(
    search: &mut Search<'_>,
    chain: &[&Certificate],
) -> Result<Vec<String>, PathFault> {
    let input = search.input;
    for certificate in chain {
        if certificate.extensions().has_unknown_critical {
            return Err(PathFault::UnknownCriticalExtension);
        }
        if input.at < certificate.not_before() {
            return Err(PathFault::NotYetValid);
        }
        if input.at > certificate.not_after() {
            return Err(PathFault::Expired);
        }
    }
    check_authorities(chain)?;
    check_names(chain)?;
    check_purpose(chain, input.purpose)?;
    let policies = policies::check(chain, search.policy)?;
    if input.revocation != Revocation::Skip {
        revocation::check(search, chain)?;
    }
    Ok(policies)
}

/// RFC 5280 6.1.4 (k) to (n): every certificate above the leaf is a CA's, may sign
/// certificates, and leaves room for those below.
fn check_authorities(chain: &[&Certificate]) -> Result<(), PathFault> {
    let mut room: Option<u8> = None;
    for (position, authority) in chain.iter().enumerate().skip(1).rev() {
        let constraints = authority.extensions().basic_constraints.as_ref();
        let Some(constraints) = constraints.filter(|constraints| constraints.ca) else {
            return Err(PathFault::NotCa);
        };
        if !authority.key_usage().is_none_or(|usage| usage.contains(KeyUsage::CERT_SIGN)) {
            return Err(PathFault::MayNotSignCertificates);
        }
        let is_anchor = position + 1 == chain.len();
        if !is_anchor && !authority.is_self_issued() {
            room = match room {
                Some(0) => return Err(PathFault::PathLengthExceeded),
                room => room.map(|room| room - 1),
            };
        }
        room = match (room, constraints.path_len_constraint) {
            (Some(room), Some(own)) => Some(room.min(own)),
            (room, own) => room.or(own),
        };
    }
    Ok(())
}

/// RFC 5280 6.1.3 (b) and (c): every certificate keeps the name constraints of every
/// CA above it, but for self-issued ones on the way, which are that CA again.
pub(super) fn check_names(chain: &[&Certificate]) -> Result<(), PathFault> {
    for (position, authority) in chain.iter().enumerate().skip(1) {
        let Some(constraints) = &authority.extensions().name_constraints else {
            continue;
        };
        if !names::are_supported(constraints) {
            return Err(PathFault::UnsupportedConstraint);
        }
        for (below, certificate) in chain.iter().enumerate().take(position) {
            if below > 0 && certificate.is_self_issued() {
                continue;
            }
            names::check(authority, certificate).map_err(|fault| match fault {
                NameFault::NotPermitted => PathFault::NameNotPermitted,
                NameFault::Excluded => PathFault::NameExcluded,
                NameFault::Unsupported | NameFault::TooMany => PathFault::UnsupportedConstraint,
            })?;
        }
    }
    Ok(())
}

/// What a purpose asks of the certificates.
struct Demand {
    key_usage: KeyUsage,
    /// Whether a leaf without the key usage extension is refused.
    key_usage_needed: bool,
    extended: &'static str,
    /// Whether a leaf without the extended key usage, or with "any", is refused.
    extended_needed: bool,
}

impl Demand {
    fn of(purpose: Purpose) -> Option<Self> {
        let signing = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::CONTENT_COMMITMENT;
        let encryption = KeyUsage::KEY_ENCIPHERMENT | KeyUsage::KEY_AGREEMENT;
        let (key_usage, extended, strict) = match purpose {
            Purpose::EmailSigning => (signing, oid::EKU_EMAIL_PROTECTION, false),
            Purpose::EmailEncryption => (encryption, oid::EKU_EMAIL_PROTECTION, false),
            Purpose::OrganisationSigning => {
                (KeyUsage::DIGITAL_SIGNATURE, oid::EKU_EMAIL_PROTECTION, true)
            }
            Purpose::OrganisationEncryption => (encryption, oid::EKU_EMAIL_PROTECTION, true),
            Purpose::ListSigning => (KeyUsage::DIGITAL_SIGNATURE, oid::EKU_DOCUMENT_SIGNING, true),
            Purpose::TlsServer => {
                let usage = KeyUsage::DIGITAL_SIGNATURE | encryption;
                return Some(Self {
                    key_usage: usage,
                    key_usage_needed: false,
                    extended: oid::EKU_SERVER_AUTH,
                    extended_needed: true,
                });
            }
            Purpose::Any => return None,
        };
        Some(Self { key_usage, key_usage_needed: strict, extended, extended_needed: strict })
    }
}

fn check_purpose(chain: &[&Certificate], purpose: Purpose) -> Result<(), PathFault> {
    let (Some(demand), Some((leaf, authorities))) = (Demand::of(purpose), chain.split_first())
    else {
        return Ok(());
    };
    match leaf.key_usage() {
        Some(usage) if !usage.intersects(demand.key_usage) => {
            return Err(PathFault::WrongKeyUsage);
        }
        None if demand.key_usage_needed => return Err(PathFault::WrongKeyUsage),
        _ => {}
    }
    let usages = leaf.extended_key_usages();
    let named = usages.iter().any(|usage| usage == demand.extended);
    let open = usages.is_empty() || usages.iter().any(|usage| usage == oid::EKU_ANY);
    if !named && (demand.extended_needed || !open) {
        return Err(PathFault::WrongExtendedKeyUsage);
    }
    // The extended key usages of a CA bound those below it. Not in RFC 5280, but in
    // the S/MIME Baseline Requirements (7.1.5) and in every mailer.
    for authority in authorities {
        let usages = authority.extended_key_usages();
        let covered = usages.is_empty()
            || usages.iter().any(|usage| usage == demand.extended || usage == oid::EKU_ANY);
        if !covered {
            return Err(PathFault::WrongExtendedKeyUsage);
        }
    }
    // anyPolicy in the leaf would pass RFC 5280's processing; it names no organisation.
    match required_policy(purpose) {
        Some(policy) if !leaf.has_policy(policy) => Err(PathFault::WrongPolicy),
        _ => Ok(()),
    }
}
