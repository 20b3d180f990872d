//! Writes the attack mails of `spec/vectors/attacks` that are not there yet, by hand when
//! one is added: `cargo test -p ssmax-smime --features write-vectors write_the_attacks`.
//! Keys are new at every run, so files that are there stay, and the anchors of the new ones
//! are put behind theirs. Without the folder all are written anew. That every file has its
//! verdict is checked by `tests/attacks.rs`.
#![allow(clippy::disallowed_methods, reason = "writes files, and asks a peer program")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod certificates;
mod der;
mod encrypted;
mod protected;
mod sender;
mod signed_data;
mod structure;
mod trace;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use ssmax_pki::crl::{self, Content, Entry};
use time::Duration;

use crate::decrypt::decrypt;
use crate::fixture::{Extra, Holder, NOW, WORLD, clear_signed, judged, mail, signature};
use crate::judge::{Judgement, Outcome, Question, judge_opened};

/// One attack in the making.
pub(crate) struct Attack {
    name: &'static str,
    note: &'static str,
    /// `verdict check reason` for the mail as delivered, `-` where no check failed.
    expect: &'static str,
    /// What decrypting answers, and what is judged of what came out.
    decrypt: Option<(&'static str, &'static str)>,
    /// What decrypting answers that tries the key on every recipient, where that is
    /// something else.
    without_certificate: Option<&'static str>,
    crl: bool,
    mail: Vec<u8>,
}

impl Attack {
    pub(crate) fn new(
        name: &'static str,
        note: &'static str,
        expect: &'static str,
        mail: Vec<u8>,
    ) -> Self {
        Self { name, note, expect, decrypt: None, without_certificate: None, crl: false, mail }
    }

    fn decrypted(self, answer: &'static str, expect: &'static str) -> Self {
        Self { decrypt: Some((answer, expect)), ..self }
    }

    fn text(&self, openssl: &str) -> Vec<u8> {
        let mut out = String::new();
        let judged = || judged(&self.mail);
        lines(&mut out, "", self.expect, judged);
        if let Some((answer, expect)) = self.decrypt {
            writeln!(out, "decrypt: {answer}").unwrap();
            if let Some(answer) = self.without_certificate {
                writeln!(out, "decrypt-without-certificate: {answer}").unwrap();
            }
            if [Some(answer), self.without_certificate].contains(&Some("success")) {
                let bob = &WORLD.bob_encryption;
                let opened = || {
                    let content = decrypt(&self.mail, &bob.key, Some(&bob.certificate)).unwrap();
                    opened(&self.mail, &content)
                };
                lines(&mut out, "opened-", expect, opened);
            }
        }
        if self.crl {
            writeln!(out, "crl: yes").unwrap();
        }
        writeln!(out, "openssl: {openssl}\nnote: {}\n", self.note).unwrap();
        [out.as_bytes(), &self.mail].concat()
    }
}

/// A reason that depends on random octets is taken from the judgement; `?` stands for it.
fn lines(out: &mut String, prefix: &str, expect: &str, judged: impl Fn() -> Judgement) {
    let words: Vec<&str> = expect.split(' ').collect();
    let [verdict, check, reason] = words.as_slice() else { panic!("{expect}") };
    writeln!(out, "{prefix}expect: {verdict}").unwrap();
    if *check != "-" {
        writeln!(out, "{prefix}check: {check}").unwrap();
    }
    let failed = || {
        let checks = judged().checks;
        checks.iter().find(|check| check.result == Outcome::Fail).unwrap().reason.code()
    };
    let reason = if *reason == "?" { failed() } else { reason };
    writeln!(out, "{prefix}reason: {reason}").unwrap();
}

/// Header fields with this From, and all else that a mailer shows.
pub(crate) fn fields(from: &str) -> String {
    format!(
        "From: {from}\r\nTo: bob@b.example\r\nDate: Mon, 1 Jun 2026 12:00:00 +0000\r\n\
         Message-ID: <1@a.example>\r\n"
    )
}

/// The entity that somebody signs.
pub(crate) const ENTITY: &[u8] = b"Content-Type: text/plain; charset=us-ascii\r\n\r\n\
    Please pay 100 yen to Carol.\r\n";

