//! Mails whose attachments are encrypted one by one, between people without any server.
#![allow(clippy::disallowed_methods, reason = "a peer program reads files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::process::Command;
use std::sync::LazyLock;

use ssmax_agent::attach::{AttachFault, attach};
use ssmax_agent::encrypt::EncryptFault;
use ssmax_agent::forward::{ForwardFault, Forwarded, Opener, Request, forward};
use ssmax_agent::key::KeyFile;
use ssmax_agent::open::{Opened, open};
use ssmax_agent::sign::{SignFault, Signer, sign};
use ssmax_chain::attachments;
use ssmax_chain::manifest::{MAX_LISTED_FILES, MAX_NAME_BYTES};
use ssmax_mail::compose::{Part, boundary, multipart};
use ssmax_mail::{Entity, Limits};
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_smime::choice::Recipient;
use ssmax_smime::decrypt::{DecryptFault, OpenPolicy};
use ssmax_smime::judge::{Question, Verdict, judge};
use ssmax_token::Random as _;
use time::OffsetDateTime;

const FIELDS: &str = "From: alice@a.example\r\nTo: bob@b.example\r\nSubject: Offer\r\n\
    Date: Mon, 30 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n";

struct Person {
    file: KeyFile,
    certificate: Certificate,
}

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

fn signer(person: &Person) -> Signer<'_> {
    let (key, certificate) = (&person.file.key, &person.certificate);
    Signer { key, certificate, chain: &[], encryption: None }
}

fn text() -> Vec<u8> {
    Part::text("Our offer.\n").into_octets()
}

fn file(name: &str, octets: &[u8]) -> Vec<u8> {
    Part::attachment("application/octet-stream", name, octets).into_octets()
}

fn mixed(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut random = [0; 16];
    SystemRandom.fill(&mut random);
    multipart("mixed", &[], &boundary(random), parts)
}

fn mail(entity: &[u8]) -> Vec<u8> {
    [FIELDS.as_bytes(), entity].concat()
}

fn attached(message: &[u8], to: &[&Person]) -> Result<Vec<u8>, AttachFault> {
    let to: Vec<_> = to.iter().map(|person| Recipient::from(&person.certificate)).collect();
    attach(message, &signer(&EC), &to, OffsetDateTime::now_utc(), &SystemRandom)
}

fn with_question<T>(use_it: impl FnOnce(&Question<'_>) -> T) -> T {
    let anchors = [EC.certificate.clone()];
    use_it(&Question::new(&anchors, OffsetDateTime::now_utc()))
}

fn opened(message: &[u8], by: &Person) -> Result<Opened, DecryptFault> {
    with_question(|question| open(message, &by.file.key, Some(&by.certificate), question))
}

fn parsed(octets: &[u8]) -> Entity<'_> {
    ssmax_mail::parse(octets, &Limits::default()).unwrap()
}

fn tails(octets: &[u8]) -> Vec<[u8; 32]> {
    let mail = parsed(octets);
    let found = attachments::take_apart(&mail).unwrap().unwrap();
    found.files.iter().map(|file| file.tail()).collect()
}

#[test]
fn readers_with_either_kind_of_key_open_it_and_find_it_good() {
    let message = mail(&mixed(&[text(), file("a.bin", &[0, 159, 146]), file("見積.csv", b"1")]));
    for reader in [&*RSA, &*EC] {
        let sealed = attached(&message, &[reader]).unwrap();
        let found = opened(&sealed, reader).unwrap();
        assert_eq!(found.judgement.verdict, Verdict::Good, "{:?}", found.judgement);
        assert_eq!(found.files, ["a.bin", "見積.csv"]);
        let mail = parsed(&found.mail);
        assert_eq!(mail.children()[0].text().unwrap(), "Our offer.\r\n");
        assert_eq!(mail.children()[1].decoded_body().unwrap(), [0, 159, 146]);
        assert_eq!(mail.children()[2].decoded_body().unwrap(), b"1");
    }
    let sealed = attached(&message, &[&EC]).unwrap();
    assert_eq!(opened(&sealed, &RSA).unwrap_err(), DecryptFault::NotARecipient);
}

#[test]
fn openssl_opens_a_saved_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for reader in [&*RSA, &*EC] {
        let sealed = attached(&mail(&mixed(&[text(), file("a.bin", b"a file\n")])), &[reader]);
        let sealed = sealed.unwrap();
        let object = parsed(&sealed).children()[1].decoded_body().unwrap();
        std::fs::write(path("a.bin.p7m"), object).unwrap();
        std::fs::write(path("key.pem"), reader.file.key.to_pem().as_bytes()).unwrap();
        std::fs::write(path("cert.pem"), reader.certificate.to_pem()).unwrap();
        let opened = Command::new("openssl")
            .current_dir(dir.path())
            .args(["cms", "-decrypt", "-binary", "-inform", "DER", "-in", "a.bin.p7m"])
            .args(["-inkey", "key.pem", "-recip", "cert.pem"])
            .output()
            .unwrap();
        assert_eq!(opened.stdout, b"a file\n", "{}", String::from_utf8_lossy(&opened.stderr));
    }
}

