//! Which certificates and which reasons a CRL speaks about (RFC 5280 5.2, 6.3.3 (b)).

use der::Decode;
use der::asn1::{Any, ObjectIdentifier, Uint};
use der::flagset::FlagSet;
use time::OffsetDateTime;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::{DistributionPoint, Reasons as ReasonBits};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, IssuingDistributionPoint as DistributionPointExtension,
};

use crate::name::CanonicalName;
use crate::{Certificate, PkiError, instant, oid};

/// The octets of the largest CRL number (RFC 5280 5.2.3: "up to 20 octets").
pub(crate) const MAX_NUMBER_BYTES: usize = 20;

/// A set of reasons for revocation (RFC 5280 5.2.5, ReasonFlags), "unused" left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reasons(u16);

impl Reasons {
    /// The special value all-reasons of RFC 5280 6.3.2.
    pub(crate) const ALL: Self = Self(0b1_1111_1110);
    /// No reason.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn of(flags: Option<FlagSet<ReasonBits>>) -> Self {
        flags.map_or(Self::ALL, |flags| Self(flags.bits()).intersection(Self::ALL))
    }
}

/// What the extensions of a CRL say about its reach.
#[derive(Default)]
pub(crate) struct Scope {
    /// With a critical extension that we do not know, or in contradiction with itself:
    /// says nothing to us (RFC 5280 5.2, 5.3).
    pub(crate) is_unusable: bool,
    /// Entries may be of certificates that others issued.
    pub(crate) is_indirect: bool,
    only_users: bool,
    only_authorities: bool,
    /// onlySomeReasons; `None` is all.
    reasons: Option<Reasons>,
    /// The names of the one distribution point that it is for.
    point: Option<Vec<PointName>>,
    /// issuingDistributionPoint as it was encoded: a delta has the same as its base.
    encoded: Option<Vec<u8>>,
    /// The key identifier of the signer.
    key_id: Option<Vec<u8>>,
    /// cRLNumber, in octets without leading zeros.
    pub(crate) number: Option<Vec<u8>>,
    /// BaseCRLNumber of a delta.
    pub(crate) base: Option<Vec<u8>>,
    /// Certificates that ended since then are still listed (X.509, expiredCertsOnCRL).
    pub(crate) keeps_since: Option<OffsetDateTime>,
}

/// A name of a distribution point, ready to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PointName {
    Directory(CanonicalName),
    Other(GeneralName),
}

impl Scope {
    /// Reads the extensions of a CRL whose issuer is `issuer`.
    pub(crate) fn read(extensions: &[Extension], issuer: &CanonicalName) -> Result<Self, PkiError> {
        let mut scope = Self::default();
        let mut seen: Vec<ObjectIdentifier> = Vec::new();
        if extensions.len() > crate::extensions::MAX_EXTENSIONS {
            return Err(PkiError::TooLarge);
        }
        for extension in extensions {
            if seen.contains(&extension.extn_id) {
                return Err(PkiError::DuplicateExtension);
            }
            seen.push(extension.extn_id);
            let value = extension.extn_value.as_bytes();
            match extension.extn_id.to_string().as_str() {
                oid::EXT_ISSUING_DISTRIBUTION_POINT => scope.narrow(value, issuer)?,
                // Critical by RFC 5280 5.2.4, and a delta even if not marked so.
                oid::EXT_DELTA_CRL => scope.base = Some(number(value)?),
                oid::EXT_CRL_NUMBER => scope.number = Some(number(value)?),
                oid::EXT_AUTHORITY_KEY_ID => {
                    let identifier = AuthorityKeyIdentifier::from_der(value)
                        .map_err(|_| PkiError::MalformedExtension)?;
                    scope.key_id = identifier.key_identifier.map(|id| id.into_bytes().into());
                }
                oid::EXT_EXPIRED_CERTIFICATES_ON_CRL => {
                    let date = Any::from_der(value).map_err(|_| PkiError::MalformedExtension)?;
                    scope.keeps_since = Some(instant::from_any(&date)?);
                }
                _ => scope.is_unusable |= extension.critical,
            }
        }
        Ok(scope)
    }

    fn narrow(&mut self, value: &[u8], issuer: &CanonicalName) -> Result<(), PkiError> {
        let point = DistributionPointExtension::from_der(value)
            .map_err(|_| PkiError::MalformedExtension)?;
        self.only_users = point.only_contains_user_certs;
        self.only_authorities = point.only_contains_ca_certs;
        // RFC 5280 5.2.5: at most one of the three; a list for attribute certificates
        // says nothing about ours.
        self.is_unusable |= point.only_contains_attribute_certs
            || (point.only_contains_user_certs && point.only_contains_ca_certs);
        self.is_indirect = point.indirect_crl;
        self.reasons = point.only_some_reasons.map(|flags| Reasons::of(Some(flags)));
        self.point = point.distribution_point.map(|name| names_of(&name, issuer));
        self.encoded = Some(value.to_vec());
        Ok(())
    }