/// A clear-signed mail with this From.
pub(crate) fn signed(holder: &Holder, from: &str) -> Vec<u8> {
    mail(&fields(from), &entity_signed(holder, ENTITY))
}

/// multipart/signed around an entity.
pub(crate) fn entity_signed(holder: &Holder, entity: &[u8]) -> Vec<u8> {
    clear_signed(entity, &signature(holder, entity, Extra::default()))
}

pub(crate) const ALICE: &str = "Alice <alice@a.example>";

/// A good mail by Alice.
pub(crate) fn good() -> Vec<u8> {
    signed(&WORLD.alice, ALICE)
}

/// The octets with one text replaced, which must be there once or more.
pub(crate) fn changed(octets: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(octets.to_vec()).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

fn opened(delivered: &[u8], content: &[u8]) -> Judgement {
    let anchors = [WORLD.root.certificate.clone(), WORLD.seal_ca.certificate.clone()];
    judge_opened(delivered, content, &Question::new(&anchors, NOW))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/attacks")
}

fn revocations() -> String {
    let entry = Entry {
        serial: WORLD.mallory.certificate.serial().to_vec(),
        revoked_at: NOW - Duration::DAY,
        reason: crl::Reason::KeyCompromise,
    };
    let content = Content {
        this_update: NOW - Duration::HOUR,
        next_update: NOW + Duration::days(365),
        number: 1,
        keeps_since: None,
        entries: vec![entry],
    };
    crl::issue(&WORLD.member.certificate, &WORLD.member.key, &content).unwrap().to_pem()
}

/// What `openssl cms -verify` says, which knows no From.
fn openssl(mail: &std::path::Path) -> &'static str {
    let output = Command::new("openssl")
        .args(["cms", "-verify", "-out", "/dev/null", "-attime"])
        .arg(NOW.unix_timestamp().to_string())
        .arg("-CAfile")
        .arg(folder().join("keys/anchors.pem"))
        .arg("-in")
        .arg(mail)
        .output()
        .unwrap();
    if output.status.success() { "accepts" } else { "refuses" }
}

/// The keys that all attacks share.
fn write_keys(keys: &std::path::Path) {
    std::fs::create_dir_all(keys).unwrap();
    std::fs::write(keys.join("mallory-revoked.crl.pem"), revocations()).unwrap();
    let bob = &WORLD.bob_encryption;
    std::fs::write(keys.join("bob.pem"), bob.certificate.to_pem()).unwrap();
    std::fs::write(keys.join("bob.key.pem"), bob.key.to_pem().as_bytes()).unwrap();
    std::fs::write(keys.join("good.eml"), good()).unwrap();
}

#[test]
fn write_the_attacks() {
    let keys = folder().join("keys");
    let anew = !keys.exists();
    if anew {
        write_keys(&keys);
    }
    let scratch = tempfile::tempdir().unwrap();
    let mut attacks = Vec::new();
    attacks.extend(sender::attacks());
    attacks.extend(certificates::attacks(scratch.path()));
    attacks.extend(structure::attacks());
    attacks.extend(signed_data::attacks(scratch.path()));
    attacks.extend(protected::attacks());
    attacks.extend(trace::attacks());
    attacks.extend(encrypted::attacks(scratch.path()));
    let names: BTreeSet<_> = attacks.iter().map(|attack| attack.name).collect();
    assert_eq!(names.len(), attacks.len(), "a name twice");
    let path = |attack: &Attack| folder().join(format!("{}.txt", attack.name));
    attacks.retain(|attack| !path(attack).exists());
    if attacks.is_empty() {
        return;
    }
    for attack in attacks.iter().filter(|_| !anew) {
        let shares_keys = attack.crl || attack.decrypt.is_some();
        assert!(!shares_keys, "{} needs all to be written anew", attack.name);
    }
    let mut anchors = std::fs::read_to_string(keys.join("anchors.pem")).unwrap_or_default();
    anchors.push_str(&WORLD.root.certificate.to_pem());
    anchors.push_str(&WORLD.seal_ca.certificate.to_pem());
    std::fs::write(keys.join("anchors.pem"), anchors).unwrap();
    for attack in attacks {
        let eml = scratch.path().join("attack.eml");
        std::fs::write(&eml, &attack.mail).unwrap();
        std::fs::write(path(&attack), attack.text(openssl(&eml))).unwrap();
    }
}
