//! `spec/vectors/chain`: what a second implementation must compute alike.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads files and may panic"
)]

use ssmax_chain::hop_record::RecordFault;
use ssmax_chain::manifest::Manifest;
use ssmax_chain::{Digest, HopId, HopRecord, binding};
use ssmax_mail::address::Address;
use ssmax_primitives::ContentKey;
use std::collections::BTreeMap;

struct Vector {
    fields: BTreeMap<String, String>,
    body: String,
}

impl Vector {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let fields = head
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self { fields, body: body.to_owned() }
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("no {name}"))
    }

    fn tail(&self) -> Digest {
        Digest::from_hex(self.text("tail")).unwrap()
    }

    fn salt(&self) -> [u8; 16] {
        hex::decode(self.text("salt")).unwrap().try_into().unwrap()
    }

    fn result(&self) -> String {
        match self.text("kind") {
            "hop-ukm" => {
                let id = HopId::parse(self.text("id")).unwrap();
                let (from, to) = (self.text("from-org"), self.text("to-org"));
                hex::encode(binding::hop_ukm(id, from, to, &self.tail()))
            }
            "archive-ukm" => {
                let mailbox = Address::parse(self.text("mailbox")).unwrap();
                hex::encode(binding::archive_ukm(&mailbox, &self.tail()))
            }
            "release-ukm" => {
                let (ticket, direction) = (self.text("ticket"), self.text("direction"));
                hex::encode(binding::release_ukm(ticket, direction, &self.tail()))
            }
            "recipient" => {
                let recipient = Address::parse(self.text("recipient")).unwrap();
                binding::recipient_digest(&self.salt(), &recipient).to_string()
            }
            "kcv" => {
                let key = ContentKey::new(hex::decode(self.text("key")).unwrap());
                hex::encode(ssmax_cms::enveloped::kcv(&key, &self.tail().0))
            }
            "headers" => {
                let octets = format!("{}\r\n", self.body);
                let limits = ssmax_mail::Limits::default();
                let mail = ssmax_mail::parse(octets.as_bytes(), &limits).unwrap();
                match binding::headers_digest(mail.header()) {
                    Ok(digest) => digest.to_string(),
                    Err(fault) => fault.code().to_owned(),
                }
            }
            "submission-ukm" => {
                let from = Address::parse(self.text("from")).unwrap();
                hex::encode(binding::submission_ukm(&from, &self.tail()))
            }
            "hop-record" => read(HopRecord::parse(&self.body)),
            "manifest" => read(Manifest::parse(&self.body)),
            other => panic!("unknown kind {other}"),
        }
    }
}

fn read<T>(record: Result<T, RecordFault>) -> String {
    match record {
        Ok(_) => "success".to_owned(),
        Err(RecordFault::Malformed) => "malformed".to_owned(),
        Err(RecordFault::Version(_)) => "version".to_owned(),
        Err(RecordFault::TooLarge) => "too-large".to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

#[test]
fn every_vector_gives_what_it_expects() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/chain");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "txt") {
            continue;
        }
        let vector = Vector::parse(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(vector.result(), vector.text("expect"), "{}", path.display());
        count += 1;
    }
    assert!(count >= 20, "only {count} vectors");
}
