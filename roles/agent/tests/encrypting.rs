//! Mails that are made for several people, and with their header inside (RFC 9788).
#![allow(clippy::disallowed_methods, reason = "a peer program reads files")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;
use std::sync::LazyLock;

use ssmax_agent::encrypt::{Copy, EncryptFault, Options, encrypt_copies};
use ssmax_agent::key::KeyFile;
use ssmax_agent::open::{Opened, open};
use ssmax_agent::sign::{SignFault, Signer, sign_with_header, with_date};
use ssmax_cms::capabilities::Capabilities;
use ssmax_cms::enveloped::ContentCipher;
use ssmax_mail::header_protection::{Confidentiality, FieldState, HeaderProtectionFault, Mode};
use ssmax_mail::{Entity, Limits};
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_smime::choice::{Family, Policy, Recipient, WeakMailers};
use ssmax_smime::judge::{CheckName, Question, Verdict, judge};
use time::OffsetDateTime;

const MAIL: &[u8] = "From: 山田 <alice@a.example>\r\nTo: bob@b.example\r\n\
    Subject: 御見積書\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: 8bit\r\n\r\nこんにちは\r\n"
    .as_bytes();

struct Person {
    file: KeyFile,
    certificate: Certificate,
}

/// Alice with an RSA and an EC key, both of them self-signed.
static RSA: LazyLock<Person> = LazyLock::new(|| person(&["-newkey", "rsa:2048"]));
static EC: LazyLock<Person> =
    LazyLock::new(|| person(&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]));

fn person(key: &[&str]) -> Person {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-subj", "/CN=alice", "-days", "30", "-keyout", "-"])
        .args(["-addext", "subjectAltName=email:alice@a.example"])
        .args(["-addext", "basicConstraints=critical,CA:false"])
        .args(key)
        .output()
        .unwrap();
    let file = KeyFile::read(&output.stdout, None).unwrap();
    let certificate = file.certificate().unwrap().clone();
    Person { file, certificate }
}

fn encrypted(
    mail: &[u8],
    to: &[Recipient<'_>],
    options: &Options,
) -> Result<Vec<Copy>, EncryptFault> {
    encrypt_copies(mail, to, options, OffsetDateTime::now_utc(), &SystemRandom)
}

fn signed(mode: Option<Mode>) -> Result<Vec<u8>, SignFault> {
    signed_mail(MAIL, mode)
}

fn signed_mail(mail: &[u8], mode: Option<Mode>) -> Result<Vec<u8>, SignFault> {
    let certificate = &EC.certificate;
    let signer = Signer { key: &EC.file.key, certificate, chain: &[], encryption: None };
    sign_with_header(mail, &signer, mode, OffsetDateTime::now_utc(), &SystemRandom)
}

fn opened(mail: &[u8], by: &Person) -> Opened {
    let anchors = [EC.certificate.clone()];
    let at = OffsetDateTime::now_utc();
    let question = Question {
        anchors: &anchors,
        intermediates: &[],
        crls: &[],
        ocsp: &[],
        at,
        allow_sha1: false,
    };
    open(mail, &by.file.key, Some(&by.certificate), &question).unwrap()
}

fn with_header(header: Option<Confidentiality>) -> Options {
    Options { header, ..Options::default() }
}

fn entity(octets: &[u8]) -> Entity<'_> {
    ssmax_mail::parse(octets, &Limits::default()).unwrap()
}

fn subject(octets: &[u8]) -> String {
    entity(octets).header().one("Subject").unwrap().unwrap().decoded()
}

#[test]
fn rsa_and_ec_recipients_are_refused_together_or_get_copies_of_their_own() {
    let to = [Recipient::from(&EC.certificate), Recipient::from(&RSA.certificate)];
    assert_eq!(encrypted(MAIL, &to, &Options::default()), Err(EncryptFault::Mixed));
    let options = Options { split: true, ..Options::default() };
    let copies = encrypted(MAIL, &to, &options).unwrap();
    let found: Vec<_> = copies.iter().map(|copy| (copy.family, &copy.recipients[..])).collect();
    assert_eq!(found, [(Family::Rsa, &[1][..]), (Family::Agreement, &[0])]);
    for (copy, person) in copies.iter().zip([&*RSA, &*EC]) {
        let opened = opened(&copy.octets, person);
        assert!(opened.content.unwrap().ends_with("こんにちは\r\n".as_bytes()));
    }
}

