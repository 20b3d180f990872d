use super::*;
use crate::fixture::{Holder, WORLD};
use ContentCipher::{Aes128Cbc, Aes128Gcm, Aes192Cbc, Aes256Cbc, Aes256Gcm};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::{Enveloped, RecipientKind};
use ssmax_primitives::{DigestAlgorithm, SystemRandom};
use ssmax_token::KeyAlgorithm;
use std::sync::LazyLock;

/// DER of SMIMECapabilities with these entries, each a whole SMIMECapability in hex.
fn capabilities(entries: &[&str]) -> Capabilities {
    let inside = hex::decode(entries.concat()).unwrap();
    let mut value = vec![0x30, 0x81, inside.len().try_into().unwrap()];
    if inside.len() < 0x80 {
        value.remove(1);
    }
    value.extend(inside);
    Capabilities::parse(&value).unwrap()
}

const AES128_CBC: &str = "300b0609608648016503040102";
const AES256_CBC: &str = "300b060960864801650304012a";
const AES128_GCM: &str = "300b0609608648016503040106";
const AES256_GCM: &str = "300b060960864801650304012e";
const TRIPLE_DES: &str = "300a06082a864886f70d0307";
const RC2_40: &str = "300d06082a864886f70d0302020128";
const OAEP: &str = "300b06092a864886f70d010107";
const OAEP_SHA256: &str = "303806092a864886f70d010107302ba00d300b0609608648016503040201\
    a11a301806092a864886f70d010108300b0609608648016503040201";
/// dhSinglePass-stdDH-sha1kdf-scheme, 1.3.133.16.840.63.0.2, with aes128-wrap.
const SHA1_KDF: &str = "301806092b81051086483f0002300b0609608648016503040105";
/// dhSinglePass-stdDH-sha256kdf-scheme, 1.3.132.1.11.1, with aes128-wrap.
const SHA256_KDF: &str = "301506062b8104010b01300b0609608648016503040105";

fn ec() -> &'static Certificate {
    &WORLD.bob_encryption.certificate
}

/// A person with an RSA key.
static RSA: LazyLock<Holder> =
    LazyLock::new(|| crate::fixture::encryption_holder(KeyAlgorithm::Rsa2048));

fn rsa() -> &'static Certificate {
    &RSA.certificate
}

fn cipher_for(lists: &[&[&str]]) -> ContentCipher {
    chosen(lists, &Policy::default()).unwrap().cipher
}

/// The plan for EC recipients of whose mailers these lists are known; an empty one is a
/// mailer that told nothing.
fn chosen(lists: &[&[&str]], policy: &Policy) -> Result<Plan, ChoiceFault> {
    let known: Vec<_> =
        lists.iter().map(|list| (!list.is_empty()).then(|| capabilities(list))).collect();
    let recipients: Vec<_> = known
        .iter()
        .map(|known| Recipient { certificate: ec(), capabilities: known.as_ref() })
        .collect();
    plan(&recipients, policy)
}

fn only_member(certificate: &Certificate, named: &[&str], policy: &Policy) -> Member {
    let known = capabilities(named);
    let recipient = Recipient { certificate, capabilities: Some(&known) };
    plan(&[recipient], policy).unwrap().groups.remove(0).members.remove(0)
}

#[test]
fn unknown_mailers_get_what_every_mailer_was_measured_to_read() {
    let plan = plan(&[rsa().into()], &Policy::default()).unwrap();
    assert_eq!(plan.cipher, Aes256Cbc);
    assert_eq!(plan.groups[0].members[0].wrap.transport, RsaTransport::Pkcs1);
    assert_eq!(plan.groups[0].members[0].basis, Basis::Unknown);
}

#[test]
fn one_recipient_gets_the_first_cipher_that_it_names() {
    assert_eq!(cipher_for(&[&[AES128_CBC, AES256_CBC, TRIPLE_DES]]), Aes128Cbc);
    assert_eq!(cipher_for(&[&[RC2_40, AES256_CBC, AES128_CBC]]), Aes256Cbc);
    assert_eq!(cipher_for(&[&[AES256_GCM, AES256_CBC]]), Aes256Gcm);
}

