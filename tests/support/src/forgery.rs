//! Hop-2 mails as a hostile member composes them, with its real keys: whatever is not
//! changed on purpose is in order.

use crate::federation::Federation;
use crate::mails::{Mail, mail, parsed, random, text};
use crate::member::Member;
use crate::stage::Side;
use ssmax_chain::binding::{headers_digest, hop_ukm, recipient_digest};
use ssmax_chain::hop_mail::{self, SmimeType};
use ssmax_chain::hop_record::{HopRecord, PartRecord, RECORD_VERSION};
use ssmax_chain::sealed_record::{RecipientSalt, SealedRecord, SenderAssertion, SignedBy};
use ssmax_chain::{Digest, HopId};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::{ContentCipher, RsaTransport, encrypt, kcv, recipient_info};
use ssmax_cms::signed::{
    SignRequest, SignedData, attribute_utf8, domain_signature_type, sign, utf8_value,
};
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_pki::profile::{self, Basis, Organisation as Named, Validity};
use ssmax_pki::{Certificate, issue, lint, oid};
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair as _, SigningKey};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// Who signs between organisations.
#[derive(Clone)]
pub struct Signer {
    pub id: String,
    key: Arc<dyn SigningKey>,
    certificate: Certificate,
    chain: Vec<Certificate>,
}

impl Signer {
    /// A member with its own key.
    pub fn member(member: &Member) -> Self {
        let settings = &member.keyserver;
        let keys = settings.open_keys().unwrap();
        let certificate = Certificate::from_pem(&member.admission.organisation_signing).unwrap();
        let id = ssmax_hsm::key_id(certificate.spki());
        Self {
            id: member.id.clone(),
            key: keys.key(KeyPurpose::OrganisationSigning, &id).unwrap(),
            certificate,
            chain: vec![Certificate::from_pem(&member.admission.issuing_ca).unwrap()],
        }
    }

    /// Somebody with a federation of his own who calls himself `id`: all is in order but
    /// the root.
    pub fn stranger(id: &str, domain: &str) -> Self {
        let (root_key, key) = (generate(), generate());
        let root = profile::root(basis(&root_key, 3000), "Stranger", "Stranger Root");
        let root = issue::self_signed(lint::lint(root).unwrap(), &root_key).unwrap();
        let named = Named { name: "Stranger", identifier: id };
        let leaf = profile::organisation_signing(basis(&key, 300), &named, &[domain]);
        let certificate = issue::issue(lint::lint(leaf).unwrap(), &root, &root_key).unwrap();
        Self { id: id.to_owned(), key: Arc::new(key), certificate, chain: vec![root] }
    }

    /// A member with a certificate that the list does not name.
    pub fn certified(member: &Member, key: SoftwareKey, certificate: Certificate) -> Self {
        Self { key: Arc::new(key), certificate, ..Self::member(member) }
    }

    /// A detached signature over a hop-2 entity, with these words as its hop record.
    fn sign(&self, content: &[u8], record: &str) -> Vec<u8> {
        let mut certificates = vec![self.certificate.clone()];
        certificates.extend(self.chain.iter().cloned());
        let request = SignRequest {
            content_digest: Digest::of(content).0,
            content: None,
            signing_time: Some(OffsetDateTime::now_utc()),
            extra_signed: vec![domain_signature_type(), attribute_utf8(oid::HOP_RECORD, record)],
            unsigned: vec![],
            certificates: &certificates,
            signer: &self.certificate,
        };
        sign(&request, self.key.as_ref()).unwrap()
    }
}

pub fn generate() -> SoftwareKey {
    SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
}

/// What a certificate for this key begins with, valid now for so many days.
pub fn basis(key: &SoftwareKey, days: i64) -> Basis {
    let now = OffsetDateTime::now_utc() - Duration::hours(1);
    let validity = Validity { not_before: now, not_after: now + Duration::days(days) };
    Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity)
}

/// Changes one thing of a mail while it is composed.
type Change<T> = Box<dyn FnOnce(&mut T) + Send>;

fn unchanged<T>() -> Change<T> {
    Box::new(|_| {})
}

/// A hop-2 mail to be.
pub struct Forgery {
    signer: Signer,
    to_org: String,
    receiver: Certificate,
    recipient: Address,
    inner: Mail,
    plaintext: Option<Vec<u8>>,
    cipher: ContentCipher,
    other_key: bool,
    mail_infos: Change<Vec<Vec<u8>>>,
    sealed: Change<SealedRecord>,
    sealed_text: Change<Vec<u8>>,
    sealed_infos: Change<Vec<Vec<u8>>>,
    record: Change<HopRecord>,
    json: Change<String>,
}

/// An encrypted part with what a hop record says about it.
struct Encrypted {
    object: Vec<u8>,
    infos: Vec<Vec<u8>>,
    tail: Digest,
    kcv: Digest,
}

