//! From a linted draft to the octets that are signed.

use der::asn1::{Any, BitString, Ia5String, Null, ObjectIdentifier, OctetString};
use der::{Decode, Encode};
use spki::SubjectPublicKeyInfoRef;
use ssmax_primitives::sha1;
use x509_cert::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::certpolicy::PolicyInformation;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName, OtherName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints,
    CertificatePolicies, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage as KeyUsageBits,
    NameConstraints,
};

use crate::certificate::{Signed, Tbs, TbsValidity};
use crate::extensions::IdentityProofAsn1;
use crate::profile::{AlternativeName, Basis, Draft, IdentityProof, Profile, Subject};
use crate::{PkiError, instant, name, oid};

/// Who signs: the parts of the issuer that stand in the new certificate.
pub(crate) struct Issuer<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) key_id: Option<&'a [u8]>,
}

/// The subject of a draft as a DER name.
pub(crate) fn subject(subject: &Subject) -> Result<Vec<u8>, PkiError> {
    let attributes = [
        (oid::COUNTRY, &subject.country),
        (oid::ORGANIZATION, &subject.organization),
        (oid::ORGANIZATION_IDENTIFIER, &subject.organization_identifier),
        (oid::SURNAME, &subject.surname),
        (oid::GIVEN_NAME, &subject.given_name),
        (oid::COMMON_NAME, &subject.common_name),
    ];
    let present: Vec<(&str, &str)> = attributes
        .iter()
        .filter_map(|(identifier, value)| Some((*identifier, value.as_deref()?)))
        .collect();
    name::encode(&present)
}

/// The DER of the part of a certificate that is signed.
pub(crate) fn tbs(
    draft: &Draft,
    issuer: &Issuer<'_>,
    algorithm: &[u8],
) -> Result<Vec<u8>, PkiError> {
    let validity = TbsValidity {
        not_before: instant::to_any(draft.basis.validity.not_before)?,
        not_after: instant::to_any(draft.basis.validity.not_after)?,
    };
    encoded(&Tbs {
        version: Version::V3,
        serial: Any::new(der::Tag::Integer, draft.basis.serial.as_slice()).map_err(unencodable)?,
        algorithm: any(algorithm)?,
        issuer: any(issuer.name)?,
        validity,
        subject: any(&subject(&draft.subject)?)?,
        spki: any(&draft.basis.spki)?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions(draft, issuer)?),
    })
}

/// The signed part, the algorithm and the signature put together.
pub(crate) fn signed(tbs: &[u8], algorithm: &[u8], signature: &[u8]) -> Result<Vec<u8>, PkiError> {
    encoded(&Signed {
        tbs: any(tbs)?,
        algorithm: any(algorithm)?,
        signature: BitString::from_bytes(signature).map_err(unencodable)?,
    })
}

/// The key identifier of a DER `SubjectPublicKeyInfo`, as our certificates carry it in
/// subjectKeyIdentifier (RFC 5280 4.2.1.2, method 1: SHA-1 over the key's octets). It
/// names a key and protects nothing.
///
/// For octets that are no such structure it is taken over all of them.
#[must_use]
pub fn key_identifier(spki: &[u8]) -> Vec<u8> {
    match key_octets(spki) {
        Some(octets) => sha1(&octets).to_vec(),
        None => sha1(spki).to_vec(),
    }
}

/// The octets of the BIT STRING in a DER `SubjectPublicKeyInfo`.
pub(crate) fn key_octets(spki: &[u8]) -> Option<Vec<u8>> {
    let parsed = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    Some(parsed.subject_public_key.raw_bytes().to_vec())
}

/// One extension around an encodable value.
pub(crate) fn extension(
    identifier: &str,
    critical: bool,
    value: &impl Encode,
) -> Result<Extension, PkiError> {
    Ok(Extension {
        extn_id: object_identifier(identifier)?,
        critical,
        extn_value: OctetString::new(encoded(value)?).map_err(unencodable)?,
    })
}

/// The names as a subjectAltName holds them.
pub(crate) fn general_names(names: &[AlternativeName]) -> Result<Vec<GeneralName>, PkiError> {
    names
        .iter()
        .map(|name| match name {
            // RFC 9598 3: an address with an ASCII local part is an rfc822Name.
            AlternativeName::Email(address) if address.is_ascii() => {
                Ok(GeneralName::Rfc822Name(ia5(address)?))
            }
            AlternativeName::Email(address) => Ok(GeneralName::OtherName(OtherName {
                type_id: object_identifier(oid::SMTP_UTF8_MAILBOX)?,
                value: Any::encode_from(address).map_err(unencodable)?,
            })),
            AlternativeName::Dns(host) => Ok(GeneralName::DnsName(ia5(host)?)),
        })
        .collect()
}

