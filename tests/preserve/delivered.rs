//! A mail as it lies in somebody's mailbox, and what OpenSSL makes of it.

use ssmax_cms::Limits;
use ssmax_cms::enveloped::{Enveloped, RecipientInfo};
use ssmax_support::mails::{Mail, parsed};
use ssmax_support::member::Member;
use ssmax_support::person::Person;
use std::process::Command;

/// A delivered mail.
pub(crate) struct Delivered {
    pub(crate) octets: Vec<u8>,
}

/// The one copy of a mail in somebody's mailbox.
pub(crate) fn delivered(member: &Member, recipient: &Person, mail: &Mail) -> Delivered {
    let mut found: Vec<Vec<u8>> = std::fs::read_dir(member.maildir(&recipient.address))
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .filter(|octets| String::from_utf8_lossy(octets).contains(&mail.message_id))
        .collect();
    assert_eq!(found.len(), 1);
    Delivered { octets: found.remove(0) }
}

/// The encrypted object of a mail that is one.
pub(crate) fn object(octets: &[u8]) -> Enveloped {
    Enveloped::parse_vec(parsed(octets).decoded_body().unwrap(), &Limits::default()).unwrap()
}

impl Delivered {
    pub(crate) fn infos(&self) -> Vec<RecipientInfo> {
        object(&self.octets).recipients().to_vec()
    }

    /// The value of a field that stands once.
    pub(crate) fn field(&self, name: &str) -> String {
        parsed(&self.octets).header().one(name).unwrap().unwrap().unfolded().trim().to_owned()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        parsed(&self.octets).header().all(name).next().is_some()
    }

    /// What the recipient's key opens.
    pub(crate) fn opened_by(&self, recipient: &Person) -> Vec<u8> {
        let (key, certificate) = &recipient.encryption;
        ssmax_smime::decrypt::decrypt(&self.octets, key, Some(certificate)).unwrap().to_vec()
    }

    /// OpenSSL opens it with the recipient's key and finds the sender's own signature good
    /// under the federation's root; gives whose certificate it was (SHA-256) and what was
    /// signed. `None` where OpenSSL is not installed.
    pub(crate) fn read_by_openssl(
        &self,
        member: &Member,
        recipient: &Person,
    ) -> Option<([u8; 32], Vec<u8>)> {
        if may_skip("openssl") {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, octets: &[u8]| std::fs::write(dir.path().join(name), octets);
        write("mail.eml", &self.octets).unwrap();
        write("key.pem", recipient.encryption.0.to_pem().as_bytes()).unwrap();
        write("own.pem", recipient.encryption.1.to_pem().as_bytes()).unwrap();
        write("root.pem", member.admission.root.as_bytes()).unwrap();
        let openssl = |arguments: &str| {
            let output = Command::new("openssl")
                .args(arguments.split(' '))
                .current_dir(dir.path())
                .output()
                .unwrap();
            assert!(output.status.success(), "{arguments}: {output:?}");
        };
        openssl("cms -decrypt -in mail.eml -inkey key.pem -recip own.pem -out inside.eml");
        openssl("cms -verify -in inside.eml -CAfile root.pem -signer by.pem -out content.eml");
        let pem = std::fs::read_to_string(dir.path().join("by.pem")).unwrap();
        let signer = ssmax_pki::Certificate::from_pem(&pem).unwrap();
        Some((signer.sha256(), std::fs::read(dir.path().join("content.eml")).unwrap()))
    }
}

fn may_skip(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return false;
    }
    assert!(std::env::var("CI").is_err(), "{program} is missing in CI");
    println!("skipped: {program} is not installed");
    true
}