#[test]
fn a_certificate_given_twice_counts_once() {
    let to = [Recipient::from(&EC.certificate); 3];
    let copies = encrypted(MAIL, &to, &Options::default()).unwrap();
    assert_eq!((copies.len(), &copies[0].recipients[..]), (1, &[0][..]));
}

#[test]
fn gcm_goes_only_to_mailers_that_name_it_and_in_its_own_structure() {
    let capabilities = Capabilities::parse(&Capabilities::attribute(true).value).unwrap();
    let knowing = Recipient { certificate: &EC.certificate, capabilities: Some(&capabilities) };
    let copy = encrypted(MAIL, &[knowing], &Options::default()).unwrap().remove(0);
    assert_eq!(copy.cipher, ContentCipher::Aes256Gcm);
    let kind = entity(&copy.octets).content_type().parameter("smime-type").map(str::to_owned);
    assert_eq!(kind.as_deref(), Some("authEnveloped-data"));
    assert!(opened(&copy.octets, &EC).content.is_some());
    let unknown = Recipient::from(&EC.certificate);
    let copy = encrypted(MAIL, &[unknown], &Options::default()).unwrap().remove(0);
    assert_eq!(copy.cipher, ContentCipher::Aes256Cbc);
}

#[test]
fn an_old_mailer_is_refused_by_name_where_that_is_wanted() {
    let triple_des = [0x30, 12, 0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 3, 7];
    let capabilities = Capabilities::parse(&triple_des).unwrap();
    let old = Recipient { certificate: &RSA.certificate, capabilities: Some(&capabilities) };
    let choice = Policy { weak: WeakMailers::Refuse, ..Policy::default() };
    let options = Options { choice, ..Options::default() };
    let fault = EncryptFault::WeakMailer(RSA.certificate.clone());
    assert_eq!(encrypted(MAIL, &[old], &options), Err(fault));
    let copy = encrypted(MAIL, &[old], &Options::default()).unwrap().remove(0);
    assert_eq!(copy.cipher, ContentCipher::Aes128Cbc);
}

#[test]
fn what_is_signed_already_is_not_signed_again() {
    let once = signed(Some(Mode::Clear)).unwrap();
    assert_eq!(signed_mail(&once, Some(Mode::Clear)), Err(SignFault::SignedAlready));
}

#[test]
fn a_mail_gets_a_date_before_it_is_signed_only_if_it_has_none() {
    let at = time::macros::datetime!(2026-06-01 12:00 UTC);
    let without = b"From: a@a.example\r\n\r\nx\r\n".to_vec();
    let with = b"Date: Mon, 01 Jun 2026 12:00:00 +0000\r\nFrom: a@a.example\r\n\r\nx\r\n".to_vec();
    assert_eq!(with_date(without, at), Ok(with.clone()));
    assert_eq!(with_date(with.clone(), at + time::Duration::DAY), Ok(with));
}

#[test]
fn a_signature_covers_the_header_and_a_change_outside_is_told() {
    let mail = signed(Some(Mode::Clear)).unwrap();
    let opened_mail = opened(&mail, &EC);
    assert_eq!(opened_mail.judgement.verdict, Verdict::Good, "{:?}", opened_mail.judgement);
    let protection = opened_mail.protection.unwrap();
    assert!(!protection.is_cipher);
    for name in ["From", "To", "Subject"] {
        assert_eq!(protection.state(name), Some(FieldState::Same), "{name}");
    }
    let at = mail.windows(9).position(|window| window == b"Subject: ").unwrap();
    let mut changed = mail.clone();
    changed.splice(at + 9..at + 9, *b"x");
    let opened_mail = opened(&changed, &EC);
    assert_eq!(opened_mail.protection.unwrap().state("Subject"), Some(FieldState::Differs));
    assert_ne!(opened_mail.judgement.verdict, Verdict::Good);
}

