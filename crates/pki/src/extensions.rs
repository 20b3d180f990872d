//! The extensions of a certificate that we process, decoded once.
//!
//! RFC 5280 4.2: a non-critical extension that is recognised must be processed, so a
//! malformed one makes the certificate unreadable instead of being passed over.

use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Decode, Sequence};
use time::{Date, OffsetDateTime};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, CrlDistributionPoints,
    ExtendedKeyUsage, KeyUsage as KeyUsageBits, NameConstraints, PolicyConstraints, PolicyMappings,
};

use crate::{KeyUsage, PkiError, address, instant, oid};

/// The most extensions of one certificate: each is compared with all before it.
pub(crate) const MAX_EXTENSIONS: usize = 100;
/// The most policies, and the most policy mappings, of one certificate.
pub(crate) const MAX_POLICIES: usize = 500;

/// What the extension identityProof says: how well and when the person behind a user
/// certificate proved their identity. Nothing else: no number of the person is ever
/// put into a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityProof {
    /// Identity assurance level of NIST SP 800-63: 1 to 3.
    pub level: u8,
    /// The day of the proof, in UTC.
    pub date: Date,
}

/// `IdentityProof ::= SEQUENCE { level INTEGER (1..3), date GeneralizedTime }`
#[derive(Sequence)]
pub(crate) struct IdentityProofAsn1 {
    pub(crate) level: u8,
    pub(crate) date: Any,
}

/// The processed extensions of one certificate. Absent ones are empty or `None`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extensions {
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key_id: Option<Vec<u8>>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) basic_constraints: Option<BasicConstraints>,
    /// Whether there is subjectAltName at all, even an empty one.
    pub(crate) has_alternative_names: bool,
    pub(crate) alternative_names: Vec<GeneralName>,
    pub(crate) emails: Vec<String>,
    pub(crate) dns_names: Vec<String>,
    pub(crate) name_constraints: Option<Constraints>,
    pub(crate) policies: Option<Vec<ObjectIdentifier>>,
    pub(crate) policy_mappings: Vec<(ObjectIdentifier, ObjectIdentifier)>,
    pub(crate) require_explicit_policy: Option<u32>,
    pub(crate) inhibit_policy_mapping: Option<u32>,
    pub(crate) inhibit_any_policy: Option<u32>,
    pub(crate) extended_key_usage: Option<Vec<ObjectIdentifier>>,
    pub(crate) distribution_points: Vec<DistributionPoint>,
    pub(crate) identity_proof: Option<IdentityProof>,
    pub(crate) has_unknown_critical: bool,
    /// Every extension as it stands, in order.
    pub(crate) all: Vec<Extension>,
}

/// The two lists of a nameConstraints extension.
#[derive(Debug, Clone, Default)]
pub(crate) struct Constraints {
    pub(crate) permitted: Vec<GeneralSubtree>,
    pub(crate) excluded: Vec<GeneralSubtree>,
}

impl Extensions {
    pub(crate) fn decode(list: &[Extension]) -> Result<Self, PkiError> {
        let mut decoded = Self::default();
        let mut seen: Vec<ObjectIdentifier> = Vec::new();
        if list.len() > MAX_EXTENSIONS {
            return Err(PkiError::TooLarge);
        }
        for extension in list {
            if seen.contains(&extension.extn_id) {
                return Err(PkiError::DuplicateExtension);
            }
            seen.push(extension.extn_id);
            decoded.read(extension)?;
        }
        decoded.all = list.to_vec();
        Ok(decoded)
    }

    /// The http addresses of full CRLs that the certificate names. They are never
    /// followed by themselves: whoever made the certificate chose them.
    pub(crate) fn crl_urls(&self) -> Vec<String> {
        let names = self.distribution_points.iter().filter_map(|point| {
            match point.distribution_point.as_ref() {
                Some(DistributionPointName::FullName(names)) => Some(names),
                _ => None,
            }
        });
        names
            .flatten()
            .filter_map(|name| match name {
                GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
                _ => None,
            })
            .collect()
    }

