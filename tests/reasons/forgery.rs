//! Hop-2 mails as a hostile member composes them, with its real keys: whatever is not
//! changed on purpose is in order.

use crate::federation::Federation;
use crate::mails::{Mail, mail, parsed, random, text};
use crate::member::Member;
use crate::stage::Side;
use crate::surgery::last_octet_changed;
use ssmax_chain::binding::{headers_digest, hop_ukm, recipient_digest};
use ssmax_chain::hop_mail::{self, SmimeType};
use ssmax_chain::hop_record::{HopRecord, PartRecord, RECORD_VERSION};
use ssmax_chain::sealed_record::{RecipientSalt, SealedRecord, SenderAssertion, SignedBy};
use ssmax_chain::{Digest, HopId};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::{ContentCipher, RsaTransport, Sealed, encrypt, kcv, recipient_info};
use ssmax_cms::signed::{SignRequest, SignedData, attribute_utf8, domain_signature_type, sign};
use ssmax_hsm::{KeyPurpose, KeyStore, UnlockSecret};
use ssmax_mail::address::Address;
use ssmax_pki::profile::{self, Basis, Organisation as Named, Validity};
use ssmax_pki::{Certificate, issue, lint, oid};
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// Who signs between organisations.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) id: String,
    key: Arc<SoftwareKey>,
    certificate: Certificate,
    chain: Vec<Certificate>,
}

impl Signer {
    /// A member with its own key.
    pub(crate) fn member(member: &Member) -> Self {
        let settings = &member.keyserver;
        let unlock = UnlockSecret::from_file(&settings.keyserver.unlock_file).unwrap();
        let keys = KeyStore::open(&settings.key_dir(), &unlock).unwrap();
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
    pub(crate) fn stranger(id: &str, domain: &str) -> Self {
        let (root_key, key) = (generate(), generate());
        let root = profile::root(basis(&root_key), "Stranger", "Stranger Root");
        let root = issue::self_signed(lint::lint(root).unwrap(), &root_key).unwrap();
        let named = Named { name: "Stranger", identifier: id };
        let leaf = profile::organisation_signing(basis(&key), &named, &[domain]);
        let certificate = issue::issue(lint::lint(leaf).unwrap(), &root, &root_key).unwrap();
        Self { id: id.to_owned(), key: Arc::new(key), certificate, chain: vec![root] }
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

pub(crate) fn generate() -> SoftwareKey {
    SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
}

/// What a certificate for this key begins with, valid now for 300 days.
pub(crate) fn basis(key: &SoftwareKey) -> Basis<'_> {
    let now = OffsetDateTime::now_utc();
    let validity =
        Validity { not_before: now - Duration::hours(1), not_after: now + Duration::days(300) };
    Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity)
}

/// Changes one thing.
type Change<T> = Box<dyn FnOnce(&mut T)>;

/// A hop-2 mail to be.
pub(crate) struct Forgery {
    signer: Signer,
    to_org: String,
    key_of_receiver: Certificate,
    recipient: Address,
    /// The mail inside, signed by its sender.
    inner: Mail,
    plaintext: Vec<u8>,
    fields: Vec<u8>,
    sealed: Change<SealedRecord>,
    sealed_text: Change<Vec<u8>>,
    seals: Change<Vec<Vec<u8>>>,
    infos: Change<Vec<Vec<u8>>>,
    wrong_key: bool,
    record: Change<HopRecord>,
    json: Change<String>,
    content: Change<Vec<u8>>,
}

impl Federation {
    /// A good mail by erin of C to the sender at `side`, on its way.
    pub(crate) fn by_c(&self, side: &Side<'_>) -> Forgery {
        let to = &side.sender.address;
        let inner = mail(&self.erin.address, to, &text()).signed_by(&self.erin);
        Forgery::new(Signer::member(&self.c), side.member, to, inner)
    }
}