#[test]
fn without_protection_the_entity_has_no_fields_but_its_own() {
    let mail = signed(None).unwrap();
    let mail = entity(&mail);
    let names: Vec<_> =
        mail.children()[0].header().fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, ["Content-Type", "Content-Transfer-Encoding"]);
}

#[test]
fn encrypting_repeats_the_header_inside_and_leaves_the_subject_outside() {
    let to = [Recipient::from(&EC.certificate)];
    let options = with_header(Some(Confidentiality::None));
    let copy = encrypted(MAIL, &to, &options).unwrap().remove(0);
    assert_eq!(subject(&copy.octets), "御見積書");
    let opened = opened(&copy.octets, &EC);
    let protection = opened.protection.unwrap();
    assert!(protection.is_cipher);
    assert_eq!(protection.state("Subject"), Some(FieldState::Same));
    assert_eq!(protection.first_difference(), None);
}

#[test]
fn a_hidden_subject_of_an_unsigned_mail_is_nobodys_word_and_stays_inside() {
    let to = [Recipient::from(&EC.certificate)];
    let options = with_header(Some(Confidentiality::Baseline));
    let copy = encrypted(MAIL, &to, &options).unwrap().remove(0);
    assert_eq!(subject(&copy.octets), "[...]");
    let opened = opened(&copy.octets, &EC);
    assert_eq!(opened.judgement.verdict, Verdict::None);
    assert_eq!(subject(&opened.mail), "[...]");
    let protection = opened.protection.unwrap();
    assert_eq!(protection.state("Subject"), Some(FieldState::Obscured));
    assert!(String::from_utf8_lossy(&opened.content.unwrap()).contains("Subject: 御見積書\r\n"));
}

/// The mail opened that has these fields outside, and inside, under encryption and, if
/// `signed`, Alice's signature, an entity with these fields.
fn opened_with(outer: &str, inner: &str, signed: bool) -> Opened {
    let payload = format!("{inner}Content-Type: text/plain; hp=\"cipher\"\r\n\r\nx\r\n");
    let content = if signed {
        let mail = format!("From: alice@a.example\r\n{payload}");
        // As a signer does who puts inside what he likes.
        let certificates = [EC.certificate.clone()];
        let request = ssmax_cms::signed::SignRequest {
            content_digest: ssmax_primitives::sha256(mail.as_bytes()),
            content: None,
            signing_time: None,
            extra_signed: vec![],
            unsigned: vec![],
            certificates: &certificates,
            signer: &EC.certificate,
        };
        let object = ssmax_cms::signed::sign(&request, &EC.file.key).unwrap();
        let mut part = b"Content-Type: application/pkcs7-signature\r\n\
            Content-Transfer-Encoding: base64\r\n\r\n"
            .to_vec();
        part.extend(ssmax_mail::compose::base64_body(&object));
        ssmax_mail::compose::multipart(
            "signed",
            &[("protocol", "application/pkcs7-signature"), ("micalg", "sha-256")],
            "=_b",
            &[mail.into_bytes(), part],
        )
    } else {
        payload.into_bytes()
    };
    opened(&enveloped(outer, &content), &EC)
}

