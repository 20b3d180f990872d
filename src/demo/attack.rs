//! What others try: taking a mail between two organisations as theirs.

use super::place::Site;
use super::unavailable;
use crate::complaint::Complaint;
use ssmax_chain::{Digest, HopId, HopRecord, binding, hop_mail};
use ssmax_cms::Limits;
use ssmax_cms::signed::{
    SignRequest, SignedData, attribute_utf8, domain_signature_type, sign, utf8_value,
};
use ssmax_federation::admission::Admission;
use ssmax_hsm::{KeyPurpose, StoredKey};
use ssmax_pki::profile::{self, Basis, Organisation, Validity};
use ssmax_pki::{Certificate, issue, lint, oid};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair as _, SigningKey};
use time::{Duration, OffsetDateTime};

/// Somebody with an organisation's signing key.
pub(crate) struct Attacker {
    id: String,
    from: String,
    key: Box<dyn SigningKey>,
    certificate: Certificate,
    chain: Vec<Certificate>,
}

impl Attacker {
    /// A member that misuses its own key.
    pub(crate) fn member(
        site: &Site,
        admission: &Admission,
        from: &str,
    ) -> Result<Self, Complaint> {
        let settings = site.config.keyserver()?;
        let keys = settings.open_keys()?;
        let certificate = Certificate::from_pem(&admission.organisation_signing)?;
        let id = ssmax_hsm::key_id(certificate.spki());
        let key = keys.key(KeyPurpose::OrganisationSigning, &id)?;
        Ok(Self {
            id: site.id()?,
            from: from.to_owned(),
            key: Box::new(Shared(key)),
            certificate,
            chain: vec![Certificate::from_pem(&admission.issuing_ca)?],
        })
    }

    /// A stranger with a federation of his own: everything is in order but the root.
    pub(crate) fn stranger(id: &str, domain: &str) -> Result<Self, Complaint> {
        let generate = || SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(unavailable);
        let (root_key, ca_key, key) = (generate()?, generate()?, generate()?);
        let now = OffsetDateTime::now_utc() - Duration::hours(1);
        let basis = |key: &SoftwareKey, days: i64| {
            let validity = Validity { not_before: now, not_after: now + Duration::days(days) };
            Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity)
        };
        let linted =
            |draft| lint::lint(draft).map_err(|findings| unavailable(format!("{findings:?}")));
        let root = profile::root(basis(&root_key, 3000), "Stranger", "Stranger Root");
        let root = issue::self_signed(linted(root)?, &root_key)?;
        let ca = profile::issuing_ca(basis(&ca_key, 1500), "Stranger", "Stranger CA");
        let ca = issue::issue(linted(ca)?, &root, &root_key)?;
        let organisation = Organisation { name: "Stranger", identifier: id };
        let leaf = profile::organisation_signing(basis(&key, 300), &organisation, &[domain]);
        let certificate = issue::issue(linted(leaf)?, &ca, &ca_key)?;
        Ok(Self {
            id: id.to_owned(),
            from: format!("mallory@{domain}"),
            key: Box::new(key),
            certificate,
            chain: vec![ca, root],
        })
    }

    /// The mail with its ciphertext untouched and our own signature instead of the
    /// sender's, in our own name.
    pub(crate) fn take(&self, mail: &[u8]) -> Result<Vec<u8>, Complaint> {
        let message = parse(mail)?;
        let parts = hop_mail::take_apart(&message).ok_or_else(|| unavailable("no hop-2 mail"))?;
        let mut record = hop_record(&parts.signed_data)?;
        let mut fields = Vec::new();
        for field in message.header().fields() {
            let name = field.name().to_ascii_lowercase();
            match name.as_str() {
                "from" => fields.extend(format!("From: {}\r\n", self.from).bytes()),
                "mime-version" | "content-type" => {}
                _ => fields.extend_from_slice(field.raw()),
            }
        }
        let outer = "=_taken-over";
        let shell = hop_mail::compose_mail(&fields, parts.content, b"", outer);
        record.headers = binding::headers_digest(parse(&shell)?.header()).map_err(unavailable)?;
        record.id = HopId::new(OffsetDateTime::now_utc(), [9; 10]);
        record.from_org.clone_from(&self.id);
        record.at = OffsetDateTime::now_utc();
        record.mail_from.clone_from(&self.from);
        let mut certificates = vec![self.certificate.clone()];
        certificates.extend(self.chain.iter().cloned());
        let request = SignRequest {
            content_digest: Digest::of(parts.content).0,
            content: None,
            signing_time: Some(record.at),
            extra_signed: vec![
                domain_signature_type(),
                attribute_utf8(oid::HOP_RECORD, &record.to_json()),
            ],
            unsigned: vec![],
            certificates: &certificates,
            signer: &self.certificate,
        };
        let signature = sign(&request, self.key.as_ref()).map_err(unavailable)?;
        Ok(hop_mail::compose_mail(&fields, parts.content, &signature, outer))
    }

    /// The address the attacker writes from.
    pub(crate) fn from(&self) -> &str {
        &self.from
    }
}

/// The hop record in an organisation's signature, unverified.
pub(crate) fn hop_record(signed_data: &[u8]) -> Result<HopRecord, Complaint> {
    let signed = SignedData::parse(signed_data, &Limits::default()).map_err(unavailable)?;
    let signer = signed.signers().first().ok_or_else(|| unavailable("no signer"))?;
    let value = signer.signed_attribute(oid::HOP_RECORD).map_err(unavailable)?;
    let json = value.and_then(utf8_value).ok_or_else(|| unavailable("no hop record"))?;
    HopRecord::parse(&json).map_err(unavailable)
}

fn parse(octets: &[u8]) -> Result<ssmax_mail::Entity<'_>, Complaint> {
    ssmax_mail::parse(octets, &ssmax_mail::Limits::default()).map_err(unavailable)
}

/// A key of a key store, as a key of one's own.
struct Shared(std::sync::Arc<StoredKey>);

impl ssmax_token::KeyPair for Shared {
    fn algorithm(&self) -> KeyAlgorithm {
        self.0.algorithm()
    }
    fn spki(&self) -> &[u8] {
        self.0.spki()
    }
}

impl SigningKey for Shared {
    fn signature_algorithm(&self) -> ssmax_token::SignatureAlgorithm {
        self.0.signature_algorithm()
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ssmax_token::TokenError> {
        self.0.sign(message)
    }
}