    /// For which reasons this CRL of `issuer` tells the state of `certificate`
    /// (RFC 5280 6.3.3 (b) and (d)); none when it is not for it.
    pub(crate) fn reasons_for(&self, issuer: &CanonicalName, certificate: &Certificate) -> Reasons {
        if self.is_unusable
            || (self.only_users && certificate.is_ca())
            || (self.only_authorities && !certificate.is_ca())
        {
            return Reasons::NONE;
        }
        let own = self.reasons.unwrap_or(Reasons::ALL);
        let mut covered = Reasons::NONE;
        for point in &certificate.extensions().distribution_points {
            if self.serves(issuer, point, certificate) {
                covered = covered.union(own.intersection(Reasons::of(point.reasons)));
            }
        }
        // RFC 5280 6.3.3, last paragraph: a CRL of the certificate's issuer counts as
        // if a distribution point of the issuer's name asked for it.
        if issuer == certificate.issuer_name() {
            let assumed = PointName::Directory(issuer.clone());
            if self.point.as_ref().is_none_or(|names| names.contains(&assumed)) {
                covered = covered.union(own);
            }
        }
        covered
    }

    /// RFC 5280 6.3.3 (b) (1) and (2) (i): whether the certificate's distribution
    /// point leads to this CRL.
    fn serves(
        &self,
        issuer: &CanonicalName,
        point: &DistributionPoint,
        certificate: &Certificate,
    ) -> bool {
        let named = point.crl_issuer.as_deref();
        let is_from_there = match named {
            Some(names) => self.is_indirect && directory_names(names).any(|name| name == *issuer),
            None => issuer == certificate.issuer_name(),
        };
        let Some(own) = self.point.as_ref().filter(|_| is_from_there) else {
            return is_from_there;
        };
        let wanted = match &point.distribution_point {
            Some(name) => names_of(name, issuer),
            None => directory_names(named.unwrap_or_default()).map(PointName::Directory).collect(),
        };
        wanted.iter().any(|name| own.contains(name))
    }

    /// Whether two CRLs of one issuer are for the same certificates and reasons.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }

    /// Whether this delta can be put on top of `complete`, a CRL of the same issuer
    /// (RFC 5280 5.2.4 (a) to (d), 6.3.3 (c)).
    pub(crate) fn extends(&self, complete: &Self) -> bool {
        let (Some(base), Some(number), Some(complete_number)) =
            (&self.base, &self.number, &complete.number)
        else {
            return false;
        };
        complete.base.is_none()
            && self.is_same(complete)
            && self.key_id == complete.key_id
            && compare(base, complete_number).is_le()
            && compare(complete_number, number).is_lt()
    }
}

/// Whether the certificate's own distribution points name its subject as the one who
/// tells its state: its issuer decided so.
pub(crate) fn tells_own_state(certificate: &Certificate) -> bool {
    certificate.extensions().distribution_points.iter().any(|point| {
        let names = point.crl_issuer.as_deref().unwrap_or_default();
        directory_names(names).any(|name| name == *certificate.subject_name())
    })
}

/// The directory names among general names.
pub(crate) fn directory_names(names: &[GeneralName]) -> impl Iterator<Item = CanonicalName> + '_ {
    names.iter().filter_map(|name| match name {
        GeneralName::DirectoryName(name) => Some(CanonicalName::from_name(name)),
        _ => None,
    })
}

/// The names of a distribution point; a relative one stands below `issuer`.
fn names_of(name: &DistributionPointName, issuer: &CanonicalName) -> Vec<PointName> {
    match name {
        DistributionPointName::FullName(names) => names
            .iter()
            .map(|name| match name {
                GeneralName::DirectoryName(name) => {
                    PointName::Directory(CanonicalName::from_name(name))
                }
                other => PointName::Other(other.clone()),
            })
            .collect(),
        DistributionPointName::NameRelativeToCRLIssuer(relative) => {
            vec![PointName::Directory(issuer.below(relative))]
        }
    }
}

/// A CRL number in octets without leading zeros.
fn number(value: &[u8]) -> Result<Vec<u8>, PkiError> {
    let number = Uint::from_der(value).map_err(|_| PkiError::MalformedExtension)?;
    if number.as_bytes().len() > MAX_NUMBER_BYTES {
        return Err(PkiError::MalformedExtension);
    }
    Ok(number.as_bytes().to_vec())
}

fn compare(a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use der::Encode;

    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers_and_not_as_octets() {
        assert!(compare(&[9], &[1, 0]).is_lt());
        assert!(compare(&[2, 0], &[1, 255]).is_gt());
        assert!(compare(&[1], &[1]).is_eq());
    }

    #[test]
    fn a_number_of_twenty_octets_is_read_and_of_twenty_one_is_not() {
        let encoded = |octets: usize| Uint::new(&vec![0x41; octets]).unwrap().to_der().unwrap();
        assert_eq!(number(&encoded(MAX_NUMBER_BYTES)), Ok(vec![0x41; MAX_NUMBER_BYTES]));
        assert_eq!(number(&encoded(MAX_NUMBER_BYTES + 1)), Err(PkiError::MalformedExtension));
        assert_eq!(number(&[2, 1, 0x80]), Err(PkiError::MalformedExtension));
    }

    #[test]
    fn the_eight_reasons_together_are_all() {
        let some = Reasons::of(Some(ReasonBits::KeyCompromise | ReasonBits::CaCompromise));
        let rest = Reasons(Reasons::ALL.0 & !some.0);
        assert_ne!(some, Reasons::ALL);
        assert_eq!(some.union(rest), Reasons::ALL);
        assert_eq!(Reasons::of(None), Reasons::ALL);
        assert_eq!(Reasons::of(Some(ReasonBits::Unused.into())), Reasons::NONE);
    }
}
