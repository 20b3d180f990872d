//! What we issue, as pkilint sees it: every profile, for many people.
//!
//! pkilint is a program in Python. It is looked for in `target/pkilint`, where `.ci/judges`
//! puts it, and wherever `python3` finds its modules. Each person gets one of the eight
//! profiles in turn; with `SSMAX_FULL=1` each gets all eight.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests, which read files and stop at the first surprise"
)]

use crate::people::{People, identities};
use ssmax_pki::crl::{self, Entry, Reason};
use ssmax_pki::ocsp::{self, Said, Status};
use ssmax_pki::path::{Limits, PathFault, PathInput, Purpose, Revocation, validate};
use ssmax_pki::profile::{
    self, Basis, Draft, Generation, Identity, IdentityProof, Organisation, User, Validity,
};
use ssmax_pki::{Certificate, PkiError, issue, lint};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;
use time::{Duration, OffsetDateTime};

mod people;

const CITY: Organisation<'static> =
    Organisation { name: "B市", identifier: "NTRJP-7000012050002" };

/// People.
const PEOPLE: usize = 1000;

/// Python, with pkilint among its modules if `.ci/judges` has fetched it.
fn python() -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pkilint"));
    command
}

/// Whether pkilint is here. Where it has to be, a skipped test is a failure.
fn has_pkilint() -> bool {
    let found = python().args(["-c", "import pkilint"]).output();
    if found.is_ok_and(|found| found.status.success()) {
        return true;
    }
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!is_ci, "needed and not here: pkilint (.ci/judges)");
    println!("skipped: pkilint is not here (.ci/judges fetches it)");
    false
}

struct Authority {
    key: SoftwareKey,
    certificate: Certificate,
}

fn key() -> SoftwareKey {
    SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
}

/// With every URL that our certificates carry.
fn basis(spki: &[u8], days: u16) -> Basis {
    let now = OffsetDateTime::now_utc();
    let validity = Validity::days(now - Duration::hours(1), days);
    let mut basis = Basis::new(spki, issue::random_serial(&SystemRandom), validity);
    basis.crl_urls = vec!["http://pki.b.example.jp/ca.crl".into()];
    basis.ocsp_urls = vec!["http://pki.b.example.jp/ocsp".into()];
    basis.issuer_urls = vec!["http://pki.b.example.jp/ca.cer".into()];
    basis
}

/// For who signs itself.
fn bare(spki: &[u8], days: u16) -> Basis {
    let full = basis(spki, days);
    Basis::new(spki, full.serial, full.validity)
}

impl Authority {
    fn own(draft: impl FnOnce(Basis) -> Draft) -> Self {
        let key = key();
        let draft = lint::lint(draft(bare(key.spki(), 7300))).unwrap();
        Self { certificate: issue::self_signed(draft, &key).unwrap(), key }
    }

    fn below(&self, days: u16, draft: impl FnOnce(Basis) -> Draft) -> Self {
        let key = key();
        Self { certificate: self.issue(draft(basis(key.spki(), days))), key }
    }

    fn issue(&self, draft: Draft) -> Certificate {
        issue::issue(lint::lint(draft).unwrap(), &self.certificate, &self.key).unwrap()
    }
}

struct Federation {
    root: Authority,
    issuing: Authority,
    member: Authority,
    seal: Authority,
}

impl Federation {
    fn new() -> Self {
        let root = Authority::own(|basis| profile::root(basis, "SSMAX Authority", "SSMAX Root"));
        let issuing =
            root.below(3650, |basis| profile::issuing_ca(basis, "SSMAX Authority", "SSMAX CA"));
        let member = issuing
            .below(3000, |basis| profile::member_ca(basis, &CITY, "B City CA", &["b.example.jp"]));
        let seal =
            Authority::own(|basis| profile::seal_ca(basis, &CITY, "B Seal CA", &["b.example.jp"]));
        Self { root, issuing, member, seal }
    }
}

fn write(folder: &Path, name: &str, certificate: &Certificate) {
    fs::write(folder.join(name), certificate.der()).unwrap();
}

/// All findings, and how many documents were read.
fn findings(folder: &Path) -> (Vec<String>, usize) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pkilint/judge.py");
    let output = python().arg(script).arg(folder).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    let mut lines: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    let last = lines.pop().unwrap();
    (lines, last.strip_prefix("read ").unwrap().parse().unwrap())
}

