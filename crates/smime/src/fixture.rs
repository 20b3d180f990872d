//! A small world of CAs, people and mails for the tests.

use std::sync::LazyLock;

use ssmax_cms::enveloped::{self, ContentCipher, RsaTransport};
use ssmax_cms::signed::{Attribute, SignRequest, sign};
use ssmax_mail::compose;
use ssmax_pki::crl::Crl;
use ssmax_pki::lint::lint;
use ssmax_pki::profile::{self, Basis, Draft, Generation, Identity, Organisation, User, Validity};
use ssmax_pki::{Certificate, issue};
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom, sha256};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::judge::{Judgement, Question, judge};

pub(crate) const NOW: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);
const START: OffsetDateTime = datetime!(2026-04-01 0:00 UTC);

pub(crate) const SENDER: Organisation<'static> =
    Organisation { name: "A Inc", identifier: "NTRJP-7000012050002" };

pub(crate) struct Holder {
    pub(crate) key: SoftwareKey,
    pub(crate) certificate: Certificate,
}

pub(crate) struct World {
    pub(crate) root: Holder,
    pub(crate) issuing: Holder,
    pub(crate) member: Holder,
    pub(crate) organisation: Holder,
    pub(crate) alice: Holder,
    pub(crate) mallory: Holder,
    pub(crate) bob_encryption: Holder,
    pub(crate) seal_ca: Holder,
    pub(crate) seal: Holder,
}

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(World::new);

impl World {
    fn new() -> Self {
        let root = root();
        let issuing =
            issued(&root, |basis| profile::issuing_ca(basis, "Authority", "Issuing"), 3000);
        let member = issued(
            &issuing,
            |basis| profile::member_ca(basis, &SENDER, "A CA", &["a.example"]),
            2000,
        );
        let organisation = issued(
            &issuing,
            |basis| profile::organisation_signing(basis, &SENDER, &["a.example"]),
            800,
        );
        let user = |address| {
            issued(&member, move |basis| profile::user_signing(basis, &person(address)), 800)
        };
        let bob_encryption =
            issued(&member, |basis| profile::user_encryption(basis, &person("bob@a.example")), 800);
        let seal_ca =
            self_signed(|basis| profile::seal_ca(basis, &SENDER, "Seal CA", &["b.example"]), 3000);
        let seal = issued(
            &seal_ca,
            |basis| profile::relay_signing(basis, "alice@a.example", "Alice (checked by B)"),
            2000,
        );
        let (alice, mallory) = (user("alice@a.example"), user("mallory@a.example"));
        Self { root, issuing, member, organisation, alice, mallory, bob_encryption, seal_ca, seal }
    }

    pub(crate) fn chain(&self) -> Vec<Certificate> {
        vec![self.member.certificate.clone(), self.issuing.certificate.clone()]
    }
}

fn person(address: &str) -> User<'_> {
    User {
        address,
        identity: Identity::Mailbox,
        generation: Generation::Strict,
        server_held: false,
        identity_proof: None,
    }
}

fn root() -> Holder {
    self_signed(|basis| profile::root(basis, "Authority", "Root"), 7000)
}

fn new_key() -> SoftwareKey {
    SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
}

fn basis(key: &SoftwareKey, days: u16) -> Basis {
    let serial = issue::random_serial(&SystemRandom);
    Basis::new(key.spki(), serial, Validity::days(START, days))
}

fn self_signed(draft: impl FnOnce(Basis) -> Draft, days: u16) -> Holder {
    let key = new_key();
    let linted = lint(draft(basis(&key, days))).unwrap();
    let certificate = issue::self_signed(linted, &key).unwrap();
    Holder { key, certificate }
}

pub(crate) fn issued(issuer: &Holder, draft: impl FnOnce(Basis) -> Draft, days: u16) -> Holder {
    let key = new_key();
    let linted = lint(draft(basis(&key, days))).unwrap();
    let certificate = issue::issue(linted, &issuer.certificate, &issuer.key).unwrap();
    Holder { key, certificate }
}

