//! What OpenSSL makes is read here, and what is made here OpenSSL reads.
#![allow(clippy::disallowed_methods, reason = "a peer program reads files")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use ssmax_agent::encrypt::{EncryptFault, encrypt};
use ssmax_agent::key::{KeyFault, KeyFile};
use ssmax_agent::learn::{LearnFault, learn, learn_opened};
use ssmax_agent::open::open;
use ssmax_agent::sign::{SignFault, Signer, sign};
use ssmax_cms::enveloped::{ContentCipher, RsaTransport};
use ssmax_cms::signed::{Attribute, SignRequest, encryption_key_preference};
use ssmax_mail::canonical::to_crlf;
use ssmax_package::mobileconfig::{Profile, profile};
use ssmax_package::pkcs12::write::{self as pkcs12, Bag, Protection};
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_smime::decrypt::{DecryptFault, OpenPolicy, decrypt_with};
use ssmax_smime::judge::{CheckName, Question, Verdict, judge};
use ssmax_token::KeyPair as _;
use time::OffsetDateTime;

const MAIL: &[u8] = "From: 山田 <alice@a.example>\r\nTo: bob@b.example\r\nSubject: s\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
    こんにちは\r\n"
    .as_bytes();

/// A CA and three people, made by OpenSSL: `ec` and `rsa` are both alice@a.example.
static FILES: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let config = "[ca]\nbasicConstraints=critical,CA:true\nkeyUsage=keyCertSign,cRLSign\n\
        subjectKeyIdentifier=hash\n\
        [alice]\nsubjectAltName=email:alice@a.example\nextendedKeyUsage=emailProtection\n\
        keyUsage=digitalSignature,keyEncipherment,keyAgreement\nsubjectKeyIdentifier=hash\n\
        [bob]\nsubjectAltName=email:bob@b.example\nextendedKeyUsage=emailProtection\n\
        keyUsage=digitalSignature,keyEncipherment,keyAgreement\nsubjectKeyIdentifier=hash\n\
        [signer]\nsubjectAltName=email:alice@a.example\nextendedKeyUsage=emailProtection\n\
        keyUsage=digitalSignature\nsubjectKeyIdentifier=hash\n";
    std::fs::write(dir.path().join("x.cnf"), config).unwrap();
    std::fs::write(dir.path().join("mail"), MAIL).unwrap();
    std::fs::write(dir.path().join("content"), "Content-Type: text/plain\n\nHello\n").unwrap();
    let ec = "ec -pkeyopt ec_paramgen_curve:P-256";
    run(
        dir.path(),
        &format!(
            "req -x509 -newkey {ec} -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 30 -config x.cnf -extensions ca"
        ),
    );
    for (name, who, key) in [
        ("ec", "alice", ec),
        ("rsa", "alice", "rsa:2048"),
        ("bob", "bob", ec),
        ("only-signing", "signer", ec),
        ("p384", "alice", "ec -pkeyopt ec_paramgen_curve:P-384"),
        ("p521", "alice", "ec -pkeyopt ec_paramgen_curve:P-521"),
    ] {
        run(
            dir.path(),
            &format!(
                "req -newkey {key} -nodes -keyout {name}.key -out {name}.csr -subj /CN={who} -config x.cnf"
            ),
        );
        run(
            dir.path(),
            &format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -out {name}.pem -extfile x.cnf -extensions {who}"
            ),
        );
    }
    dir
});