fn openssl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl").args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn pkilint_finds_no_error_and_openssl_verifies_every_path() {
    if !has_pkilint() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let federation = Federation::new();
    let Federation { root, issuing, member, seal } = &federation;
    let all = std::env::var("SSMAX_FULL").is_ok();
    let (mut of_member, mut of_seal) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    // RSA keys take long to make, and are all alike to who looks at certificates.
    let rsa = SoftwareKey::generate(KeyAlgorithm::Rsa2048).unwrap();
    let mut people = People::new();
    for number in 0..PEOPLE {
        let person = people.next("b.example.jp");
        let identities = identities(&person, CITY);
        let chosen = if all { 0..8 } else { number % 8..number % 8 + 1 };
        for (standard, identity, generation) in &identities[chosen] {
            let proof = IdentityProof { level: 2, date: time::macros::date!(2026 - 03 - 31) };
            let user = User {
                address: &person.address,
                identity: *identity,
                generation: *generation,
                server_held: number % 3 == 0,
                identity_proof: (number % 5 != 0).then_some(proof),
            };
            let own = key();
            let encryption = if number % 16 < 8 { own.spki() } else { rsa.spki() };
            for (kind, draft) in [
                ("signing", profile::user_signing(basis(key().spki(), 825), &user)),
                ("encryption", profile::user_encryption(basis(encryption, 825), &user)),
            ] {
                let name = format!("user{number}-{kind}.{standard}.der");
                write(folder, &name, &member.issue(draft));
                of_member.push(name);
            }
        }
        if number % 10 == 0 {
            let person = people.next("a.example.jp");
            for (kind, days) in [("signing", 3650), ("encryption", 400)] {
                let basis = basis(key().spki(), days);
                let note = " (checked by B)";
                let common_name = profile::relay_common_name(&person.common_name, note);
                let draft = match kind {
                    "signing" => profile::relay_signing(basis, &person.address, &common_name),
                    _ => profile::relay_encryption(basis, &person.address, &common_name),
                };
                let name = format!("relay{number}-{kind}.pkix.der");
                write(folder, &name, &seal.issue(draft));
                of_seal.push(name);
            }
        }
    }
    let responder = member.below(30, |basis| {
        // Nobody asks about it.
        let basis = Basis::new(&basis.spki, basis.serial, basis.validity);
        profile::ocsp_responder(basis, &CITY, "OCSP Responder")
    });
    for (name, certificate) in [
        ("root.pkix.der", &root.certificate),
        ("issuing.pkix.der", &issuing.certificate),
        ("member.pkix.der", &member.certificate),
        ("seal.pkix.der", &seal.certificate),
        ("responder.pkix.der", &responder.certificate),
        (
            "organisation.pkix.der",
            &issuing.issue(profile::organisation_signing(
                basis(key().spki(), 825),
                &CITY,
                &["b.example.jp"],
            )),
        ),
        (
            "federation.pkix.der",
            &issuing.issue(profile::organisation_encryption(
                basis(key().spki(), 825),
                &CITY,
                &["b.example.jp"],
            )),
        ),
    ] {
        write(folder, name, certificate);
    }
    let first = Certificate::from_der(&fs::read(folder.join(&of_member[0])).unwrap()).unwrap();
    crl_and_response(folder, member, &responder, &first);

    let (found, read) = findings(folder);
    assert_eq!(found, Vec::<String>::new());
    // Everything was looked at: the people, who seals, seven authorities, list and response.
    assert_eq!(read, of_member.len() + of_seal.len() + 7 + 2);

    fs::write(folder.join("root.pem"), root.certificate.to_pem()).unwrap();
    fs::write(folder.join("seal.pem"), seal.certificate.to_pem()).unwrap();
    let chain = format!("{}{}", issuing.certificate.to_pem(), member.certificate.to_pem());
    fs::write(folder.join("chain.pem"), chain).unwrap();
    let strict = ["verify", "-x509_strict", "-policy_check"];
    let below_root = ["-CAfile", "root.pem", "-untrusted", "chain.pem"];
    for (anchors, names) in [(&below_root[..], &of_member), (&["-CAfile", "seal.pem"], &of_seal)] {
        for names in names.chunks(200) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let said = openssl(folder, &[&strict[..], anchors, &names].concat());
            assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            assert_eq!(said.matches(": OK").count(), names.len(), "{said}");
        }
    }
    println!("{PEOPLE} people, {read} documents in {:.0?}", begun.elapsed());
}

/// A CRL and an OCSP response about one certificate, beside the certificates.
fn crl_and_response(folder: &Path, member: &Authority, responder: &Authority, one: &Certificate) {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let reason = Reason::AffiliationChanged;
    let entry = Entry { serial: one.serial().to_vec(), revoked_at: now, reason };
    let content = crl::Content {
        this_update: now,
        next_update: now + Duration::hours(96),
        number: 7,
        keeps_since: Some(member.certificate.not_before()),
        entries: vec![entry],
    };
    let crl = crl::issue(&member.certificate, &member.key, &content).unwrap();
    fs::write(folder.join("member.crl"), crl.der()).unwrap();

    fs::write(folder.join("one.pem"), one.to_pem()).unwrap();
    fs::write(folder.join("issuer.pem"), member.certificate.to_pem()).unwrap();
    let line = ["ocsp", "-issuer", "issuer.pem", "-cert", "one.pem", "-reqout", "asked"];
    assert!(openssl(folder, &line).status.success());
    let request = ocsp::Request::from_der(&fs::read(folder.join("asked")).unwrap()).unwrap();
    let question = request.questions.first().unwrap();
    let said = Said {
        status: Status::Revoked { since: now, reason },
        this_update: now,
        next_update: now + Duration::HOUR,
    };
    let nonce = request.nonce.as_deref();
    assert!(nonce.is_some(), "OpenSSL sends one unless told not to");
    let response =
        ocsp::respond(&[(question, said)], nonce, now, &responder.certificate, &responder.key);
    fs::write(folder.join("one.ocsp"), response.unwrap()).unwrap();
}

