//! What we issue, as OpenSSL sees it; what OpenSSL makes, as we see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests, which read files and stop at the first surprise"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ssmax_pki::profile::{
    self, Basis, Draft, Generation, Identity, IdentityProof, Organisation, User, Validity,
};
use ssmax_pki::{Certificate, crl, issue, lint, relay, request};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair};
use time::{Duration, OffsetDateTime};

const CITY: Organisation<'static> =
    Organisation { name: "B市", identifier: "NTRJP-7000012050002" };

const EMAIL_KEYS: [KeyAlgorithm; 2] = [KeyAlgorithm::EcP256, KeyAlgorithm::Rsa2048];

fn key(algorithm: KeyAlgorithm) -> SoftwareKey {
    SoftwareKey::generate(algorithm).unwrap()
}

fn basis(key: &SoftwareKey, days: u16) -> Basis {
    let now = OffsetDateTime::now_utc();
    let validity = Validity::days(now - Duration::hours(1), days);
    Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity)
}

/// OpenSSL's purpose asks for keyEncipherment, which an EC key does not do.
fn encryption_purpose(algorithm: KeyAlgorithm) -> &'static str {
    if algorithm.is_rsa() { "smimeencrypt" } else { "any" }
}

fn issued(draft: Draft, issuer: &Certificate, key: &SoftwareKey) -> Certificate {
    issue::issue(lint::lint(draft).unwrap(), issuer, key).unwrap()
}

fn self_signed(draft: Draft, key: &SoftwareKey) -> Certificate {
    issue::self_signed(lint::lint(draft).unwrap(), key).unwrap()
}

fn openssl(arguments: &[&str], folder: &Path) -> Output {
    Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl runs")
}

#[track_caller]
fn assert_succeeds(arguments: &[&str], folder: &Path) -> String {
    let output = openssl(arguments, folder);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}{text}", String::from_utf8_lossy(&output.stderr));
    text
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

/// The CAs of a federation with one member, as files `root.pem` and `chain.pem`.
struct Federation {
    member: Certificate,
    member_key: SoftwareKey,
    issuing: Certificate,
    issuing_key: SoftwareKey,
}

impl Federation {
    fn new(folder: &Path) -> Self {
        let [root_key, issuing_key, member_key] = [(); 3].map(|()| key(KeyAlgorithm::EcP256));
        let root = self_signed(
            profile::root(basis(&root_key, 7300), "SSMAX Authority", "SSMAX Root"),
            &root_key,
        );
        let draft = profile::issuing_ca(basis(&issuing_key, 3650), "SSMAX Authority", "SSMAX CA");
        let issuing = issued(draft, &root, &root_key);
        let domains = ["b.example", "xn--r8jz45g.example"];
        let draft = profile::member_ca(basis(&member_key, 3000), &CITY, "B City CA", &domains);
        let member = issued(draft, &issuing, &issuing_key);
        write(folder, "root.pem", &root.to_pem());
        write(folder, "chain.pem", &format!("{}{}", issuing.to_pem(), member.to_pem()));
        Self { member, member_key, issuing, issuing_key }
    }
}