fn run(dir: &Path, command: &str) -> Vec<u8> {
    let output =
        Command::new("openssl").current_dir(dir).args(command.split(' ')).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn openssl(command: &str) -> Vec<u8> {
    run(FILES.path(), command)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(FILES.path().join(name)).unwrap()
}

fn write(name: &str, octets: &[u8]) {
    std::fs::write(FILES.path().join(name), octets).unwrap();
}

fn certificate(name: &str) -> Certificate {
    Certificate::from_pem(&String::from_utf8(read(name)).unwrap()).unwrap()
}

fn key(name: &str) -> KeyFile {
    KeyFile::read(&read(name), None).unwrap()
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn with_question<T>(use_it: impl FnOnce(&Question<'_>) -> T) -> T {
    let anchors = [certificate("ca.pem")];
    use_it(&Question::new(&anchors, now()))
}

fn signed(name: &str, encryption: Option<&Certificate>) -> Vec<u8> {
    let holder = key(&format!("{name}.key"));
    let own = certificate(&format!("{name}.pem"));
    let signer = Signer { key: &holder.key, certificate: &own, chain: &[], encryption };
    sign(MAIL, &signer, now(), &SystemRandom).unwrap()
}

#[test]
fn mails_signed_here_are_good_here_and_for_openssl() {
    for (name, micalg) in
        [("ec", "sha-256"), ("rsa", "sha-256"), ("p384", "sha-384"), ("p521", "sha-512")]
    {
        let mail = signed(name, None);
        assert!(String::from_utf8_lossy(&mail).contains(&format!("micalg={micalg};")));
        assert!(ssmax_mail::canonical::is_seven_bit(&mail[mail.len() / 2..]));
        with_question(|question| {
            let judgement = judge(&mail, question);
            assert_eq!(judgement.verdict, Verdict::Good, "{:?}", judgement.checks);
        });
        let file = format!("signed-{name}");
        write(&file, &mail);
        let content = openssl(&format!("cms -verify -in {file} -CAfile ca.pem"));
        let entity = ssmax_mail::parse(&content, &ssmax_mail::Limits::default()).unwrap();
        assert_eq!(entity.text().unwrap(), "こんにちは\r\n");
    }
}

#[test]
fn mails_encrypted_here_are_opened_by_openssl() {
    for (name, transport) in [
        ("ec", RsaTransport::Pkcs1),
        ("rsa", RsaTransport::Pkcs1),
        ("rsa", RsaTransport::OaepSha1),
        ("rsa", RsaTransport::OaepSha256),
        ("p384", RsaTransport::Pkcs1),
        ("p521", RsaTransport::Pkcs1),
    ] {
        let own = certificate(&format!("{name}.pem"));
        let mail = encrypt(MAIL, &[own], transport, now(), &SystemRandom).unwrap();
        let file = format!("encrypted-{name}-{transport:?}");
        write(&file, &mail);
        let content =
            openssl(&format!("cms -decrypt -in {file} -inkey {name}.key -recip {name}.pem"));
        assert!(content.ends_with("こんにちは\r\n".as_bytes()));
        assert!(content.starts_with(b"Content-Type: text/plain; charset=utf-8\r\n"));
        with_question(|question| {
            let opened = open(&mail, &key(&format!("{name}.key")).key, None, question).unwrap();
            assert_eq!(**opened.content.as_ref().unwrap(), content);
            assert_eq!(opened.judgement.verdict, Verdict::None);
        });
    }
}

#[test]
fn mails_encrypted_by_openssl_are_opened_here() {
    for (name, options) in [
        ("ec", "-aes256"),
        ("ec", "-aes128 -keyid"),
        ("ec", "-aes192 -stream"),
        ("rsa", "-aes256"),
        ("rsa", "-aes128 -keyid -stream"),
        ("rsa", "-aes-256-gcm"),
        ("p384", "-aes256"),
        ("p384", "-aes-256-gcm -stream"),
        ("p521", "-aes256 -keyid"),
    ] {
        let output = openssl(&format!("cms -encrypt -in content {options} {name}.pem"));
        let mail = to_crlf(&output);
        let holder = key(&format!("{name}.key"));
        let own = certificate(&format!("{name}.pem"));
        for named in [None, Some(&own)] {
            let content = ssmax_smime::decrypt::decrypt(&mail, &holder.key, named)
                .unwrap_or_else(|fault| panic!("{name} {options}: {fault:?}"));
            assert_eq!(content.to_vec(), b"Content-Type: text/plain\r\n\r\nHello\r\n");
        }
    }
    let output = openssl(
        "cms -encrypt -in content -aes256 -recip rsa.pem -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256",
    );
    let content = ssmax_smime::decrypt::decrypt(&to_crlf(&output), &key("rsa.key").key, None);
    assert!(content.unwrap().ends_with(b"Hello\r\n"));
}

#[test]
fn old_ciphers_are_refused_by_name() {
    let output = to_crlf(&openssl("cms -encrypt -in content -des3 rsa.pem"));
    let fault = ssmax_smime::decrypt::decrypt(&output, &key("rsa.key").key, None).map(drop);
    assert_eq!(fault, Err(DecryptFault::Object(ssmax_cms::CmsError::CipherRefused)));
    let policy = OpenPolicy { allow_triple_des: true, ..OpenPolicy::default() };
    let content = decrypt_with(&output, &key("rsa.key").key, None, &policy).unwrap();
    assert!(content.ends_with(b"Hello\r\n"));
    let policy = OpenPolicy { allow_pkcs1: false, ..policy };
    let fault = decrypt_with(&output, &key("rsa.key").key, None, &policy).map(drop);
    assert_eq!(fault, Err(DecryptFault::Object(ssmax_cms::CmsError::Pkcs1NotAllowed)));
}

#[test]
fn an_encrypted_file_that_is_no_mail_is_opened_whatever_it_holds() {
    write("binary", &[0, 1, 2, 0xff].repeat(50));
    for (form, option) in [("DER", "-aes256"), ("PEM", "-aes256"), ("DER", "-aes-256-gcm")] {
        let file =
            openssl(&format!("cms -encrypt -binary -in binary {option} -outform {form} rsa.pem"));
        let own = certificate("rsa.pem");
        let content = ssmax_smime::decrypt::decrypt(&file, &key("rsa.key").key, Some(&own));
        assert_eq!(content.unwrap().as_slice(), [0, 1, 2, 0xff].repeat(50));
    }
}

#[test]
fn a_mail_signed_and_encrypted_is_good_once_opened_and_has_its_fields() {
    let own = certificate("ec.pem");
    let mail =
        encrypt(&signed("ec", None), &[own], RsaTransport::Pkcs1, now(), &SystemRandom).unwrap();
    with_question(|question| {
        assert_eq!(judge(&mail, question).verdict, Verdict::None);
        let opened = open(&mail, &key("ec.key").key, None, question).unwrap();
        assert_eq!(opened.judgement.verdict, Verdict::Good, "{:?}", opened.judgement.checks);
        // The opened copy is a mail of its own, good by itself.
        assert_eq!(judge(&opened.mail, question).verdict, Verdict::Good);
        let parsed = ssmax_mail::parse(&opened.mail, &ssmax_mail::Limits::default()).unwrap();
        assert_eq!(parsed.header().one("Subject").unwrap().unwrap().unfolded(), "s");
    });
}

#[test]
fn what_is_not_encrypted_is_opened_as_it_is() {
    with_question(|question| {
        let opened = open(&signed("ec", None), &key("ec.key").key, None, question).unwrap();
        assert_eq!(opened.judgement.verdict, Verdict::Good);
        assert!(opened.content.is_none());
    });
}

#[test]
fn signing_is_refused_for_another_address_or_another_time() {
    let holder = key("bob.key");
    let own = certificate("bob.pem");
    let signer = Signer { key: &holder.key, certificate: &own, chain: &[], encryption: None };
    let signed = |mail: &[u8], at| sign(mail, &signer, at, &SystemRandom).map(drop);
    assert_eq!(signed(MAIL, now()), Err(SignFault::OtherAddress));
    let bobs = b"From: bob@b.example\r\n\r\nHello\r\n";
    assert_eq!(signed(bobs, now() + time::Duration::days(400)), Err(SignFault::NotValidNow));
    assert_eq!(signed(b"To: bob@b.example\r\n\r\nx", now()), Err(SignFault::NotOneFrom));
    assert_eq!(signed(bobs, now()), Ok(()));
}

#[test]
fn encrypting_is_refused_without_a_valid_certificate_for_it() {
    let encrypted = |certificates: &[Certificate], at| {
        encrypt(MAIL, certificates, RsaTransport::Pkcs1, at, &SystemRandom).map(drop)
    };
    let (ca, own) = (certificate("ca.pem"), certificate("ec.pem"));
    assert_eq!(encrypted(&[], now()), Err(EncryptFault::NoRecipient));
    let fault = EncryptFault::NotForEncryption(ca.clone());
    assert_eq!(encrypted(&[own.clone(), ca], now()), Err(fault));
    let later = now() + time::Duration::days(400);
    assert_eq!(encrypted(std::slice::from_ref(&own), later), Err(EncryptFault::NotValidNow(own)));
}

#[test]
fn certificates_are_learnt_from_good_mails_only() {
    let (signing, preferred) = (certificate("ec.pem"), certificate("rsa.pem"));
    let mail = signed("ec", Some(&preferred));
    with_question(|question| {
        let learnt = learn(&mail, question).unwrap();
        assert_eq!(learnt.certificate, preferred);
        assert_eq!(learnt.address.to_string(), "alice@a.example");
        let learnt = learn(&signed("ec", None), question).unwrap();
        assert_eq!(learnt.certificate, signing);
        let forged = String::from_utf8(mail.clone()).unwrap().replace("alice@", "eve@");
        assert_eq!(learn(forged.as_bytes(), question), Err(LearnFault::NotGood));
        assert_eq!(learn(MAIL, question), Err(LearnFault::NotGood));
        let own = certificate("bob.pem");
        let encrypted = encrypt(&mail, &[own], RsaTransport::Pkcs1, now(), &SystemRandom).unwrap();
        let opened = open(&encrypted, &key("bob.key").key, None, question).unwrap();
        let content = opened.content.unwrap();
        let learnt = learn_opened(&encrypted, &content, question).unwrap();
        assert_eq!(learnt.certificate, preferred);
    });
    let question = Question {
        anchors: &[],
        intermediates: &[],
        crls: &[],
        ocsp: &[],
        at: now(),
        allow_sha1: false,
    };
    assert_eq!(learn(&mail, &question), Err(LearnFault::NotGood));
}

/// A mail signed with `ec.pem`, opaque, with these certificates and attributes.
fn signed_with(extra: &[(&str, Vec<u8>)], bag: &[&str]) -> Vec<u8> {
    let content = b"Content-Type: text/plain\r\n\r\nHello\r\n";
    let mut certificates = vec![certificate("ec.pem")];
    certificates.extend(bag.iter().map(|name| certificate(name)));
    let attribute =
        |(oid, value): &(&str, Vec<u8>)| Attribute { oid: (*oid).to_owned(), value: value.clone() };
    let request = SignRequest {
        content_digest: ssmax_primitives::sha256(content),
        content: Some(content),
        signing_time: Some(now()),
        extra_signed: extra.iter().map(attribute).collect(),
        unsigned: vec![],
        certificates: &certificates,
        signer: &certificate("ec.pem"),
    };
    let object = ssmax_cms::signed::sign(&request, &key("ec.key").key).unwrap();
    let mut mail = b"From: alice@a.example\r\nMIME-Version: 1.0\r\n\
        Content-Type: application/pkcs7-mime; smime-type=signed-data; name=\"smime.p7m\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n"
        .to_vec();
    mail.extend(ssmax_mail::compose::base64_body(&object));
    mail
}

/// The certificates are not signed: whoever carries a mail can take one out of it and put
/// another in.
#[test]
fn a_preference_for_a_certificate_that_is_not_there_teaches_nothing() {
    const STANDARD: &str = "1.2.840.113549.1.9.16.2.11";
    const MICROSOFT: &str = "1.3.6.1.4.1.311.16.4";
    let preferred = certificate("rsa.pem");
    let by_issuer = encryption_key_preference(&preferred).value;
    let as_sequence = [&[0x30], &by_issuer[1..]].concat();
    let id = preferred.subject_key_id().unwrap().to_vec();
    let length = u8::try_from(id.len()).unwrap();
    let by_key = [&[0x82, length][..], &id].concat();
    let by_recipient = [&[0xa1, length + 2, 4, length][..], &id].concat();
    let other = encryption_key_preference(&certificate("p384.pem")).value;
    with_question(|question| {
        let learnt = |extra: &[(&str, Vec<u8>)], bag: &[&str]| {
            learn(&signed_with(extra, bag), question).map(|learnt| learnt.certificate)
        };
        for extra in [
            vec![(STANDARD, by_issuer.clone())],
            vec![(STANDARD, by_key.clone())],
            vec![(STANDARD, by_recipient.clone())],
            vec![(MICROSOFT, as_sequence.clone())],
            vec![(STANDARD, by_issuer.clone()), (MICROSOFT, as_sequence.clone())],
        ] {
            assert_eq!(learnt(&extra, &["p384.pem", "rsa.pem"]).as_ref(), Ok(&preferred));
            assert_eq!(learnt(&extra, &["p384.pem"]), Err(LearnFault::NoCertificate));
            assert_eq!(learnt(&extra, &[]), Err(LearnFault::NoCertificate));
        }
        // Two that disagree, and some that name nobody.
        for extra in [
            vec![(STANDARD, other.clone()), (MICROSOFT, as_sequence.clone())],
            vec![(STANDARD, vec![0x82, 0])],
            vec![(STANDARD, vec![5, 0])],
            vec![(MICROSOFT, by_issuer.clone())],
            vec![(STANDARD, as_sequence.clone())],
        ] {
            let found = learnt(&extra, &["p384.pem", "rsa.pem"]);
            assert_eq!(found, Err(LearnFault::NoCertificate), "{extra:?}");
        }
    });
}

#[test]
fn a_mail_teaches_what_its_mailer_reads_and_when_it_was_signed() {
    let before = now();
    with_question(|question| {
        let learnt = learn(&signed("ec", None), question).unwrap();
        let capabilities = learnt.read_capabilities().unwrap();
        assert_eq!(capabilities.ciphers()[0], ContentCipher::Aes256Cbc);
        // Whoever reads with a stock mailer would see a blank page.
        assert!(!capabilities.reads(ContentCipher::Aes256Gcm));
        let at = learnt.at.unwrap();
        assert!(at >= before - time::Duration::seconds(1) && at <= question.at);
    });
    // OpenSSL names 3DES and RC2 too.
    let output = openssl("cms -sign -in content -signer ec.pem -inkey ec.key");
    let mail = [b"From: alice@a.example\r\n", &to_crlf(&output)[..]].concat();
    with_question(|question| {
        let capabilities = learn(&mail, question).unwrap().read_capabilities().unwrap();
        assert!(capabilities.reads(ContentCipher::Aes128Cbc));
        assert!(capabilities.reads(ContentCipher::TripleDesCbc));
    });
}

#[test]
fn a_good_mail_without_a_certificate_for_encryption_teaches_nothing() {
    let holder = key("only-signing.key");
    let own = certificate("only-signing.pem");
    let signer = Signer { key: &holder.key, certificate: &own, chain: &[], encryption: None };
    let mail = sign(MAIL, &signer, now(), &SystemRandom).unwrap();
    // Bob's certificate goes along, but the mail does not speak for him.
    let bob = certificate("bob.pem");
    let signer = Signer { encryption: Some(&bob), ..signer };
    let with_bob = sign(MAIL, &signer, now(), &SystemRandom).unwrap();
    with_question(|question| {
        assert_eq!(learn(&mail, question), Err(LearnFault::NoCertificate));
        assert_eq!(learn(&with_bob, question), Err(LearnFault::NoCertificate));
    });
}

#[test]
fn keys_are_read_from_every_common_form() {
    let expected = key("ec.key").key.spki().to_vec();
    let rsa = key("rsa.key").key.spki().to_vec();
    openssl("ec -in ec.key -out sec1.key");
    openssl("rsa -in rsa.key -traditional -out pkcs1.key");
    openssl("pkcs8 -topk8 -in ec.key -passout pass:secret -out encrypted.key");
    openssl("pkcs8 -topk8 -in ec.key -scrypt -passout pass:secret -out scrypt.key");
    openssl(
        "pkcs12 -export -inkey ec.key -in ec.pem -certfile ca.pem -passout pass:secret -out aes.p12",
    );
    openssl(
        "pkcs12 -export -legacy -inkey rsa.key -in rsa.pem -passout pass:secret -out legacy.p12",
    );
    openssl(
        "pkcs12 -export -legacy -descert -inkey ec.key -in ec.pem -passout pass:secret -out des.p12",
    );
    openssl("pkcs12 -export -inkey ec.key -in ec.pem -passout pass: -out empty.p12");
    for (name, password, spki) in [
        ("sec1.key", None, &expected),
        ("pkcs1.key", None, &rsa),
        ("encrypted.key", Some("secret"), &expected),
        ("scrypt.key", Some("secret"), &expected),
        ("aes.p12", Some("secret"), &expected),
        ("legacy.p12", Some("secret"), &rsa),
        ("des.p12", Some("secret"), &expected),
        ("empty.p12", None, &expected),
    ] {
        let file = KeyFile::read(&read(name), password)
            .unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        assert_eq!(file.key.spki(), spki.as_slice(), "{name}");
        assert_eq!(file.certificate().is_some(), name.ends_with(".p12"), "{name}");
    }
    let file = KeyFile::read(&read("aes.p12"), Some("secret")).unwrap();
    assert_eq!(file.certificate(), Some(&certificate("ec.pem")));
    assert_eq!(file.chain(), [certificate("ca.pem")]);
    for name in ["encrypted.key", "aes.p12", "legacy.p12"] {
        let fault = |password| KeyFile::read(&read(name), password).map(drop).unwrap_err();
        assert_eq!(fault(Some("Secret")), KeyFault::Password, "{name}");
        assert_eq!(fault(None), KeyFault::PasswordNeeded, "{name}");
    }
}

/// What is written for mailers opens by programs that others wrote, and only with its password.
#[test]
fn files_for_mailers_are_read_by_openssl_and_nss_and_here() {
    let (ec, rsa) = (key("ec.key").key, key("rsa.key").key);
    let (of_ec, of_rsa) = (certificate("ec.pem"), certificate("rsa.pem"));
    let bags = [
        Bag { pkcs8: &ec.to_pkcs8(), certificate: &of_ec, name: "山田 sign" },
        Bag { pkcs8: &rsa.to_pkcs8(), certificate: &of_rsa, name: "山田 encrypt" },
    ];
    let dir = FILES.path();
    for (protection, words) in [
        (Protection::Aes, ["PBES2, PBKDF2, AES-256-CBC", "MAC: sha256, Iteration 100000"]),
        (
            Protection::TripleDes,
            ["pbeWithSHA1And3-KeyTripleDES-CBC", "MAC: sha1, Iteration 100000"],
        ),
    ] {
        let chain = [certificate("ca.pem")];
        let file = pkcs12::write(&bags, &chain, "long-secret", protection, &SystemRandom).unwrap();
        std::fs::write(dir.join("own.p12"), &file).unwrap();
        let line = "pkcs12 -in own.p12 -passin pass:long-secret -nodes -info -legacy";
        let said = Command::new("openssl").args(line.split(' ')).current_dir(dir).output().unwrap();
        let said = [said.stdout, said.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert_eq!(said.matches("BEGIN PRIVATE KEY").count(), 2, "{said}");
        assert_eq!(said.matches("BEGIN CERTIFICATE").count(), 3, "{said}");
        assert_eq!(said.matches("friendlyName").count(), 4, "{said}");
        let keys = KeyFile::read_all(&file, Some("long-secret")).unwrap();
        let spki: Vec<&[u8]> = keys.iter().map(|file| file.key.spki()).collect();
        assert_eq!(spki, [ec.spki(), rsa.spki()]);
        assert_eq!(keys[0].certificate(), Some(&of_ec));
        assert_eq!(KeyFile::read_all(&file, Some("other")).map(drop), Err(KeyFault::Password));
        if needs_nss() {
            let profile = dir.join(format!("nss-{protection:?}"));
            std::fs::create_dir(&profile).unwrap();
            let database = format!("sql:{}", profile.display());
            for line in [
                "certutil -N --empty-password -d",
                "pk12util -i own.p12 -W long-secret -K  -d",
                "certutil -K -d",
            ] {
                let mut words = line.split(' ');
                let mut command = Command::new(words.next().unwrap());
                let output = command.args(words).arg(&database).current_dir(dir).output().unwrap();
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success(), "{line}: {output:?}");
                if line.contains("-K -d") {
                    assert!(said.contains("山田 sign") && said.contains("山田 encrypt"), "{said}");
                }
            }
        }
    }
}

/// Whether NSS is there, which only a developer's machine may lack.
fn needs_nss() -> bool {
    let found = Command::new("pk12util").arg("-H").output().is_ok();
    assert!(found || std::env::var("CI").is_err(), "libnss3-tools is missing in CI");
    found
}

/// As Python's reader of property lists understands it.
#[test]
fn a_profile_for_apple_devices_is_a_property_list_with_keys_and_anchors() {
    let ca = [certificate("ca.pem")];
    let text = profile(
        &Profile {
            name: "A & B <市>",
            organisation: "A & B",
            domain: "a.example",
            address: "yamada.hanako@a.example",
            roots: &ca,
            intermediates: &ca,
            keys: b"\x00\x01keys",
        },
        &SystemRandom,
    );
    let path = FILES.path().join("x.mobileconfig");
    std::fs::write(&path, text).unwrap();
    let script = "import plistlib,sys\n\
        whole = plistlib.load(open(sys.argv[1], 'rb'))\n\
        print(whole['PayloadType'], whole['PayloadIdentifier'], whole['PayloadDisplayName'])\n\
        parts = whole['PayloadContent']\n\
        for part in parts: print(part['PayloadType'], part['PayloadContent'][:2].hex())\n\
        print(len({part['PayloadUUID'] for part in parts + [whole]}))\n\
        print(len({part['PayloadIdentifier'] for part in parts + [whole]}))";
    let output = Command::new("python3").args(["-c", script]).arg(&path).output().unwrap();
    let expected = "Configuration example.a.ssmax.yamada-hanako-a-example A & B <市>\n\
        com.apple.security.root 3082\ncom.apple.security.pkcs1 3082\n\
        com.apple.security.pkcs12 0001\n4\n4\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{output:?}");
}

#[test]
fn key_files_that_are_none_are_told_by_cause() {
    let fault = |octets: &[u8]| KeyFile::read(octets, None).map(drop).unwrap_err();
    assert_eq!(fault(&read("ec.pem")), KeyFault::NoKey);
    assert_eq!(fault(b"nonsense"), KeyFault::Malformed);
    assert_eq!(fault(b""), KeyFault::Malformed);
    assert_eq!(fault(&vec![0; 1024 * 1024 + 1]), KeyFault::TooLarge);
    let k256 = openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1");
    assert_eq!(fault(&k256), KeyFault::Unsupported);
}

#[test]
fn the_checks_tell_what_openssl_would_not() {
    // OpenSSL verifies the signature; that it is not From's is for us to say.
    let output = openssl("cms -sign -in content -signer bob.pem -inkey bob.key");
    let mail = [b"From: alice@a.example\r\n", &to_crlf(&output)[..]].concat();
    write("bobs", &mail);
    openssl("cms -verify -in bobs -CAfile ca.pem");
    with_question(|question| {
        let judgement = judge(&mail, question);
        let check = judgement.check(CheckName::Binding).unwrap();
        assert_eq!((judgement.verdict, check.reason.code()), (Verdict::Bad, "other-address"));
        assert_eq!(judgement.signer.as_deref(), Some("bob@b.example"));
    });
}
