//! OCSP responses that OpenSSL made.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests, which read files and stop at the first surprise"
)]

use std::fs;
use std::process::Command;

use ssmax_pki::Certificate;
use ssmax_pki::crl::Reason;
use ssmax_pki::ocsp::{Fault, Response, Status};
use ssmax_pki::path::{Limits, PathFault, PathInput, Purpose, Revocation, validate};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

/// Index lines of `openssl ca`: state, end, revocation, serial, file, subject.
const INDEX: &str = "V\t301231000000Z\t\t10\tunknown\t/CN=good\n\
                     R\t301231000000Z\t250101000000Z,keyCompromise\t11\tunknown\t/CN=bad\n";

/// A CA with two people (serial 10 good, 11 revoked), a responder with the purpose and
/// one without.
struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        scene.write("index", INDEX);
        scene.write(
            "ee.cnf",
            "keyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n",
        );
        let ocsp =
            "keyUsage=critical,digitalSignature\nextendedKeyUsage=OCSPSigning\nnoCheck=ignored\n";
        scene.write("ocsp.cnf", ocsp);
        scene.write(
            "mail.cnf",
            "keyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n",
        );
        scene.run("ecparam -genkey -name prime256v1 -noout -out ca.key");
        scene.run("req -x509 -new -key ca.key -subj /CN=CA -days 3650 -out ca.pem");
        for (name, serial, extensions) in [
            ("good", "0x10", "ee"),
            ("bad", "0x11", "ee"),
            ("absent", "0x12", "ee"),
            ("responder", "0x20", "ocsp"),
            ("mail", "0x21", "mail"),
        ] {
            scene.run(&format!("ecparam -genkey -name prime256v1 -noout -out {name}.key"));
            scene.run(&format!("req -new -key {name}.key -subj /CN={name} -out {name}.csr"));
            scene.run(&format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -set_serial {serial} -days 800 \
                 -sha256 -extfile {extensions}.cnf -out {name}.pem"
            ));
        }
        scene
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn run(&self, line: &str) {
        let output = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .expect("openssl runs");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn certificate(&self, name: &str) -> Certificate {
        let file = self.0.path().join(format!("{name}.pem"));
        Certificate::from_pem(&fs::read_to_string(file).unwrap()).unwrap()
    }

    /// The octets of a response about `people` signed by `signer`.
    fn respond(&self, people: &[&str], signer: &str, options: &str) -> Vec<u8> {
        let asked: String = people.iter().map(|name| format!(" -cert {name}.pem")).collect();
        let hash = if options.contains("sha256") { "-sha256 " } else { "" };
        let options = options.replace("sha256", "");
        self.run(&format!("ocsp {hash}-issuer ca.pem{asked} -no_nonce -reqout request"));
        self.run(&format!(
            "ocsp -index index -CA ca.pem -rsigner {signer}.pem -rkey {signer}.key -reqin request \
             -respout response {options}"
        ));
        fs::read(self.0.path().join("response")).unwrap()
    }

    fn judge(&self, name: &str, response: &Response, at: OffsetDateTime) -> Result<(), PathFault> {
        validate(&PathInput {
            leaf: &self.certificate(name),
            intermediates: &[],
            anchors: &[self.certificate("ca")],
            crls: &[],
            ocsp: std::slice::from_ref(response),
            at,
            purpose: Purpose::EmailSigning,
            limits: Limits::default(),
            revocation: Revocation::Require,
        })
        .map(|_| ())
    }
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn read(der: &[u8]) -> Response {
    Response::from_der(der).unwrap()
}

#[test]
fn responses_by_the_issuer_and_by_its_delegate_are_believed() {
    let scene = Scene::new();
    for signer in ["ca", "responder"] {
        for options in ["-ndays 1", "-ndays 1 sha256", "-ndays 1 -resp_key_id", ""] {
            let response = read(&scene.respond(&["good"], signer, options));
            assert_eq!(scene.judge("good", &response, now()), Ok(()), "{signer} {options}");
        }
    }
}

#[test]
fn a_revoked_certificate_is_revoked_with_date_and_reason_and_an_unknown_one_unknown() {
    let scene = Scene::new();
    let response = read(&scene.respond(&["bad"], "responder", "-ndays 1"));
    let since = time::macros::datetime!(2025-01-01 0:00 UTC);
    let status = Status::Revoked { since, reason: Reason::KeyCompromise };
    assert_eq!(response.answers().first().map(|answer| answer.status), Some(status));
    let revoked = PathFault::Revoked { since, reason: Reason::KeyCompromise };
    assert_eq!(scene.judge("bad", &response, now()), Err(revoked));
    let response = read(&scene.respond(&["absent"], "responder", "-ndays 1"));
    assert_eq!(scene.judge("absent", &response, now()), Err(PathFault::Ocsp(Fault::Unknown)));
}

#[test]
fn one_response_may_answer_for_several_people() {
    let scene = Scene::new();
    let response = read(&scene.respond(&["good", "bad", "absent"], "responder", "-ndays 1"));
    assert_eq!(response.answers().len(), 3);
    assert_eq!(scene.judge("good", &response, now()), Ok(()));
    assert!(matches!(scene.judge("bad", &response, now()), Err(PathFault::Revoked { .. })));
    let fault = scene.judge("absent", &response, now());
    assert_eq!(fault, Err(PathFault::Ocsp(Fault::Unknown)));
}

#[test]
fn each_refusal_has_its_cause() {
    let scene = Scene::new();
    let refused = |name: &str, response: &Response, at| scene.judge(name, response, at);
    let of = |fault| Err(PathFault::Ocsp(fault));
    let good = scene.respond(&["good"], "responder", "-ndays 1");
    assert_eq!(refused("absent", &read(&good), now()), of(Fault::OtherCertificate));
    let later = now() + Duration::days(2);
    assert_eq!(refused("good", &read(&good), later), of(Fault::Stale));
    let by_mail = scene.respond(&["good"], "mail", "-ndays 1");
    assert_eq!(refused("good", &read(&by_mail), now()), of(Fault::ResponderNotAllowed));
    let strangers = Scene::new();
    let fault = strangers.judge("good", &read(&good), now());
    assert_eq!(fault, of(Fault::OtherIssuer));
    let mut changed = good.clone();
    // The last digit of nextUpdate, the third GeneralizedTime of the signed part.
    let is_time_end = |place: &usize| {
        let digits = changed.get(place.saturating_sub(14)..*place).unwrap_or_default();
        changed[*place] == b'Z' && digits.len() == 14 && digits.iter().all(u8::is_ascii_digit)
    };
    let next_update = (0..changed.len()).filter(is_time_end).nth(2).unwrap();
    changed[next_update - 1] ^= 1;
    assert_eq!(refused("good", &read(&changed), now()), of(Fault::BadSignature));
    let longer = [good.as_slice(), b"\0"].concat();
    assert_eq!(Response::from_der(&longer), Err(ssmax_pki::PkiError::Malformed));
}