fn hanako(identity: Identity<'static>) -> User<'static> {
    User {
        address: "hanako@b.example",
        identity,
        generation: Generation::Strict,
        server_held: true,
        identity_proof: Some(IdentityProof { level: 3, date: time::macros::date!(2025 - 01 - 01) }),
    }
}

#[test]
fn user_certificates_of_every_kind_verify_strictly() {
    let folder = tempfile::tempdir().unwrap();
    let federation = Federation::new(folder.path());
    let person = Identity::Sponsor {
        organisation: CITY,
        surname: "山田",
        given_name: "花子",
        common_name: "山田 花子",
    };
    for algorithm in EMAIL_KEYS {
        for identity in [Identity::Mailbox, Identity::Organization(CITY), person] {
            let user = hanako(identity);
            let key = key(algorithm);
            let mut basis = basis(&key, 825);
            basis.crl_urls = vec!["http://crl.b.example/member.crl".into()];
            let pairs = [
                ("smimesign", profile::user_signing(basis.clone(), &user)),
                (encryption_purpose(algorithm), profile::user_encryption(basis, &user)),
            ];
            for (purpose, draft) in pairs {
                let certificate = issued(draft, &federation.member, &federation.member_key);
                write(folder.path(), "leaf.pem", &certificate.to_pem());
                let verify = ["verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted"];
                let verify = [&verify[..], &["chain.pem", "-purpose", purpose, "leaf.pem"]];
                assert_succeeds(&verify.concat(), folder.path());
            }
        }
    }
}

#[test]
fn organisation_certificates_verify_with_their_policy() {
    let folder = tempfile::tempdir().unwrap();
    let federation = Federation::new(folder.path());
    let key = key(KeyAlgorithm::EcP256);
    for (purpose, draft) in [
        ("smimesign", profile::organisation_signing(basis(&key, 825), &CITY, &["b.example"])),
        ("any", profile::organisation_encryption(basis(&key, 825), &CITY, &["b.example"])),
    ] {
        let certificate = issued(draft, &federation.issuing, &federation.issuing_key);
        write(folder.path(), "leaf.pem", &certificate.to_pem());
        let policy = ssmax_pki::oid::POLICY_ORGANISATION;
        let verify = ["verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "chain.pem"];
        let policy = ["-explicit_policy", "-policy", policy, "-purpose", purpose, "leaf.pem"];
        assert_succeeds(&[&verify[..], &policy].concat(), folder.path());
    }
}

#[test]
fn a_mail_signed_under_a_relay_certificate_of_ten_years_is_verified_by_cms() {
    for algorithm in EMAIL_KEYS {
        let folder = tempfile::tempdir().unwrap();
        let (ca_key, seal_key) = (key(algorithm), key(algorithm));
        let seal_ca = self_signed(
            profile::seal_ca(basis(&ca_key, 7300), &CITY, "B City Seal CA", &["b.example"]),
            &ca_key,
        );
        let name = profile::relay_common_name("山田 花子", "（B市がA株式会社について確認）");
        let mut basis = basis(&seal_key, 3650);
        basis.serial = relay::serial(seal_key.spki(), [0xff; 8]);
        let draft = profile::relay_signing(basis, "alice@a.example", &name);
        let certificate = issued(draft, &seal_ca, &ca_key);
        write(folder.path(), "ca.pem", &seal_ca.to_pem());
        write(folder.path(), "leaf.pem", &certificate.to_pem());
        write(folder.path(), "key.pem", &seal_key.to_pem());
        write(folder.path(), "mail", "Content-Type: text/plain\r\n\r\nhello\r\n");
        let verify = ["verify", "-x509_strict", "-CAfile", "ca.pem", "-purpose", "smimesign"];
        assert_succeeds(&[&verify[..], &["leaf.pem"]].concat(), folder.path());
        let sign = ["cms", "-sign", "-in", "mail", "-signer", "leaf.pem", "-inkey", "key.pem"];
        assert_succeeds(&[&sign[..], &["-out", "signed.eml"]].concat(), folder.path());
        let verify = ["cms", "-verify", "-in", "signed.eml", "-CAfile", "ca.pem", "-out", "out"];
        assert_succeeds(&verify, folder.path());
    }
}

#[test]
fn mail_is_encrypted_to_a_relay_certificate_and_opened_with_its_key() {
    for algorithm in EMAIL_KEYS {
        let folder = tempfile::tempdir().unwrap();
        let (ca_key, submission) = (key(KeyAlgorithm::EcP256), key(algorithm));
        let seal_ca = self_signed(
            profile::seal_ca(basis(&ca_key, 7300), &CITY, "B City Seal CA", &["b.example"]),
            &ca_key,
        );
        let draft = profile::relay_encryption(basis(&submission, 400), "alice@a.example", "Alice");
        let certificate = issued(draft, &seal_ca, &ca_key);
        write(folder.path(), "leaf.pem", &certificate.to_pem());
        write(folder.path(), "key.pem", &submission.to_pem());
        write(folder.path(), "mail", "hello");
        let encrypt = ["cms", "-encrypt", "-aes-256-cbc", "-in", "mail", "-out", "closed.eml"];
        assert_succeeds(&[&encrypt[..], &["leaf.pem"]].concat(), folder.path());
        let decrypt = ["cms", "-decrypt", "-in", "closed.eml", "-inkey", "key.pem"];
        let opened =
            assert_succeeds(&[&decrypt[..], &["-recip", "leaf.pem"]].concat(), folder.path());
        assert_eq!(opened.trim_end(), "hello");
    }
}

#[test]
fn a_request_made_by_openssl_is_read_and_ours_is_verified_by_it() {
    let folder = tempfile::tempdir().unwrap();
    for (index, algorithm) in EMAIL_KEYS.into_iter().enumerate() {
        let key = key(algorithm);
        write(folder.path(), "key.pem", &key.to_pem());
        let make = ["req", "-new", "-key", "key.pem", "-subj", "/CN=Alice", "-addext"];
        let names = "subjectAltName=email:alice@a.example,DNS:gateway.a.example";
        let pem = assert_succeeds(&[&make[..], &[names]].concat(), folder.path());
        let read = request::parse_pem(&pem).unwrap();
        assert_eq!(read.spki, key.spki(), "{index}");
        assert_eq!(read.common_name.as_deref(), Some("Alice"));
        assert_eq!(read.emails, ["alice@a.example"]);
        assert_eq!(read.dns_names, ["gateway.a.example"]);
        let ours = request::create(&key, "花子", Some("花子@b.example")).unwrap();
        write(folder.path(), "ours.pem", &request::to_pem(&ours));
        assert_succeeds(&["req", "-verify", "-noout", "-in", "ours.pem"], folder.path());
    }
}

#[test]
fn our_crl_is_read_by_openssl_with_date_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let federation = Federation::new(folder.path());
    let key = key(KeyAlgorithm::EcP256);
    let draft = profile::user_signing(basis(&key, 825), &hanako(Identity::Mailbox));
    let certificate = issued(draft, &federation.member, &federation.member_key);
    let now = certificate.not_before() + Duration::MINUTE;
    let crl = crl::issue(
        &federation.member,
        &federation.member_key,
        &crl::Content {
            this_update: now,
            next_update: now + Duration::DAY,
            number: 7,
            keeps_since: None,
            entries: vec![crl::Entry {
                serial: certificate.serial().to_vec(),
                revoked_at: now,
                reason: crl::Reason::CessationOfOperation,
            }],
        },
    )
    .unwrap();
    write(folder.path(), "crl.pem", &crl.to_pem());
    write(folder.path(), "leaf.pem", &certificate.to_pem());
    write(folder.path(), "ca.pem", &federation.member.to_pem());
    let text = assert_succeeds(&["crl", "-noout", "-text", "-in", "crl.pem"], folder.path());
    assert!(text.contains("Cessation Of Operation"), "{text}");
    assert_succeeds(&["crl", "-noout", "-in", "crl.pem", "-CAfile", "ca.pem"], folder.path());
    let verify = ["verify", "-partial_chain", "-CAfile", "ca.pem", "-CRLfile", "crl.pem"];
    let output = openssl(&[&verify[..], &["-crl_check", "leaf.pem"]].concat(), folder.path());
    assert!(String::from_utf8_lossy(&output.stderr).contains("certificate revoked"));
}