#[test]
fn what_cannot_be_encrypted_file_by_file_is_refused_by_name() {
    let refused = |entity: &[u8]| attached(&mail(entity), &[&EC]).unwrap_err();
    assert_eq!(refused(&text()), AttachFault::NoAttachment);
    assert_eq!(refused(&mixed(&[text()])), AttachFault::NoAttachment);
    assert_eq!(refused(&file("a.bin", b"x")), AttachFault::AttachmentBelow);
    let page = multipart("related", &[], "=_page", &[text(), file("logo.png", b"x")]);
    assert_eq!(refused(&mixed(&[page, file("a.bin", b"x")])), AttachFault::AttachmentBelow);
    let long = "x".repeat(MAX_NAME_BYTES + 1);
    for name in ["../a.bin", long.as_str()] {
        let entity = mixed(&[text(), file(name, b"x")]);
        assert_eq!(refused(&entity), AttachFault::Name(name.to_owned()));
    }
    let many = |count| {
        let files = (0..count).map(|number| file(&number.to_string(), b"x"));
        mixed(&std::iter::once(text()).chain(files).collect::<Vec<_>>())
    };
    assert_eq!(refused(&many(MAX_LISTED_FILES + 1)), AttachFault::TooMany);
    assert!(attached(&mail(&many(MAX_LISTED_FILES)), &[&EC]).is_ok());

    let good = mail(&mixed(&[text(), file("a.bin", b"x")]));
    let both = attached(&good, &[&EC, &RSA]).unwrap_err();
    assert_eq!(both, AttachFault::Encrypt(EncryptFault::Mixed));
    let none = attached(&good, &[]).unwrap_err();
    assert_eq!(none, AttachFault::Encrypt(EncryptFault::NoRecipient));
    let signed = sign(&good, &signer(&EC), OffsetDateTime::now_utc(), &SystemRandom).unwrap();
    let twice = attached(&signed, &[&EC]).unwrap_err();
    assert_eq!(twice, AttachFault::Sign(SignFault::SignedAlready));
}

#[test]
fn a_changed_text_file_or_header_is_not_good() {
    let sealed = attached(&mail(&mixed(&[text(), file("a.bin", b"x")])), &[&EC]).unwrap();
    let verdict = |message: &[u8]| with_question(|question| judge(message, question)).verdict;
    assert_eq!(verdict(&sealed), Verdict::Good);
    let sealed = String::from_utf8(sealed).unwrap();
    for (this, by) in [
        ("Our offer", "My offer"),
        ("a.bin.p7m", "b.bin.p7m"),
        ("Subject: Offer", "Subject: Demand"),
        ("octet-stream", "pkcs7-mime"),
    ] {
        assert!(sealed.contains(this));
        assert_eq!(verdict(sealed.replace(this, by).as_bytes()), Verdict::Bad, "{this}");
    }
}

/// Forwards as alice, to the owner of the other key.
fn forwarded(message: &[u8], drop: &[&str]) -> Result<Forwarded, ForwardFault> {
    let to = [Recipient::from(&RSA.certificate)];
    let drop: Vec<String> = drop.iter().map(|&word| word.to_owned()).collect();
    let request = Request {
        opener: Opener::Key {
            key: &EC.file.key,
            certificate: Some(&EC.certificate),
            policy: OpenPolicy::default(),
        },
        signer: signer(&EC),
        to: &to,
        address: "carol@c.example",
        drop: &drop,
        text: "For you.",
    };
    forward(message, &request, OffsetDateTime::now_utc(), &SystemRandom)
}

#[test]
fn a_forwarded_file_keeps_its_ciphertext_and_a_dropped_one_is_gone() {
    let files = [text(), file("a.bin", b"a"), file("b.bin", b"b"), file("b.bin", b"other")];
    let received = attached(&mail(&mixed(&files)), &[&EC]).unwrap();
    for (drop, kept) in [(&["a.bin"][..], &[1, 2][..]), (&["2", "4"], &[1]), (&["b.bin"], &[0])] {
        let sent = forwarded(&received, drop).unwrap();
        let expected: Vec<_> = kept.iter().map(|at| tails(&received)[*at]).collect();
        assert_eq!(tails(&sent.octets), expected, "{drop:?}");
        assert_eq!(sent.prev, None, "no seal says which hop it was");
        let found = opened(&sent.octets, &RSA).unwrap();
        assert_eq!(found.judgement.verdict, Verdict::Good);
        assert_eq!(found.files.len(), kept.len());
        assert_eq!(parsed(&found.mail).children()[0].text().unwrap(), "For you.");
    }
    // Without any file left it is an ordinary encrypted mail.
    let none = forwarded(&received, &["a.bin", "b.bin"]).unwrap();
    assert!(none.kept.is_empty());
    assert_eq!(opened(&none.octets, &RSA).unwrap().judgement.verdict, Verdict::Good);
    let wrong = forwarded(&received, &["c.bin"]).unwrap_err();
    assert_eq!(wrong, ForwardFault::NoSuchAttachment("c.bin".to_owned()));
}

#[test]
fn a_received_mail_that_is_not_as_listed_does_not_go_on() {
    let one = attached(&mail(&mixed(&[text(), file("a.bin", b"a")])), &[&EC]).unwrap();
    let renamed = String::from_utf8(one).unwrap().replace("a.bin.p7m", "b.bin.p7m");
    assert_eq!(forwarded(renamed.as_bytes(), &[]).unwrap_err(), ForwardFault::NotAsListed);
}
