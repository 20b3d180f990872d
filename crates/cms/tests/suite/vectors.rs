//! The vectors of `spec/vectors/cms`; their README describes the format.

use std::{collections::BTreeMap, fmt::Debug, path::PathBuf};

use ssmax_cms::{
    CmsError, Limits, ber,
    capabilities::Capabilities,
    compressed::decompress,
    enveloped::{Enveloped, KeyName, RecipientInfo, UnwrapPolicy, kcv},
    signed::{SignaturePolicy, SignedData},
};
use ssmax_pki::Certificate;
use ssmax_primitives::{ContentKey, SoftwareKey, sha256};

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/cms")
}

type Parse = fn(&[u8], &Limits) -> Result<Enveloped, CmsError>;

/// One file: header fields, and the body in octets.
struct Vector {
    fields: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Vector {
    fn parse(text: &str) -> Self {
        let (header, body) = text.split_once("\n\n").expect("a blank line");
        let fields = header.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let (name, value) = line.split_once(": ").expect("name: value");
            (name.to_owned(), value.to_owned())
        });
        let body: String = body.split_whitespace().collect();
        Self { fields: fields.collect(), body: hex::decode(body).expect("hexadecimal") }
    }

    fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("no field {name}"))
    }

    fn octets(&self, name: &str) -> Vec<u8> {
        hex::decode(self.field(name)).expect("hexadecimal")
    }

    /// What is found when the vector is read: "success", or the fault in lower case.
    fn outcome(&self) -> String {
        let found = match self.field("op") {
            "to-der" => self.to_der(),
            "signed" => self.signed(SignaturePolicy::default()),
            "signed-old" => self.signed(SignaturePolicy { allow_sha1: true }),
            "enveloped" => self.enveloped(Enveloped::parse),
            "enveloped-old" => self.enveloped(Enveloped::parse_old),
            "compressed" => self.compressed(),
            "capabilities" => self.capabilities(),
            "unwrap" => self.unwrap(),
            other => panic!("unknown op {other}"),
        };
        found.map_or_else(|fault| fault, |()| "success".to_owned())
    }

    fn to_der(&self) -> Result<(), String> {
        let der = ber::to_der(&self.body, &Limits::default()).map_err(name)?;
        assert_eq!(hex::encode(der), self.field("der"));
        Ok(())
    }

    fn signed(&self, policy: SignaturePolicy) -> Result<(), String> {
        let signed = SignedData::parse(&self.body, &Limits::default()).map_err(name)?;
        let certificate = Certificate::from_der(&self.octets("certificate")).unwrap();
        let content = match signed.content() {
            Some(content) => content.to_vec(),
            None => self.octets("content"),
        };
        let [signer] = signed.signers() else {
            return Err(format!("signers-{}", signed.signers().len()));
        };
        signer.verify_with(&certificate, &content, &policy).map_err(name)?;
        assert_eq!(hex::encode(signer.hash()), self.field("signer-hash"));
        Ok(())
    }

    fn enveloped(&self, parse: Parse) -> Result<(), String> {
        let enveloped = parse(&self.body, &Limits::default()).map_err(name)?;
        assert_eq!(hex::encode(enveloped.tail()), self.field("tail"));
        let key = ContentKey::new(self.octets("content-key"));
        assert_eq!(hex::encode(kcv(&key, &enveloped.tail())), self.field("kcv"));
        let plain = enveloped.decrypt(&key).map_err(name)?;
        assert_eq!(hex::encode(sha256(&plain)), self.field("plaintext-sha256"));
        Ok(())
    }

    fn compressed(&self) -> Result<(), String> {
        let content = decompress(&self.body, &Limits::default()).map_err(name)?;
        assert_eq!(hex::encode(sha256(&content)), self.field("content-sha256"));
        Ok(())
    }

    fn capabilities(&self) -> Result<(), String> {
        let found = Capabilities::parse(&self.body).map_err(name)?;
        let names: Vec<_> = found.ciphers().iter().map(|cipher| cipher.name()).collect();
        let told = self.fields.get("ciphers").map(String::as_str).unwrap_or_default();
        assert_eq!(names.join(" "), told);
        Ok(())
    }

    fn unwrap(&self) -> Result<(), String> {
        let info = RecipientInfo::parse(&self.body).map_err(name)?;
        let key = SoftwareKey::from_pkcs8(&self.octets("private-key")).unwrap();
        let policy = UnwrapPolicy { allow_pkcs1: self.field("allow-pkcs1") == "yes" };
        let key_len = self.field("key-len").parse().unwrap();
        let found = if let Some(id) = self.fields.get("key-id") {
            info.unwrap(KeyName::KeyId(&hex::decode(id).unwrap()), &key, &policy, key_len)
        } else {
            let certificate = Certificate::from_der(&self.octets("certificate")).unwrap();
            info.unwrap(&certificate, &key, &policy, key_len)
        };
        assert_eq!(hex::encode(found.map_err(name)?.as_bytes()), self.field("content-key"));
        Ok(())
    }
}

/// A fault's name in the vectors: `NoMessageDigest` is "no-message-digest".
fn name(fault: impl Debug) -> String {
    let mut found = String::new();
    for letter in format!("{fault:?}").chars() {
        if letter.is_ascii_uppercase() && !found.is_empty() {
            found.push('-');
        }
        found.push(letter.to_ascii_lowercase());
    }
    found
}

#[test]
fn every_vector_has_the_outcome_it_tells() {
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        count += 1;
        let vector = Vector::parse(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(vector.outcome(), vector.field("expect"), "{}", path.display());
    }
    assert!(count > 0, "no vectors in {}", folder().display());
}