impl Federation {
    /// A mail by erin of C to the sender at `side`, on its way.
    pub fn by_c(&self, side: &Side<'_>) -> Forgery {
        self.by_c_around(side, &text())
    }

    /// The same with another content, signed by erin.
    pub fn by_c_around(&self, side: &Side<'_>, entity: &[u8]) -> Forgery {
        let to = &side.sender.address;
        let inner = mail(&self.erin.address, to, entity).signed_by(&self.erin);
        Forgery::new(Signer::member(&self.c), side.member, to, inner)
    }
}

impl Forgery {
    pub fn new(signer: Signer, to: &Member, recipient: &str, inner: Mail) -> Self {
        Self {
            signer,
            to_org: to.id.clone(),
            receiver: Certificate::from_pem(&to.admission.organisation_encryption[0]).unwrap(),
            recipient: Address::parse(recipient).unwrap(),
            inner,
            plaintext: None,
            cipher: ContentCipher::Aes256Gcm,
            other_key: false,
            mail_infos: unchanged(),
            sealed: unchanged(),
            sealed_text: unchanged(),
            sealed_infos: unchanged(),
            record: unchanged(),
            json: unchanged(),
        }
    }

    /// Another signer, in its own name.
    pub fn signer(self, signer: Signer) -> Self {
        Self { signer, ..self }
    }

    /// Another mail inside, which need not be signed.
    pub fn inner(self, inner: Mail) -> Self {
        Self { inner, ..self }
    }

    /// Another plaintext than the inner mail wrapped.
    pub fn plaintext(self, plaintext: Vec<u8>) -> Self {
        Self { plaintext: Some(plaintext), ..self }
    }

    /// In the form `mail-cbc`: AES-CBC around the signed entity.
    pub fn cbc(self) -> Self {
        Self { cipher: ContentCipher::Aes256Cbc, ..self }
    }

    /// RecipientInfos and check value are of another key than the ciphertext.
    pub fn other_key(self) -> Self {
        Self { other_key: true, ..self }
    }

    /// Changes the RecipientInfos of the mail before they are named in the record.
    pub fn mail_infos(self, change: impl FnOnce(&mut Vec<Vec<u8>>) + Send + 'static) -> Self {
        Self { mail_infos: Box::new(change), ..self }
    }

    /// Changes the sealed record.
    pub fn sealed(self, change: impl FnOnce(&mut SealedRecord) + Send + 'static) -> Self {
        Self { sealed: Box::new(change), ..self }
    }

    /// Changes the sealed record as it is written.
    pub fn sealed_text(self, change: impl FnOnce(&mut Vec<u8>) + Send + 'static) -> Self {
        Self { sealed_text: Box::new(change), ..self }
    }

    /// Changes the RecipientInfos of the sealed record.
    pub fn sealed_infos(self, change: impl FnOnce(&mut Vec<Vec<u8>>) + Send + 'static) -> Self {
        Self { sealed_infos: Box::new(change), ..self }
    }

    /// Changes the hop record before it is signed.
    pub fn record(self, change: impl FnOnce(&mut HopRecord) + Send + 'static) -> Self {
        Self { record: Box::new(change), ..self }
    }

    /// Changes the hop record as it is written, before it is signed.
    pub fn json(self, change: impl FnOnce(&mut String) + Send + 'static) -> Self {
        Self { json: Box::new(change), ..self }
    }

    /// The mail as it travels.
    pub fn compose(mut self) -> Mail {
        let id = HopId::new(OffsetDateTime::now_utc(), random());
        let is_cbc = self.cipher == ContentCipher::Aes256Cbc;
        let wrapped = || [b"Content-Type: message/rfc822\r\n\r\n", &*self.inner.octets].concat();
        let usual = || if is_cbc { self.inner.content() } else { wrapped() };
        let plaintext = self.plaintext.clone().unwrap_or_else(usual);
        let change = std::mem::replace(&mut self.mail_infos, unchanged());
        let mail = self.encrypt(&plaintext, self.cipher, id, self.other_key, change);

        let salt = random::<16>();
        let digest = recipient_digest(&salt, &self.recipient);
        let mut sealed = SealedRecord {
            v: RECORD_VERSION,
            id,
            salts: vec![RecipientSalt { salt: hex::encode(salt), digest }],
            entity: Digest::of(b"none"),
            sender: assertion(),
            inspection: "pass".to_owned(),
        };
        announce(&self.inner, &mut sealed);
        std::mem::replace(&mut self.sealed, unchanged())(&mut sealed);
        let mut text = sealed.to_json().into_bytes();
        std::mem::replace(&mut self.sealed_text, unchanged())(&mut text);
        let change = std::mem::replace(&mut self.sealed_infos, unchanged());
        let sealed = self.encrypt(&text, ContentCipher::Aes256Gcm, id, false, change);

        let kind = if is_cbc { SmimeType::Enveloped } else { SmimeType::AuthEnveloped };
        let object = (kind, mail.object.as_slice());
        let content = hop_mail::compose_content(object, &sealed.object, "=_inner");
        let fields = self.inner.fields();
        let shell = hop_mail::compose_mail(&fields, &content, b"", "=_outer");
        let mut record = HopRecord {
            v: RECORD_VERSION,
            id,
            from_org: self.signer.id.clone(),
            to_org: self.to_org.clone(),
            at: OffsetDateTime::now_utc(),
            list: 1,
            message_id: self.inner.message_id.clone(),
            mail_from: String::new(),
            headers: headers_digest(parsed(&shell).header()).unwrap(),
            rcpt: vec![digest],
            parts: vec![PartRecord {
                path: "1".to_owned(),
                ri: ri_digest(&mail.infos),
                tail: mail.tail,
                kcv: mail.kcv,
                alg: self.cipher.name().to_owned(),
            }],
            sealed: Digest::of(&sealed.object),
            prev: None,
        };
        (self.record)(&mut record);
        let mut json = record.to_json();
        (self.json)(&mut json);
        let signature = self.signer.sign(&content, &json);
        let octets = hop_mail::compose_mail(&fields, &content, &signature, "=_outer");
        Mail { octets, message_id: self.inner.message_id }
    }