#[test]
fn pkilint_finds_what_is_wrong() {
    if !has_pkilint() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let federation = Federation::new();
    let user = User {
        address: "hanako@b.example.jp",
        identity: Identity::Mailbox,
        generation: Generation::Strict,
        server_held: false,
        identity_proof: None,
    };
    let draft = profile::user_signing(basis(key().spki(), 825), &user);
    // Held to another's profile.
    write(folder.path(), "x.sponsored-strict.der", &federation.member.issue(draft));
    let (found, read) = findings(folder.path());
    assert_eq!(read, 1);
    assert!(found.iter().any(|one| one.contains("policy")), "{found:?}");
}

/// Carriers in Japan have assigned such addresses, which RFC 5321 does not know.
#[test]
fn pkilint_knows_no_address_with_two_dots_or_a_last_one_and_finds_nothing_else() {
    if !has_pkilint() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let federation = Federation::new();
    for (number, address) in ["taro..y@b.example.jp", "taro.@b.example.jp"].iter().enumerate() {
        let user = User {
            address,
            identity: Identity::Mailbox,
            generation: Generation::Strict,
            server_held: false,
            identity_proof: None,
        };
        let draft = profile::user_signing(basis(key().spki(), 825), &user);
        let name = format!("{number}.mailbox-strict.der");
        write(folder.path(), &name, &federation.member.issue(draft));
    }
    let (found, read) = findings(folder.path());
    assert_eq!((found.len(), read), (2, 2), "{found:?}");
    assert!(found.iter().all(|one| one.contains("invalid_email_address_syntax")), "{found:?}");
}

#[test]
fn a_certificate_outside_the_name_constraint_is_refused_by_us_and_by_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let federation = Federation::new();
    let Federation { root, issuing, member, .. } = &federation;
    let user = User {
        address: "hanako@a.example.jp",
        identity: Identity::Mailbox,
        generation: Generation::Strict,
        server_held: false,
        identity_proof: None,
    };
    // Our CA does not issue it.
    let draft = profile::user_signing(basis(key().spki(), 825), &user);
    let refused = issue::issue(lint::lint(draft).unwrap(), &member.certificate, &member.key);
    assert_eq!(refused.map(drop), Err(PkiError::OutsideConstraints));

    // And what somebody with its key made all the same, nobody believes.
    let pkcs8 = member.key.to_pkcs8();
    fs::write(folder.join("ca.der"), &*pkcs8).unwrap();
    fs::write(folder.join("ca.pem"), member.certificate.to_pem()).unwrap();
    fs::write(folder.join("root.pem"), root.certificate.to_pem()).unwrap();
    let chain = format!("{}{}", issuing.certificate.to_pem(), member.certificate.to_pem());
    fs::write(folder.join("chain.pem"), chain).unwrap();
    for (domain, is_good) in [("b.example.jp", true), ("a.example.jp", false)] {
        let names = format!(
            "subjectAltName=email:hanako@{domain}\nkeyUsage=critical,digitalSignature\n\
             extendedKeyUsage=emailProtection\n"
        );
        fs::write(folder.join("names"), names).unwrap();
        for line in [
            "pkey -in ca.der -inform DER -out ca.key",
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -subj /CN=h -out r",
            "x509 -req -in r -CA ca.pem -CAkey ca.key -set_serial 0x4142434445464748 -days 30 \
             -extfile names -out leaf.pem",
        ] {
            let said = openssl(folder, &line.split_ascii_whitespace().collect::<Vec<_>>());
            assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        }
        let line = ["verify", "-CAfile", "root.pem", "-untrusted", "chain.pem", "leaf.pem"];
        let said = openssl(folder, &line);
        assert_eq!(said.status.success(), is_good, "{said:?}");
        let why = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(why.contains("permitted subtree violation"), !is_good, "{why}");
        let leaf = Certificate::from_pem(&fs::read_to_string(folder.join("leaf.pem")).unwrap());
        let judged = validate(&PathInput {
            leaf: &leaf.unwrap(),
            intermediates: &[issuing.certificate.clone(), member.certificate.clone()],
            anchors: std::slice::from_ref(&root.certificate),
            crls: &[],
            ocsp: &[],
            at: OffsetDateTime::now_utc(),
            purpose: Purpose::EmailSigning,
            limits: Limits::default(),
            revocation: Revocation::Skip,
        });
        match judged {
            Ok(_) => assert!(is_good, "{domain}"),
            Err(fault) => assert!(!is_good && fault == PathFault::NameNotPermitted, "{fault:?}"),
        }
    }
}
