//! What a certificate says beyond what decides about it: for people, for the lint, and
//! for those who encrypt to its holder.

use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Decode, Sequence};
use ssmax_primitives::sha1;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::AuthorityInfoAccessSyntax;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;

use super::Certificate;
use crate::public_key::PublicKey;
use crate::{name, oid};

/// `SMIMECapability` (RFC 8551 2.5.2).
#[derive(Sequence)]
struct Capability {
    identifier: ObjectIdentifier,
    #[asn1(optional = "true")]
    parameters: Option<Any>,
}

impl Certificate {
    /// The value of the extension smimeCapabilities (RFC 4262), DER of a SEQUENCE of
    /// SMIMECapability (RFC 8551 2.5.2): what the holder's mailer can read. Not decoded
    /// here.
    #[must_use]
    pub fn smime_capabilities(&self) -> Option<&[u8]> {
        self.extension(oid::SMIME_CAPABILITIES).map(|extension| extension.extn_value.as_bytes())
    }

    /// The algorithms that [`Certificate::smime_capabilities`] names, in dotted form and in
    /// the holder's order; empty when the value cannot be read.
    #[must_use]
    pub fn smime_capability_identifiers(&self) -> Option<Vec<String>> {
        let value = self.smime_capabilities()?;
        let capabilities = Vec::<Capability>::from_der(value).unwrap_or_default();
        Some(capabilities.iter().map(|one| one.identifier.to_string()).collect())
    }

    /// SHA-1 over the DER: a name that old programs show. It protects nothing.
    #[must_use]
    pub fn sha1(&self) -> [u8; 20] {
        sha1(self.der())
    }

    /// The issuer for people to read, as RFC 4514 text.
    #[must_use]
    pub fn issuer_text(&self) -> String {
        x509_cert::name::Name::from_der(self.issuer())
            .map(|parsed| name::text(&parsed))
            .unwrap_or_default()
    }

    /// The kind and size of the public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_spki(self.spki())
    }

    /// The identifier of the signature's algorithm in dotted form, also of one that we
    /// do not accept.
    #[must_use]
    pub fn signature_identifier(&self) -> String {
        spki::AlgorithmIdentifierOwned::from_der(self.algorithm_der())
            .map(|identifier| identifier.oid.to_string())
            .unwrap_or_default()
    }

    /// How many CAs may follow below this one; `None` without that bound.
    #[must_use]
    pub fn path_length(&self) -> Option<u8> {
        self.extensions().basic_constraints.as_ref()?.path_len_constraint
    }

    /// Whether issuer and subject are the same name (RFC 5280 3.2).
    #[must_use]
    pub fn has_own_name_as_issuer(&self) -> bool {
        self.is_self_issued()
    }

    /// The URIs of the issuer's OCSP responders. Text chosen by whoever made the
    /// certificate: only a configured host may ever be asked.
    #[must_use]
    pub fn ocsp_urls(&self) -> Vec<String> {
        self.access_urls(oid::ACCESS_OCSP)
    }

    /// The URIs of the issuer's certificate. As for [`Certificate::ocsp_urls`].
    #[must_use]
    pub fn ca_issuers_urls(&self) -> Vec<String> {
        self.access_urls(oid::ACCESS_CA_ISSUERS)
    }

    /// The alternative names that are neither addresses nor host names, each as
    /// `TYPE:VALUE`: `uri:`, `ip:`, `dir:`, `id:` (registeredID), and `other:` with the
    /// identifier of a kind that is not read.
    #[must_use]
    pub fn other_names(&self) -> Vec<String> {
        let names = self.extensions().alternative_names.iter();
        names.filter_map(|name| general_name_text(name, false)).collect()
    }

    /// The permitted and the excluded subtrees of a CA's name constraints, each as
    /// `TYPE:VALUE` as in [`Certificate::other_names`], with `email:` and `dns:`.
    #[must_use]
    pub fn name_constraints(&self) -> (Vec<String>, Vec<String>) {
        let Some(constraints) = &self.extensions().name_constraints else {
            return Default::default();
        };
        let texts = |list: &[GeneralSubtree]| {
            list.iter().filter_map(|subtree| general_name_text(&subtree.base, true)).collect()
        };
        (texts(&constraints.permitted), texts(&constraints.excluded))
    }

    /// The values of a subject attribute (dotted form) that are texts.
    #[must_use]
    pub fn subject_attributes(&self, identifier: &str) -> Vec<String> {
        name::attribute_texts(self.subject_parsed(), identifier)
    }

    /// The extension of this type, if it is there.
    pub(crate) fn extension(&self, identifier: &str) -> Option<&Extension> {
        let all = &self.extensions().all;
        all.iter().find(|extension| extension.extn_id.to_string() == identifier)
    }

    /// The decoded value of an extension; `None` when absent or malformed.
    pub(crate) fn extension_value<'a, T: Decode<'a>>(&'a self, identifier: &str) -> Option<T> {
        T::from_der(self.extension(identifier)?.extn_value.as_bytes()).ok()
    }

    fn access_urls(&self, method: &str) -> Vec<String> {
        let access =
            self.extension_value::<AuthorityInfoAccessSyntax>(oid::EXT_AUTHORITY_INFO_ACCESS);
        let Some(access) = access else { return Vec::new() };
        access
            .0
            .iter()
            .filter(|one| one.access_method.to_string() == method)
            .filter_map(|one| match &one.access_location {
                GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
                _ => None,
            })
            .collect()
    }
}

/// A general name as text; addresses and host names only when `with_mail`.
fn general_name_text(general: &GeneralName, with_mail: bool) -> Option<String> {
    match general {
        GeneralName::Rfc822Name(text) => with_mail.then(|| format!("email:{text}")),
        GeneralName::DnsName(text) => with_mail.then(|| format!("dns:{text}")),
        GeneralName::OtherName(other) => {
            let kind = other.type_id.to_string();
            let is_mail = kind == oid::SMTP_UTF8_MAILBOX;
            (with_mail || !is_mail).then(|| format!("other:{kind}"))
        }
        GeneralName::DirectoryName(parsed) => Some(format!("dir:{}", name::text(parsed))),
        GeneralName::UniformResourceIdentifier(text) => Some(format!("uri:{text}")),
        GeneralName::IpAddress(octets) => Some(format!("ip:{}", ip_text(octets))),
        GeneralName::RegisteredId(identifier) => Some(format!("id:{identifier}")),
        _ => Some("other:".to_owned()),
    }
}

/// An address, or an address with its mask; what is neither, in hexadecimal.
fn ip_text(octets: &OctetString) -> String {
    let octets = octets.as_bytes();
    let text = |octets: &[u8]| -> Option<String> {
        let v4 = <[u8; 4]>::try_from(octets).map(std::net::IpAddr::from);
        let v6 = || <[u8; 16]>::try_from(octets).map(std::net::IpAddr::from);
        v4.or_else(|_| v6()).ok().map(|address| address.to_string())
    };
    let masked = || {
        let (network, mask) = octets.split_at_checked(octets.len() / 2)?;
        Some(format!("{}/{}", text(network)?, text(mask)?))
    };
    text(octets).or_else(masked).unwrap_or_else(|| hex::encode(octets))
}