#[test]
fn gcm_needs_to_be_named_by_every_reader() {
    let gcm = &[AES256_GCM, AES128_GCM, AES256_CBC][..];
    assert_eq!(cipher_for(&[gcm, gcm]), Aes256Gcm);
    assert_eq!(cipher_for(&[gcm, &[AES128_GCM, AES256_CBC]]), Aes128Gcm);
    assert_eq!(cipher_for(&[gcm, &[]]), Aes256Cbc);
    assert_eq!(cipher_for(&[gcm, gcm, &[AES256_CBC, AES128_CBC]]), Aes256Cbc);
    assert_eq!(cipher_for(&[gcm, &[TRIPLE_DES]]), LAST_RESORT);
    let policy = Policy { gcm: false, ..Policy::default() };
    assert_eq!(chosen(&[gcm, gcm], &policy).unwrap().cipher, Aes256Cbc);
}

#[test]
fn every_cipher_that_may_be_written_can_be_chosen_and_no_other() {
    assert!(!ContentCipher::ALL.contains(&ContentCipher::TripleDesCbc));
    assert_eq!(cipher_for(&[&["300b0609608648016503040116"]]), Aes192Cbc);
    for (entry, cipher) in
        [(AES128_GCM, Aes128Gcm), (AES256_GCM, Aes256Gcm), (AES128_CBC, Aes128Cbc)]
    {
        assert_eq!(cipher_for(&[&[entry]]), cipher);
    }
}

#[test]
fn the_order_of_the_recipients_changes_nothing_about_the_cipher() {
    let lists: [&[&str]; 4] = [
        &[],
        &[AES128_CBC, AES256_CBC],
        &[AES256_GCM, AES256_CBC, AES128_CBC],
        &[AES256_CBC, AES128_CBC, TRIPLE_DES],
    ];
    let expected = cipher_for(&lists);
    assert_eq!(expected, Aes256Cbc);
    for first in 0..lists.len() {
        let mut turned = lists;
        turned.rotate_left(first);
        assert_eq!(cipher_for(&turned), expected);
        turned.reverse();
        assert_eq!(cipher_for(&turned), expected);
    }
}

#[test]
fn lists_with_nothing_in_common_get_what_all_must_read() {
    assert_eq!(cipher_for(&[&[AES256_CBC], &[AES256_GCM]]), Aes128Cbc);
}

#[test]
fn a_mailer_with_old_ciphers_only_gets_aes_128_or_is_refused_by_name() {
    let weak = &[TRIPLE_DES, RC2_40][..];
    let plan = chosen(&[weak], &Policy::default()).unwrap();
    assert_eq!((plan.cipher, plan.groups[0].members[0].basis), (Aes128Cbc, Basis::Weak));
    let policy = Policy { weak: WeakMailers::Refuse, ..Policy::default() };
    assert_eq!(chosen(&[&[AES128_CBC], weak], &policy), Err(ChoiceFault::WeakMailer(1)));
    assert_eq!(chosen(&[&[AES128_CBC]], &policy).unwrap().cipher, Aes128Cbc);
}

#[test]
fn oaep_goes_to_those_only_who_named_it_and_with_their_hash() {
    let transport = |named: &[&str], rsa_padding| {
        let policy = Policy { rsa: rsa_padding, ..Policy::default() };
        only_member(rsa(), named, &policy).wrap.transport
    };
    let announced = RsaPadding::Announced;
    assert_eq!(transport(&[AES256_CBC], announced), RsaTransport::Pkcs1);
    assert_eq!(transport(&[AES256_CBC, OAEP], announced), RsaTransport::OaepSha1);
    assert_eq!(transport(&[AES256_CBC, OAEP_SHA256], announced), RsaTransport::OaepSha256);
    assert_eq!(transport(&[OAEP_SHA256, OAEP], announced), RsaTransport::OaepSha256);
    let always = RsaPadding::Always(RsaTransport::Pkcs1);
    assert_eq!(transport(&[AES256_CBC, OAEP], always), RsaTransport::Pkcs1);
}

