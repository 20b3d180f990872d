//! Foreign bytes: whatever is done to a certificate, a request or a CRL, reading it
//! never panics, and what is read can be shown and asked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests, which read files and stop at the first surprise"
)]

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use ssmax_pki::crl::Crl;
use ssmax_pki::lint::certificate::check;
use ssmax_pki::ocsp::Response;
use ssmax_pki::path::{Limits, PathInput, Purpose, Revocation, validate};
use ssmax_pki::{Certificate, request};
use ssmax_primitives::SoftwareKey;
use ssmax_token::KeyAlgorithm;
use time::macros::datetime;

/// The certificates of the vectors, as DER.
fn certificates() -> &'static [Vec<u8>] {
    static ALL: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/certificates");
        let mut all = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let readable = Certificate::all_from_pem(&text).unwrap_or_default();
            all.extend(readable.iter().map(|certificate| certificate.der().to_vec()));
        }
        assert!(!all.is_empty());
        all
    })
}

fn crl() -> &'static [u8] {
    static CRL: OnceLock<Vec<u8>> = OnceLock::new();
    CRL.get_or_init(|| {
        let file = "../../spec/vectors/certificates/revoked-user.txt";
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let last = text.rfind("-----BEGIN X509 CRL").unwrap();
        Crl::from_pem(&text[last..]).unwrap().der().to_vec()
    })
}

/// The block that begins last in a vector.
fn last_block(vector: &str, begin: &str) -> String {
    let file = format!("../../spec/vectors/certificates/{vector}.txt");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    text[text.rfind(begin).unwrap()..].to_owned()
}

fn indirect_crl() -> &'static [u8] {
    static CRL: OnceLock<Vec<u8>> = OnceLock::new();
    CRL.get_or_init(|| {
        let text = last_block("indirect-list-revokes", "-----BEGIN X509 CRL");
        Crl::from_pem(&text).unwrap().der().to_vec()
    })
}

fn response() -> &'static [u8] {
    static RESPONSE: OnceLock<Vec<u8>> = OnceLock::new();
    RESPONSE.get_or_init(|| {
        let text = last_block("valid-ocsp-good", "-----BEGIN OCSP");
        Response::all_from_pem(&text).unwrap()[0].der().to_vec()
    })
}

fn a_request() -> &'static [u8] {
    static REQUEST: OnceLock<Vec<u8>> = OnceLock::new();
    REQUEST.get_or_init(|| {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        request::create(&key, "Alice", Some("alice@a.example")).unwrap()
    })
}

/// A few octets overwritten, cut out or put in.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Cut(usize, usize),
    Insert(usize, Vec<u8>),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        6 => (any::<usize>(), any::<u8>()).prop_map(|(at, octet)| Change::Set(at, octet)),
        1 => (any::<usize>(), 1..8_usize).prop_map(|(at, count)| Change::Cut(at, count)),
        1 => (any::<usize>(), proptest::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, octets)| Change::Insert(at, octets)),
    ];
    proptest::collection::vec(change, 1..4)
}

fn apply(der: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut octets = der.to_vec();
    for change in changes {
        let length = octets.len().max(1);
        match change {
            Change::Set(at, octet) => {
                if let Some(place) = octets.get_mut(at % length) {
                    *place = *octet;
                }
            }
            Change::Cut(at, count) => {
                let start = at % length;
                let end = (start + count).min(octets.len());
                octets.drain(start.min(end)..end);
            }
            Change::Insert(at, new) => {
                let start = (at % length).min(octets.len());
                octets.splice(start..start, new.iter().copied());
            }
        }
    }
    octets
}

/// Asks lists and responses about a few certificates; whatever the answer, there is one.
fn ask_about_all(crls: &[Crl], ocsp: &[Response]) {
    let all: Vec<_> =
        certificates().iter().filter_map(|der| Certificate::from_der(der).ok()).take(8).collect();
    for leaf in &all {
        let _ = validate(&PathInput {
            leaf,
            intermediates: &all,
            anchors: &all,
            crls,
            ocsp,
            at: datetime!(2026-06-01 0:00 UTC),
            purpose: Purpose::Any,
            limits: Limits { max_signatures: 4, ..Limits::default() },
            revocation: Revocation::Require,
        });
    }
}

/// Asks everything that can be asked of a certificate.
fn ask(certificate: &Certificate) {
    let _ = format!("{certificate:?}");
    let _ = (certificate.common_name(), certificate.organization_identifier());
    let _ = (certificate.other_names(), certificate.name_constraints(), certificate.public_key());
    let _ = (certificate.ocsp_urls(), certificate.smime_capability_identifiers());
    let _ = (certificate.issuer_text(), certificate.subject_text(), check(certificate, None));
    let _ = (certificate.policies(), certificate.extended_key_usages(), certificate.crl_urls());
    for email in certificate.emails() {
        assert!(certificate.has_email(&email), "{email}");
        assert!(!email.contains(|c: char| c.is_control() || c.is_whitespace()), "{email:?}");
    }
    assert_eq!(Certificate::from_pem(&certificate.to_pem()).as_ref(), Ok(certificate));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_changed_certificate_is_read_or_refused_and_trusted_by_nobody(
        index in any::<prop::sample::Index>(),
        changes in changes(),
    ) {
        let original = index.get(certificates());
        let changed = apply(original, &changes);
        if let Ok(certificate) = Certificate::from_der(&changed) {
            ask(&certificate);
            let all: Vec<_> =
                certificates().iter().filter_map(|der| Certificate::from_der(der).ok()).take(8).collect();
            let answer = validate(&PathInput {
                leaf: &certificate,
                intermediates: &all,
                anchors: &all,
                crls: &[],
                ocsp: &[],
                at: datetime!(2026-06-01 0:00 UTC),
                purpose: Purpose::Any,
                limits: Limits::default(),
                revocation: Revocation::Skip,
            });
            // Changed beyond all anchors: an ECDSA signature may have been changed into
            // another good one only by knowing the key.
            if changed != *original && !certificates().contains(&changed) {
                prop_assert!(answer.is_err());
            }
        }
    }

    #[test]
    fn a_changed_crl_or_request_is_read_or_refused(changes in changes()) {
        for original in [crl(), indirect_crl()] {
            if let Ok(read) = Crl::from_der(&apply(original, &changes)) {
                let _ = format!("{read:?}");
                ask_about_all(&[read], &[]);
            }
        }
        let changed = apply(a_request(), &changes);
        if changed != a_request() {
            prop_assert!(request::parse(&changed).is_err());
        }
    }

    #[test]
    fn a_changed_response_is_read_or_refused_and_believed_by_nobody(changes in changes()) {
        let changed = apply(response(), &changes);
        if let Ok(read) = Response::from_der(&changed) {
            let _ = format!("{read:?}");
            ask_about_all(&[], &[read]);
        }
    }

    #[test]
    fn octets_that_are_nothing_are_refused(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Certificate::from_der(&octets).is_err());
        prop_assert!(Crl::from_der(&octets).is_err());
        prop_assert!(Response::from_der(&octets).is_err());
        prop_assert!(request::parse(&octets).is_err());
    }
}