    /// What was seen on its way, as the signer's own: the ciphertexts untouched, the
    /// record in the signer's name.
    pub fn taking(self, seen: &[u8]) -> Mail {
        let seen = parsed(seen);
        let parts = hop_mail::take_apart(&seen).unwrap();
        let signed = SignedData::parse(&parts.signed_data, &Limits::default()).unwrap();
        let record = signed.signers()[0].signed_attribute(oid::HOP_RECORD).unwrap().unwrap();
        let mut record = HopRecord::parse(&utf8_value(record).unwrap()).unwrap();
        let fields = self.inner.fields();
        let shell = hop_mail::compose_mail(&fields, parts.content, b"", "=_outer");
        record.headers = headers_digest(parsed(&shell).header()).unwrap();
        record.message_id.clone_from(&self.inner.message_id);
        record.from_org.clone_from(&self.signer.id);
        let signature = self.signer.sign(parts.content, &record.to_json());
        let octets = hop_mail::compose_mail(&fields, parts.content, &signature, "=_outer");
        Mail { octets, message_id: self.inner.message_id }
    }

    /// Encrypts for the receiver, bound to this hop.
    fn encrypt(
        &self,
        plaintext: &[u8],
        cipher: ContentCipher,
        id: HopId,
        other_key: bool,
        change: Change<Vec<Vec<u8>>>,
    ) -> Encrypted {
        let mut key = ContentKey::random(&SystemRandom, cipher.key_len());
        let sealed = encrypt(plaintext, cipher, &key, &SystemRandom).unwrap();
        if other_key {
            key = ContentKey::random(&SystemRandom, cipher.key_len());
        }
        let tail = Digest(sealed.tail());
        let ukm = hop_ukm(id, &self.signer.id, &self.to_org, &tail);
        let info = recipient_info(&self.receiver, &key, Some(&ukm), RsaTransport::Pkcs1).unwrap();
        let mut infos = vec![info];
        change(&mut infos);
        Encrypted {
            object: sealed.with_recipients(&infos),
            tail,
            kcv: Digest(kcv(&key, &tail.0)),
            infos,
        }
    }
}

/// SHA-256 over RecipientInfos, each behind its length.
fn ri_digest(infos: &[Vec<u8>]) -> Digest {
    let fields: Vec<&[u8]> = infos.iter().map(Vec::as_slice).collect();
    Digest::of_fields("SSMAX1-ri", &fields)
}

/// Says in the sealed record who signed what, where somebody did in clear.
fn announce(inner: &Mail, sealed: &mut SealedRecord) {
    if !parsed(&inner.octets).content_type().is("multipart", "signed") {
        return;
    }
    let (entity, signed_data) = inner.signature();
    let signed = SignedData::parse(&signed_data, &Limits::default()).unwrap();
    sealed.entity = Digest::of(&entity);
    if let Some(signer) = signed.signers().first() {
        sealed.sender.si = Digest(signer.hash());
        let certificate = signer.certificate(signed.certificates()).unwrap();
        sealed.sender.cert = Digest(certificate.sha256());
    }
}

fn assertion() -> SenderAssertion {
    SenderAssertion {
        si: Digest::of(b"none"),
        cert: Digest::of(b"none"),
        proof: "in-person".to_owned(),
        ial: 2,
        auth: "device-secret".to_owned(),
        aal: 2,
        signed_by: SignedBy::File,
        on_behalf: None,
    }
}