    fn read(&mut self, extension: &Extension) -> Result<(), PkiError> {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id.to_string().as_str() {
            oid::EXT_SUBJECT_KEY_ID => {
                self.subject_key_id = Some(parse::<OctetString>(value)?.into_bytes().into());
            }
            oid::EXT_AUTHORITY_KEY_ID => {
                let identifier = parse::<AuthorityKeyIdentifier>(value)?;
                self.authority_key_id =
                    identifier.key_identifier.map(|octets| octets.into_bytes().into());
            }
            oid::EXT_KEY_USAGE => {
                self.key_usage = Some(KeyUsage::from_flags(parse::<KeyUsageBits>(value)?.0));
            }
            oid::EXT_BASIC_CONSTRAINTS => self.basic_constraints = Some(parse(value)?),
            oid::EXT_SUBJECT_ALT_NAME => self.read_names(parse(value)?)?,
            oid::EXT_NAME_CONSTRAINTS => {
                let constraints = parse::<NameConstraints>(value)?;
                self.name_constraints = Some(Constraints {
                    permitted: constraints.permitted_subtrees.unwrap_or_default(),
                    excluded: constraints.excluded_subtrees.unwrap_or_default(),
                });
            }
            oid::EXT_CERTIFICATE_POLICIES => self.read_policies(value)?,
            oid::EXT_POLICY_MAPPINGS => {
                let list = parse::<PolicyMappings>(value)?.0;
                if list.len() > MAX_POLICIES {
                    return Err(PkiError::TooLarge);
                }
                self.policy_mappings = list
                    .iter()
                    .map(|pair| (pair.issuer_domain_policy, pair.subject_domain_policy))
                    .collect();
            }
            oid::EXT_POLICY_CONSTRAINTS => {
                let constraints = parse::<PolicyConstraints>(value)?;
                self.require_explicit_policy = constraints.require_explicit_policy;
                self.inhibit_policy_mapping = constraints.inhibit_policy_mapping;
            }
            oid::EXT_INHIBIT_ANY_POLICY => self.inhibit_any_policy = Some(parse(value)?),
            oid::EXT_EXTENDED_KEY_USAGE => {
                self.extended_key_usage = Some(parse::<ExtendedKeyUsage>(value)?.0);
            }
            oid::EXT_CRL_DISTRIBUTION_POINTS => {
                self.distribution_points = parse::<CrlDistributionPoints>(value)?.0;
            }
            oid::IDENTITY_PROOF => self.identity_proof = Some(read_identity_proof(value)?),
            _ => self.has_unknown_critical |= extension.critical,
        }
        Ok(())
    }

    fn read_policies(&mut self, value: &[u8]) -> Result<(), PkiError> {
        let mut policies: Vec<ObjectIdentifier> = Vec::new();
        let list = parse::<CertificatePolicies>(value)?.0;
        if list.len() > MAX_POLICIES {
            return Err(PkiError::TooLarge);
        }
        for policy in list {
            // RFC 5280 4.2.1.4: "MUST NOT appear more than once".
            if policies.contains(&policy.policy_identifier) {
                return Err(PkiError::MalformedExtension);
            }
            policies.push(policy.policy_identifier);
        }
        self.policies = Some(policies);
        Ok(())
    }

    fn read_names(&mut self, names: Vec<GeneralName>) -> Result<(), PkiError> {
        for name in &names {
            match name {
                GeneralName::Rfc822Name(text) => {
                    if !address::is_ascii_mailbox(text.as_str()) {
                        return Err(PkiError::UnusableAddress);
                    }
                    self.emails.push(text.to_string());
                }
                GeneralName::DnsName(text) => {
                    if !address::is_host_name(text.as_str()) {
                        return Err(PkiError::UnusableAddress);
                    }
                    self.dns_names.push(text.to_string());
                }
                GeneralName::OtherName(other)
                    if other.type_id.to_string() == oid::SMTP_UTF8_MAILBOX =>
                {
                    let text = other
                        .value
                        .decode_as::<String>()
                        .map_err(|_| PkiError::MalformedExtension)?;
                    if !address::is_utf8_mailbox(&text) {
                        return Err(PkiError::UnusableAddress);
                    }
                    self.emails.push(text);
                }
                _ => {}
            }
        }
        self.has_alternative_names = true;
        self.alternative_names = names;
        Ok(())
    }
}

fn read_identity_proof(value: &[u8]) -> Result<IdentityProof, PkiError> {
    let proof = parse::<IdentityProofAsn1>(value)?;
    let date: OffsetDateTime =
        instant::from_any(&proof.date).map_err(|_| PkiError::MalformedExtension)?;
    if !(1..=3).contains(&proof.level) {
        return Err(PkiError::MalformedExtension);
    }
    Ok(IdentityProof { level: proof.level, date: date.date() })
}

fn parse<'a, T: Decode<'a>>(value: &'a [u8]) -> Result<T, PkiError> {
    T::from_der(value).map_err(|_| PkiError::MalformedExtension)
}