/// Content as it is, encrypted for Alice under these fields.
fn enveloped(outer: &str, content: &[u8]) -> Vec<u8> {
    use ssmax_cms::enveloped::{RsaTransport, encrypt, recipient_info};
    let cipher = ContentCipher::Aes256Gcm;
    let key = ssmax_primitives::ContentKey::random(&SystemRandom, cipher.key_len());
    let sealed = encrypt(content, cipher, &key, &SystemRandom).unwrap();
    let info = recipient_info(&EC.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
    let object = ssmax_mail::compose::base64_body(&sealed.with_recipients(&[info]));
    let kind = "Content-Type: application/pkcs7-mime; smime-type=authEnveloped-data\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n";
    [outer.as_bytes(), kind.as_bytes(), &object].concat()
}

fn names(octets: &[u8]) -> Vec<String> {
    let mail = entity(octets);
    let fields = mail.header().fields().iter().map(|field| field.name().to_owned());
    fields.filter(|name| !name.starts_with("Content-") && name != "MIME-Version").collect()
}

const OUTER: &str = "From: alice@a.example\r\nSubject: [...]\r\n";

#[test]
fn no_field_inside_a_mail_that_is_not_good_is_believed() {
    let inner = "From: boss@b.example\r\nSubject: Pay\r\nSender: boss@b.example\r\n\
        Keywords: k\r\nReceived: from b.example\r\nAuthentication-Results: mx; dkim=pass\r\n\
        SSMAX-Result: verified\r\nHP-Outer: Subject: [...]\r\nHP-Outer: From: alice@a.example\r\n";
    let opened = opened_with(OUTER, inner, false);
    assert_eq!(opened.judgement.verdict, Verdict::None);
    assert_eq!(names(&opened.mail), ["From", "Subject"]);
    assert_eq!(subject(&opened.mail), "[...]");
    assert!(!String::from_utf8_lossy(&opened.mail).contains("boss"));
}

#[test]
fn of_a_good_mail_only_what_a_sender_may_keep_inside_is_taken_from_there() {
    let inner = "Subject: Pay\r\nKeywords: k\r\nComments: c\r\nTo: bob@b.example\r\n\
        Cc: carol@c.example\r\nDate: Mon, 1 Jun 2026 12:00:00 +0000\r\nSender: boss@b.example\r\n\
        Received: from b.example\r\nResent-From: boss@b.example\r\nList-Id: <x.b.example>\r\n\
        Authentication-Results: mx; dkim=pass\r\nARC-Seal: x\r\nSSMAX-Result: verified\r\n\
        X-Spam-Status: No\r\nHP-Outer: Subject: [...]\r\nHP-Outer: From: alice@a.example\r\n\
        HP-Outer: To: undisclosed-recipients:;\r\n";
    let outer = format!("{OUTER}To: undisclosed-recipients:;\r\n");
    let opened = opened_with(&outer, inner, true);
    assert_eq!(opened.judgement.verdict, Verdict::Good, "{:?}", opened.judgement.checks);
    // The sender does not say that Cc and Date stood outside otherwise.
    assert_eq!(names(&opened.mail), ["From", "Subject", "Keywords", "Comments", "To"]);
    assert_eq!(subject(&opened.mail), "Pay");
}

#[test]
fn content_with_two_kinds_of_line_ends_is_shown_and_not_good() {
    let mail = String::from_utf8(signed(None).unwrap()).unwrap();
    let content = &mail[mail.find("Content-Type: multipart/signed").unwrap()..];
    let mixed = content.replacen("\r\n\r\n--", "\r\n\n--", 1);
    assert_ne!(content, mixed);
    for (content, verdict, reason) in [
        (content, Verdict::Good, "holds"),
        (&content.replace("\r\n", "\n"), Verdict::Good, "holds"),
        (&mixed, Verdict::Bad, "bare-lf"),
    ] {
        let opened = opened(&enveloped(OUTER, content.as_bytes()), &EC);
        let check = opened.judgement.check(CheckName::Structure).unwrap();
        assert_eq!((opened.judgement.verdict, check.reason.code()), (verdict, reason));
        assert_eq!(entity(&opened.mail).children()[0].text().unwrap(), "こんにちは\r\n");
    }
}

#[test]
fn the_subject_of_a_signed_mail_is_hidden_only_if_the_signature_covers_it() {
    let to = [Recipient::from(&EC.certificate)];
    let options = with_header(Some(Confidentiality::Baseline));
    for mode in [None, Some(Mode::Clear), Some(Mode::Cipher(Confidentiality::None))] {
        let found = encrypted(&signed(mode).unwrap(), &to, &options);
        assert_eq!(found, Err(EncryptFault::SubjectNotInside), "{mode:?}");
    }
    let mail = signed(Some(Mode::Cipher(Confidentiality::Baseline))).unwrap();
    let copy = encrypted(&mail, &to, &options).unwrap().remove(0);
    assert_eq!(subject(&copy.octets), "[...]");
    let opened = opened(&copy.octets, &EC);
    assert_eq!(opened.judgement.verdict, Verdict::Good, "{:?}", opened.judgement.checks);
    assert_eq!(subject(&opened.mail), "御見積書");
    // The opened copy is good by itself.
    let anchors = [EC.certificate.clone()];
    let at = OffsetDateTime::now_utc();
    let question = Question {
        anchors: &anchors,
        intermediates: &[],
        crls: &[],
        ocsp: &[],
        at,
        allow_sha1: false,
    };
    let judgement = judge(&opened.mail, &question);
    assert_eq!(judgement.verdict, Verdict::Good, "{:?}", judgement.checks);
}

#[test]
fn a_signed_mail_gets_nothing_more_inside_when_it_is_encrypted() {
    let to = [Recipient::from(&EC.certificate)];
    let options = with_header(Some(Confidentiality::None));
    let mail = signed(Some(Mode::Clear)).unwrap();
    let copy = encrypted(&mail, &to, &options).unwrap().remove(0);
    let opened = opened(&copy.octets, &EC);
    let content = opened.content.unwrap();
    assert!(content.starts_with(b"Content-Type: multipart/signed"));
    assert_eq!(opened.judgement.verdict, Verdict::Good, "{:?}", opened.judgement.checks);
}

/// CompressedData (RFC 3274) around `content`, with zlib's stored block.
fn compressed(content: &[u8]) -> Vec<u8> {
    let element = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    };
    let (mut low, mut high) = (1_u32, 0_u32);
    for octet in content {
        low = (low + u32::from(*octet)) % 65_521;
        high = (high + low) % 65_521;
    }
    let length = u16::try_from(content.len()).unwrap();
    let mut stream = vec![0x78, 0x01, 1];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(content);
    stream.extend((high << 16 | low).to_be_bytes());
    let oid = |text: &str| hex::decode(text).unwrap();
    let encapsulated =
        [oid("06092a864886f70d010701"), element(0xa0, &element(4, &stream))].concat();
    let algorithm = element(0x30, &oid("060b2a864886f70d0109100308"));
    let inside = [vec![2, 1, 0], algorithm, element(0x30, &encapsulated)].concat();
    let content = element(0xa0, &element(0x30, &inside));
    element(0x30, &[oid("060b2a864886f70d0109100109"), content].concat())
}