#[test]
fn the_key_derivation_is_ours_unless_the_mailer_names_others_only() {
    let wrap = |named: &[&str]| {
        let wrap = only_member(ec(), named, &Policy::default()).wrap;
        (wrap.kdf, wrap.wrap)
    };
    assert_eq!(wrap(&[AES256_CBC]), (None, None));
    assert_eq!(wrap(&[SHA256_KDF]), (None, Some(KeyWrap::Aes128)));
    let sha1 = Some(AgreementKdf::X963(DigestAlgorithm::Sha1));
    assert_eq!(wrap(&[SHA1_KDF]), (sha1, Some(KeyWrap::Aes128)));
    assert_eq!(wrap(&[SHA1_KDF, SHA256_KDF]), (None, Some(KeyWrap::Aes128)));
}

#[test]
fn hkdf_is_for_x25519_alone() {
    let hkdf = AgreementKdf::Hkdf(DigestAlgorithm::Sha256);
    let named = [(hkdf, KeyWrap::Aes256)];
    assert_eq!(agreement(Curve::X25519, &named), (Some(hkdf), Some(KeyWrap::Aes256)));
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        assert_eq!(agreement(curve, &named), (None, None));
    }
}

#[test]
fn rsa_and_ec_recipients_get_copies_of_their_own_over_one_ciphertext() {
    let recipients: Vec<Recipient<'_>> = [ec(), rsa(), ec()].map(Recipient::from).into();
    let plan = plan(&recipients, &Policy::default()).unwrap();
    let indices = |group: &Group| group.members.iter().map(|member| member.index).collect();
    let found: Vec<(Family, Vec<usize>)> =
        plan.groups.iter().map(|group| (group.family, indices(group))).collect();
    assert_eq!(found, [(Family::Rsa, vec![1]), (Family::Agreement, vec![0, 2])]);
    let copies = plan.seal(&recipients, b"content", &SystemRandom).unwrap();
    let copies: Vec<_> =
        copies.iter().map(|der| Enveloped::parse(der, &Limits::default()).unwrap()).collect();
    assert_eq!(copies[0].tail(), copies[1].tail());
    assert_eq!(copies[0].recipients().len(), 1);
    assert_eq!(copies[0].recipients()[0].kind(), RecipientKind::KeyTransPkcs1);
    assert_eq!(copies[1].recipients().len(), 2);
    for info in copies[1].recipients() {
        assert!(matches!(info.kind(), RecipientKind::KeyAgree { curve: Curve::P256, .. }));
    }
}

/// Counts up: whoever asks first gets the same as who asked first before.
struct Counting(std::sync::Mutex<u8>);

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) {
        let mut next = self.0.lock().unwrap();
        for octet in out {
            *octet = *next;
            *next = next.wrapping_add(1);
        }
    }
}

#[test]
fn the_same_input_and_randomness_give_the_same_octets_but_for_the_librarys_own() {
    let recipients: Vec<Recipient<'_>> = [rsa()].map(Recipient::from).into();
    let plan = plan(&recipients, &Policy::default()).unwrap();
    let sealed = || {
        let random = Counting(std::sync::Mutex::new(0));
        let copies = plan.seal(&recipients, b"content", &random).unwrap();
        Enveloped::parse(&copies[0], &Limits::default()).unwrap()
    };
    let (one, other) = (sealed(), sealed());
    assert_eq!(one.tail(), other.tail());
    // The padding of RSA is the library's; with the recipients of the other it is the
    // same to the last octet.
    let of_other: Vec<_> = other.recipients().iter().map(|info| info.der().to_vec()).collect();
    assert_eq!(one.with_recipients(&of_other), other.with_recipients(&of_other));
}

#[test]
fn the_most_recipients_are_taken_and_one_more_is_not() {
    let policy = Policy { max_recipients: 3, ..Policy::default() };
    let many = |count| vec![Recipient::from(ec()); count];
    assert_eq!(plan(&many(3), &policy).unwrap().groups[0].members.len(), 3);
    assert_eq!(plan(&many(4), &policy), Err(ChoiceFault::TooManyRecipients));
    assert_eq!(plan(&[], &policy), Err(ChoiceFault::NoRecipient));
}