/// A person's encryption key of this kind, with its certificate.
pub(crate) fn encryption_holder(algorithm: KeyAlgorithm) -> Holder {
    let key = SoftwareKey::generate(algorithm).unwrap();
    let user = person("carol@a.example");
    let linted = lint(profile::user_encryption(basis(&key, 800), &user)).unwrap();
    let issuer = &WORLD.member;
    let certificate = issue::issue(linted, &issuer.certificate, &issuer.key).unwrap();
    Holder { key, certificate }
}

pub(crate) const ENTITY: &[u8] = b"Content-Type: text/plain\r\n\r\nHello\r\n";

/// What goes into a signature beside the content.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) signed: Vec<Attribute>,
    pub(crate) unsigned: Vec<Attribute>,
    pub(crate) opaque: bool,
    /// No certificates at all.
    pub(crate) bare: bool,
}

pub(crate) fn signature(signer: &Holder, entity: &[u8], extra: Extra) -> Vec<u8> {
    let mut certificates = vec![signer.certificate.clone()];
    certificates.extend(WORLD.chain());
    if extra.bare {
        certificates.clear();
    }
    let request = SignRequest {
        content_digest: sha256(entity),
        content: extra.opaque.then_some(entity),
        signing_time: Some(NOW),
        extra_signed: extra.signed,
        unsigned: extra.unsigned,
        certificates: &certificates,
        signer: &signer.certificate,
    };
    sign(&request, &signer.key).unwrap()
}

/// multipart/signed without header fields beside its type.
pub(crate) fn clear_signed(entity: &[u8], signature: &[u8]) -> Vec<u8> {
    compose::multipart(
        "signed",
        &[("protocol", "application/pkcs7-signature"), ("micalg", "sha-256")],
        "=_outer",
        &[entity.to_vec(), ssmax_chain::hop_mail::signature_part(signature)],
    )
}

pub(crate) fn opaque(object: &[u8]) -> Vec<u8> {
    let mut entity = b"Content-Type: application/pkcs7-mime; smime-type=signed-data; \
        name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        .to_vec();
    entity.extend(compose::base64_body(object));
    entity
}

pub(crate) fn encrypted(content: &[u8], recipients: &[&Holder]) -> Vec<u8> {
    let cipher = ContentCipher::Aes256Cbc;
    let key = ContentKey::random(&SystemRandom, cipher.key_len());
    let sealed = enveloped::encrypt(content, cipher, &key, &SystemRandom).unwrap();
    let infos: Vec<_> = recipients
        .iter()
        .map(|to| {
            enveloped::recipient_info(&to.certificate, &key, None, RsaTransport::Pkcs1).unwrap()
        })
        .collect();
    ssmax_chain::hop_mail::pkcs7_part(
        ssmax_chain::hop_mail::SmimeType::Enveloped,
        "smime.p7m",
        &sealed.with_recipients(&infos),
    )
}

pub(crate) fn mail(from: &str, entity: &[u8]) -> Vec<u8> {
    [format!("{from}Subject: s\r\nMIME-Version: 1.0\r\n").as_bytes(), entity].concat()
}

pub(crate) const FROM_ALICE: &str = "From: Alice <alice@a.example>\r\n";

/// A good mail by Alice.
pub(crate) fn good() -> Vec<u8> {
    let signature = signature(&WORLD.alice, ENTITY, Extra::default());
    mail(FROM_ALICE, &clear_signed(ENTITY, &signature))
}

pub(crate) fn asked(message: &[u8], crls: &[Crl], at: OffsetDateTime) -> Judgement {
    let anchors = [WORLD.root.certificate.clone(), WORLD.seal_ca.certificate.clone()];
    judge(message, &Question { crls, ..Question::new(&anchors, at) })
}

pub(crate) fn judged(message: &[u8]) -> Judgement {
    asked(message, &[], NOW)
}