#[test]
fn what_is_compressed_inside_is_shown_and_left_as_it_is_when_only_decrypted() {
    let object = compressed(b"Content-Type: text/plain\r\n\r\nHello\r\n");
    let mut mail = b"From: alice@a.example\r\nContent-Type: application/pkcs7-mime;\
        smime-type=compressed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        .to_vec();
    mail.extend(ssmax_mail::compose::base64_body(&object));
    let to = [Recipient::from(&EC.certificate)];
    let copy = encrypted(&mail, &to, &Options::default()).unwrap().remove(0);
    let content = opened(&copy.octets, &EC).content.unwrap();
    assert_eq!(content.as_slice(), b"Content-Type: text/plain\r\n\r\nHello\r\n");
    let decrypted = ssmax_smime::decrypt::decrypt(&copy.octets, &EC.file.key, None).unwrap();
    assert!(decrypted.starts_with(b"Content-Type: application/pkcs7-mime;"));
}

#[test]
fn a_header_that_nobody_could_protect_is_refused_by_name() {
    let twice = [b"Subject: x\r\n", MAIL].concat();
    let fault = HeaderProtectionFault::FieldTwice;
    assert_eq!(signed_mail(&twice, Some(Mode::Clear)), Err(SignFault::Header(fault)));
    assert!(signed_mail(&twice, None).is_ok());
    let to = [Recipient::from(&EC.certificate)];
    let options = with_header(Some(Confidentiality::None));
    assert_eq!(encrypted(&twice, &to, &options), Err(EncryptFault::Header(fault)));
}