fn extensions(draft: &Draft, issuer: &Issuer<'_>) -> Result<Vec<Extension>, PkiError> {
    let mut list = Vec::new();
    if let Some(key_id) = issuer.key_id {
        let identifier = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(key_id).map_err(unencodable)?),
            ..AuthorityKeyIdentifier::default()
        };
        list.push(extension(oid::EXT_AUTHORITY_KEY_ID, false, &identifier)?);
    }
    let own_key_id = OctetString::new(key_identifier(&draft.basis.spki)).map_err(unencodable)?;
    list.push(extension(oid::EXT_SUBJECT_KEY_ID, false, &own_key_id)?);
    if draft.is_ca {
        let constraints = BasicConstraints { ca: true, path_len_constraint: draft.path_len };
        list.push(extension(oid::EXT_BASIC_CONSTRAINTS, true, &constraints)?);
    }
    let key_usage = KeyUsageBits(draft.key_usage.to_flags());
    list.push(extension(oid::EXT_KEY_USAGE, true, &key_usage)?);
    if !draft.extended_key_usage.is_empty() {
        let usages = object_identifiers(&draft.extended_key_usage)?;
        list.push(extension(oid::EXT_EXTENDED_KEY_USAGE, false, &ExtendedKeyUsage(usages))?);
    }
    if !draft.names.is_empty() {
        // RFC 5280 4.2.1.6: critical when the subject is empty.
        let critical = draft.subject == Subject::default();
        list.push(extension(oid::EXT_SUBJECT_ALT_NAME, critical, &general_names(&draft.names)?)?);
    }
    if !draft.policies.is_empty() {
        list.push(extension(oid::EXT_CERTIFICATE_POLICIES, false, &policies(draft)?)?);
    }
    if !draft.permitted_domains.is_empty() || !draft.excluded_domains.is_empty() {
        let constraints = NameConstraints {
            permitted_subtrees: subtrees(&draft.permitted_domains)?,
            excluded_subtrees: subtrees(&draft.excluded_domains)?,
        };
        list.push(extension(oid::EXT_NAME_CONSTRAINTS, true, &constraints)?);
    }
    if !draft.basis.crl_urls.is_empty() {
        let points = distribution_points(&draft.basis.crl_urls)?;
        list.push(extension(oid::EXT_CRL_DISTRIBUTION_POINTS, false, &points)?);
    }
    if !draft.basis.ocsp_urls.is_empty() || !draft.basis.issuer_urls.is_empty() {
        let access = authority_information(&draft.basis)?;
        list.push(extension(oid::EXT_AUTHORITY_INFO_ACCESS, false, &access)?);
    }
    if draft.profile == Profile::OcspResponder {
        list.push(extension(oid::EXT_OCSP_NO_CHECK, false, &Null)?);
    }
    if let Some(proof) = draft.identity_proof {
        list.push(identity_proof(proof)?);
    }
    Ok(list)
}

fn policies(draft: &Draft) -> Result<CertificatePolicies, PkiError> {
    let list = object_identifiers(&draft.policies)?
        .into_iter()
        .map(|policy_identifier| PolicyInformation { policy_identifier, policy_qualifiers: None });
    Ok(CertificatePolicies(list.collect()))
}

fn subtrees(domains: &[String]) -> Result<Option<Vec<GeneralSubtree>>, PkiError> {
    if domains.is_empty() {
        return Ok(None);
    }
    let subtree = |domain: &String| {
        let base = GeneralName::Rfc822Name(ia5(domain)?);
        Ok(GeneralSubtree { base, minimum: 0, maximum: None })
    };
    domains.iter().map(subtree).collect::<Result<_, _>>().map(Some)
}

fn distribution_points(urls: &[String]) -> Result<CrlDistributionPoints, PkiError> {
    let uris: Result<Vec<_>, PkiError> =
        urls.iter().map(|url| Ok(GeneralName::UniformResourceIdentifier(ia5(url)?))).collect();
    Ok(CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(uris?)),
        reasons: None,
        crl_issuer: None,
    }]))
}

fn authority_information(basis: &Basis) -> Result<AuthorityInfoAccessSyntax, PkiError> {
    let methods =
        [(oid::ACCESS_OCSP, &basis.ocsp_urls), (oid::ACCESS_CA_ISSUERS, &basis.issuer_urls)];
    let mut list = Vec::new();
    for (method, urls) in methods {
        for url in urls {
            list.push(AccessDescription {
                access_method: object_identifier(method)?,
                access_location: GeneralName::UniformResourceIdentifier(ia5(url)?),
            });
        }
    }
    Ok(AuthorityInfoAccessSyntax(list))
}

fn identity_proof(proof: IdentityProof) -> Result<Extension, PkiError> {
    let date = instant::to_generalized(proof.date.midnight().assume_utc())?;
    extension(oid::IDENTITY_PROOF, false, &IdentityProofAsn1 { level: proof.level, date })
}

fn object_identifiers(dotted: &[String]) -> Result<Vec<ObjectIdentifier>, PkiError> {
    dotted.iter().map(|identifier| object_identifier(identifier)).collect()
}

fn object_identifier(dotted: &str) -> Result<ObjectIdentifier, PkiError> {
    ObjectIdentifier::new(dotted).map_err(|_| PkiError::Unencodable)
}

fn ia5(text: &str) -> Result<Ia5String, PkiError> {
    Ia5String::new(text).map_err(unencodable)
}

fn any(der: &[u8]) -> Result<Any, PkiError> {
    Any::from_der(der).map_err(unencodable)
}

fn encoded(value: &impl Encode) -> Result<Vec<u8>, PkiError> {
    value.to_der().map_err(unencodable)
}

fn unencodable(_: der::Error) -> PkiError {
    PkiError::Unencodable
}
