//! The attack mails of `spec/vectors/attacks`: each has its verdict, and none is good.
#![allow(clippy::disallowed_methods, reason = "vectors are files, and a peer program is asked")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use ssmax_pki::Certificate;
use ssmax_pki::crl::Crl;
use ssmax_primitives::SoftwareKey;
use ssmax_smime::decrypt::{DecryptFault, decrypt};
use ssmax_smime::judge::{
    CheckName, Covers, Judgement, Outcome, Question, Verdict, judge, judge_opened,
};
use time::OffsetDateTime;
use time::macros::datetime;

/// The moment for which all of them are judged; they were "sent" shortly before.
const AT: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);

/// What the issue asks for at least.
const FEWEST: usize = 60;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/attacks")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join("keys").join(name)).unwrap()
}

struct Keys {
    anchors: Vec<Certificate>,
    crl: Crl,
    bob: Certificate,
    key: SoftwareKey,
}

impl Keys {
    fn load() -> Self {
        Self {
            anchors: Certificate::all_from_pem(&read("anchors.pem")).unwrap(),
            crl: Crl::from_pem(&read("mallory-revoked.crl.pem")).unwrap(),
            bob: Certificate::from_pem(&read("bob.pem")).unwrap(),
            key: SoftwareKey::from_pem(&read("bob.key.pem")).unwrap(),
        }
    }

    fn question(&self, with_crl: bool) -> Question<'_> {
        let crls = if with_crl { std::slice::from_ref(&self.crl) } else { &[] };
        Question { crls, ..Question::new(&self.anchors, AT) }
    }
}

/// One file: header lines, and the mail.
struct Attack {
    name: String,
    fields: BTreeMap<String, String>,
    mail: Vec<u8>,
}

impl Attack {
    fn all() -> Vec<Self> {
        let mut attacks = Vec::new();
        for entry in std::fs::read_dir(folder()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "txt") {
                continue;
            }
            let octets = std::fs::read(&path).unwrap();
            let at = octets.windows(2).position(|pair| pair == b"\n\n").expect("a blank line");
            let header = std::str::from_utf8(&octets[..at]).unwrap();
            let fields = header.lines().map(|line| {
                let (name, value) = line.split_once(": ").expect("name: value");
                (name.to_owned(), value.to_owned())
            });
            attacks.push(Self {
                name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
                fields: fields.collect(),
                mail: octets[at + 2..].to_vec(),
            });
        }
        attacks.sort_by(|one, other| one.name.cmp(&other.name));
        attacks
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// `verdict check reason` as the file has it.
    fn expected(&self, prefix: &str) -> String {
        let field = |name: &str| self.field(&format!("{prefix}{name}")).unwrap_or("-");
        format!("{} {} {}", field("expect"), field("check"), field("reason"))
    }
}

/// `verdict check reason` as it was judged: the one check that failed, or why there is
/// nothing to judge.
fn found(judgement: &Judgement) -> String {
    let failed: Vec<_> =
        judgement.checks.iter().filter(|check| check.result == Outcome::Fail).collect();
    let verdict = match judgement.verdict {
        Verdict::Good => "good",
        Verdict::Bad => "bad",
        Verdict::None => "none",
    };
    match failed.as_slice() {
        [] => {
            let reason = judgement.check(CheckName::Signature).unwrap().reason;
            format!("{verdict} - {reason}")
        }
        [only] => format!("{verdict} {} {}", only.name.as_str(), only.reason),
        several => {
            let all: Vec<_> =
                several.iter().map(|one| format!("{} {}", one.name.as_str(), one.reason)).collect();
            format!("{verdict} {}", all.join(", "))
        }
    }
}

fn answer(fault: DecryptFault) -> &'static str {
    match fault {
        DecryptFault::Mail(_) => "mail",
        DecryptFault::NotEncrypted => "not-encrypted",
        DecryptFault::Object(_) => "object",
        DecryptFault::KeyMismatch => "key-mismatch",
        DecryptFault::NotARecipient => "not-a-recipient",
        DecryptFault::Failed => "failed",
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_attack_has_the_verdict_it_tells_and_none_is_good() {
    let keys = Keys::load();
    let mut wrong = Vec::new();
    let attacks = Attack::all();
    assert!(attacks.len() >= FEWEST, "only {} attacks", attacks.len());
    for attack in &attacks {
        let question = keys.question(attack.field("crl").is_some());
        let judgement = judge(&attack.mail, &question);
        if judgement.verdict == Verdict::Good {
            wrong.push(format!("{} is good", attack.name));
        }
        if found(&judgement) != attack.expected("") {
            wrong.push(format!("{}: {}", attack.name, found(&judgement)));
        }
        let Some(expected) = attack.field("decrypt") else { continue };
        // With and without the certificate, that is by name and by trying.
        for certificate in [Some(&keys.bob), None] {
            let content = decrypt(&attack.mail, &keys.key, certificate);
            let given = match &content {
                Ok(_) => "success",
                Err(fault) => answer(*fault),
            };
            let expected = match certificate {
                None => attack.field("decrypt-without-certificate").unwrap_or(expected),
                Some(_) => expected,
            };
            if given != expected {
                wrong.push(format!("{}: decrypt {given}", attack.name));
            }
            let Ok(content) = content else { continue };
            let judgement = judge_opened(&attack.mail, &content, &question);
            if judgement.verdict == Verdict::Good {
                wrong.push(format!("{} is good when opened", attack.name));
            }
            if found(&judgement) != attack.expected("opened-") {
                wrong.push(format!("{}: opened {}", attack.name, found(&judgement)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_mail_that_the_attacks_are_made_from_is_good() {
    let keys = Keys::load();
    let judgement = judge(read("good.eml").as_bytes(), &keys.question(true));
    assert_eq!((judgement.verdict, judgement.covers), (Verdict::Good, Covers::Whole));
}

#[test]
fn no_two_files_are_one_mail() {
    let attacks = Attack::all();
    let mails: BTreeSet<_> =
        attacks.iter().map(|attack| (&attack.mail, attack.field("crl"))).collect();
    assert_eq!(mails.len(), attacks.len());
}

#[test]
fn openssl_which_knows_no_from_says_what_the_files_tell() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let anchors = folder().join("keys/anchors.pem");
    let mut accepted = 0;
    for attack in Attack::all() {
        let path = dir.path().join("attack.eml");
        std::fs::write(&path, &attack.mail).unwrap();
        let status = Command::new("openssl")
            .args(["cms", "-verify", "-out", "/dev/null", "-attime"])
            .arg(AT.unix_timestamp().to_string())
            .arg("-CAfile")
            .arg(&anchors)
            .arg("-in")
            .arg(&path)
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        let says = if status.success() { "accepts" } else { "refuses" };
        assert_eq!(attack.field("openssl"), Some(says), "{}", attack.name);
        accepted += usize::from(status.success());
    }
    assert!(accepted > 0);
}
