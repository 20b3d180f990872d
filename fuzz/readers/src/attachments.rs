//! Mails in attachment mode, and the signed list of their files.
//!
//! Property: a list that is read is written as the same octets; a mail that is composed of
//! what was taken apart is taken apart into the same.

use std::sync::atomic::{AtomicU8, Ordering};

use ssmax_agent::attach::attach;
use ssmax_agent::sign::Signer;
use ssmax_chain::attachments::{compose, take_apart};
use ssmax_chain::manifest::Manifest;
use ssmax_mail::{Limits, parse};
use ssmax_smime::choice::Recipient;
use ssmax_token::Random;

use crate::fixed::{ALICE, AT, BOB};
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[Pool::Mails, Pool::HopRecords];
pub(crate) const ROUNDS: usize = 600;

const PLAIN: &[u8] = b"From: alice@a.example\r\nTo: bob@a.example\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\n\
    Content-Type: text/csv; name=\"a.csv\"\r\nContent-Disposition: attachment\r\n\r\n1,2\r\n--b--\r\n";

/// Octets that never come twice, and are the same in each run.
struct Counted(AtomicU8);

impl Random for Counted {
    fn fill(&self, octets: &mut [u8]) {
        octets.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
    }
}

pub(crate) fn made() -> Vec<Vec<u8>> {
    let manifest = Manifest::new(vec![], None);
    let signer =
        Signer { key: &ALICE.key, certificate: &ALICE.certificate, chain: &[], encryption: None };
    let to = [Recipient::from(&BOB.certificate)];
    let mail = attach(PLAIN, &signer, &to, AT, &Counted(AtomicU8::new(0))).unwrap();
    vec![manifest.to_json().into_bytes(), mail]
}

/// Reads the octets as a list, and as a mail.
pub fn run(octets: &[u8]) {
    if let Ok(text) = std::str::from_utf8(octets)
        && let Ok(manifest) = Manifest::parse(text)
    {
        assert_eq!(manifest.to_json(), text);
    }
    let Ok(mail) = parse(octets, &Limits::default()) else { return };
    let Ok(Some(found)) = take_apart(&mail) else { return };
    let files = found.manifest.parts.iter().zip(&found.files).map(|(listed, file)| {
        let infos: Vec<_> = file.recipients().iter().map(|info| info.der().to_vec()).collect();
        (listed.name.as_str(), file.with_recipients(&infos))
    });
    let boundaries = ("=_outer-of-all", "=_around-content");
    let again = compose(b"", found.content, &found.signature, files.collect(), boundaries);
    let again = parse(&again, &Limits::default()).expect("a mail that we compose is read");
    let again = take_apart(&again).expect("and is as listed").expect("and taken apart");
    assert_eq!(again.manifest, found.manifest);
    assert_eq!(again.content, found.content);
}
